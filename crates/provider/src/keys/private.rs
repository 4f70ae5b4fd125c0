use std::fmt;

use async_trait::async_trait;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};

use super::encoding::{Content, Encoded, decode};
use super::public::{PublicKey, read_public};
use super::{KeyError, KeyFiles, long_enough};

/// Signs with a private key that may live elsewhere, in a key management service for example.
#[async_trait]
pub trait Signer: Send + Sync + fmt::Debug {
    /// The signature (RSA, SHA-256, padding of PKCS#1 v1.5) over this message, as bytes. The message
    /// itself is given, not its digest.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;

    /// The public half, if it is known here: with it, mixed-up keys are found when a client is built.
    fn public_key(&self) -> Option<&PublicKey> {
        None
    }
}

/// Nothing was signed, so nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The signer failed. Its own words are kept in the source and not repeated: they may hold what is
    /// secret there.
    #[error("the request could not be signed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The signer signs with another key, or in another way.
    #[error(
        "the signer's signature does not fit its public key: expected is RSA with SHA-256 and the \
         padding of PKCS#1 v1.5, over the message and not over its digest"
    )]
    Unfit,
}

impl SignError {
    /// A failure with its cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}

/// A private RSA key in this process.
///
/// `ring` keeps the parsed key for as long as this lives and cannot erase it; every other copy made
/// while parsing is erased.
pub struct SigningKey {
    pair: RsaKeyPair,
    public: PublicKey,
}

impl SigningKey {
    /// Reads PKCS#8 or PKCS#1, as PEM or as bare base64, with line ends or with `\n` written out as
    /// environment variables hold them.
    ///
    /// # Errors
    /// [`KeyError`] names what was found instead.
    pub fn parse(text: &str, files: &KeyFiles) -> Result<Self, KeyError> {
        let expected = files.expected;
        let Encoded { content, der } = decode(text).ok_or(KeyError::NotEncoded { expected })?;
        let parsed = match content {
            Content::Pkcs8 => RsaPrivateKey::from_pkcs8_der(&der).ok(),
            Content::Pkcs1 => RsaPrivateKey::from_pkcs1_der(&der).ok(),
            Content::Unnamed => read_private(&der),
            other => return Err(other.instead_of(files)),
        };
        let key = match parsed {
            Some(key) => key,
            None if content == Content::Unnamed && read_public(&der).is_some() => {
                return Err(Content::PublicKey.instead_of(files));
            }
            None => return Err(KeyError::NotRsa { expected }),
        };
        long_enough(key.n().bits())?;
        let private = key
            .to_pkcs1_der()
            .map_err(|_| KeyError::NotRsa { expected })?;
        Ok(Self {
            pair: RsaKeyPair::from_der(private.as_bytes())
                .map_err(|_| KeyError::NotRsa { expected })?,
            public: PublicKey::of(&RsaPublicKey::from(&key))
                .ok_or(KeyError::NotRsa { expected })?,
        })
    }

    /// RSA with SHA-256 and the padding of PKCS#1 v1.5.
    ///
    /// # Errors
    /// [`SignError`] when the operating system gives no random bytes, which `ring` blinds with.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| SignError::new("no random bytes"))?;
        Ok(signature)
    }

    /// The public half.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

#[async_trait]
impl Signer for SigningKey {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Self::sign(self, message)
    }

    fn public_key(&self) -> Option<&PublicKey> {
        Some(&self.public)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(redacted)")
    }
}

pub(super) fn read_private(der: &[u8]) -> Option<RsaPrivateKey> {
    RsaPrivateKey::from_pkcs8_der(der)
        .or_else(|_| RsaPrivateKey::from_pkcs1_der(der))
        .ok()
}
