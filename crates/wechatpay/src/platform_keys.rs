use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use paydesk_provider::keys::{KeyError, PublicKey, from_file};
use time::OffsetDateTime;

use crate::certificates::PlatformCertificates;
use crate::keys::PLATFORM_KEY;

/// What the platform signs with: its public key (微信支付公钥), which is configured and stays, or its
/// certificates (微信支付平台证书), which are fetched and change, or both while a merchant moves from
/// the second to the first. The platform names in each message what it used, and that alone is asked.
///
/// A clone fetches certificates of its own: they are encrypted for one merchant.
#[derive(Clone)]
pub struct PlatformKeys {
    /// The public key that answers should be signed with.
    preferred: Option<String>,
    keys: BTreeMap<String, PublicKey>,
    certificates: Option<PlatformCertificates>,
}

/// What the id of a public key begins with, as the merchant platform shows it.
const PUBLIC_KEY_ID: &str = "PUB_KEY_ID_";

/// A platform key that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformKeyError {
    /// Not a text that can be an id; it is not repeated, for it may be a key.
    #[error("a platform key's id cannot be read: PUB_KEY_ID_ and digits are expected")]
    Id,
    /// The same id for two keys.
    #[error("platform key id {0} is given twice, with different keys")]
    Twice(String),
    /// The key itself.
    #[error("platform key {id} cannot be used")]
    Key {
        /// Its id.
        id: String,
        /// What is wrong with it.
        source: KeyError,
    },
}

impl PlatformKeys {
    /// The platform's public key: its id (`PUB_KEY_ID_` and digits) and its PEM, `pub_key.pem`. This is
    /// the way of new merchants, who have no platform certificates.
    ///
    /// # Errors
    /// [`PlatformKeyError`] when id or key cannot be read or the key is of another kind.
    pub fn new(id: &str, pem: &str) -> Result<Self, PlatformKeyError> {
        let keys = Self {
            preferred: Some(id.to_owned()),
            keys: BTreeMap::new(),
            certificates: None,
        };
        if !id.starts_with(PUBLIC_KEY_ID) {
            return Err(PlatformKeyError::Id);
        }
        keys.and(id, pem)
    }

    /// The same with the PEM in a file.
    ///
    /// # Errors
    /// As [`PlatformKeys::new`].
    pub fn from_file(id: &str, path: impl AsRef<Path>) -> Result<Self, PlatformKeyError> {
        let pem = from_file(path).map_err(|source| PlatformKeyError::Key {
            id: canonical(id).into_owned(),
            source,
        })?;
        Self::new(id, &pem)
    }

    /// The platform's certificates alone, the way of older merchants. They are fetched when they are
    /// first needed, and again before they end or when a message names an unknown one.
    pub fn certificates(certificates: PlatformCertificates) -> Self {
        Self {
            preferred: None,
            keys: BTreeMap::new(),
            certificates: Some(certificates),
        }
    }

    /// The public key and the certificates, while the merchant moves from these to that: answers are
    /// asked for under the public key, and notices come under either.
    #[must_use]
    pub fn and_certificates(mut self, certificates: PlatformCertificates) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// A further key that messages may be signed with.
    ///
    /// # Errors
    /// As [`PlatformKeys::new`], and [`PlatformKeyError::Twice`].
    pub fn and(mut self, id: &str, pem: &str) -> Result<Self, PlatformKeyError> {
        if id.is_empty() || id.len() > 128 || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(PlatformKeyError::Id);
        }
        let id = canonical(id).into_owned();
        let key = PublicKey::parse(pem, &PLATFORM_KEY).map_err(|source| PlatformKeyError::Key {
            id: id.clone(),
            source,
        })?;
        if self.keys.get(&id).is_some_and(|present| *present != key) {
            return Err(PlatformKeyError::Twice(id));
        }
        self.keys.insert(id, key);
        Ok(self)
    }

    /// The id of the key that answers should be signed with; `None` while no certificate is held.
    pub(crate) fn preferred(&self, now: OffsetDateTime) -> Option<String> {
        if let Some(id) = &self.preferred {
            return Some(id.clone());
        }
        let certificates = self.certificates.as_ref()?.snapshot();
        certificates
            .preferred(now)
            .map(|newest| newest.serial().to_owned())
    }

    /// What is fetched, if anything is.
    pub(crate) const fn fetched(&self) -> Option<&PlatformCertificates> {
        self.certificates.as_ref()
    }

    /// Whether nothing can be verified without a certificate.
    pub(crate) fn need_certificates(&self) -> bool {
        self.keys.is_empty()
    }

    /// The id under which this very key is held.
    pub(crate) fn id_of(&self, key: &PublicKey) -> Option<String> {
        let configured = self.keys.iter().find(|(_, held)| *held == key);
        if let Some((id, _)) = configured {
            return Some(id.clone());
        }
        let certificates = self.certificates.as_ref()?.snapshot();
        let mut pinned = certificates.iter();
        pinned
            .find(|certificate| certificate.public_key() == key)
            .map(|certificate| certificate.serial().to_owned())
    }

    /// The key of this id, if it is in force.
    pub(crate) fn get(&self, id: &str, now: OffsetDateTime) -> Option<PublicKey> {
        if let Some(key) = self.keys.get(&*canonical(id)) {
            return Some(key.clone());
        }
        self.certificates.as_ref()?.snapshot().key(id, now).cloned()
    }
}

impl fmt::Debug for PlatformKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids = f.debug_set();
        ids.entries(self.keys.keys());
        if let Some(certificates) = &self.certificates {
            ids.entry(certificates);
        }
        ids.finish()
    }
}

/// Certificate serials are hex and compared in any case, leading zeros included; every other id is
/// opaque.
fn canonical(id: &str) -> Cow<'_, str> {
    if id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Cow::Owned(id.to_ascii_uppercase())
    } else {
        Cow::Borrowed(id)
    }
}
