use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use paydesk_provider::Observer;
use paydesk_provider::exchange::{Clock, Pause, system_clock};
use paydesk_provider::http::{ReqwestTransport, SetupError, Transport, base_address};
use time::OffsetDateTime;
use url::Url;

use crate::alipay_keys::AlipayKeys;
use crate::content_key::ContentKey;
use crate::keys::AppKey;
use crate::order::Product;

/// Where calls go unless the configuration says otherwise.
const BASE_URL: &str = "https://openapi.alipay.com/gateway.do";
/// The one path of the protocol spoken here; without it the next protocol would answer, or nobody.
const GATEWAY: &str = "/gateway.do";
const READ_ATTEMPTS: u32 = 3;

/// Whose app it is, and the keys that prove it.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The app's number, `app_id`.
    pub app_id: String,
    /// The merchant's number (`seller_id`, also called pid), 2088 and twelve digits.
    pub seller_id: String,
    /// The app's private key.
    pub app_key: AppKey,
    /// What Alipay signs with for this app.
    pub alipay_keys: AlipayKeys,
}

/// Everything that a client needs, with defaults for all but the credentials.
pub struct Config {
    pub(crate) credentials: Credentials,
    pub(crate) product: Product,
    pub(crate) content_key: Option<ContentKey>,
    pub(crate) base_url: String,
    pub(crate) clock: Clock,
    pub(crate) pause: Pause,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) read_attempts: u32,
}

/// A setting that cannot be right. The value is not repeated: it may be a key in the wrong place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not an app id.
    #[error("app_id is no app id: up to 32 digits are expected")]
    AppId,
    /// Not a merchant number.
    #[error("seller_id is no merchant number (pid): 16 digits that begin with 2088 are expected")]
    SellerId,
    /// Not an address to call.
    #[error("base_url cannot be used: {0}")]
    BaseUrl(&'static str),
    /// The app's own key in place of Alipay's: nothing would ever verify.
    #[error(
        "this is the app's own public key (应用公钥), the public half of its private key: expected \
         Alipay's public key (支付宝公钥), which the console shows after the app's was uploaded"
    )]
    OwnKey,
    /// The app's own certificate in place of Alipay's: nothing would ever verify.
    #[error(
        "the certificate given as Alipay's (支付宝公钥证书, alipayCertPublicKey_RSA2.crt) is about the \
         app's own key: were it and the app's (应用公钥证书, appCertPublicKey_….crt) swapped?"
    )]
    OwnCertificate,
    /// The app's certificate is about another key.
    #[error(
        "the app's private key does not belong to the app's certificate {sn} (应用公钥证书, \
         appCertPublicKey_….crt): was the certificate made from another request?"
    )]
    AppCertificate {
        /// The certificate's number.
        sn: String,
    },
    /// The default transport.
    #[error(transparent)]
    Transport(#[from] SetupError),
}

impl Config {
    /// With the public address, the system's clock, and [`ReqwestTransport`].
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            product: Product::default(),
            content_key: None,
            base_url: BASE_URL.to_owned(),
            clock: Arc::new(system_clock),
            pause: Arc::new(|pause| Box::pin(tokio::time::sleep(pause))),
            transport: None,
            observer: None,
            read_attempts: READ_ATTEMPTS,
        }
    }

    /// The contract under which codes are made.
    #[must_use]
    pub fn product(mut self, product: Product) -> Self {
        self.product = product;
        self
    }

    /// What encrypts the content of requests and answers, where the console shows such a key
    /// (接口内容加密方式). Order strings for mobile apps stay in the clear: the platform takes no others.
    #[must_use]
    pub fn content_key(mut self, key: ContentKey) -> Self {
        self.content_key = Some(key);
        self
    }

    /// Another gateway: the sandbox, or a simulator on this machine, for which `http` will do.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
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

    /// Another clock. Requests are stamped with it, so it must be near the platform's.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
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
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&own.app_id) || !(1..=32).contains(&own.app_id.len()) {
            return Err(ConfigError::AppId);
        }
        let pid = &own.seller_id;
        if !digits(pid) || pid.len() != 16 || !pid.starts_with("2088") {
            return Err(ConfigError::SellerId);
        }
        own.check_keys()?;
        address(&self.base_url).map_err(ConfigError::BaseUrl)
    }

    pub(crate) fn transport_or_default(&self) -> Result<Arc<dyn Transport>, SetupError> {
        match &self.transport {
            Some(transport) => Ok(Arc::clone(transport)),
            None => Ok(Arc::new(ReqwestTransport::new()?)),
        }
    }
}

impl Credentials {
    /// Finds keys and certificates in each other's places.
    fn check_keys(&self) -> Result<(), ConfigError> {
        let certificates = self.alipay_keys.in_certificates();
        let certified = certificates.map(|mode| mode.app().public_key());
        let Some(own) = self.app_key.public_key().or(certified) else {
            return Ok(());
        };
        if self.alipay_keys.holds(own) {
            return Err(ConfigError::OwnKey);
        }
        let Some(certificates) = certificates else {
            return Ok(());
        };
        if certificates.holds(own) {
            return Err(ConfigError::OwnCertificate);
        }
        let app = certificates.app();
        if app.public_key() != own {
            return Err(ConfigError::AppCertificate {
                sn: app.sn().to_owned(),
            });
        }
        Ok(())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("credentials", &self.credentials)
            .field("product", &self.product)
            .field("base_url", &self.base_url)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// The gateway's whole address. Without TLS only within this machine.
fn address(text: &str) -> Result<Url, &'static str> {
    let url = base_address(text)?;
    if !url.path().ends_with(GATEWAY) {
        return Err("it does not end in /gateway.do");
    }
    Ok(url)
}
