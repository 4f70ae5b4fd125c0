use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{KeyError, KeyFiles, PublicKey, SignError, Signer, SigningKey};

/// A merchant's own key, which signs every request: in this process, or elsewhere.
#[derive(Clone)]
pub struct OwnKey {
    signer: Arc<dyn Signer>,
    public: Option<PublicKey>,
    /// Whether a signature was checked once, where it is made elsewhere.
    is_proven: Arc<AtomicBool>,
}

impl OwnKey {
    /// Reads a private key as [`SigningKey::parse`] does.
    ///
    /// # Errors
    /// [`KeyError`] names what was found instead.
    pub fn parse(text: &str, files: &KeyFiles) -> Result<Self, KeyError> {
        let key = SigningKey::parse(text, files)?;
        Ok(Self {
            public: Some(key.public_key().clone()),
            signer: Arc::new(key),
            is_proven: Arc::new(AtomicBool::new(true)),
        })
    }

    /// A key that never enters this process: a key management service, a hardware module.
    pub fn external(signer: Arc<dyn Signer>) -> Self {
        Self {
            public: signer.public_key().cloned(),
            signer,
            is_proven: Arc::default(),
        }
    }

    /// The public half of a key elsewhere. With it, keys that were mixed up are found early, and a
    /// service that signs in another way (a digest for a message, PSS for PKCS#1) before its first
    /// signature is sent.
    #[must_use]
    pub fn with_public_key(mut self, public: PublicKey) -> Self {
        self.public = Some(public);
        self.is_proven = Arc::default();
        self
    }

    /// Signs; the first signature that is made elsewhere is checked.
    ///
    /// # Errors
    /// [`SignError`].
    pub async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.signer.sign(message).await?;
        if let Some(public) = &self.public
            && !self.is_proven.load(Ordering::Relaxed)
        {
            if !public.verifies(message, &signature) {
                return Err(SignError::Unfit);
            }
            self.is_proven.store(true, Ordering::Relaxed);
        }
        Ok(signature)
    }

    /// The public half, if it is known.
    pub const fn public_key(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }
}

impl fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnKey(redacted)")
    }
}
