//! A buyer's change of mind.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use kernel::OrderNo;
use paydesk_provider::Channel;
use serde::{Deserialize, Serialize};

use crate::Api;
use crate::auth::Caller;
use crate::body::Json;
use crate::idempotent::{Answered, Named, idempotent};
use crate::problem::Problem;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelOrder {
    order_no: String,
}

pub(crate) async fn cancel(
    api: Data<Api>,
    caller: Caller,
    named: Named,
    wish: Json<CancelOrder>,
) -> Result<HttpResponse, Problem> {
    let Json(wish) = wish;
    let order_no = number(&wish.order_no)?;
    let (work, user_id) = (api.clone(), caller.user_id.clone());
    let work = move |_| async move {
        let checkout = &work.service().checkout;
        let purchase = checkout.cancel(&user_id, &order_no).await?;
        Answered::json(StatusCode::OK, &work.view(&purchase))
    };
    idempotent(api.service(), &caller.user_id, named, &wish, work).await
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchChannel {
    order_no: String,
    channel: Channel,
}

pub(crate) async fn switch(
    api: Data<Api>,
    caller: Caller,
    named: Named,
    wish: Json<SwitchChannel>,
) -> Result<HttpResponse, Problem> {
    let Json(wish) = wish;
    let (order_no, channel) = (number(&wish.order_no)?, wish.channel);
    let (work, user_id) = (api.clone(), caller.user_id.clone());
    let work = move |_| async move {
        let checkout = &work.service().checkout;
        let purchase = checkout
            .switch_channel(&user_id, &order_no, channel)
            .await?;
        Answered::json(StatusCode::OK, &work.view(&purchase))
    };
    idempotent(api.service(), &caller.user_id, named, &wish, work).await
}

/// A number that cannot be one is an order that does not exist.
fn number(text: &str) -> Result<OrderNo, Problem> {
    text.parse().map_err(|_| Problem::order_not_found())
}
