//! One call, from its signature to an answer that can be believed.
//!
//! This is the one place that knows how a call travels, with what it uses: `signing` writes the request,
//! `answer` takes the envelope apart. A call itself knows its method, its business parameters and the
//! numbers that the answer must repeat, and reads the node it is given; all of these are the same in the
//! platform's other protocol, of paths and headers (v3). Speaking that one means another [`Account::send`]
//! and another [`Account::judge`], chosen there, and nothing in any call. Pages and order strings are not
//! exchanges, and exist in this protocol alone.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use paydesk_provider::exchange::{Attempts, Clock, Observed, Pause};
use paydesk_provider::http::{Body, Response, Transport};
use paydesk_provider::{Answer, Details, Exchange, Observer, ProviderError, Untrusted, Verified};
use time::OffsetDateTime;
use url::Url;

use crate::answer::{Envelope, Head, NoAnswer};
use crate::certificates::Why;
use crate::members::{Members, NotMembers};
use crate::notice::NoticeVerifier;
use crate::operation::Operation;
use crate::refusal::{Refusal, details, told};
use crate::signing::{App, Parameters};
use crate::trust::Authentic;

pub(crate) use paydesk_provider::exchange::answered;

/// Answers are a few KiB; more than this is not one.
const LONGEST_BODY: usize = 1024 * 1024;

/// What every call of one app shares. Nothing in it belongs to a single call, and no task runs for it.
pub(crate) struct Account {
    pub(crate) app: App,
    pub(crate) seller_id: String,
    pub(crate) trust: NoticeVerifier,
    pub(crate) clock: Clock,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) pause: Pause,
    /// How often a read is sent at most.
    pub(crate) read_attempts: u32,
}

/// What to send. `biz_content` is given once, as the text that is signed and sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) method: Cow<'static, str>,
    pub(crate) notify_url: Option<String>,
    pub(crate) biz_content: String,
    pub(crate) asked: Asked,
}

/// The numbers that a call is about. The signature covers neither a time nor a nonce: what binds an
/// answer to its question is that it repeats them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) out_trade_no: Option<String>,
    pub(crate) trade_no: Option<String>,
    pub(crate) out_request_no: Option<String>,
    /// Whether a success must repeat the number of the trade. Errors never must.
    pub(crate) repeats: bool,
}

impl Asked {
    /// About a trade by the merchant's number.
    pub(crate) fn out_trade_no(number: &str) -> Self {
        Self {
            out_trade_no: Some(number.to_owned()),
            repeats: true,
            ..Self::default()
        }
    }

    /// Whether this answer can be one to the question.
    fn answered_by(&self, head: &Head, is_success: bool) -> Result<(), &'static str> {
        let numbers = [
            (&self.out_trade_no, &head.out_trade_no),
            (&self.trade_no, &head.trade_no),
            (&self.out_request_no, &head.out_request_no),
        ];
        let differs = |(asked, told): (&Option<String>, &Option<String>)| {
            asked.is_some() && told.is_some() && asked != told
        };
        if numbers.into_iter().any(differs) {
            return Err("the answer is about another number");
        }
        let [of_the_merchant, of_the_platform, _] = numbers;
        let missing =
            |(asked, told): (&Option<String>, &Option<String>)| asked.is_some() && told.is_none();
        if self.repeats && is_success && (missing(of_the_merchant) || missing(of_the_platform)) {
            return Err("the answer does not repeat the number");
        }
        Ok(())
    }
}

/// A success about the number asked for, whose signature was checked.
pub(crate) struct Reply {
    node: Authentic<String>,
    pub(crate) head: Head,
    pub(crate) details: Details,
}

