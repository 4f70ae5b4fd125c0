//! One call, from its signature to an answer that can be believed.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use paydesk_provider::exchange::{Attempts, Observed, Pause};
use paydesk_provider::http::{Body, Method, Request, Response, Transport};
use paydesk_provider::{Answer, Details, Exchange, Observer, ProviderError, Untrusted, Verified};
use time::OffsetDateTime;
use url::{Position, Url};

use crate::authorization::Merchant;
use crate::certificates::Why;
use crate::codes::Class;
use crate::config::Nonce;
use crate::hosts::Hosts;
use crate::notice::NoticeVerifier;
use crate::operation::Operation;
use crate::refusal::{Refusal, details, told};
use crate::trust::Authentic;

pub(crate) use paydesk_provider::exchange::answered;

/// Answers are a few KiB; more than this is not one.
const LONGEST_BODY: usize = 1024 * 1024;
/// How long a call that has its answer waits for certificates that were due.
const GRACE: Duration = Duration::from_secs(1);
const USER_AGENT: &str = concat!("paydesk-wechatpay/", env!("CARGO_PKG_VERSION"), " (Rust)");

/// What every call of one merchant shares. Nothing in it belongs to a single call, and no task runs
/// for it.
pub(crate) struct Account {
    pub(crate) merchant: Merchant,
    pub(crate) app_id: String,
    pub(crate) trust: NoticeVerifier,
    pub(crate) hosts: Hosts,
    pub(crate) nonce: Nonce,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) pause: Pause,
    /// How often a read is sent at most.
    pub(crate) read_attempts: u32,
}

/// What to send. The body is given once, as the bytes that are signed and sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) body: Bytes,
    /// The key that fields of the body are encrypted to, if any are.
    pub(crate) encrypted_to: Option<String>,
}

impl Call {
    pub(crate) fn get(operation: Operation, target: String) -> Self {
        Self {
            operation,
            method: Method::Get,
            target,
            body: Bytes::new(),
            encrypted_to: None,
        }
    }

    pub(crate) fn post(operation: Operation, target: String, body: Bytes) -> Self {
        Self {
            operation,
            method: Method::Post,
            target,
            body,
            encrypted_to: None,
        }
    }
}

/// A success whose signature was checked.
pub(crate) struct Reply {
    pub(crate) details: Details,
    pub(crate) body: Authentic,
}

impl Reply {
    /// What `read` makes of the body, as something the platform really said.
    pub(crate) fn read<T>(
        self,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<Answer<Verified<T>>, ProviderError> {
        match self.body.attest(read) {
            Ok(value) => Ok(answered(value, self.details)),
            Err(message) => Err(ProviderError::Malformed {
                details: Details {
                    message,
                    ..self.details
                },
            }),
        }
    }
}

impl Reply {
    /// What `read` makes of the body, for what is used and not kept as the platform's word.
    pub(crate) fn value<T>(
        self,
        read: impl FnOnce(&[u8]) -> Result<T, String>,
    ) -> Result<Answer<T>, ProviderError> {
        Ok(self.read(read)?.map(Verified::into_inner))
    }
}

impl Account {
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.trust.now()
    }

