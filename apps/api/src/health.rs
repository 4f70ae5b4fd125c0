use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::Api;
use crate::problem::Problem;

/// The process lives.
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The process can work: its database answers.
pub(crate) async fn ready(api: Data<Api>) -> Result<HttpResponse, Problem> {
    api.service().ports.database.ping().await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ok", "database": "ok" })))
}
