use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use paydesk_provider::{
    Answer, Capabilities, Channel, Closed, CreatePayment, Created, Details, Found, Identity,
    Notice, NoticeError, PaymentProvider, ProviderError, RawNotice, Untrusted, Verified,
};
use serde::Deserialize;
use time::Duration;
use url::Url;

use crate::authorization::Signer;
use crate::codes::{Class, Operation};
use crate::config::{Clock, Config, ConfigError, Credentials, Nonce};
use crate::keys::ApiV3Key;
use crate::platform_keys::PlatformKeys;
use crate::refusal::{Refusal, details, request_id};
use crate::transaction::{Transaction, place};
use crate::transport::{Method, Request, Response, Transport};
use crate::trust::Authentic;
use crate::{notice, order};

const NATIVE: &str = "/v3/pay/transactions/native";
const BY_NUMBER: &str = "/v3/pay/transactions/out-trade-no";
/// A QR code works this long, whatever the order's own deadline is.
const CODE_LIFE: Duration = Duration::hours(2);
const LONGEST_CODE_URL: usize = 512;
const USER_AGENT: &str = concat!("paydesk-wechatpay/", env!("CARGO_PKG_VERSION"), " (Rust)");

/// One merchant's account at WeChat Pay.
///
/// Building one needs no network and no runtime, and verifying a notice needs neither. It can be
/// shared; nothing in it changes.
pub struct WechatPay {
    identity: Identity,
    capabilities: Capabilities,
    signer: Signer,
    api_v3_key: ApiV3Key,
    platform_keys: PlatformKeys,
    base_url: Url,
    clock: Clock,
    nonce: Nonce,
    transport: Arc<dyn Transport>,
}

