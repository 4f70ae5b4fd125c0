use std::fmt;

use paydesk_provider::keys::{KeyError, PublicKey};

use crate::keys::ALIPAY_KEY;

/// The public keys that Alipay signs with for this app, as the console shows them. The platform's
/// messages name no key, so while it is being changed both are held and each is tried.
#[derive(Clone)]
pub struct AlipayKeys(Vec<PublicKey>);

impl AlipayKeys {
    /// Reads the key as PEM or as bare base64, which is how the console shows it.
    ///
    /// # Errors
    /// [`KeyError`] when the key cannot be read or is of another kind.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        Self(Vec::new()).and(text)
    }

    /// A further key that messages may be signed with.
    ///
    /// # Errors
    /// As [`AlipayKeys::new`].
    pub fn and(mut self, text: &str) -> Result<Self, KeyError> {
        let key = PublicKey::parse(text, &ALIPAY_KEY)?;
        if !self.holds(&key) {
            self.0.push(key);
        }
        Ok(self)
    }

    /// Whether this very key is among them.
    pub(crate) fn holds(&self, key: &PublicKey) -> bool {
        self.0.contains(key)
    }

    pub(crate) fn any_verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.iter().any(|key| key.verifies(message, signature))
    }
}

impl fmt::Debug for AlipayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlipayKeys")
            .field("count", &self.0.len())
            .finish()
    }
}
