//! Bodies of requests.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use crate::json;
use crate::problem::Problem;

/// Bodies of callers are small; callbacks have a limit of their own.
const LIMIT: usize = 16 * 1024;

/// Nobody needs longer to send that little.
const SEND_WITHIN: Duration = Duration::from_secs(10);

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let bytes = read(payload.take(), LIMIT);
        Box::pin(async move {
            if !is_json {
                return Err(Problem::unsupported_media_type());
            }
            let bytes = tokio::time::timeout(SEND_WITHIN, bytes).await;
            json::parse(&bytes.map_err(|_| Problem::too_slow())??).map(Self)
        })
    }
}

/// Reads a body of at most so many bytes.
pub(crate) async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    use futures_util::StreamExt;

    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => Problem::too_large(limit),
            _ => Problem::invalid("(body)", "cannot be read"),
        })?;
        if body.len() + chunk.len() > limit {
            return Err(Problem::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

fn is_json(request: &HttpRequest) -> bool {
    let value = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
