use std::fmt;
use std::time::Duration;

use time::OffsetDateTime;

/// Is told of every exchange with a platform after it ended, for metrics and records. Called on the
/// path of the call: it should count and return.
pub trait Observer: Send + Sync + fmt::Debug {
    /// One request was sent, or could not be sent.
    fn exchanged(&self, exchange: &Exchange<'_>);
}

/// One request and what came of it. It holds no body, no header and no key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange<'a> {
    /// The SDK's name of the call: few, and always the same.
    pub operation: &'static str,
    /// The merchant that signed: of a service provider its own number.
    pub merchant_id: &'a str,
    /// The host it went to.
    pub host: &'a str,
    /// 1 for the first request of a call, 2 for its first repeat.
    pub attempt: u32,
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// `ok`, `told` for a refusal that answers the question (no such number, already paid), or
    /// [`ProviderError::kind`](crate::ProviderError::kind).
    pub outcome: &'static str,
    /// The platform's code, when it refused.
    pub code: Option<&'a str>,
    /// The platform's id of the exchange.
    pub request_id: Option<&'a str>,
    /// From signing to the last byte of the answer; of a file, to its first.
    pub duration: Duration,
    /// The platform's own time, from the header `Date`: how far it is from ours tells of a clock that
    /// is wrong before signatures begin to fail. Not signed.
    pub platform_time: Option<OffsetDateTime>,
}

impl<'a> Exchange<'a> {
    /// An exchange about which nothing more is known yet.
    pub const fn new(
        operation: &'static str,
        merchant_id: &'a str,
        host: &'a str,
        attempt: u32,
    ) -> Self {
        Self {
            operation,
            merchant_id,
            host,
            attempt,
            status: None,
            outcome: "ok",
            code: None,
            request_id: None,
            duration: Duration::ZERO,
            platform_time: None,
        }
    }
}
