use std::fmt;
use std::path::Path;
use std::sync::Arc;

use paydesk_provider::keys::{KeyError, KeyFiles, OwnKey, PublicKey, SignError, Signer};
use paydesk_provider::keys::{from_env, from_file};
use zeroize::Zeroizing;

/// The names of the merchant platform's files, as it hands them out.
const fn files(expected: &'static str) -> KeyFiles {
    KeyFiles {
        expected,
        private: "a private key (apiclient_key.pem?)",
        public: "a public key (pub_key.pem?)",
        certificate: "a certificate (apiclient_cert.pem?)",
    }
}

const MERCHANT_KEY: KeyFiles = files("the merchant's private key (apiclient_key.pem)");
const MERCHANT_PUBLIC_KEY: KeyFiles = files("the public half of the merchant's key");
/// What the platform signs with, as a file.
pub(crate) const PLATFORM_KEY: KeyFiles = files("WeChat Pay's public key (pub_key.pem)");

/// The merchant's private API key, which signs every request (`apiclient_key.pem`), or what signs in
/// its place.
#[derive(Clone)]
pub struct MerchantKey(OwnKey);

impl MerchantKey {
    /// Reads PKCS#8 or PKCS#1, as PEM or as bare base64, with line ends or with `\n` written out as
    /// environment variables hold them.
    ///
    /// # Errors
    /// [`KeyError`] names what was found instead.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        OwnKey::parse(text, &MERCHANT_KEY).map(Self)
    }

    /// Reads a file that holds what [`MerchantKey::parse`] takes.
    ///
    /// # Errors
    /// As [`MerchantKey::parse`], and [`KeyError::Unreadable`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        Self::parse(&from_file(path)?)
    }

    /// Reads an environment variable that holds what [`MerchantKey::parse`] takes.
    ///
    /// # Errors
    /// As [`MerchantKey::parse`], and [`KeyError::Unreadable`].
    pub fn from_env(name: &str) -> Result<Self, KeyError> {
        Self::parse(&from_env(name)?)
    }

    /// A key that never enters this process: a key management service, a hardware module.
    pub fn external(signer: Arc<dyn Signer>) -> Self {
        Self(OwnKey::external(signer))
    }

    /// The public half of a key elsewhere, as PEM or bare base64. With it, keys that were mixed up are
    /// found when the client is built, and a service that signs in another way (a digest for a message,
    /// PSS for PKCS#1) before its first signature is sent.
    ///
    /// # Errors
    /// [`KeyError`] names what was found instead.
    pub fn with_public_key(self, text: &str) -> Result<Self, KeyError> {
        let public = PublicKey::parse(text, &MERCHANT_PUBLIC_KEY)?;
        Ok(Self(self.0.with_public_key(public)))
    }

    pub(crate) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(message).await
    }

    /// The public half, if it is known.
    pub(crate) const fn public_key(&self) -> Option<&PublicKey> {
        self.0.public_key()
    }
}

impl fmt::Debug for MerchantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MerchantKey(redacted)")
    }
}

/// The merchant's `APIv3` key, which opens what the platform encrypts. Erased on drop.
#[derive(Clone)]
pub struct ApiV3Key(Zeroizing<[u8; 32]>);

impl ApiV3Key {
    /// Takes the 32 characters as they were set in the merchant platform: they are the key, nothing
    /// is decoded.
    ///
    /// # Errors
    /// [`KeyError::Length`] for any other length, or for what cannot have been set there, with the
    /// likely cause.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut key = Zeroizing::new([0; 32]);
        if text.len() != key.len() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(KeyError::Length {
                name: "the APIv3 key",
                expected: key.len(),
                length: text.len(),
                cause: likely_cause(text),
            });
        }
        key.copy_from_slice(text.as_bytes());
        Ok(Self(key))
    }

    /// Reads a file that holds the key; a line end after it is no part of it.
    ///
    /// # Errors
    /// As [`ApiV3Key::parse`], and [`KeyError::Unreadable`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        Self::parse(from_file(path)?.trim_end_matches(['\r', '\n']))
    }

    /// Reads an environment variable that holds the key.
    ///
    /// # Errors
    /// As [`ApiV3Key::parse`], and [`KeyError::Unreadable`].
    pub fn from_env(name: &str) -> Result<Self, KeyError> {
        Self::parse(&from_env(name)?)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ApiV3Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiV3Key(redacted)")
    }
}

/// The key that opens, and the one before it.
pub(crate) struct ApiV3Keys {
    pub(crate) current: ApiV3Key,
    pub(crate) previous: Option<ApiV3Key>,
}

impl ApiV3Keys {
    /// What `open` makes with the first key for which it makes anything.
    pub(crate) fn find<T>(&self, open: impl Fn(&ApiV3Key) -> Option<T>) -> Option<T> {
        open(&self.current).or_else(|| self.previous.as_ref().and_then(open))
    }
}

fn likely_cause(text: &str) -> &'static str {
    if text.is_empty() {
        "the setting is empty"
    } else if text.trim().len() == 32 && text.len() != 32
        || text.len() == 32 && text.trim().len() != 32
    {
        "there are blanks or a line end around it"
    } else if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        "it looks like hex, but the 32 characters set in the merchant platform are the key itself"
    } else if text.len() == 44 && text.ends_with('=') {
        "it looks like base64, but the 32 characters set in the merchant platform are the key itself"
    } else if text.contains("-----BEGIN") {
        "it is a PEM file, but the APIv3 key is a text set in the merchant platform"
    } else if text.len() == 32 {
        "it holds other characters than letters and digits"
    } else if text.len() < 32 {
        "it was cut off, or is not the APIv3 key"
    } else {
        "something was appended, or it is not the APIv3 key"
    }
}

#[cfg(test)]
mod tests;
