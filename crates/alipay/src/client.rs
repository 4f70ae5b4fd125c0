use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use paydesk_provider::{
    Answer, Capabilities, Channel, Closed, CreatePayment, Created, Found, Identity, Notice,
    NoticeError, PaymentProvider, PaymentStatement, ProviderError, RawNotice, Verified,
};
use time::{Duration, OffsetDateTime};

use crate::checks::check_own_no;
use crate::codes::Class;
use crate::config::{Config, ConfigError, Credentials};
use crate::exchange::{Account, Asked, Call, answered};
use crate::members::Members;
use crate::notice;
use crate::operation::Operation;
use crate::order::{self, Product};
use crate::refusal::Refusal;
use crate::signing::App;
use crate::trade::Trade;

/// A QR code works this long, whatever the order's own deadline is.
const CODE_LIFE: Duration = Duration::hours(2);
const LONGEST_CODE: usize = 1024;

/// One merchant's app at Alipay.
///
/// Building one needs no network and no runtime, and verifying a notice needs neither. Clones share
/// everything; no task runs for a client, so a process may hold as many as it has merchants.
#[derive(Clone)]
pub struct Alipay {
    pub(crate) account: Arc<Account>,
    identity: Identity,
    capabilities: Capabilities,
    product: Product,
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
            },
            seller_id,
            keys: alipay_keys,
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

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.account.now()
    }

    /// A query's answer names neither seller nor app. Both are ours: the gateway told us by our
    /// app's signature, looked the number up in the account behind our app, and answered with a key
    /// that it issued for this app alone.
    fn statement(&self, members: &Members<'_>) -> Result<PaymentStatement, String> {
        let trade = Trade::read(|name| members.text(name))?;
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
        let now = self.now();
        order::check(&self.capabilities, request, now)?;
        let call = Call {
            operation: Operation::Precreate,
            method: "alipay.trade.precreate".into(),
            notify_url: Some(request.notify_url.clone()),
            biz_content: order::precreate(self.product, request)?,
            asked: Asked::out_trade_no(&request.payment_no),
        };
        let reply = self.account.call(&call).await;
        let code = reply.map_err(Refusal::into_error)?.value(qr_code)?;
        Ok(Answer {
            value: Created {
                code_url: code.value,
                code_expires_at: now + CODE_LIFE,
            },
            request_id: code.request_id,
        })
    }

    /// An order exists at the platform only from the first scan on: before, and for ever if nobody
    /// scans, the answer is [`Found::NoSuchPayment`].
    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn query(&self, payment_no: &str) -> Result<Answer<Found>, ProviderError> {
        check_own_no(payment_no, "out_trade_no")?;
        let call = Call {
            operation: Operation::Query,
            method: "alipay.trade.query".into(),
            notify_url: None,
            biz_content: order::number(payment_no)?,
            asked: Asked::out_trade_no(payment_no),
        };
        let reply = match self.account.call(&call).await {
            Ok(reply) => reply,
            Err(Refusal::Told {
                class: Class::NoSuchTrade,
                details,
            }) => return Ok(answered(Found::NoSuchPayment, details)),
            Err(refusal) => return Err(refusal.into_error()),
        };
        let answer = reply.read(|members| self.statement(members))?;
        Ok(Answer {
            value: Found::Payment(Box::new(answer.value)),
            request_id: answer.request_id,
        })
    }

    /// An order that nobody scanned cannot be closed: [`Closed::NoSuchPayment`]. What can be done is
    /// to wait for its deadline.
    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn close(&self, payment_no: &str) -> Result<Answer<Closed>, ProviderError> {
        check_own_no(payment_no, "out_trade_no")?;
        let call = Call {
            operation: Operation::Close,
            method: "alipay.trade.close".into(),
            notify_url: None,
            biz_content: order::number(payment_no)?,
            asked: Asked::out_trade_no(payment_no),
        };
        let refusal = match self.account.call(&call).await {
            Ok(reply) => return Ok(answered(Closed::Accepted, reply.details)),
            Err(refusal) => refusal,
        };
        match refusal {
            Refusal::Told {
                class: Class::AlreadyPaid,
                details,
            } => Ok(answered(Closed::AlreadyPaid, details)),
            Refusal::Told {
                class: Class::NoSuchTrade,
                details,
            } => Ok(answered(Closed::NoSuchPayment, details)),
            refusal => Err(refusal.into_error()),
        }
    }

    #[tracing::instrument(name = "alipay.verify", level = "debug", skip_all)]
    fn verify(&self, notice: &RawNotice) -> Result<Verified<Notice>, NoticeError> {
        let verified = notice::check_headers(&notice.headers)
            .and_then(|()| self.account.keys.authenticate_form(&notice.body))
            .map_err(NoticeError::from)
            .and_then(|form| form.attest(notice::open));
        if let Err(error) = &verified {
            tracing::debug!(reason = error.reason(), "notice refused");
        }
        verified
    }

    /// Alipay's public key is configured, not fetched: there is nothing to do.
    async fn refresh_trust(&self) -> Result<(), ProviderError> {
        Ok(())
    }
}

impl fmt::Debug for Alipay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alipay")
            .field("identity", &self.identity)
            .field("product", &self.product)
            .field("keys", &self.account.keys)
            .field("gateway", &self.account.app.gateway.as_str())
            .field("transport", &self.account.transport)
            .finish_non_exhaustive()
    }
}

fn qr_code(members: &Members<'_>) -> Result<String, String> {
    members
        .text("qr_code")?
        .filter(|code| code.len() <= LONGEST_CODE)
        .ok_or_else(|| "qr_code is missing or too long".to_owned())
}
