use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use rustls::{ClientConfig, RootCertStore};

use super::{Request, Response, Transport, TransportError};

const CONNECT: Duration = Duration::from_secs(3);
const TOTAL: Duration = Duration::from_secs(10);
/// Answers are a few KiB; more than this is not one.
const LONGEST_BODY: usize = 1024 * 1024;

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
    /// With 3 s to connect and 10 s in all. Needs neither network nor runtime.
    ///
    /// # Errors
    /// [`SetupError`] when the TLS configuration is refused.
    pub fn new() -> Result<Self, SetupError> {
        Self::with_timeouts(CONNECT, TOTAL)
    }

    /// With other limits: to connect, and for a whole exchange.
    ///
    /// # Errors
    /// As [`ReqwestTransport::new`].
    pub fn with_timeouts(connect: Duration, total: Duration) -> Result<Self, SetupError> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls().map_err(|error| SetupError(error.into()))?)
            .connect_timeout(connect)
            .timeout(total)
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
        let mut builder = self.client.post(request.url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        builder = builder.body(request.body);
        let answer = builder.send().await.map_err(unanswered)?;
        let status = answer.status().as_u16();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        Ok(Response {
            status,
            headers,
            body: read(answer).await?,
        })
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(broken_off)? {
        if body.len() + chunk.len() > LONGEST_BODY {
            return Err(TransportError::Broken(format!(
                "the answer is longer than {LONGEST_BODY} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Only a connection that never came about, or a request that could not be written down, is certain
/// not to have reached the platform.
fn unanswered(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
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
