use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use paydesk_provider::{
    Answer, Capabilities, Channel, Closed, CreatePayment, Created, Found, Identity, Notice,
    NoticeError, PaymentProvider, PaymentStatement, ProviderError, RawNotice, Untrusted, Verified,
};
use time::OffsetDateTime;

use crate::certificates::{AlipayCertificates, Why};
use crate::checks::check_own_no;
use crate::config::{Config, ConfigError, Credentials};
use crate::exchange::Account;
use crate::fields::Fields;
use crate::members::Members;
use crate::notice::{self, AlipayNotice, NoticeVerifier};
use crate::order::{self, Product};
use crate::record::Record;
use crate::signing::App;
use crate::trade::TradeNumber;
use crate::trust::FormRule;

/// One merchant's app at Alipay.
///
/// Building one needs no network and no runtime, and verifying a notice needs neither. Clones share
/// everything; no task runs for a client, so a process may hold as many as it has merchants.
#[derive(Clone)]
pub struct Alipay {
    pub(crate) account: Arc<Account>,
    identity: Identity,
    capabilities: Capabilities,
    pub(crate) product: Product,
}

impl Alipay {
    /// A client for this app.
    ///
    /// # Errors
    /// [`ConfigError`] for settings that cannot be right, the app's own key in place of Alipay's
    /// among them.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let gateway = config.check()?;
        let transport = config.transport_or_default()?;
        let Credentials {
            app_id,
            seller_id,
            app_key,
            alipay_keys,
        } = config.credentials;
        let certificates = alipay_keys.in_certificates().cloned();
        let app_key = match &certificates {
            Some(mode) => {
                mode.warn_of_dates((config.clock)());
                app_key.proven_by(mode.app().public_key())
            }
            None => app_key,
        };
        let identity = Identity {
            channel: Channel::Alipay,
            merchant_id: seller_id.clone(),
            app_id: app_id.clone(),
        };
        let account = Account {
            app: App {
                id: app_id,
                key: app_key,
                gateway,
                certificates,
                content_key: config.content_key,
            },
            seller_id,
            trust: NoticeVerifier::with(alipay_keys, Arc::clone(&config.clock)),
            clock: config.clock,
            transport,
            observer: config.observer,
            pause: config.pause,
            read_attempts: config.read_attempts,
        };
        Ok(Self {
            account: Arc::new(account),
            identity,
            capabilities: order::capabilities(),
            product: config.product,
        })
    }

    /// What checks and opens notices to this app.
    pub fn notices(&self) -> NoticeVerifier {
        self.account.trust.clone()
    }

    /// Fetches the certificate that a message names, in certificate mode: for notices at most one a
    /// minute, whatever they name, and none that the roots do not stand behind. Then verify it again.
    ///
    /// # Errors
    /// [`ProviderError`] where it was asked for and not had. That it is too early to ask is none: the
    /// message still names a certificate that is not held.
    pub async fn learn_key(&self, sn: &str) -> Result<(), ProviderError> {
        self.account.learn(sn, Why::Notice).await
    }

    /// Checks and opens a payment notice. One that names a certificate which is not held is checked once
    /// more after [`Alipay::learn_key`].
    ///
    /// # Errors
    /// As [`NoticeVerifier::verify`].
    pub async fn receive(&self, notice: &RawNotice) -> Result<Verified<AlipayNotice>, NoticeError> {
        let first = self.account.trust.verify(notice);
        let Err(NoticeError::Untrusted(Untrusted::UnknownKey(sn))) = &first else {
            return first;
        };
        // Anybody can name a certificate that nobody has, so whether this is worth a call is decided
        // there.
        if let Err(error) = self.learn_key(sn).await {
            tracing::warn!(sn, %error, "no certificate for a notice");
        }
        self.account.trust.verify(notice)
    }

    /// The certificates of certificate mode, those that were fetched among them.
    pub fn alipay_certificates(&self) -> Option<&AlipayCertificates> {
        self.account.trust.keys().in_certificates()
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.account.now()
    }

    /// A query's answer names neither seller nor app. Both are ours: the gateway told us by our
    /// app's signature, looked the number up in the account behind our app, and answered with a key
    /// that it issued for this app alone.
    fn statement(&self, members: &Members<'_>) -> Result<PaymentStatement, String> {
        let trade = Record::read(members)?;
        let Account { app, seller_id, .. } = &*self.account;
        // Were they ever sent, they would be compared like a notice's.
        let merchant_id = members.text("seller_id")?;
        let app_id = members.text("app_id")?;
        Ok(trade.into_statement(
            merchant_id.unwrap_or_else(|| seller_id.clone()),
            app_id.unwrap_or_else(|| app.id.clone()),
        ))
    }
}

#[async_trait]
impl PaymentProvider for Alipay {
    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %request.payment_no))]
    async fn create(&self, request: &CreatePayment) -> Result<Answer<Created>, ProviderError> {
        let code = self.precreate(&order::order(request)?).await?;
        Ok(code.map(|code| Created {
            code_url: code.content,
            code_expires_at: code.expires_at,
        }))
    }

    /// An order exists at the platform only from the first scan on: before, and for ever if nobody
    /// scans, the answer is [`Found::NoSuchPayment`].
    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn query(&self, payment_no: &str) -> Result<Answer<Found>, ProviderError> {
        check_own_no(payment_no, "out_trade_no")?;
        let number = TradeNumber::OutTradeNo(payment_no.to_owned());
        let answer = self.ask(&number, &[], |node| self.statement(node)).await?;
        Ok(answer.map(Found::from))
    }

    /// An order that nobody scanned cannot be closed: [`Closed::NoSuchPayment`]. What can be done is
    /// to wait for its deadline.
    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn close(&self, payment_no: &str) -> Result<Answer<Closed>, ProviderError> {
        check_own_no(payment_no, "out_trade_no")?;
        self.close_trade(&TradeNumber::OutTradeNo(payment_no.to_owned()))
            .await
    }

    fn verify(&self, notice: &RawNotice) -> Result<Verified<Notice>, NoticeError> {
        self.notices()
            .opened(notice, FormRule::Notice, notice::neutral)
    }

    /// Alipay's public key is configured, and its certificates are told one by one, to those who know
    /// their number: there is nothing to do.
    async fn refresh_trust(&self) -> Result<(), ProviderError> {
        Ok(())
    }

    async fn learn_key(&self, id: &str) -> Result<(), ProviderError> {
        self.account.learn(id, Why::Notice).await
    }
}

impl fmt::Debug for Alipay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alipay")
            .field("identity", &self.identity)
            .field("product", &self.product)
            .field("keys", self.account.trust.keys())
            .field("gateway", &self.account.app.gateway.as_str())
            .field("transport", &self.account.transport)
            .finish_non_exhaustive()
    }
}
