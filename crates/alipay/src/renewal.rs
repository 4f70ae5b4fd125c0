//! Fetching a certificate that a message names, beside the call that needs it. No task runs for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use paydesk_provider::http::Response;
use paydesk_provider::{Advice, Details, ProviderError};
use serde::Serialize;

use crate::answer::{Envelope, Head};
use crate::certificates::{LearnError, Why};
use crate::checks::json;
use crate::exchange::{Account, Asked, Call, no_answer, untrusted};
use crate::fields::Fields;
use crate::members::Members;
use crate::operation::Operation;
use crate::refusal::{Refusal, details};

/// Gives one of Alipay's certificates by its number.
pub(crate) const METHOD: &str = "alipay.open.app.alipaycert.download";

impl Account {
    /// Fetches a certificate, by what [`AlipayCertificates`](crate::AlipayCertificates) decides. In
    /// public-key mode there is none.
    pub(crate) async fn learn(&self, sn: &str, why: Why) -> Result<(), ProviderError> {
        let Some(certificates) = self.trust.keys().in_certificates() else {
            return Ok(());
        };
        let learnt = certificates.learn(sn, why, self.now(), || self.fetch_certificate(sn));
        match learnt.await {
            // Many invented numbers are no trouble of ours, and should not look like one.
            Err(LearnError::TooEarly) if why == Why::Notice => Ok(()),
            learnt => learnt.map_err(|error| unlearnt(&error)),
        }
    }

    /// The text of its file.
    async fn fetch_certificate(&self, sn: &str) -> Result<String, ProviderError> {
        #[derive(Serialize)]
        struct Wire<'a> {
            alipay_cert_sn: &'a str,
        }
        let call = Call {
            operation: Operation::Certificate,
            method: METHOD.into(),
            notify_url: None,
            biz_content: json(&Wire { alipay_cert_sn: sn })?,
            asked: Asked::default(),
        };
        let fetched = self.once(&call, 1, |response| self.judge_certificate(response));
        fetched.await.map_err(Refusal::into_error)
    }

    /// The one answer that may be unsigned, or signed by what only it brings: what it brings is checked
    /// instead. A signature by a certificate that is held must be right all the same.
    fn judge_certificate(&self, response: &Response<Bytes>) -> Result<String, Refusal> {
        if response.status != 200 {
            return Err(Refusal::not_the_gateways(response));
        }
        let details = details(response);
        let envelope = Envelope::read(METHOD, &response.body)
            .map_err(|why| no_answer(&why, details.clone()))?;
        let (keys, now) = (self.trust.keys(), self.now());
        if let Some(sign) = &envelope.sign
            && envelope.cert_sn.is_some()
            && keys.of(envelope.cert_sn.as_deref(), now).is_ok()
        {
            keys.authenticate_node(&envelope, sign, now)
                .map_err(|reason| untrusted(reason, &details))?;
        }
        let head = Head::read(envelope.node);
        if envelope.is_error || !head.is_ok_and(|head| head.is_success()) {
            return Err(Refusal::unsigned(&envelope, details));
        }
        content(envelope.node).map_err(|why| Refusal::malformed(why, details))
    }
}

fn content(node: &str) -> Result<String, String> {
    let members = Members::read(node.as_bytes()).map_err(|error| error.to_string())?;
    let mut encoded = members.needed("alipay_cert_content")?;
    encoded.retain(|char| !char.is_ascii_whitespace());
    let content = STANDARD.decode(encoded).ok();
    content
        .and_then(|content| String::from_utf8(content).ok())
        .ok_or_else(|| "alipay_cert_content is no base64 of a text".to_owned())
}

/// Nothing happened that would have to be asked about. What the platform said of the download is kept:
/// nothing else tells why.
fn unlearnt(error: &LearnError) -> ProviderError {
    let details = match error {
        LearnError::Call(call) => Details {
            message: format!("{error}: {}", call.details().message),
            ..call.details().clone()
        },
        LearnError::Unusable(why) => Details::message(format!("{error}: {why}")),
        LearnError::Unchecked | LearnError::TooEarly => Details::message(error.to_string()),
    };
    let advice = match error {
        LearnError::Unchecked => Advice::Never,
        _ => Advice::RetrySame,
    };
    ProviderError::Rejected { details, advice }
}
