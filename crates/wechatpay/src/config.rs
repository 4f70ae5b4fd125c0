use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use paydesk_provider::Observer;
use paydesk_provider::exchange::{Clock, Pause, system_clock};
use paydesk_provider::http::{ReqwestTransport, SetupError, Transport, base_address};
use paydesk_provider::keys::SignError;
use ring::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use url::Url;

use crate::certificate::Certificate;
use crate::keys::{ApiV3Key, MerchantKey};
use crate::platform_keys::PlatformKeys;

/// Makes a fresh random text for each request: letters and digits, at most 32.
pub type Nonce = Arc<dyn Fn() -> Result<String, SignError> + Send + Sync>;

/// Where calls go unless the configuration says otherwise.
const BASE_URL: &str = "https://api.mch.weixin.qq.com";
/// Where they go while that cannot be reached.
const BACKUP_URL: &str = "https://api2.mch.weixin.qq.com";
const READ_ATTEMPTS: u32 = 3;

/// Whose account it is, and the keys that prove it.
#[derive(Clone, Debug)]
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
    pub(crate) merchant_certificate: Option<Certificate>,
    pub(crate) previous_api_v3_key: Option<ApiV3Key>,
    pub(crate) base_url: String,
    pub(crate) backup_url: Option<String>,
    pub(crate) clock: Clock,
    pub(crate) nonce: Nonce,
    pub(crate) pause: Pause,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) read_attempts: u32,
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
    /// The merchant's certificate is about another key.
    #[error(
        "merchant_key does not belong to the merchant's certificate {serial}: apiclient_key.pem and \
         apiclient_cert.pem come together, is one of them from an earlier or another application?"
    )]
    CertificateKey {
        /// The certificate's serial.
        serial: String,
    },
    /// Not an address to call.
    #[error("base_url cannot be used: {0}")]
    BaseUrl(&'static str),
    /// Not an address to call.
    #[error("backup_url cannot be used: {0}")]
    BackupUrl(&'static str),
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
            merchant_certificate: None,
            previous_api_v3_key: None,
            base_url: BASE_URL.to_owned(),
            backup_url: Some(BACKUP_URL.to_owned()),
            clock: Arc::new(system_clock),
            nonce: Arc::new(random_nonce),
            pause: Arc::new(|pause| Box::pin(tokio::time::sleep(pause))),
            transport: None,
            observer: None,
            read_attempts: READ_ATTEMPTS,
        }
    }

    /// Another address, without a backup: a simulator on this machine for example, for which `http`
    /// will do.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self.backup_url = None;
        self
    }

    /// The address for requests that found no connection to the first. Never used after an answer or
    /// a time-out, when the first may have acted.
    #[must_use]
    pub fn backup_url(mut self, backup_url: impl Into<String>) -> Self {
        self.backup_url = Some(backup_url.into());
        self
    }

    /// The merchant's certificate (`apiclient_cert.pem`), to find out whether it is the one that
    /// serial and key belong to. It is not needed for anything else.
    #[must_use]
    pub fn merchant_certificate(mut self, certificate: Certificate) -> Self {
        self.merchant_certificate = Some(certificate);
        self
    }

    /// The `APIv3` key that was set before: messages encrypted for it may still come by the
    /// platform's repeats, for a day.
    #[must_use]
    pub fn previous_api_v3_key(mut self, key: ApiV3Key) -> Self {
        self.previous_api_v3_key = Some(key);
        self
    }

    /// Who is told of every request and its outcome.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// How often a call that changes nothing is sent at most, each time under a new signature; 3
    /// unless said otherwise, 1 for never again. What changes something is sent once.
    #[must_use]
    pub const fn read_attempts(mut self, attempts: u32) -> Self {
        self.read_attempts = attempts;
        self
    }

    /// Another way to wait between two attempts; tokio's timer unless said otherwise.
    #[must_use]
    pub fn pause<F>(mut self, pause: impl Fn(Duration) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.pause = Arc::new(move |length| Box::pin(pause(length)));
        self
    }

    /// Another clock. Requests are stamped with it and messages are judged by it, so it must be
    /// within five minutes of the platform's.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Another source of nonces.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.nonce = Arc::new(move || Ok(nonce()));
        self
    }

    /// Another way to carry requests.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Finds what cannot be right before a customer does.
    pub(crate) fn check(&self) -> Result<(Url, Option<Url>), ConfigError> {
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
        let certified = self
            .merchant_certificate
            .as_ref()
            .map(Certificate::public_key);
        let own_key = own.merchant_key.public_key().or(certified);
        if let Some(certificate) = &self.merchant_certificate {
            let serial = certificate.serial();
            if !serial.eq_ignore_ascii_case(&own.certificate_serial) {
                return Err(ConfigError::CertificateSerial(
                    "it is not the serial of the certificate that is given beside it",
                ));
            }
            if own_key.is_some_and(|key| key != certificate.public_key()) {
                return Err(ConfigError::CertificateKey {
                    serial: serial.to_owned(),
                });
            }
        }
        if let Some(id) = own_key.and_then(|key| own.platform_keys.id_of(key)) {
            return Err(ConfigError::OwnKey { id });
        }
        let backup = self.backup_url.as_deref().map(address).transpose();
        Ok((
            address(&self.base_url).map_err(ConfigError::BaseUrl)?,
            backup.map_err(ConfigError::BackupUrl)?,
        ))
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
    let url = base_address(text)?;
    if url.path() != "/" {
        return Err("only scheme, host and port are expected");
    }
    Ok(url)
}

/// 32 characters, as in the platform's examples.
fn random_nonce() -> Result<String, SignError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| SignError::new("no random bytes"))?;
    Ok(hex::encode_upper(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_are_fresh_and_of_the_documented_shape() {
        let (one, other) = (random_nonce().unwrap(), random_nonce().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
