use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;

use crate::Api;
use crate::auth::Caller;
use crate::problem::Problem;
use crate::view::LotView;

#[derive(Serialize)]
struct PointsView {
    balance: i64,
    lots: Vec<LotView>,
}

pub(crate) async fn points(api: Data<Api>, caller: Caller) -> Result<HttpResponse, Problem> {
    let ports = &api.service().ports;
    let lots = ports
        .database
        .read()
        .await?
        .find_lots(&caller.user_id)
        .await?;
    let now = ports.clock.now();
    let balance = points::spendable(&lots, now);
    // An expired lot's rest stays in the ledger until a job moves it out; it is not shown.
    let lots = lots
        .into_iter()
        .filter(|lot| lot.spendable(now) > 0)
        .map(LotView::from)
        .collect();
    Ok(HttpResponse::Ok().json(PointsView { balance, lots }))
}
