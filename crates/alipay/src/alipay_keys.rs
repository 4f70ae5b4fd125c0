use std::fmt;

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use crate::keys::{KeyError, public_key_der};

/// The public keys that Alipay signs with for this app, as the console shows them. The platform's
/// messages name no key, so while it is being changed both are held and each is tried.
#[derive(Clone)]
pub struct AlipayKeys(Vec<UnparsedPublicKey<Vec<u8>>>);

impl AlipayKeys {
    const EXPECTED: &'static str = "Alipay's public key (支付宝公钥, alipayPublicKey_RSA2.txt)";

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
        let key = public_key_der(text, Self::EXPECTED)?;
        if !self.holds(&key) {
            self.0
                .push(UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key));
        }
        Ok(self)
    }

    /// Whether this very key (PKCS#1) is among them.
    pub(crate) fn holds(&self, der: &[u8]) -> bool {
        self.0.iter().any(|key| key.as_ref() == der)
    }

    pub(crate) fn any_verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0
            .iter()
            .any(|key| key.verify(message, signature).is_ok())
    }
}

impl fmt::Debug for AlipayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlipayKeys")
            .field("count", &self.0.len())
            .finish()
    }
}
