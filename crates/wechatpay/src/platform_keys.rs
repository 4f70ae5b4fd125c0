use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use paydesk_provider::keys::{KeyError, PublicKey};

use crate::keys::PLATFORM_KEY;

/// The keys the platform signs with, by their ids. Several may be valid at a time: the platform
/// names in each message which it used, and that one alone is asked.
#[derive(Clone)]
pub struct PlatformKeys {
    preferred: String,
    keys: BTreeMap<String, PublicKey>,
}

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
    /// The key that we ask the platform to sign its answers with: its id (`PUB_KEY_ID_` and digits)
    /// and its PEM, `pub_key.pem`.
    ///
    /// # Errors
    /// [`PlatformKeyError`] when id or key cannot be read or the key is of another kind.
    pub fn new(id: &str, pem: &str) -> Result<Self, PlatformKeyError> {
        Self {
            preferred: canonical(id).into_owned(),
            keys: BTreeMap::new(),
        }
        .and(id, pem)
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

    /// The id of the key that answers should be signed with.
    pub fn preferred(&self) -> &str {
        &self.preferred
    }

    /// The id under which this very key is held.
    pub(crate) fn id_of(&self, key: &PublicKey) -> Option<&str> {
        self.keys
            .iter()
            .find(|(_, held)| *held == key)
            .map(|(id, _)| id.as_str())
    }

    pub(crate) fn get(&self, id: &str) -> Option<&PublicKey> {
        self.keys.get(&*canonical(id))
    }
}

impl fmt::Debug for PlatformKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
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
