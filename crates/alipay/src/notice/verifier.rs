use std::sync::Arc;

use paydesk_provider::{NoticeError, RawNotice, Untrusted, Verified};

use super::content::{self, AlipayNotice};
use super::message::{self, GatewayMessage};
use super::page_return::{self, PageReturn};
use crate::alipay_keys::AlipayKeys;
use crate::form::Form;
use crate::trust::{Authentic, FormRule};

const CONTENT_TYPE: &str = "Content-Type";
const FORM: &str = "application/x-www-form-urlencoded";

/// Checks and opens what comes from Alipay unasked: no network, no runtime, nothing remembered. Clones
/// are cheap.
///
/// It holds no key of the app's own: a service that only receives notices needs nothing else of this
/// crate.
#[derive(Clone, Debug)]
pub struct NoticeVerifier(Arc<AlipayKeys>);

impl NoticeVerifier {
    /// With what Alipay signs with for the app. [`Alipay::notices`](crate::Alipay::notices) gives the
    /// one of a client.
    pub fn new(alipay_keys: AlipayKeys) -> Self {
        Self(Arc::new(alipay_keys))
    }

    pub(crate) fn keys(&self) -> &AlipayKeys {
        &self.0
    }

    /// Checks the signature over a payment notice's fields, then reads them. `headers` are all that
    /// were received, repeats included; `body` is every byte of the body, nothing that was parsed and
    /// written again, and no query of the address.
    ///
    /// Alipay's notices carry no time of signing that could be judged: an old one verifies for ever.
    /// That it is about your order is for you to see:
    /// [`TradeNotice::match_paid`](crate::TradeNotice::match_paid).
    ///
    /// # Errors
    /// [`NoticeError::Untrusted`] for whatever the platform did not sign for this app;
    /// [`NoticeError::Malformed`] for what it signed and nobody can read. Answer both with
    /// [`Acknowledgement::failed`](crate::Acknowledgement::failed), so that a true notice comes again.
    pub fn verify(&self, notice: &RawNotice) -> Result<Verified<AlipayNotice>, NoticeError> {
        self.opened(notice, FormRule::Notice, content::open)
    }

    /// The same for a message to the application gateway (应用网关), which is signed by another rule:
    /// no payment notice passes for one, and none of them for a payment notice.
    ///
    /// # Errors
    /// As [`NoticeVerifier::verify`].
    pub fn verify_message(
        &self,
        message: &RawNotice,
    ) -> Result<Verified<GatewayMessage>, NoticeError> {
        self.opened(message, FormRule::Message, |form| message::open(form.get()))
    }

    /// Checks the query with which a payer's browser comes to the return address: the text behind the
    /// `?`, as it came.
    ///
    /// # Errors
    /// As [`NoticeVerifier::verify`].
    pub fn verify_return(&self, query: &str) -> Result<Verified<PageReturn>, NoticeError> {
        self.authentic(query.as_bytes(), FormRule::Return, |form| {
            page_return::open(form.get())
        })
    }

    /// What `open` makes of a form that comes as one.
    #[tracing::instrument(name = "alipay.verify", level = "debug", skip_all)]
    pub(crate) fn opened<T>(
        &self,
        notice: &RawNotice,
        rule: FormRule,
        open: impl FnOnce(&Authentic<Form>) -> Result<T, NoticeError>,
    ) -> Result<Verified<T>, NoticeError> {
        let checked = check_headers(&notice.headers).map_err(NoticeError::from);
        let opened = checked.and_then(|()| self.authentic(&notice.body, rule, open));
        if let Err(error) = &opened {
            tracing::debug!(reason = error.reason(), "notice refused");
        }
        opened
    }

    fn authentic<T>(
        &self,
        body: &[u8],
        rule: FormRule,
        open: impl FnOnce(&Authentic<Form>) -> Result<T, NoticeError>,
    ) -> Result<Verified<T>, NoticeError> {
        let form = self.0.authenticate_form(body, rule)?;
        form.attest(|_| open(&form))
    }
}

/// A notice comes as a form and says so. What follows the type is not looked at: it has been seen
/// malformed on true notices, and the character set is inside, under the signature.
fn check_headers(headers: &[(String, String)]) -> Result<(), Untrusted> {
    let mut values = headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE))
        .map(|(_, value)| value.trim_start());
    let value = values
        .next()
        .ok_or(Untrusted::MissingHeader(CONTENT_TYPE))?;
    if values.next().is_some() {
        return Err(Untrusted::DoubledHeader(CONTENT_TYPE));
    }
    let kind = value.split([';', ' ', ',']).next().unwrap_or_default();
    if kind.eq_ignore_ascii_case(FORM) {
        Ok(())
    } else {
        Err(Untrusted::BadHeader(CONTENT_TYPE))
    }
}
