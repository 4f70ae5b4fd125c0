use std::fmt;

use paydesk_provider::Untrusted;
use paydesk_provider::keys::{KeyError, PublicKey};
use time::OffsetDateTime;

use crate::certificates::AlipayCertificates;
use crate::keys::ALIPAY_KEY;

/// What Alipay signs with for this app, by the mode that the console shows: its public key (公钥模式),
/// or its certificates (公钥证书模式), which messages name.
#[derive(Clone)]
pub struct AlipayKeys {
    /// Nothing names them, so while one is being changed both are held and each is tried.
    keys: Vec<PublicKey>,
    certificates: Option<AlipayCertificates>,
}

impl AlipayKeys {
    /// Public-key mode. Reads the key as PEM or as bare base64, which is how the console shows it.
    ///
    /// # Errors
    /// [`KeyError`] when the key cannot be read or is of another kind.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let none = Self {
            keys: Vec::new(),
            certificates: None,
        };
        none.and(text)
    }

    /// Certificate mode: requests name the app's certificate and the roots, and a success must name the
    /// certificate that signed it. One that is not held is fetched, and believed if the roots stand
    /// behind it.
    pub const fn certificates(certificates: AlipayCertificates) -> Self {
        Self {
            keys: Vec::new(),
            certificates: Some(certificates),
        }
    }

    /// A further key that messages may be signed with: Alipay's next one, or the one from before the app
    /// moved to certificates, for notices that were signed with it.
    ///
    /// # Errors
    /// As [`AlipayKeys::new`].
    pub fn and(mut self, text: &str) -> Result<Self, KeyError> {
        let key = PublicKey::parse(text, &ALIPAY_KEY)?;
        if !self.keys.contains(&key) {
            self.keys.push(key);
        }
        Ok(self)
    }

    /// The certificates, in their mode.
    pub(crate) const fn in_certificates(&self) -> Option<&AlipayCertificates> {
        self.certificates.as_ref()
    }

    /// Whether this very key is among them.
    pub(crate) fn holds(&self, key: &PublicKey) -> bool {
        self.keys.contains(key)
    }

    /// The keys that may have signed a message which names this certificate. In public-key mode none
    /// is named; in the other one an answer may come without, an error before the app was known.
    pub(crate) fn of(
        &self,
        sn: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Vec<PublicKey>, Untrusted> {
        let Some(certificates) = &self.certificates else {
            return Ok(self.keys.clone());
        };
        let Some(sn) = sn else {
            return Ok([certificates.keys(now), self.keys.clone()].concat());
        };
        match certificates.get(sn, now) {
            Some(key) => Ok(vec![key]),
            None => Err(Untrusted::UnknownKey(sn.chars().take(64).collect())),
        }
    }
}

impl fmt::Debug for AlipayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AlipayKeys");
        shown.field("count", &self.keys.len());
        if let Some(certificates) = &self.certificates {
            shown.field("certificates", certificates);
        }
        shown.finish()
    }
}
