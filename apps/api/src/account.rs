use actix_web::HttpResponse;
use actix_web::web::Data;
use points::EntryPlace;
use serde::{Deserialize, Serialize};

use crate::Api;
use crate::auth::Caller;
use crate::page::Wanted;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::view::{EntryView, LotView};

#[derive(Serialize)]
struct PointsView {
    balance: i64,
    lots: Vec<LotView>,
}

pub(crate) async fn points(
    api: Data<Api>,
    caller: Caller,
    _: Query<NoParameters>,
) -> Result<HttpResponse, Problem> {
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichEntries {
    limit: Option<String>,
    cursor: Option<String>,
}

/// The caller's ledger, newest line first.
pub(crate) async fn entries(
    api: Data<Api>,
    caller: Caller,
    which: Query<WhichEntries>,
) -> Result<HttpResponse, Problem> {
    let Query(which) = which;
    let wanted = Wanted::read(which.limit.as_deref(), which.cursor.as_deref())?;
    let mut snapshot = api.service().ports.database.read().await?;
    let found = snapshot
        .find_entries(&caller.user_id, wanted.after.as_ref(), wanted.to_read())
        .await?;
    let page = wanted.page(found, |entry| EntryPlace::from(entry), EntryView::from)?;
    Ok(HttpResponse::Ok().json(page))
}
