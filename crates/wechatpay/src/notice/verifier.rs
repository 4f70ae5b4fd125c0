use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use paydesk_provider::{NoticeError, RawNotice, Verified};
use time::OffsetDateTime;

use super::WechatNotice;
use super::content::open;
use crate::exchange::Account;

/// Checks and opens notices: no network, no runtime, nothing remembered. Clones are cheap.
#[derive(Clone)]
pub struct NoticeVerifier(Arc<Account>);

impl NoticeVerifier {
    pub(crate) const fn new(account: Arc<Account>) -> Self {
        Self(account)
    }

    /// Checks the signature over the body as it came, then decrypts and reads it. `headers` are all
    /// that were received, repeats included; `body` is every byte and nothing that was parsed and
    /// written again.
    ///
    /// The notice may be five minutes from the client's clock, either way. That it is about your
    /// order is for you to see: [`Transaction::match_order`](crate::Transaction::match_order).
    ///
    /// # Errors
    /// [`NoticeError::Untrusted`] for whatever the platform did not sign for this merchant just now;
    /// [`NoticeError::Malformed`] for what it signed and nobody can read. Answer both with
    /// [`Acknowledgement::failed`](crate::Acknowledgement::failed), so that a true notice comes again.
    #[tracing::instrument(name = "wechatpay.verify", level = "debug", skip_all)]
    pub fn verify(&self, notice: &RawNotice) -> Result<Verified<WechatNotice>, NoticeError> {
        self.verify_at(&notice.headers, &notice.body, self.0.now())
    }

    /// The same for a notice that was kept, judged as of the time it came.
    ///
    /// # Errors
    /// As [`NoticeVerifier::verify`].
    pub fn verify_at(
        &self,
        headers: &[(String, String)],
        body: &Bytes,
        received_at: OffsetDateTime,
    ) -> Result<Verified<WechatNotice>, NoticeError> {
        self.shaped(headers, body, received_at, |notice| notice)
    }

    /// What `shape` makes of the notice, under the same signature.
    pub(crate) fn shaped<T>(
        &self,
        headers: &[(String, String)],
        body: &Bytes,
        at: OffsetDateTime,
        shape: impl FnOnce(WechatNotice) -> T,
    ) -> Result<Verified<T>, NoticeError> {
        let verified = self
            .0
            .platform_keys
            .authenticate(headers, body, at)
            .map_err(NoticeError::from)
            .and_then(|body| body.attest(|json| open(&self.0.api_v3_keys, json).map(shape)));
        if let Err(error) = &verified {
            tracing::debug!(reason = error.reason(), "notice refused");
        }
        verified
    }
}

impl fmt::Debug for NoticeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeVerifier")
            .field("merchant_id", &self.0.merchant.id)
            .finish_non_exhaustive()
    }
}
