//! The API describes itself: to programs, and to people.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use utoipa_swagger_ui::{Config, serve};

use crate::Api;
use crate::openapi;
use crate::problem::Problem;

const DESCRIPTION: &str = "/api/v1/openapi.json";

/// This API as an OpenAPI description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "service",
    responses((status = 200, description = "An OpenAPI 3.1 document", body = Object)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub(crate) async fn description(
    api: Data<Api>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    if !api.describes_itself() {
        return Err(Problem::not_found(&request));
    }
    let answer = HttpResponse::Ok()
        .content_type("application/json")
        .body(openapi::description());
    Ok(answer)
}

/// The same as a page to read and try.
#[utoipa::path(get, path = "/docs", tag = "service",
    responses((status = 200, description = "The page", content_type = "text/html", body = String)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub(crate) async fn page(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    part(&api, &request, "index.html")
}

/// What that page is made of.
#[utoipa::path(get, path = "/docs/{file}", tag = "service",
    params(("file" = String, Path, description = "Its name")),
    responses((status = 200, description = "The file", content_type = "*/*", body = String)),
    extensions(("x-problems" = json!(["not_found"]))))]
pub(crate) async fn file(
    api: Data<Api>,
    request: HttpRequest,
    file: Path<String>,
) -> Result<HttpResponse, Problem> {
    part(&api, &request, &file)
}

fn part(api: &Api, request: &HttpRequest, name: &str) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found(request);
    if !api.describes_itself() {
        return Err(missing());
    }
    let config = Arc::new(Config::from(DESCRIPTION));
    let part = serve(name, config)
        .map_err(|error| Problem::internal(&*error))?
        .ok_or_else(missing)?;
    let mut bytes = part.bytes.into_owned();
    if name == "index.html" {
        // It names its parts beside itself, and stands at an address without a slash at its end.
        let html = String::from_utf8_lossy(&bytes);
        bytes = html
            .replacen("<head>", "<head><base href=\"/docs/\">", 1)
            .into_bytes();
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, part.content_type))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .body(bytes))
}
