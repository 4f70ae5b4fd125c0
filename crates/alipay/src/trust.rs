//! The one place where a message becomes one to be believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::{Untrusted, Verified};

use crate::alipay_keys::AlipayKeys;
use crate::form::Form;
use crate::signing::SIGN_TYPE;

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

    /// Checks the signature over a notice's fields. Whatever is no form, names another algorithm or
    /// has no signature is refused like a wrong signature: nobody signed it for us.
    pub(crate) fn authenticate_form(&self, body: &[u8]) -> Result<Authentic<Form>, Untrusted> {
        let form = Form::read(body).ok_or(Untrusted::BadSignature)?;
        let sign = form.get("sign").ok_or(Untrusted::BadSignature)?;
        if form.get("sign_type") != Some(SIGN_TYPE) || !self.signed(&form.signed(), sign) {
            return Err(Untrusted::BadSignature);
        }
        Ok(Authentic(form))
    }

    fn signed(&self, message: &[u8], sign: &str) -> bool {
        STANDARD
            .decode(sign)
            .is_ok_and(|signature| self.any_verifies(message, &signature))
    }
}
