mod https;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

pub use https::{ReqwestTransport, SetupError};

/// Carries one signed request to the platform and its answer back.
///
/// It sends exactly once and follows no redirect: a request is signed for one address and one time.
/// The bytes of both bodies are left as they are, for signatures are computed over them.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends the request. Any status is an answer.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}

/// Why there is no answer, by what is known about the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// There was no connection to send it on, so it did not happen.
    #[error("not sent: {0}")]
    NotSent(String),
    /// No answer in time. It may have happened.
    #[error("no answer in time: {0}")]
    Timeout(String),
    /// The exchange broke off. It may have happened.
    #[error("no answer: {0}")]
    Broken(String),
}

/// A signed request, to be sent unchanged. It is always a `POST`.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The address; its query holds the signature.
    pub url: Url,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body, a form.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    /// Without query, headers and body: they hold the signature and what was ordered.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer, as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Names and values in the order received, repeats included.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl Response {
    /// The first value of a header, for information that is not signed.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    /// Without headers and body, which may name the payer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}
