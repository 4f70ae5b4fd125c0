use std::fmt;

use paydesk_provider::keys::{self, KeyFiles, PublicKey};
use time::OffsetDateTime;

pub use paydesk_provider::keys::CertificateError;

/// What is found in a certificate's place, by the names of the merchant platform's files.
const FILES: KeyFiles = KeyFiles {
    expected: "a certificate",
    private: "a private key (apiclient_key.pem?)",
    public: "a public key (pub_key.pem?), which is given with its id, PUB_KEY_ID_ and digits, and not \
             as a certificate",
    certificate: "a certificate",
};

/// An X.509 certificate with an RSA key: the merchant's own (`apiclient_cert.pem`), one that the
/// platform signs with, or the root that issued them.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(keys::Certificate);

impl Certificate {
    /// Reads the first certificate in a PEM, or bare base64, with line ends or with `\n` written
    /// out as environment variables hold them.
    ///
    /// # Errors
    /// [`CertificateError`] names what was found instead.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        keys::Certificate::parse(text, &FILES).map(Self)
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// [`CertificateError`] names what was found instead.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        keys::Certificate::from_der(der, &FILES).map(Self)
    }

    /// Its serial as the platform writes it: upper-case hex, two digits for each byte of the number,
    /// so that a leading zero digit is kept. Most have 40 digits, but they are not filled up to 40.
    pub fn serial(&self) -> &str {
        self.0.serial()
    }

    /// The first second in which it is valid.
    pub const fn not_before(&self) -> OffsetDateTime {
        self.0.not_before()
    }

    /// The last second in which it is valid.
    pub const fn not_after(&self) -> OffsetDateTime {
        self.0.not_after()
    }

    /// Whether `now` lies between its dates.
    pub fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.0.is_valid_at(now)
    }

    /// Its RSA key.
    pub const fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    /// Whether `issuer` bears the name that it gives as its issuer's, may issue certificates, and
    /// signed it, in RSA with SHA-256, SHA-384 or SHA-512. Dates are not looked at.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        self.0.is_issued_by(&issuer.0)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{MerchantKey, PLATFORM_KEY};

    const CURRENT: &str = include_str!("../testdata/certificates/current.pem");
    const MERCHANT: &str = include_str!("../testdata/merchant_certificate.pem");
    const PRIVATE: &str = include_str!("../testdata/merchant_key.pem");

    #[test]
    fn a_wrong_file_in_place_of_a_certificate_is_named_as_the_platform_names_it() {
        for (text, found) in [
            (
                include_str!("../testdata/merchant_public_key.pem"),
                "expected a certificate, found a public key (pub_key.pem?), which is given with its \
                 id, PUB_KEY_ID_ and digits, and not as a certificate",
            ),
            (
                PRIVATE,
                "expected a certificate, found a private key (apiclient_key.pem?)",
            ),
        ] {
            assert_eq!(Certificate::parse(text).unwrap_err().to_string(), found);
        }
    }

    #[test]
    fn it_knows_serial_and_key_that_it_is_about() {
        let own = MerchantKey::parse(PRIVATE).unwrap();
        let merchant = Certificate::parse(MERCHANT).unwrap();
        assert_eq!(Some(merchant.public_key()), own.public_key());
        assert_eq!(
            merchant.serial(),
            "7313B66A2F547307C5DEBACE95EB6C68D7B0D9C1"
        );
        let platform = include_str!("../testdata/platform_public_key.pem");
        let platform = PublicKey::parse(platform, &PLATFORM_KEY).unwrap();
        let current = Certificate::parse(CURRENT).unwrap();
        assert_eq!(*current.public_key(), platform);
        assert!(format!("{current:?}").starts_with("Certificate { serial: \"0A1B2C"));
    }
}
