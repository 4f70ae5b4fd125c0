mod encoding;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs1::{
    DecodeRsaPrivateKey, DecodeRsaPublicKey, EncodeRsaPrivateKey, EncodeRsaPublicKey,
};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};

use encoding::{Content, Encoded};

/// What the platform and `ring` both ask for at least.
const LEAST_BITS: usize = 2048;

/// A key that cannot be what it should be. No variant holds key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Another file than the one asked for.
    #[error("expected {expected}, found {found}")]
    WrongKind {
        /// What belongs here, with the name of its file.
        expected: &'static str,
        /// What it seems to be.
        found: &'static str,
    },
    /// Neither PEM nor base64.
    #[error("expected {expected}, but this is neither PEM nor base64: was it cut off?")]
    NotEncoded {
        /// What belongs here, with the name of its file.
        expected: &'static str,
    },
    /// Encoded well, but no RSA key.
    #[error("expected {expected}, but there is no RSA key in it")]
    NotRsa {
        /// What belongs here, with the name of its file.
        expected: &'static str,
    },
    /// An RSA key that nobody accepts any more.
    #[error("this RSA key has {bits} bits, at least 2048 are needed")]
    TooShort {
        /// Its size.
        bits: usize,
    },
}

/// The app's private key, which signs every request (应用私钥).
///
/// `ring` keeps the parsed key for as long as this lives and cannot erase it; every other copy made
/// while parsing is erased.
pub struct AppKey {
    pair: RsaKeyPair,
    public: Vec<u8>,
}

impl AppKey {
    const EXPECTED: &'static str = "the app's private key (应用私钥, appPrivateKey.txt)";

    /// Reads PKCS#8 or PKCS#1, as PEM or as bare base64, with line ends or with `\n` written out as
    /// environment variables hold them. Alipay's own tool exports bare base64.
    ///
    /// # Errors
    /// [`KeyError`] names what was found instead.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let expected = Self::EXPECTED;
        let Encoded { content, der } =
            encoding::decode(text).ok_or(KeyError::NotEncoded { expected })?;
        let parsed = match content {
            Content::Pkcs8 => RsaPrivateKey::from_pkcs8_der(&der).ok(),
            Content::Pkcs1 => RsaPrivateKey::from_pkcs1_der(&der).ok(),
            Content::Unnamed => RsaPrivateKey::from_pkcs8_der(&der)
                .or_else(|_| RsaPrivateKey::from_pkcs1_der(&der))
                .ok(),
            other => return Err(other.instead_of(expected)),
        };
        let key = match parsed {
            Some(key) => key,
            None if content == Content::Unnamed && read_public(&der).is_some() => {
                return Err(Content::PublicKey.instead_of(expected));
            }
            None => return Err(KeyError::NotRsa { expected }),
        };
        long_enough(key.n().bits())?;
        let public = RsaPublicKey::from(&key)
            .to_pkcs1_der()
            .map_err(|_| KeyError::NotRsa { expected })?;
        let private = key
            .to_pkcs1_der()
            .map_err(|_| KeyError::NotRsa { expected })?;
        let pair =
            RsaKeyPair::from_der(private.as_bytes()).map_err(|_| KeyError::NotRsa { expected })?;
        Ok(Self {
            pair,
            public: public.into_vec(),
        })
    }

    /// RSA with SHA-256 and the padding of PKCS#1 v1.5, in base64.
    pub(crate) fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .expect("a parsed key signs into a buffer of its own length");
        STANDARD.encode(signature)
    }

    /// The public half in the form that `ring` reads.
    pub(crate) fn public_der(&self) -> &[u8] {
        &self.public
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(redacted)")
    }
}

/// Reads a public key (SPKI or PKCS#1) and gives the PKCS#1 form, which is what `ring` verifies
/// with: given an SPKI it takes every signature for wrong.
pub(crate) fn public_key_der(text: &str, expected: &'static str) -> Result<Vec<u8>, KeyError> {
    let Encoded { content, der } =
        encoding::decode(text).ok_or(KeyError::NotEncoded { expected })?;
    let key = match content {
        Content::PublicKey | Content::Unnamed => read_public(&der),
        other => return Err(other.instead_of(expected)),
    };
    let key = match key {
        Some(key) => key,
        None if content == Content::Unnamed && is_private(&der) => {
            return Err(Content::Pkcs8.instead_of(expected));
        }
        None => return Err(KeyError::NotRsa { expected }),
    };
    long_enough(key.n().bits())?;
    key.to_pkcs1_der()
        .map(rsa::pkcs8::Document::into_vec)
        .map_err(|_| KeyError::NotRsa { expected })
}

fn read_public(der: &[u8]) -> Option<RsaPublicKey> {
    RsaPublicKey::from_public_key_der(der)
        .or_else(|_| RsaPublicKey::from_pkcs1_der(der))
        .ok()
}

fn is_private(der: &[u8]) -> bool {
    RsaPrivateKey::from_pkcs8_der(der).is_ok() || RsaPrivateKey::from_pkcs1_der(der).is_ok()
}

const fn long_enough(bits: usize) -> Result<(), KeyError> {
    if bits < LEAST_BITS {
        return Err(KeyError::TooShort { bits });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
