//! The one place where a message becomes one to be believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::{Untrusted, Verified};

use crate::alipay_keys::AlipayKeys;
use crate::form::Form;
use crate::signing::SIGN_TYPE;

/// What is never part of what a payment notice's signature is over.
const PLAIN: [&str; 2] = ["sign", "sign_type"];
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

impl AlipayKeys {
    /// Checks the signature over the text of an answer's node.
    ///
    /// Some gateways sign before they write `/` as `\/`. The platform's own library then tries the
    /// text without those escapes, and nothing else; the text that was signed is the one believed.
    pub(crate) fn authenticate_node(
        &self,
        node: &str,
        sign: &str,
    ) -> Result<Authentic<String>, Untrusted> {
        if self.signed(node.as_bytes(), sign) {
            return Ok(Authentic(node.to_owned()));
        }
        if node.contains("\\/") {
            let plain = node.replace("\\/", "/");
            if self.signed(plain.as_bytes(), sign) {
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
    ) -> Result<Authentic<Form>, Untrusted> {
        let form = Form::read(body).ok_or(Untrusted::BadSignature)?;
        let sign = form.get("sign").ok_or(Untrusted::BadSignature)?;
        if form.get("sign_type") != Some(SIGN_TYPE) {
            return Err(Untrusted::BadSignature);
        }
        let texts = match rule {
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
        };
        if texts.iter().any(|text| self.signed(text, sign)) {
            Ok(Authentic(form))
        } else {
            Err(Untrusted::BadSignature)
        }
    }

    fn signed(&self, message: &[u8], sign: &str) -> bool {
        STANDARD
            .decode(sign)
            .is_ok_and(|signature| self.any_verifies(message, &signature))
    }
}
