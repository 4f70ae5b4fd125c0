use std::fmt;
use std::sync::Arc;

use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rsa::RsaPublicKey;
use rsa::pkcs1::{DecodeRsaPublicKey, EncodeRsaPublicKey};
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;

use super::encoding::{Content, Encoded, decode};
use super::private::read_private;
use super::{KeyError, KeyFiles, long_enough};

/// A public RSA key.
///
/// Kept in its PKCS#1 form, which is what `ring` verifies with: given an SPKI, the content of a
/// `PUBLIC KEY` file, it takes every signature for wrong. Clones share it.
#[derive(Clone)]
pub struct PublicKey(UnparsedPublicKey<Arc<[u8]>>);

impl PublicKey {
    /// Reads an SPKI (`PUBLIC KEY`) or PKCS#1 (`RSA PUBLIC KEY`), as PEM or as bare base64.
    ///
    /// # Errors
    /// [`KeyError`] names what was found instead.
    pub fn parse(text: &str, files: &KeyFiles) -> Result<Self, KeyError> {
        let expected = files.expected;
        let Encoded { content, der } = decode(text).ok_or(KeyError::NotEncoded { expected })?;
        if !matches!(content, Content::PublicKey | Content::Unnamed) {
            return Err(content.instead_of(files));
        }
        match Self::from_der(&der, files) {
            Err(KeyError::NotRsa { .. })
                if content == Content::Unnamed && read_private(&der).is_some() =>
            {
                Err(Content::Pkcs8.instead_of(files))
            }
            key => key,
        }
    }

    /// Reads the DER of an SPKI or of PKCS#1.
    ///
    /// # Errors
    /// [`KeyError::NotRsa`], [`KeyError::TooShort`].
    pub fn from_der(der: &[u8], files: &KeyFiles) -> Result<Self, KeyError> {
        let no_rsa = KeyError::NotRsa {
            expected: files.expected,
        };
        let Some(key) = read_public(der) else {
            return Err(no_rsa);
        };
        long_enough(key.n().bits())?;
        Self::of(&key).ok_or(no_rsa)
    }

    pub(super) fn of(key: &RsaPublicKey) -> Option<Self> {
        let der = key.to_pkcs1_der().ok()?.into_vec();
        Some(Self(UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            der.into(),
        )))
    }

    /// Whether this key made this signature (RSA, SHA-256, padding of PKCS#1 v1.5).
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }

    /// Its PKCS#1 form.
    pub fn der(&self) -> &[u8] {
        self.0.as_ref()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey")
    }
}

pub(super) fn read_public(der: &[u8]) -> Option<RsaPublicKey> {
    RsaPublicKey::from_public_key_der(der)
        .or_else(|_| RsaPublicKey::from_pkcs1_der(der))
        .ok()
}
