use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use paydesk_provider::{
    Answer, Capabilities, Channel, Closed, CreatePayment, Created, Found, Identity, Notice,
    NoticeError, PaymentProvider, ProviderError, RawNotice, Untrusted, Verified,
};
use time::{Duration, OffsetDateTime};

use crate::authorization::Merchant;
use crate::certificates::{Certificates, PlatformCertificates, Why};
use crate::config::{Config, ConfigError, Credentials};
use crate::exchange::Account;
use crate::fields::{Unsendable, check_payment_no};
use crate::hosts::Hosts;
use crate::keys::ApiV3Keys;
use crate::notice::{NoticeVerifier, WechatNotice};
use crate::order;
use crate::orders::OrderNumber;
use crate::payee::{Merchants, Party, SubMerchant};
use crate::refusal::Refusal;
use crate::sealer::Sealer;

/// A QR code works this long, whatever the order's own deadline is.
const CODE_LIFE: Duration = Duration::hours(2);

/// One merchant's account at WeChat Pay.
///
/// Building one needs no network and no runtime, and verifying a notice needs neither. Clones share
/// everything; no task runs for a client, so a process may hold as many as it has merchants.
#[derive(Clone)]
pub struct WechatPay {
    pub(crate) account: Arc<Account>,
    sub: Option<SubMerchant>,
    identity: Identity,
    capabilities: Capabilities,
}

impl WechatPay {
    /// A client for this account.
    ///
    /// # Errors
    /// [`ConfigError`] for settings that cannot be right, the merchant's own key in place of the
    /// platform's among them.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let (primary, backup) = config.check()?;
        let transport = config.transport_or_default()?;
        let Credentials {
            merchant_id,
            app_id,
            certificate_serial,
            merchant_key,
            api_v3_key,
            platform_keys,
        } = config.credentials;
        let identity = Identity {
            channel: Channel::Wechat,
            merchant_id: merchant_id.clone(),
            app_id: app_id.clone(),
        };
        let api_v3_keys = ApiV3Keys {
            current: api_v3_key,
            previous: config.previous_api_v3_key,
        };
        let account = Account {
            merchant: Merchant {
                id: merchant_id,
                certificate_serial: certificate_serial.to_ascii_uppercase(),
                key: merchant_key,
            },
            app_id,
            trust: NoticeVerifier::with(platform_keys, api_v3_keys, config.clock),
            hosts: Hosts::new(primary, backup),
            nonce: config.nonce,
            transport,
            observer: config.observer,
            pause: config.pause,
            read_attempts: config.read_attempts,
        };
        Ok(Self {
            account: Arc::new(account),
            sub: None,
            identity,
            capabilities: order::capabilities(),
        })
    }

    /// The same account as the service provider (服务商) of a sub-merchant: calls go to the partner's
    /// endpoints with the partner's fields, and the money is the sub-merchant's.
    #[must_use]
    pub fn on_behalf_of(&self, sub: SubMerchant) -> Self {
        let mut client = self.clone();
        client.identity.merchant_id.clone_from(&sub.merchant_id);
        client.sub = Some(sub);
        client
    }

    /// Fetches the platform's certificates for a message that names this key: at most once a minute,
    /// and not again for a serial that a download did not bring a moment ago. Then verify it again.
    ///
    /// # Errors
    /// [`ProviderError`] where no certificate is held and none can be fetched.
    pub async fn learn_key(&self, serial: &str) -> Result<(), ProviderError> {
        self.account.renew(Why::Unknown(serial)).await
    }

    /// Checks and opens a notice. One that names a platform certificate which is not held is checked
    /// once more after [`WechatPay::learn_key`].
    ///
    /// # Errors
    /// As [`NoticeVerifier::verify`].
    pub async fn receive(&self, notice: &RawNotice) -> Result<Verified<WechatNotice>, NoticeError> {
        let first = self.account.trust.verify(notice);
        let Err(NoticeError::Untrusted(Untrusted::UnknownKey(serial))) = &first else {
            return first;
        };
        // Anybody can name a key that nobody holds, so whether this is worth a call is decided there.
        if let Err(error) = self.learn_key(serial).await {
            tracing::warn!(serial, %error, "no key for a notice");
        }
        self.account.trust.verify(notice)
    }

    /// The platform's certificates that are held now, if any are used.
    pub fn platform_certificates(&self) -> Option<Arc<Certificates>> {
        let keys = self.account.trust.platform_keys();
        keys.fetched().map(PlatformCertificates::snapshot)
    }

    /// What checks and opens notices to this merchant, its sub-merchants' among them.
    pub fn notices(&self) -> NoticeVerifier {
        self.account.trust.clone()
    }

    /// Encrypts fields of a [`RawCall`](crate::RawCall) to the platform's key.
    ///
    /// # Errors
    /// [`ProviderError`] when no key of the platform is held and none can be fetched.
    pub async fn sealer(&self) -> Result<Sealer, ProviderError> {
        self.account
            .ensure_key()
            .await
            .map_err(Refusal::into_error)?;
        let (keys, now) = (self.account.trust.platform_keys(), self.now());
        keys.preferred(now)
            .and_then(|serial| keys.get(&serial, now).map(|key| Sealer::new(serial, key)))
            .ok_or_else(|| ProviderError::not_sent("no key of the platform is held"))
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.account.now()
    }

    pub(crate) fn sub_merchant(&self) -> Result<Option<&SubMerchant>, Unsendable> {
        self.sub.as_ref().map(SubMerchant::checked).transpose()
    }

    pub(crate) const fn orders_path(&self) -> &'static str {
        if self.sub.is_some() {
            "/v3/pay/partner/transactions"
        } else {
            "/v3/pay/transactions"
        }
    }

    pub(crate) fn party<'a>(&'a self, own_app: &'a str) -> Result<Party<'a>, Unsendable> {
        let own = &self.account.merchant.id;
        Ok(match self.sub_merchant()? {
            None => Party::Direct {
                appid: own_app,
                mchid: own,
            },
            Some(sub) => Party::Partner {
                sp_appid: own_app,
                sp_mchid: own,
                sub_appid: sub.app_id.as_deref(),
                sub_mchid: &sub.merchant_id,
            },
        })
    }

    pub(crate) fn merchants(&self) -> Result<Merchants<'_>, Unsendable> {
        let own = &self.account.merchant.id;
        Ok(match self.sub_merchant()? {
            None => Merchants::Direct { mchid: own },
            Some(sub) => Merchants::Partner {
                sp_mchid: own,
                sub_mchid: &sub.merchant_id,
            },
        })
    }
}

