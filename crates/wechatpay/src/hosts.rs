//! Where requests go: the primary host, and the backup while the primary cannot be reached.

use std::sync::atomic::{AtomicI64, Ordering};

use time::OffsetDateTime;
use url::Url;

/// How long the backup is asked first after the primary could not be reached.
const DETOUR_S: i64 = 60;

/// The names under which the platform is reached.
const PUBLIC: [&str; 4] = [
    "api.mch.weixin.qq.com",
    "api2.mch.weixin.qq.com",
    "api.wechatpay.cn",
    "api2.wechatpay.cn",
];

/// A change of host never follows an answer or a time-out: only a request that found no connection is
/// certain not to have reached the first host.
pub(crate) struct Hosts {
    primary: Url,
    backup: Option<Url>,
    /// Unix seconds until which the backup goes first.
    detour_until: AtomicI64,
}

impl Hosts {
    pub(crate) const fn new(primary: Url, backup: Option<Url>) -> Self {
        Self {
            primary,
            backup,
            detour_until: AtomicI64::new(i64::MIN),
        }
    }

    /// The hosts to try, in this order.
    pub(crate) fn in_turn(&self, now: OffsetDateTime) -> (&Url, Option<&Url>) {
        match &self.backup {
            Some(backup) if now.unix_timestamp() < self.detour_until.load(Ordering::Relaxed) => {
                (backup, Some(&self.primary))
            }
            backup => (&self.primary, backup.as_ref()),
        }
    }

    /// No connection to this host came about.
    pub(crate) fn unreachable(&self, host: &Url, now: OffsetDateTime) {
        let until = if *host == self.primary {
            now.unix_timestamp() + DETOUR_S
        } else {
            i64::MIN
        };
        self.detour_until.store(until, Ordering::Relaxed);
    }

    pub(crate) const fn primary(&self) -> &Url {
        &self.primary
    }

    /// Whether a signed request may go to this address: the signature does not cover the host.
    pub(crate) fn includes(&self, url: &Url) -> bool {
        let same = |host: &Url| host.origin() == url.origin();
        let public = |url: &Url| {
            url.scheme() == "https"
                && url.port_or_known_default() == Some(443)
                && url.host_str().is_some_and(|host| PUBLIC.contains(&host))
        };
        same(&self.primary)
            || self.backup.as_ref().is_some_and(same)
            || (public(&self.primary) && public(url))
    }
}
