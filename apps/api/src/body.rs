//! JSON bodies whose errors name the field.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

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
            parse(&bytes.map_err(|_| Problem::too_slow())??).map(Self)
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
            other => Problem::invalid("(body)", other.to_string()),
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

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // The parser would take an array of values for an object without names.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::invalid("(body)", "expected an object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        named(&path, &error.into_inner().to_string())
    })?;
    reader
        .end()
        .map_err(|error| Problem::invalid("(body)", error.to_string()))?;
    Ok(value)
}

/// The parser says where it stood; for a field that is missing or unknown, it names it in words.
pub(crate) fn named(path: &str, complaint: &str) -> Problem {
    let message = complaint.split(" at line ").next().unwrap_or(complaint);
    let inside = |field: &str| match path {
        "." | "" | "(query)" => field.to_owned(),
        path if path == field || path.ends_with(&format!(".{field}")) => path.to_owned(),
        path => format!("{path}.{field}"),
    };
    for start in ["missing field `", "unknown field `", "duplicate field `"] {
        if let Some(field) = message
            .strip_prefix(start)
            .and_then(|rest| rest.split('`').next())
        {
            return Problem::invalid(inside(field), message);
        }
    }
    let field = if path == "." || path.is_empty() {
        "(body)"
    } else {
        path
    };
    Problem::invalid(field, message)
}
