use std::fmt;
use std::path::Path;
use std::sync::Arc;

use paydesk_provider::keys::{KeyError, KeyFiles, OwnKey, PublicKey, SignError, Signer};
use paydesk_provider::keys::{from_env, from_file};

/// The names of the files that Alipay's key tool writes.
const fn files(expected: &'static str) -> KeyFiles {
    KeyFiles {
        expected,
        private: "a private key (appPrivateKey.txt?)",
        public: "a public key (alipayPublicKey_RSA2.txt?)",
        certificate: "a certificate (a .crt file?)",
    }
}

const APP_KEY: KeyFiles = files("the app's private key (应用私钥, appPrivateKey.txt)");
const APP_PUBLIC_KEY: KeyFiles = files("the app's public key (应用公钥, appPublicKey.txt)");
/// What certificates are found to be instead.
pub(crate) const CERTIFICATE: KeyFiles = files("a certificate");
/// What Alipay signs with, as the console shows it.
pub(crate) const ALIPAY_KEY: KeyFiles =
    files("Alipay's public key (支付宝公钥, alipayPublicKey_RSA2.txt)");

/// The app's private key, which signs every request (应用私钥), or what signs in its place.
#[derive(Clone)]
pub struct AppKey(OwnKey);

impl AppKey {
    /// Reads PKCS#8 or PKCS#1, as PEM or as bare base64, with line ends or with `\n` written out as
    /// environment variables hold them. Alipay's own tool exports bare base64.
    ///
    /// # Errors
    /// [`KeyError`] names what was found instead.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        OwnKey::parse(text, &APP_KEY).map(Self)
    }

    /// Reads a file that holds what [`AppKey::parse`] takes.
    ///
    /// # Errors
    /// As [`AppKey::parse`], and [`KeyError::Unreadable`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        Self::parse(&from_file(path)?)
    }

    /// Reads an environment variable that holds what [`AppKey::parse`] takes.
    ///
    /// # Errors
    /// As [`AppKey::parse`], and [`KeyError::Unreadable`].
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
        let public = PublicKey::parse(text, &APP_PUBLIC_KEY)?;
        Ok(Self(self.0.with_public_key(public)))
    }

    /// With the public half out of the app's certificate, where it is not known yet.
    pub(crate) fn proven_by(self, public: &PublicKey) -> Self {
        if self.public_key().is_some() {
            return self;
        }
        Self(self.0.with_public_key(public.clone()))
    }

    pub(crate) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(message).await
    }

    /// The public half, if it is known.
    pub(crate) const fn public_key(&self) -> Option<&PublicKey> {
        self.0.public_key()
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(redacted)")
    }
}

#[cfg(test)]
mod tests;
