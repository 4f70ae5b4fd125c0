use std::fmt;
use std::sync::Arc;

use paydesk_provider::exchange::{Clock, system_clock};
use paydesk_provider::{NoticeError, RawNotice, Verified};
use time::OffsetDateTime;

use super::WechatNotice;
use super::content::open;
use crate::keys::{ApiV3Key, ApiV3Keys};
use crate::platform_keys::PlatformKeys;

/// Checks and opens notices: no network, no runtime, nothing remembered. Clones are cheap.
///
/// It holds no key of the merchant's own: a service that only receives notices needs nothing else of
/// this crate.
#[derive(Clone)]
pub struct NoticeVerifier(Arc<Inner>);

struct Inner {
    platform_keys: PlatformKeys,
    api_v3_keys: ApiV3Keys,
    clock: Clock,
}

impl NoticeVerifier {
    /// With the platform's keys, the merchant's `APIv3` key and the system's clock. It fetches nothing:
    /// of certificates it knows those that are pinned. [`WechatPay::notices`](crate::WechatPay::notices)
    /// gives one that learns with its client.
    pub fn new(platform_keys: PlatformKeys, api_v3_key: ApiV3Key) -> Self {
        let keys = ApiV3Keys {
            current: api_v3_key,
            previous: None,
        };
        Self::with(platform_keys, keys, Arc::new(system_clock))
    }

    pub(crate) fn with(platform_keys: PlatformKeys, api_v3_keys: ApiV3Keys, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            platform_keys,
            api_v3_keys,
            clock,
        }))
    }

    /// Checks the signature over the body as it came, then decrypts and reads it. The notice holds all
    /// headers that were received, repeats included, and every byte of the body, not what was parsed
    /// and written again.
    ///
    /// It may be five minutes from the clock, either way. That it is about your order is for you to
    /// see: [`Transaction::match_paid`](crate::Transaction::match_paid).
    ///
    /// # Errors
    /// [`NoticeError::Untrusted`] for whatever the platform did not sign for this merchant just now;
    /// [`NoticeError::Malformed`] for what it signed and nobody can read. Answer both with
    /// [`Acknowledgement::failed`](crate::Acknowledgement::failed), so that a true notice comes again.
    pub fn verify(&self, notice: &RawNotice) -> Result<Verified<WechatNotice>, NoticeError> {
        self.verify_at(notice, self.now())
    }

    /// The same for a notice that was kept, judged as of the time it came.
    ///
    /// # Errors
    /// As [`NoticeVerifier::verify`].
    pub fn verify_at(
        &self,
        notice: &RawNotice,
        received_at: OffsetDateTime,
    ) -> Result<Verified<WechatNotice>, NoticeError> {
        self.open_as(notice, received_at, |notice| notice)
    }

    /// What `shape` makes of the notice, under the same signature.
    #[tracing::instrument(name = "wechatpay.verify", level = "debug", skip_all)]
    pub(crate) fn open_as<T>(
        &self,
        notice: &RawNotice,
        at: OffsetDateTime,
        shape: impl FnOnce(WechatNotice) -> T,
    ) -> Result<Verified<T>, NoticeError> {
        let verified = self
            .0
            .platform_keys
            .authenticate(&notice.headers, &notice.body, at)
            .map_err(NoticeError::from)
            .and_then(|body| {
                let notice = open(&self.0.api_v3_keys, &body)?;
                body.attest(|_| Ok(shape(notice)))
            });
        if let Err(error) = &verified {
            tracing::debug!(reason = error.reason(), "notice refused");
        }
        verified
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.0.clock)()
    }

    pub(crate) fn platform_keys(&self) -> &PlatformKeys {
        &self.0.platform_keys
    }

    pub(crate) fn api_v3_keys(&self) -> &ApiV3Keys {
        &self.0.api_v3_keys
    }
}

impl fmt::Debug for NoticeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeVerifier")
            .field("platform_keys", &self.0.platform_keys)
            .finish_non_exhaustive()
    }
}
