use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use url::{Host, Url};

use crate::keys::{ApiV3Key, MerchantKey};
use crate::platform_keys::PlatformKeys;
use crate::transport::{ReqwestTransport, SetupError, Transport};

/// Tells the time. Requests are stamped with it and messages are judged by it, so it must be within
/// five minutes of the platform's.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// Makes a fresh random text for each request: letters and digits, at most 32.
pub type Nonce = Arc<dyn Fn() -> String + Send + Sync>;

/// Where calls go unless the configuration says otherwise.
const BASE_URL: &str = "https://api.mch.weixin.qq.com";

/// Whose account it is, and the keys that prove it.
#[derive(Debug)]
pub struct Credentials {
    /// The merchant's number, `mchid`.
    pub merchant_id: String,
    /// The app bound to it, `appid`.
    pub app_id: String,
    /// The serial of the merchant's API certificate: hex, as the merchant platform shows it.
    pub certificate_serial: String,
    /// The private key of that certificate.
    pub merchant_key: MerchantKey,
    /// What opens notices.
    pub api_v3_key: ApiV3Key,
    /// What the platform signs with.
    pub platform_keys: PlatformKeys,
}

/// Everything that a client needs, with defaults for all but the credentials.
pub struct Config {
    pub(crate) credentials: Credentials,
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) nonce: Nonce,
    pub(crate) transport: Option<Arc<dyn Transport>>,
}

/// A setting that cannot be right. The value is not repeated: it may be a key in the wrong place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not a merchant number.
    #[error("merchant_id is no merchant number (mchid): up to 32 digits are expected")]
    MerchantId,
    /// Not an app id.
    #[error("app_id is no app id (appid): up to 32 letters and digits, often wx…, are expected")]
    AppId,
    /// Not the serial of a certificate.
    #[error("certificate_serial is not the merchant certificate's serial: {0}")]
    CertificateSerial(&'static str),
    /// Not an address to call.
    #[error("base_url cannot be used: {0}")]
    BaseUrl(&'static str),
    /// The merchant's own key in place of the platform's: nothing would ever verify.
    #[error(
        "platform key {id} is the public half of the merchant's own key: expected WeChat Pay's \
         public key (pub_key.pem)"
    )]
    OwnKey {
        /// The id under which it was given.
        id: String,
    },
    /// The default transport.
    #[error(transparent)]
    Transport(#[from] SetupError),
}

impl Config {
    /// With the public address, the system's clock and random numbers, and [`ReqwestTransport`].
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            base_url: BASE_URL.to_owned(),
            clock: Arc::new(system_clock),
            nonce: Arc::new(random_nonce),
            transport: None,
        }
    }

    /// Another address: the backup host, or a simulator on this machine, for which `http` will do.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// Another clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of nonces.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.nonce = Arc::new(nonce);
        self
    }

    /// Another way to carry requests.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Finds what cannot be right before a customer does.
    pub(crate) fn check(&self) -> Result<Url, ConfigError> {
        let own = &self.credentials;
        let plain = |text: &str, also: &[u8]| {
            let readable = |byte: u8| byte.is_ascii_alphanumeric() || also.contains(&byte);
            (1..=32).contains(&text.len()) && text.bytes().all(readable)
        };
        if !own.merchant_id.bytes().all(|byte| byte.is_ascii_digit())
            || !plain(&own.merchant_id, b"")
        {
            return Err(ConfigError::MerchantId);
        }
        if !plain(&own.app_id, b"_-") {
            return Err(ConfigError::AppId);
        }
        serial_of_certificate(&own.certificate_serial).map_err(ConfigError::CertificateSerial)?;
        if let Some(id) = own.platform_keys.id_of(own.merchant_key.public_der()) {
            return Err(ConfigError::OwnKey { id: id.to_owned() });
        }
        address(&self.base_url).map_err(ConfigError::BaseUrl)
    }

    pub(crate) fn transport_or_default(&self) -> Result<Arc<dyn Transport>, SetupError> {
        match &self.transport {
            Some(transport) => Ok(Arc::clone(transport)),
            None => Ok(Arc::new(ReqwestTransport::new()?)),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("credentials", &self.credentials)
            .field("base_url", &self.base_url)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

fn serial_of_certificate(serial: &str) -> Result<(), &'static str> {
    if serial.starts_with("PUB_KEY_ID_") {
        Err("this is the id of WeChat Pay's public key")
    } else if serial.is_empty() || serial.len() % 2 == 1 || serial.len() > 64 {
        Err("hex with two digits per byte is expected, leading zeros included")
    } else if !serial.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Err("hex without blanks or colons is expected")
    } else {
        Ok(())
    }
}

/// A bare origin: what is signed starts at its root. Without TLS only within this machine.
fn address(text: &str) -> Result<Url, &'static str> {
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
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("only scheme, host and port are expected");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a user name has no place in it");
    }
    Ok(url)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the default of an injected clock, for callers that have none of their own"
)]
fn system_clock() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// 32 characters, as in the platform's examples.
fn random_nonce() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the operating system gives random bytes");
    hex::encode_upper(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_fresh_and_of_the_documented_shape() {
        let (one, other) = (random_nonce(), random_nonce());
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
