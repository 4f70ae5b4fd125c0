//! What happens around every request: its id, its span, and the id in every problem.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use tracing::Instrument;
use uuid::Uuid;

use crate::REQUEST_ID;
use crate::problem::Problem;

/// Names one request in answers, logs and records.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    /// Takes the caller's id when it is a plain short word, so that a gateway's id can be followed
    /// through; makes one otherwise.
    fn of(request: &ServiceRequest) -> Self {
        let plain = |id: &&str| {
            (8..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let given = request
            .headers()
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        Self(
            given
                .filter(plain)
                .map_or_else(|| Uuid::now_v7().to_string(), str::to_owned),
        )
    }
}

pub(crate) async fn follow(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    // The path only: a query may carry a signed link.
    let span = tracing::info_span!(
        "request",
        http.method = %request.method(),
        http.path = request.path(),
        request.id = %id.0,
    );
    // Errors of handlers are responses by now; what is an error here is one of actix itself.
    let start = Instant::now();
    let response = next.call(request).instrument(span.clone()).await?;
    let (status, took_ms) = (response.status().as_u16(), start.elapsed().as_millis());
    span.in_scope(|| tracing::info!(http.status = status, took_ms, "answered {status}"));
    Ok(named(response.map_into_boxed_body(), &id.0))
}

/// Puts the id into the header, and into the body when that is a problem.
fn named(mut response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    if let Ok(value) = HeaderValue::from_str(id) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(REQUEST_ID), value);
    }
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    match problem {
        Some(problem) => response.map_body(|_, _| BoxBody::new(problem.body(id))),
        None => response,
    }
}
