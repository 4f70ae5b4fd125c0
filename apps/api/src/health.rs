use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;
use crate::problem::Problem;

/// That the process lives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Alive {
    #[schema(example = "ok")]
    status: &'static str,
}

/// That the process can work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "ok")]
    database: &'static str,
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "service",
    responses((status = 200, description = "It does", body = Alive)))]
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(Alive { status: "ok" })
}

/// The process can work: its database answers.
#[utoipa::path(get, path = "/readyz", tag = "service",
    responses((status = 200, description = "It can", body = Ready)),
    extensions(("x-problems" = json!([]))))]
pub(crate) async fn ready(api: Data<Api>) -> Result<HttpResponse, Problem> {
    api.service().ports.database.ping().await?;
    Ok(HttpResponse::Ok().json(Ready {
        status: "ok",
        database: "ok",
    }))
}
