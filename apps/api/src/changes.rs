//! A buyer's change of mind.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use kernel::OrderNo;
use paydesk_provider::Channel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Api;
use crate::auth::Caller;
use crate::body::Json;
use crate::idempotent::{Answered, KeyHeader, Named, idempotent};
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::view::OrderView;
use crate::words;

/// Which order is not wanted any more.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelOrder {
    order_no: String,
}

/// Cancels an order: it is closed, or closing until its platform has promised it. Repeating is the same.
#[utoipa::path(post, path = "/api/v1/payment/cancel-order", tag = "payment",
    security(("bearer" = [])), params(KeyHeader), request_body = CancelOrder,
    responses((status = 200, description = "The order", body = OrderView)),
    extensions(("x-problems" = json!(["order_not_found", "order_paid"]))))]
pub(crate) async fn cancel(
    api: Data<Api>,
    caller: Caller,
    named: Named,
    _: Query<NoParameters>,
    wish: Json<CancelOrder>,
) -> Result<HttpResponse, Problem> {
    let Json(wish) = wish;
    let order_no = number(&wish.order_no)?;
    let user_id = caller.user_id.clone();
    let work = {
        let api = api.clone();
        move |_| async move {
            let checkout = &api.service().checkout;
            let purchase = checkout.cancel(&user_id, &order_no).await?;
            Answered::json(StatusCode::OK, &api.view(&purchase))
        }
    };
    idempotent(api.service(), &caller.user_id, named, &wish, work).await
}

/// Which order is to be paid through which platform.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SwitchChannel {
    order_no: String,
    #[schema(schema_with = words::channel)]
    channel: Channel,
}

/// Offers an order through another platform, under a new number.
#[utoipa::path(post, path = "/api/v1/payment/switch-channel", tag = "payment",
    security(("bearer" = [])), params(KeyHeader), request_body = SwitchChannel,
    responses((status = 200, description = "The order", body = OrderView)),
    extensions(("x-problems" = json!(["order_not_found", "order_paid", "order_closed",
        "unsupported_channel", "provider_unavailable", "provider_timeout"]))))]
pub(crate) async fn switch(
    api: Data<Api>,
    caller: Caller,
    named: Named,
    _: Query<NoParameters>,
    wish: Json<SwitchChannel>,
) -> Result<HttpResponse, Problem> {
    let Json(wish) = wish;
    let (order_no, channel) = (number(&wish.order_no)?, wish.channel);
    let user_id = caller.user_id.clone();
    let work = {
        let api = api.clone();
        move |_| async move {
            let checkout = &api.service().checkout;
            let switched = checkout.switch_channel(&user_id, &order_no, channel);
            Answered::json(StatusCode::OK, &api.view(&switched.await?))
        }
    };
    idempotent(api.service(), &caller.user_id, named, &wish, work).await
}

/// A number that cannot be one is an order that does not exist.
fn number(text: &str) -> Result<OrderNo, Problem> {
    text.parse().map_err(|_| Problem::order_not_found())
}
