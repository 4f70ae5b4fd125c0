//! The one place where a message becomes one to be believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::keys::PublicKey;
use paydesk_provider::{Untrusted, Verified};
use time::OffsetDateTime;

use crate::alipay_keys::AlipayKeys;
use crate::answer::Envelope;
use crate::content_key::ContentKey;
use crate::form::Form;
use crate::signing::SIGN_TYPE;

/// What is never part of what a payment notice's signature is over.
const PLAIN: [&str; 2] = ["sign", "sign_type"];
/// What names the certificate that signed.
const CERTIFICATE: &str = "alipay_cert_sn";
/// What the platform appends to a return address, beside what is in it already.
const RETURNED: [&str; 10] = [
    "app_id",
    "auth_app_id",
    "charset",
    "method",
    "out_trade_no",
    "seller_id",
    "timestamp",
    "total_amount",
    "trade_no",
    "version",
];

/// Which fields of a form are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormRule {
    /// A payment notice: all but `sign` and `sign_type`.
    Notice,
    /// A message of the application gateway: all but `sign`, so none of them passes for a notice.
    Message,
    /// What a browser brings back: as a notice, and perhaps with parameters of the merchant's own.
    Return,
}

/// A message whose signature was checked. Only [`AlipayKeys`] makes one.
pub(crate) struct Authentic<T>(T);

impl<T> Authentic<T> {
    pub(crate) const fn get(&self) -> &T {
        &self.0
    }

    /// What `read` makes of this message, as something the platform really said.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the verifier: the message given to `read` is authentic"
    )]
    pub(crate) fn attest<R, E>(
        &self,
        read: impl FnOnce(&T) -> Result<R, E>,
    ) -> Result<Verified<R>, E> {
        read(&self.0).map(Verified::attest)
    }

    /// The message itself, as something the platform really said.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the verifier: only an authentic message is here"
    )]
    pub(crate) fn whole(self) -> Verified<T> {
        Verified::attest(self.0)
    }
}

impl Authentic<String> {
    /// The node in the clear: one that was encrypted is a text, and what was signed is that text with
    /// its quotes. Errors come in the clear even to those who encrypt, and are told by how they begin.
    pub(crate) fn decrypted(self, key: Option<&ContentKey>) -> Result<Self, Untrusted> {
        if !self.0.starts_with('"') {
            return Ok(self);
        }
        let text: Option<String> = serde_json::from_str(&self.0).ok();
        key.zip(text)
            .and_then(|(key, text)| key.decrypt(&text))
            .map(Self)
            .ok_or(Untrusted::Undecryptable)
    }
}

impl AlipayKeys {
    /// Checks the signature over the text of an answer's node, with the certificate that the answer
    /// names beside it.
    ///
    /// Some gateways sign before they write `/` as `\/`. The platform's own library then tries the
    /// text without those escapes, and nothing else; the text that was signed is the one believed.
    pub(crate) fn authenticate_node(
        &self,
        envelope: &Envelope<'_>,
        sign: &str,
        now: OffsetDateTime,
    ) -> Result<Authentic<String>, Untrusted> {
        let node = envelope.node;
        let keys = self.of(envelope.cert_sn.as_deref(), now)?;
        if signed(&keys, node.as_bytes(), sign) {
            return Ok(Authentic(node.to_owned()));
        }
        if node.contains("\\/") {
            let plain = node.replace("\\/", "/");
            if signed(&keys, plain.as_bytes(), sign) {
                return Ok(Authentic(plain));
            }
        }
        Err(Untrusted::BadSignature)
    }

    /// Checks the signature over a form's fields. Whatever is no form, names another algorithm or has
    /// no signature is refused like a wrong signature: nobody signed it for us.
    pub(crate) fn authenticate_form(
        &self,
        body: &[u8],
        rule: FormRule,
        now: OffsetDateTime,
    ) -> Result<Authentic<Form>, Untrusted> {
        let form = Form::read(body).ok_or(Untrusted::BadSignature)?;
        let sign = form.get("sign").ok_or(Untrusted::BadSignature)?;
        if form.get("sign_type") != Some(SIGN_TYPE) {
            return Err(Untrusted::BadSignature);
        }
        let sn = form.get(CERTIFICATE);
        let keys = self.of(sn, now)?;
        let mut texts = texts(&form, rule);
        // Whether the number is part of what it chooses the key for is not documented.
        if sn.is_some() && self.in_certificates().is_some() {
            let left_out = |also: &'static [&'static str]| {
                form.signed_without(&[also, &[CERTIFICATE]].concat())
            };
            texts.push(match rule {
                FormRule::Notice | FormRule::Return => left_out(&PLAIN),
                FormRule::Message => left_out(&["sign"]),
            });
        }
        if texts.iter().any(|text| signed(&keys, text, sign)) {
            Ok(Authentic(form))
        } else {
            Err(Untrusted::BadSignature)
        }
    }
}

/// What the signature may be over.
fn texts(form: &Form, rule: FormRule) -> Vec<Vec<u8>> {
    match rule {
        FormRule::Notice => vec![form.signed_without(&PLAIN)],
        FormRule::Return => vec![
            form.signed_without(&PLAIN),
            form.signed_where(|name| RETURNED.iter().any(|known| name == known.as_bytes())),
        ],
        // Which of the two the newer messages use is not documented.
        FormRule::Message if form.get("msg_method").is_some() => {
            vec![form.signed_without(&["sign"]), form.signed_without(&PLAIN)]
        }
        FormRule::Message => vec![form.signed_without(&["sign"])],
    }
}

fn signed(keys: &[PublicKey], message: &[u8], sign: &str) -> bool {
    STANDARD
        .decode(sign)
        .is_ok_and(|signature| keys.iter().any(|key| key.verifies(message, &signature)))
}
