use std::fmt;
use std::sync::Arc;

use paydesk_provider::exchange::{Clock, system_clock};
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
#[derive(Clone)]
pub struct NoticeVerifier(Arc<Inner>);

struct Inner {
    alipay_keys: AlipayKeys,
    /// Certificates end.
    clock: Clock,
}

impl NoticeVerifier {
    /// With what Alipay signs with for the app, and the system's clock. It fetches nothing: of
    /// certificates it knows those that are configured. [`Alipay::notices`](crate::Alipay::notices)
    /// gives one that learns with its client.
    pub fn new(alipay_keys: AlipayKeys) -> Self {
        Self::with(alipay_keys, Arc::new(system_clock))
    }

    pub(crate) fn with(alipay_keys: AlipayKeys, clock: Clock) -> Self {
        Self(Arc::new(Inner { alipay_keys, clock }))
    }

    pub(crate) fn keys(&self) -> &AlipayKeys {
        &self.0.alipay_keys
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
    /// [`NoticeError::Untrusted`] for whatever the platform did not sign for this app
    /// ([`Untrusted::UnknownKey`] names a certificate for [`Alipay::learn_key`](crate::Alipay::learn_key));
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
        let now = (self.0.clock)();
        let form = self.keys().authenticate_form(body, rule, now)?;
        form.attest(|_| open(&form))
    }
}

impl fmt::Debug for NoticeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoticeVerifier").field(self.keys()).finish()
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
