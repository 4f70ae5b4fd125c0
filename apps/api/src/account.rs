use actix_web::HttpResponse;
use actix_web::web::Data;
use points::EntryPlace;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Api;
use crate::auth::Caller;
use crate::page::{Page, Wanted};
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::view::{EntryView, LotView};

/// What the caller has to spend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Points)]
pub(crate) struct PointsView {
    /// The sum of what is left.
    balance: i64,
    /// What is left of each purchase, soonest expiry first.
    lots: Vec<LotView>,
}

/// The caller's points.
#[utoipa::path(get, path = "/api/v1/account/points", tag = "account", security(("bearer" = [])),
    responses((status = 200, description = "Balance and lots", body = PointsView)),
    extensions(("x-problems" = json!(["invalid_request"]))))]
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

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichEntries {
    /// How many at most.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The caller's ledger, newest line first.
#[utoipa::path(get, path = "/api/v1/account/points/entries", tag = "account",
    security(("bearer" = [])), params(WhichEntries),
    responses((status = 200, description = "A page of it", body = Page<EntryView>)),
    extensions(("x-problems" = json!(["invalid_request"]))))]
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