#[async_trait]
impl PaymentProvider for WechatPay {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %request.payment_no))]
    async fn create(&self, request: &CreatePayment) -> Result<Answer<Created>, ProviderError> {
        let now = self.now();
        let placed = self.native(&order::order(request)?).await?;
        Ok(placed.map(|code_url| Created {
            code_url,
            code_expires_at: now + CODE_LIFE,
        }))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn query(&self, payment_no: &str) -> Result<Answer<Found>, ProviderError> {
        check_payment_no(payment_no)?;
        let answer = self
            .ask(OrderNumber::OutTradeNo(payment_no), |transaction| {
                Ok(transaction.statement(None))
            })
            .await?;
        Ok(answer.map(Found::from))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn close(&self, payment_no: &str) -> Result<Answer<Closed>, ProviderError> {
        check_payment_no(payment_no)?;
        self.close_order(payment_no).await
    }

    fn verify(&self, notice: &RawNotice) -> Result<Verified<Notice>, NoticeError> {
        self.notices()
            .open_as(notice, self.now(), WechatNotice::neutral)
    }

    /// Fetches the platform's certificates, where these are used and were not fetched within the last
    /// minute. A public key of the platform is configured, not fetched: then there is nothing to do.
    async fn refresh_trust(&self) -> Result<(), ProviderError> {
        self.account.renew(Why::Asked).await
    }

    async fn learn_key(&self, id: &str) -> Result<(), ProviderError> {
        self.account.renew(Why::Unknown(id)).await
    }
}

impl fmt::Debug for WechatPay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatPay")
            .field("identity", &self.identity)
            .field("sub", &self.sub)
            .field("platform_keys", self.account.trust.platform_keys())
            .field("host", &self.account.hosts.primary().as_str())
            .field("transport", &self.account.transport)
            .finish_non_exhaustive()
    }
}
