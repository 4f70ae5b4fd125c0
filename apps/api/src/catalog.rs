use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;
use crate::memberships::PlanView;
use crate::problem::Problem;
use crate::query::{NoParameters, Query};
use crate::view::PackageView;

/// What is for sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Catalog)]
pub(crate) struct CatalogView {
    plans: Vec<PlanView>,
    point_packages: Vec<PackageView>,
}

/// What is for sale, at what price.
#[utoipa::path(get, path = "/api/v1/catalog", tag = "catalog",
    responses((status = 200, description = "The current offers", body = CatalogView)),
    extensions(("x-problems" = json!(["invalid_request"]))))]
pub(crate) async fn show(api: Data<Api>, _: Query<NoParameters>) -> Result<HttpResponse, Problem> {
    let listed = api.service().catalogue.listed().await?;
    let packages = listed.packages.into_iter();
    let point_packages = packages.map(PackageView::from).collect();
    Ok(HttpResponse::Ok().json(CatalogView {
        plans: listed.plans.into_iter().map(PlanView::from).collect(),
        point_packages,
    }))
}
