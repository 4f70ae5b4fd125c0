use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use paydesk_provider::http::{Request, Transport};
use paydesk_provider::{
    Answer, Capabilities, Channel, Closed, CreatePayment, Created, Details, Found, Identity,
    Notice, NoticeError, PaymentProvider, PaymentStatement, ProviderError, RawNotice, Untrusted,
    Verified,
};
use time::Duration;

use crate::alipay_keys::AlipayKeys;
use crate::answer::{Envelope, Head, NoAnswer};
use crate::codes::{Class, Operation};
use crate::config::{Clock, Config, ConfigError, Credentials};
use crate::members::{Members, NotMembers};
use crate::order::{Product, Unsendable};
use crate::refusal::{Refusal, details};
use crate::signing::Signer;
use crate::trade::Trade;
use crate::trust::Authentic;
use crate::{notice, order};

/// A QR code works this long, whatever the order's own deadline is.
const CODE_LIFE: Duration = Duration::hours(2);
const LONGEST_CODE: usize = 1024;
/// Answers are a few KiB; more than this is not one.
const LONGEST_BODY: usize = 1024 * 1024;

/// One merchant's app at Alipay.
///
/// Building one needs no network and no runtime, and verifying a notice needs neither. It can be
/// shared; nothing in it changes.
pub struct Alipay {
    identity: Identity,
    capabilities: Capabilities,
    product: Product,
    signer: Signer,
    trusted: AlipayKeys,
    clock: Clock,
    transport: Arc<dyn Transport>,
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
        Ok(Self {
            identity: Identity {
                channel: Channel::Alipay,
                merchant_id: seller_id,
                app_id: app_id.clone(),
            },
            capabilities: order::capabilities(),
            product: config.product,
            signer: Signer {
                app_id,
                key: app_key,
                gateway,
            },
            trusted: alipay_keys,
            clock: config.clock,
            transport,
        })
    }

    /// Sends, and lets through only a success about this number whose signature was checked.
    #[tracing::instrument(
        name = "alipay.exchange",
        level = "debug",
        skip_all,
        fields(operation = ?operation)
    )]
    async fn call(
        &self,
        operation: Operation,
        payment_no: &str,
        request: Request,
    ) -> Result<Reply, Refusal> {
        let response = self
            .transport
            .send(request)
            .await?
            .collect(LONGEST_BODY)
            .await?;
        tracing::debug!(http.status = response.status, "answered");
        if response.status != 200 {
            return Err(Refusal::not_the_gateways(&response));
        }
        let details = details(&response);
        let envelope = Envelope::read(operation, &response.body)
            .map_err(|why| no_answer(&why, details.clone()))?;
        let Some(sign) = &envelope.sign else {
            tracing::debug!("answer not signed");
            return Err(Refusal::unsigned(&envelope, details));
        };
        let node = self
            .trusted
            .authenticate_node(envelope.node, sign)
            .map_err(|reason| {
                tracing::debug!(reason = reason.reason(), "answer not trusted");
                let message = reason.to_string();
                Refusal::untrusted(
                    reason,
                    Details {
                        message,
                        ..details.clone()
                    },
                )
            })?;
        let head = match Head::read(node.get()) {
            Ok(head) => head,
            Err(why) => return Err(Refusal::malformed(why, details)),
        };
        // The signature covers neither a time nor a nonce: the number is what binds an answer to
        // its question. Errors are not bound to repeat it, a success is.
        let repeated = head.out_trade_no.as_deref();
        if repeated.is_some_and(|number| number != payment_no) {
            return Err(Refusal::malformed(
                "the answer is about another number",
                details,
            ));
        }
        if !head.is_success() || envelope.is_error {
            return Err(Refusal::told(operation, head, details));
        }
        if repeated.is_none() {
            return Err(Refusal::malformed(
                "the answer does not repeat the number",
                details,
            ));
        }
        Ok(Reply { node, details })
    }

    async fn request(
        &self,
        operation: Operation,
        notify_url: Option<&str>,
        biz_content: &str,
    ) -> Result<Request, Unsendable> {
        let now = (self.clock)();
        self.signer
            .request(operation, now, notify_url, biz_content)
            .await
    }

    /// A query's answer names neither seller nor app. Both are ours: the gateway told us by our
    /// app's signature, looked the number up in the account behind our app, and answered with a key
    /// that it issued for this app alone.
    fn statement(&self, node: &str) -> Result<PaymentStatement, String> {
        let members = Members::read(node.as_bytes()).map_err(|error| error.to_string())?;
        let trade = Trade::read(|name| members.text(name))?;
        let Identity {
            merchant_id,
            app_id,
            ..
        } = self.identity.clone();
        // Were they ever sent, they would be compared like a notice's.
        let merchant_id = members.text("seller_id")?.unwrap_or(merchant_id);
        let app_id = members.text("app_id")?.unwrap_or(app_id);
        Ok(trade.into_statement(merchant_id, app_id))
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
        let now = (self.clock)();
        order::check(&self.capabilities, request, now)?;
        let biz_content = order::precreate(self.product, request)?;
        let operation = Operation::Create;
        let sent = self
            .request(operation, Some(&request.notify_url), &biz_content)
            .await?;
        let reply = self
            .call(operation, &request.payment_no, sent)
            .await
            .map_err(Refusal::into_error)?;
        let code_url = qr_code(reply.node.get())
            .map_err(|why| Refusal::malformed(why, reply.details.clone()).into_error())?;
        Ok(answer(
            Created {
                code_url,
                code_expires_at: now + CODE_LIFE,
            },
            reply.details,
        ))
    }

    /// An order exists at the platform only from the first scan on: before, and for ever if nobody
    /// scans, the answer is [`Found::NoSuchPayment`].
    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn query(&self, payment_no: &str) -> Result<Answer<Found>, ProviderError> {
        order::check_number(&self.capabilities, payment_no)?;
        let operation = Operation::Query;
        let sent = self
            .request(operation, None, &order::number(payment_no)?)
            .await?;
        let reply = match self.call(operation, payment_no, sent).await {
            Ok(reply) => reply,
            Err(Refusal::Told {
                class: Class::NoSuchPayment,
                details,
            }) => return Ok(answer(Found::NoSuchPayment, details)),
            Err(refusal) => return Err(refusal.into_error()),
        };
        let statement = reply
            .node
            .attest(|node| self.statement(node))
            .map_err(|why| Refusal::malformed(why, reply.details.clone()).into_error())?;
        Ok(answer(Found::Payment(Box::new(statement)), reply.details))
    }

    /// An order that nobody scanned cannot be closed: [`Closed::NoSuchPayment`]. What can be done is
    /// to wait for its deadline.
    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn close(&self, payment_no: &str) -> Result<Answer<Closed>, ProviderError> {
        order::check_number(&self.capabilities, payment_no)?;
        let operation = Operation::Close;
        let sent = self
            .request(operation, None, &order::number(payment_no)?)
            .await?;
        let (class, details) = match self.call(operation, payment_no, sent).await {
            Ok(reply) => return Ok(answer(Closed::Accepted, reply.details)),
            Err(Refusal::Told { class, details }) => (class, details),
            Err(refusal) => return Err(refusal.into_error()),
        };
        match class {
            Class::AlreadyPaid => Ok(answer(Closed::AlreadyPaid, details)),
            Class::NoSuchPayment => Ok(answer(Closed::NoSuchPayment, details)),
            _ => Err(Refusal::Told { class, details }.into_error()),
        }
    }

    #[tracing::instrument(name = "alipay.verify", level = "debug", skip_all)]
    fn verify(&self, notice: &RawNotice) -> Result<Verified<Notice>, NoticeError> {
        let verified = notice::check_headers(&notice.headers)
            .and_then(|()| self.trusted.authenticate_form(&notice.body))
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
            .field("trusted", &self.trusted)
            .field("base_url", &self.signer.gateway.as_str())
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// A success about the number asked for, whose signature was checked.
struct Reply {
    node: Authentic<String>,
    details: Details,
}

fn qr_code(node: &str) -> Result<String, String> {
    let members = Members::read(node.as_bytes()).map_err(|error| error.to_string())?;
    members
        .text("qr_code")?
        .filter(|code| code.len() <= LONGEST_CODE)
        .ok_or_else(|| "qr_code is missing or too long".to_owned())
}

/// A body that two readers could read in two ways was made to be; any other that is no answer comes
/// from something in between.
fn no_answer(why: &NoAnswer, details: Details) -> Refusal {
    let details = Details {
        message: format!("no answer of the gateway: {why}"),
        ..details
    };
    match why {
        NoAnswer::NotMembers(NotMembers::Repeated) => {
            Refusal::untrusted(Untrusted::BadSignature, details)
        }
        NoAnswer::NotMembers(NotMembers::NotAnObject) | NoAnswer::NoNode => {
            Refusal::unknown(details)
        }
    }
}

fn answer<T>(value: T, details: Details) -> Answer<T> {
    Answer {
        value,
        request_id: details.request_id,
    }
}