impl Reply {
    /// What `read` makes of the node, as something the platform really said.
    pub(crate) fn read<T>(
        self,
        read: impl FnOnce(&Members<'_>) -> Result<T, String>,
    ) -> Result<Answer<Verified<T>>, ProviderError> {
        let value = self.node.attest(|node| {
            let members = Members::read(node.as_bytes()).map_err(|error| error.to_string())?;
            read(&members)
        });
        match value {
            Ok(value) => Ok(answered(value, self.details)),
            Err(why) => Err(Refusal::malformed(why, self.details).into_error()),
        }
    }

    /// The same for what is used and not kept as the platform's word.
    pub(crate) fn value<T>(
        self,
        read: impl FnOnce(&Members<'_>) -> Result<T, String>,
    ) -> Result<Answer<T>, ProviderError> {
        Ok(self.read(read)?.map(Verified::into_inner))
    }

    /// Whether the node says something.
    pub(crate) fn says(&self, what: impl FnOnce(&Members<'_>) -> bool) -> bool {
        Members::read(self.node.get().as_bytes()).is_ok_and(|node| what(&node))
    }

    /// The node's whole text.
    pub(crate) fn text(self) -> Answer<Verified<String>> {
        let Self { node, details, .. } = self;
        answered(node.whole(), details)
    }
}

impl Account {
    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    /// Signs, sends, and lets through only a success about the numbers asked for whose signature was
    /// checked. What changes nothing is repeated when that may help, each time under a new signature.
    #[tracing::instrument(
        name = "alipay.call",
        level = "debug",
        skip_all,
        fields(operation = call.operation.name())
    )]
    pub(crate) async fn call(&self, call: &Call) -> Result<Reply, Refusal> {
        let most = if call.operation.is_read() {
            self.read_attempts
        } else {
            1
        };
        let mut attempts = Attempts::new(&self.pause, most);
        loop {
            let result = self.judged(call, attempts.number()).await;
            let Err(refusal) = &result else {
                return result;
            };
            let wait = refusal.repeatable_after(attempts.usual_pause());
            if !attempts.again(wait).await {
                return result;
            }
        }
    }

    /// An answer under a certificate that is not held yet is judged again once it is.
    async fn judged(&self, call: &Call, attempt: u32) -> Result<Reply, Refusal> {
        let mut unknown = None;
        let result = self
            .once(call, attempt, |response| {
                let judgement = self.judge(call, response);
                if let Err(Refusal::Failed(ProviderError::Untrusted { reason, .. })) = &judgement
                    && let Untrusted::UnknownKey(sn) = reason
                {
                    unknown = Some((sn.clone(), response.clone()));
                }
                judgement
            })
            .await;
        let Some((sn, response)) = unknown else {
            return result;
        };
        if let Err(error) = self.learn(&sn, Why::Answer).await {
            tracing::debug!(%error, "no certificate for the answer");
        }
        self.judge(call, &response)
    }

    /// One request, and what `judge` makes of its answer.
    pub(crate) async fn once<T>(
        &self,
        call: &Call,
        attempt: u32,
        judge: impl FnOnce(&Response<Bytes>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let exchange = self.observed(call.operation, &self.app.gateway, attempt);
        let (told, result) = match self.send(call).await {
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

    pub(crate) fn observed<'a>(
        &'a self,
        operation: Operation,
        address: &'a Url,
        attempt: u32,
    ) -> Observed<'a> {
        let host = address.host_str().unwrap_or_default();
        let exchange = Exchange::new(operation.name(), &self.seller_id, host, attempt);
        Observed::new(self.observer.as_ref(), exchange)
    }

    /// Sends under a fresh signature.
    async fn send(&self, call: &Call) -> Result<Response<Body>, Refusal> {
        let parameters = Parameters {
            method: &call.method,
            notify_url: call.notify_url.as_deref(),
            return_url: None,
            biz_content: &call.biz_content,
        };
        let signed = self.app.sign(parameters, self.now()).await?;
        let request = signed.request(call.operation.timeout());
        Ok(self.transport.send(request).await?)
    }

    fn judge(&self, call: &Call, response: &Response<Bytes>) -> Result<Reply, Refusal> {
        if response.status != 200 {
            return Err(Refusal::not_the_gateways(response));
        }
        let details = details(response);
        let envelope = Envelope::read(&call.method, &response.body)
            .map_err(|why| no_answer(&why, details.clone()))?;
        let Some(sign) = &envelope.sign else {
            tracing::debug!("answer not signed");
            return Err(Refusal::unsigned(&envelope, details));
        };
        let keys = self.trust.keys();
        let is_anonymous = keys.in_certificates().is_some() && envelope.cert_sn.is_none();
        let node = match keys.authenticate_node(&envelope, sign, self.now()) {
            Ok(node) => node,
            Err(_) if is_anonymous => return Err(Refusal::unsigned(&envelope, details)),
            Err(reason) => return Err(untrusted(reason, &details)),
        };
        let node = node
            .decrypted(self.app.content_key.as_ref())
            .map_err(|reason| untrusted(reason, &details))?;
        let head = match Head::read(node.get()) {
            Ok(head) => head,
            Err(why) => return Err(Refusal::malformed(why, details)),
        };
        if is_anonymous && head.claims_success() {
            return Err(Refusal::unsigned(&envelope, details));
        }
        let is_success = !envelope.is_error
            && (head.is_success() || call.operation == Operation::Pay && head.is_in_process());
        if let Err(why) = call.asked.answered_by(&head, is_success) {
            return Err(Refusal::malformed(why, details));
        }
        if !is_success {
            return Err(Refusal::told(call.operation, head, details));
        }
        Ok(Reply {
            node,
            head,
            details,
        })
    }
}

/// A body that two readers could read in two ways was made to be; any other that is no answer comes
/// from something in between.
pub(crate) fn no_answer(why: &NoAnswer, details: Details) -> Refusal {
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

pub(crate) fn untrusted(reason: Untrusted, details: &Details) -> Refusal {
    tracing::debug!(reason = reason.reason(), "answer not trusted");
    let message = reason.to_string();
    Refusal::untrusted(
        reason,
        Details {
            message,
            ..details.clone()
        },
    )
}
