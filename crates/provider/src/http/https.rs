use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use rustls::{ClientConfig, RootCertStore};

use super::{Body, Method, Request, Response, Transport, TransportError};

const CONNECT: Duration = Duration::from_secs(3);
/// A body that stands still for this long is not coming any more.
const SILENCE: Duration = Duration::from_secs(30);

/// HTTP over TLS by `reqwest` and `rustls` with `ring`, whatever else the process has installed.
///
/// Certificates are checked against the roots that Mozilla ships. Redirects, proxies from the
/// environment, decompression and silent repeats are off: each would change what was signed, or how
/// often it is sent. A service behind a proxy brings its own [`Transport`]. Clones share one pool of
/// connections.
#[derive(Clone, Debug)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up")]
pub struct SetupError(#[source] Box<dyn Error + Send + Sync>);

impl ReqwestTransport {
    /// With 3 s to connect. Needs neither network nor runtime. How long a whole exchange may take is
    /// said by each request.
    ///
    /// # Errors
    /// [`SetupError`] when the TLS configuration is refused.
    pub fn new() -> Result<Self, SetupError> {
        Self::connecting_within(CONNECT)
    }

    /// With another limit for connecting.
    ///
    /// # Errors
    /// As [`ReqwestTransport::new`].
    pub fn connecting_within(connect: Duration) -> Result<Self, SetupError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().map_err(|error| SetupError(error.into()))?)
            .connect_timeout(connect)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .referer(false)
            .build()
            .map_err(|error| SetupError(error.into()))?;
        Ok(Self { client })
    }
}

fn tls() -> Result<ClientConfig, rustls::Error> {
    let roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self
            .client
            .request(method, request.url)
            .timeout(request.timeout);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        if !request.body.is_empty() {
            builder = builder.body(request.body);
        }
        let answer = builder.send().await.map_err(unanswered)?;
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        Ok(Response {
            status: answer.status().as_u16(),
            headers,
            body: Body::from_stream(answer.bytes_stream().map(|piece| piece.map_err(broken_off))),
        })
    }
}

/// Only a connection that never came about, or a request that could not be written down, is certain
/// not to have reached the platform.
fn unanswered(error: reqwest::Error) -> TransportError {
    if error.is_builder() {
        TransportError::Unsendable(words(error))
    } else if error.is_connect() {
        TransportError::NotSent(words(error))
    } else {
        broken_off(error)
    }
}

fn broken_off(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        TransportError::Timeout(words(error))
    } else {
        TransportError::Broken(words(error))
    }
}

/// The whole chain: `reqwest` says what failed only in its sources.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
