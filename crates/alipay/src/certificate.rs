use std::fmt;

use md5::{Digest, Md5};
use paydesk_provider::keys::{self, PublicKey};
use time::OffsetDateTime;

use crate::keys::CERTIFICATE;

pub use paydesk_provider::keys::CertificateError;

/// An X.509 certificate with an RSA key, with the number that Alipay makes of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    x509: keys::Certificate,
    sn: String,
}

impl Certificate {
    /// Reads the first certificate in a PEM, or bare base64, with line ends or with `\n` written
    /// out as environment variables hold them.
    ///
    /// # Errors
    /// [`CertificateError`] names what was found instead.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        keys::Certificate::parse(text, &CERTIFICATE).map(Self::of)
    }

    /// Reads every certificate of a file that may be a single one in bare base64.
    ///
    /// What is for other algorithms is left out: Alipay's file of roots holds some. A file that was cut
    /// off is refused, and so is a short RSA key: leaving that one out would change the file's number.
    pub(crate) fn parse_all(text: &str) -> Result<Vec<Self>, CertificateError> {
        let mut all = Vec::new();
        let mut left_out = None;
        for certificate in keys::Certificate::parse_each(text, &CERTIFICATE) {
            match certificate {
                Ok(x509) => all.push(Self::of(x509)),
                Err(error @ (CertificateError::NotRsa | CertificateError::NotCertificate)) => {
                    left_out.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match left_out {
            None if all.is_empty() => Ok(vec![Self::parse(text)?]),
            Some(error) if all.is_empty() => Err(error),
            _ => Ok(all),
        }
    }

    fn of(x509: keys::Certificate) -> Self {
        let sn = sn(&x509.issuer(), x509.serial());
        Self { x509, sn }
    }

    /// Its number as Alipay's messages name it (`app_cert_sn`, `alipay_cert_sn`): 32 hexadecimal digits,
    /// the MD5 of issuer and serial.
    pub fn sn(&self) -> &str {
        &self.sn
    }

    /// The first second in which it is valid.
    pub const fn not_before(&self) -> OffsetDateTime {
        self.x509.not_before()
    }

    /// The last second in which it is valid.
    pub const fn not_after(&self) -> OffsetDateTime {
        self.x509.not_after()
    }

    /// Its RSA key.
    pub const fn public_key(&self) -> &PublicKey {
        self.x509.public_key()
    }

    pub(crate) const fn x509(&self) -> &keys::Certificate {
        &self.x509
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("sn", &self.sn)
            .field("not_before", &self.not_before())
            .field("not_after", &self.not_after())
            .finish_non_exhaustive()
    }
}

/// MD5 over the issuer's name and the serial in decimal, with nothing in between. It is a name, not a
/// proof: nobody believes a message for it.
fn sn(issuer: &str, serial: &str) -> String {
    let mut digest = Md5::new();
    digest.update(issuer);
    digest.update(decimal(serial));
    hex::encode(digest.finalize())
}

/// A hexadecimal number in decimal. Serials have up to 20 bytes, more than any of Rust's numbers.
fn decimal(hexadecimal: &str) -> String {
    // The digits of the decimal number, the last one first.
    let mut digits = vec![0];
    for value in hexadecimal.chars().filter_map(|digit| digit.to_digit(16)) {
        let mut carry = value;
        for digit in &mut digits {
            let sum = *digit * 16 + carry;
            *digit = sum % 10;
            carry = sum / 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    let digits = digits.iter().rev();
    digits
        .filter_map(|digit| char::from_digit(*digit, 10))
        .collect()
}

#[cfg(test)]
mod tests;
