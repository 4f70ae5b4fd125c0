//! How a signed request gets to a platform and its answer back: what every client of a platform
//! shares, because none of it knows any platform.

mod body;
mod https;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::{Host, Url};

pub use body::Body;
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
    /// It cannot be written down, a header with a line end for example, so it did not happen.
    #[error("cannot be sent: {0}")]
    Unsendable(String),
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

/// An address that calls can go to: without TLS only within this machine. Its path is the client's
/// to judge.
///
/// # Errors
/// What is wrong with it. The address is not repeated: it may be a key in the wrong place.
pub fn base_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "it is no URL")?;
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => return Err("it has no host"),
    };
    match url.scheme() {
        "https" => {}
        "http" if here => {}
        "http" => return Err("http is for addresses of this machine only"),
        _ => return Err("https is expected"),
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a query has no place in it");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name has no place in it");
    }
    Ok(url)
}

/// A request method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The name as it is sent and signed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A signed request, to be sent unchanged.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body, empty for a request without one.
    pub body: Bytes,
    /// How long the whole exchange may take, the answer's body included.
    pub timeout: Duration,
}

impl fmt::Debug for Request {
    /// Without query, headers and body: they hold the signature and what was ordered.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An answer, as it came: with its body still arriving, or read ([`Response::collect`]).
#[derive(Clone, PartialEq, Eq)]
pub struct Response<B = Body> {
    /// The HTTP status.
    pub status: u16,
    /// Names and values in the order received, repeats included.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: B,
}

impl<B> Response<B> {
    /// The first value of a header, by its name in any case: for information that is not signed.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether the status is a success.
    pub const fn is_success(&self) -> bool {
        200 <= self.status && self.status < 300
    }
}

impl Response {
    /// The answer with its body read, at most this many bytes of it.
    ///
    /// # Errors
    /// [`TransportError`] when the body breaks off or is longer: what an answer said that cannot be
    /// read is not known.
    pub async fn collect(self, limit: usize) -> Result<Response<Bytes>, TransportError> {
        Ok(Response {
            status: self.status,
            headers: self.headers,
            body: self.body.collect(limit).await?,
        })
    }
}

impl From<Response<Bytes>> for Response {
    fn from(read: Response<Bytes>) -> Self {
        Self {
            status: read.status,
            headers: read.headers,
            body: read.body.into(),
        }
    }
}

impl<B> fmt::Debug for Response<B> {
    /// Without headers and body, which may name the payer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