impl WechatPay {
    /// A client for this account.
    ///
    /// # Errors
    /// [`ConfigError`] for settings that cannot be right, the merchant's own key in place of the
    /// platform's among them.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        let base_url = config.check()?;
        let transport = config.transport_or_default()?;
        let Credentials {
            merchant_id,
            app_id,
            certificate_serial,
            merchant_key,
            api_v3_key,
            platform_keys,
        } = config.credentials;
        Ok(Self {
            identity: Identity {
                channel: Channel::Wechat,
                merchant_id: merchant_id.clone(),
                app_id,
            },
            capabilities: order::capabilities(),
            signer: Signer {
                merchant_id,
                certificate_serial: certificate_serial.to_ascii_uppercase(),
                key: merchant_key,
            },
            api_v3_key,
            platform_keys,
            base_url,
            clock: config.clock,
            nonce: config.nonce,
            transport,
        })
    }

    /// Signs, sends, and lets through only a success whose signature was checked.
    #[tracing::instrument(
        name = "wechatpay.exchange",
        level = "debug",
        skip_all,
        fields(operation = ?operation)
    )]
    async fn call(&self, operation: Operation, request: Request) -> Result<Reply, Refusal> {
        let response = self.transport.send(request).await?;
        tracing::debug!(http.status = response.status, "answered");
        let now = (self.clock)();
        if !(200..300).contains(&response.status) {
            return Err(Refusal::told(operation, &response, now));
        }
        let body = self
            .platform_keys
            .authenticate(&response.headers, &response.body, now)
            .map_err(|reason| {
                tracing::debug!(reason = reason.reason(), "answer not trusted");
                untrusted(reason, &response)
            })?;
        if response.status != operation.success() {
            return Err(Refusal::told(operation, &response, now));
        }
        Ok(Reply { response, body })
    }

    /// The body is given once, as the bytes that are signed and sent.
    fn request(&self, method: Method, path: &str, query: Option<&str>, body: Bytes) -> Request {
        let mut url = self.base_url.clone();
        url.set_path(path);
        url.set_query(query);
        let nonce = (self.nonce)();
        let authorization = self
            .signer
            .authorize(method, &url, &body, (self.clock)(), &nonce);
        let headers = [
            ("Authorization", authorization),
            ("Accept", "application/json".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("User-Agent", USER_AGENT.to_owned()),
            // On every request: it names the key that the answer is to be signed with.
            (
                "Wechatpay-Serial",
                self.platform_keys.preferred().to_owned(),
            ),
        ];
        Request {
            method,
            url,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body,
        }
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
        let now = (self.clock)();
        order::check(&self.capabilities, request, now)?;
        let body = order::native(&self.identity, request)?;
        let reply = self
            .call(
                Operation::Create,
                self.request(Method::Post, NATIVE, None, body),
            )
            .await
            .map_err(Refusal::into_error)?;
        let code_url = reply.code_url().map_err(|why| reply.malformed(why))?;
        Ok(reply.answer(Created {
            code_url,
            code_expires_at: now + CODE_LIFE,
        }))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn query(&self, payment_no: &str) -> Result<Answer<Found>, ProviderError> {
        order::check_number(&self.capabilities, payment_no)?;
        let path = format!("{BY_NUMBER}/{payment_no}");
        let query = format!("mchid={}", self.identity.merchant_id);
        let request = self.request(Method::Get, &path, Some(&query), Bytes::new());
        let reply = match self.call(Operation::Query, request).await {
            Ok(reply) => reply,
            Err(Refusal::Told {
                class: Class::NoSuchPayment,
                details,
            }) => return Ok(answered(Found::NoSuchPayment, details)),
            Err(refusal) => return Err(refusal.into_error()),
        };
        let statement = reply
            .body
            .attest(|json| {
                let transaction = Transaction::read(json)?;
                if transaction.payment_no() != payment_no {
                    return Err("the answer is about another number".to_owned());
                }
                transaction.into_statement(None)
            })
            .map_err(|why| reply.malformed(why))?;
        Ok(reply.answer(Found::Payment(Box::new(statement))))
    }

    #[tracing::instrument(level = "debug", skip_all, fields(payment.no = %payment_no))]
    async fn close(&self, payment_no: &str) -> Result<Answer<Closed>, ProviderError> {
        order::check_number(&self.capabilities, payment_no)?;
        let path = format!("{BY_NUMBER}/{payment_no}/close");
        let body = order::close(&self.identity.merchant_id)?;
        let request = self.request(Method::Post, &path, None, body);
        let (class, details) = match self.call(Operation::Close, request).await {
            Ok(reply) => return Ok(reply.answer(Closed::Accepted)),
            Err(Refusal::Told { class, details }) => (class, details),
            Err(refusal) => return Err(refusal.into_error()),
        };
        let closed = match class {
            Class::AlreadyClosed => Closed::Accepted,
            Class::AlreadyPaid => Closed::AlreadyPaid,
            Class::NoSuchPayment => Closed::NoSuchPayment,
            _ => return Err(Refusal::Told { class, details }.into_error()),
        };
        Ok(answered(closed, details))
    }

    #[tracing::instrument(name = "wechatpay.verify", level = "debug", skip_all)]
    fn verify(&self, notice: &RawNotice) -> Result<Verified<Notice>, NoticeError> {
        let verified = self
            .platform_keys
            .authenticate(&notice.headers, &notice.body, (self.clock)())
            .map_err(NoticeError::from)
            .and_then(|body| body.attest(|json| notice::open(&self.api_v3_key, json)));
        if let Err(error) = &verified {
            tracing::debug!(reason = error.reason(), "notice refused");
        }
        verified
    }

    /// A public key of the platform is configured, not fetched: there is nothing to do.
    async fn refresh_trust(&self) -> Result<(), ProviderError> {
        Ok(())
    }
}

impl fmt::Debug for WechatPay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WechatPay")
            .field("identity", &self.identity)
            .field("platform_keys", &self.platform_keys)
            .field("base_url", &self.base_url.as_str())
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// A success whose signature was checked.
struct Reply {
    response: Response,
    body: Authentic,
}

impl Reply {
    fn code_url(&self) -> Result<String, String> {
        #[derive(Deserialize)]
        struct Native {
            code_url: String,
        }
        let Native { code_url } = serde_json::from_slice(self.body.bytes())
            .map_err(|error| format!("no code_url: {}", place(&error)))?;
        if code_url.is_empty() || code_url.len() > LONGEST_CODE_URL {
            return Err("code_url is empty or too long".to_owned());
        }
        Ok(code_url)
    }

    fn answer<T>(&self, value: T) -> Answer<T> {
        Answer {
            value,
            request_id: request_id(&self.response),
        }
    }

    fn malformed(&self, message: String) -> ProviderError {
        ProviderError::Malformed {
            details: Details {
                message,
                ..details(&self.response)
            },
        }
    }
}

fn untrusted(reason: Untrusted, response: &Response) -> Refusal {
    Refusal::Failed(ProviderError::Untrusted {
        details: Details {
            message: reason.to_string(),
            ..details(response)
        },
        reason,
    })
}

fn answered<T>(value: T, details: Details) -> Answer<T> {
    Answer {
        value,
        request_id: details.request_id,
    }
}