    /// Signs, sends, and lets through only a success whose signature was checked. What changes
    /// nothing is repeated when that may help, each time under a new signature.
    #[tracing::instrument(
        name = "wechatpay.call",
        level = "debug",
        skip_all,
        fields(operation = call.operation.name())
    )]
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, Refusal> {
        if self.trust.platform_keys().fetched().is_none() {
            return self.attempts(call).await;
        }
        self.ensure_key().await?;
        // What is due is fetched beside the call, and neither its failure nor its slowness is the
        // call's: dropped, it is begun anew by a later one.
        let renewal = pin!(self.renew(Why::Due));
        match select(pin!(self.attempts(call)), renewal).await {
            Either::Left((result, renewal)) => {
                // A read can wait for it a moment; what moves money is told at once.
                if call.operation.is_read() && self.trust.platform_keys().fetched().is_some() {
                    select(renewal, (self.pause)(GRACE)).await;
                }
                result
            }
            Either::Right((_, attempts)) => attempts.await,
        }
    }

    async fn attempts(&self, call: &Call) -> Result<Reply, Refusal> {
        let most = if call.operation.is_read() {
            self.read_attempts
        } else {
            1
        };
        let mut attempts = Attempts::new(&self.pause, most);
        loop {
            let result = self.via_either_host(call, &mut attempts).await;
            let Err(refusal) = &result else {
                return result;
            };
            let wait = refusal.repeatable_after(attempts.usual_pause());
            if !attempts.again(wait).await {
                return result;
            }
        }
    }

    async fn via_either_host(
        &self,
        call: &Call,
        attempts: &mut Attempts<'_>,
    ) -> Result<Reply, Refusal> {
        let (first, second) = self.hosts.in_turn(self.now());
        let result = self.judged(call, first, attempts.number()).await;
        if !matches!(&result, Err(Refusal::NotConnected(_))) {
            return result;
        }
        self.hosts.unreachable(first, self.now());
        match second {
            Some(second) => {
                attempts.another();
                self.judged(call, second, attempts.number()).await
            }
            None => result,
        }
    }

    /// An answer under a certificate that is not held yet is judged again once it is.
    async fn judged(&self, call: &Call, host: &Url, attempt: u32) -> Result<Reply, Refusal> {
        let mut unknown = None;
        let result = self
            .once(call, host, attempt, |response| {
                let judgement = self.judge(call.operation, response);
                if let Err(Refusal::Failed(ProviderError::Untrusted { reason, .. })) = &judgement
                    && let Untrusted::UnknownKey(serial) = reason
                    && self.trust.platform_keys().fetched().is_some()
                {
                    unknown = Some((serial.clone(), response.clone()));
                }
                judgement
            })
            .await;
        let Some((serial, response)) = unknown else {
            return result;
        };
        if let Err(error) = self.renew(Why::Unknown(&serial)).await {
            tracing::debug!(%error, "no certificate for the answer");
        }
        self.judge(call.operation, &response)
    }

    /// One request, and what `judge` makes of its answer.
    pub(crate) async fn once<T>(
        &self,
        call: &Call,
        host: &Url,
        attempt: u32,
        judge: impl FnOnce(&Response<Bytes>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let url = at(host, &call.target)?;
        let exchange = self.observed(call.operation, host, attempt);
        let (told, result) = match self.send(call, url).await {
            Ok(response) => {
                let told = told(&response);
                let result = match response.collect(LONGEST_BODY).await {
                    Ok(response) => judge(&response),
                    Err(error) => Err(Refusal::cut_short(&error, told.details.clone())),
                };
                (Some(told), result)
            }
            Err(refusal) => (None, Err(refusal)),
        };
        exchange.ended(told, result.as_ref().err().map(Refusal::failure));
        result
    }

    fn observed<'a>(&'a self, operation: Operation, host: &'a Url, attempt: u32) -> Observed<'a> {
        let host = host.host_str().unwrap_or_default();
        let exchange = Exchange::new(operation.name(), &self.merchant.id, host, attempt);
        Observed::new(self.observer.as_ref(), exchange)
    }

    /// Sends under a fresh signature.
    async fn send(&self, call: &Call, url: Url) -> Result<Response<Body>, Refusal> {
        let unsigned = |error| Refusal::unsigned(&error);
        let nonce = (self.nonce)().map_err(unsigned)?;
        let target = url[Position::BeforePath..Position::AfterQuery].to_owned();
        let authorization = self
            .merchant
            .authorize(call.method, &target, &call.body, self.now(), &nonce)
            .await
            .map_err(unsigned)?;
        // On every request: it names the key that the answer is to be signed with.
        let preferred = || self.trust.platform_keys().preferred(self.now());
        let serial = call.encrypted_to.clone().or_else(preferred);
        let headers = [
            ("Authorization", Some(authorization)),
            ("Accept", Some("application/json".to_owned())),
            ("Content-Type", Some("application/json".to_owned())),
            ("User-Agent", Some(USER_AGENT.to_owned())),
            // Only the first request for certificates goes without.
            ("Wechatpay-Serial", serial),
        ];
        let request = Request {
            method: call.method,
            url,
            headers: headers
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?)))
                .collect(),
            body: call.body.clone(),
            timeout: call.operation.timeout(),
        };
        Ok(self.transport.send(request).await?)
    }

    fn judge(&self, operation: Operation, response: &Response<Bytes>) -> Result<Reply, Refusal> {
        let now = self.now();
        if !response.is_success() {
            return Err(Refusal::told(operation, response, now));
        }
        let body = self
            .trust
            .platform_keys()
            .authenticate(&response.headers, &response.body, now)
            .map_err(|reason| untrusted(reason, response))?;
        if !operation.is_success(response.status) {
            return Err(Refusal::told(operation, response, now));
        }
        Ok(Reply {
            details: details(response),
            body,
        })
    }

    /// Asks for a file: its bytes are not signed, and arrive one after another. It is asked for once,
    /// at the address it has, and only a host of the platform gets a signed request.
    pub(crate) async fn file(&self, address: &Url) -> Result<Body, Refusal> {
        if !self.hosts.includes(address) {
            return Err(Refusal::not_sent(
                "the file is not on a host of the platform, so no signed request goes there",
            ));
        }
        let call = Call::get(Operation::BillFile, String::new());
        let exchange = self.observed(call.operation, address, 1);
        let response = match self.send(&call, address.clone()).await {
            Ok(response) => response,
            Err(refusal) => {
                exchange.ended(None, Some(refusal.failure()));
                return Err(refusal);
            }
        };
        let told = told(&response);
        if response.status == 200 {
            exchange.ended(Some(told), None);
            return Ok(response.body);
        }
        let refusal = match response.collect(LONGEST_BODY).await {
            Ok(response) => Refusal::told(call.operation, &response, self.now()),
            Err(error) => Refusal::cut_short(&error, told.details.clone()),
        };
        exchange.ended(Some(told), Some(refusal.failure()));
        Err(refusal)
    }
}

/// The final address. What is signed is cut out of it, so it must be what was asked for, letter by
/// letter: an address that reading it changes may lead to another endpoint, or host.
fn at(host: &Url, target: &str) -> Result<Url, Refusal> {
    let url = host
        .join(target)
        .map_err(|_| Refusal::not_sent("the path cannot be part of an address"))?;
    let unchanged = url[Position::BeforePath..] == *target && url.fragment().is_none();
    if !unchanged || url.origin() != host.origin() {
        return Err(Refusal::not_sent(
            "path and query begin with /, and special characters in their values are escaped",
        ));
    }
    Ok(url)
}

pub(crate) fn untrusted(reason: Untrusted, response: &Response<Bytes>) -> Refusal {
    tracing::debug!(reason = reason.reason(), "answer not trusted");
    Refusal::Failed(ProviderError::Untrusted {
        details: Details {
            message: reason.to_string(),
            ..details(response)
        },
        reason,
    })
}

/// `None` where the platform said that it knows no such number.
pub(crate) fn known(
    result: Result<Reply, Refusal>,
) -> Result<Result<Reply, Details>, ProviderError> {
    match result {
        Ok(reply) => Ok(Ok(reply)),
        Err(Refusal::Told {
            class: Class::NoSuchNumber,
            details,
        }) => Ok(Err(details)),
        Err(refusal) => Err(refusal.into_error()),
    }
}
