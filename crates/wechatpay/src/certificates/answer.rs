use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::set::{Certificates, Held, is_serial};
use crate::certificate::{Certificate, CertificateError};
use crate::cipher;
use crate::keys::ApiV3Key;
use crate::transaction::place;

const ALGORITHM: &str = "AEAD_AES_256_GCM";
const NONCE_BYTES: usize = 12;

/// An answer to `GET /v3/certificates` that cannot be used. Nothing but serials is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificatesError {
    /// Not a list of certificates.
    #[error("the list of platform certificates cannot be read: {0}")]
    Unreadable(String),
    /// Not a nonce of AES-GCM as the platform uses it.
    #[error("platform certificate {serial}: its nonce has {length} bytes, 12 are expected")]
    Nonce {
        /// The serial as announced.
        serial: String,
        /// The length of the nonce.
        length: usize,
    },
    /// Not encrypted with our key.
    #[error(
        "platform certificate {0} cannot be decrypted: is the APIv3 key the one that is set in the \
         merchant platform now?"
    )]
    Undecryptable(String),
    /// Decrypted, but no good certificate.
    #[error("platform certificate {serial} cannot be used")]
    Certificate {
        /// The serial as announced.
        serial: String,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// Another certificate than announced.
    #[error("platform certificate {announced}: the certificate itself has the serial {actual}")]
    Misnamed {
        /// The serial as announced.
        announced: String,
        /// The certificate's own.
        actual: String,
    },
    /// Not a date.
    #[error("platform certificate {serial}: {field} is no date")]
    Date {
        /// The serial.
        serial: String,
        /// The field.
        field: &'static str,
    },
    /// Not issued by the root that was configured.
    #[error("platform certificate {0} was not issued by the configured root")]
    Foreign(String),
    /// A root whose word is not good, now.
    #[error("the configured root certificate {0} is expired or not valid yet")]
    Root(String),
    /// Two certificates where there can be one.
    #[error("two different platform certificates have the serial {0}")]
    Twice(String),
    /// Nothing to verify with.
    #[error(
        "there is no RSA certificate in force among the platform certificates: is the clock right?"
    )]
    NoneInForce,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    serial_no: String,
    effective_time: String,
    expire_time: String,
    encrypt_certificate: Sealed,
}

#[derive(Deserialize)]
struct Sealed {
    algorithm: String,
    nonce: String,
    associated_data: Option<String>,
    ciphertext: String,
}

/// Reads the body of an answer. That an entry was encrypted with the `APIv3` key is the proof that
/// the platform made it, and the only one that there is before the first certificate is known; a
/// root is a second one. One bad entry spoils the answer.
pub(super) fn read(
    body: &[u8],
    key: &ApiV3Key,
    root: Option<&Certificate>,
    now: OffsetDateTime,
) -> Result<Certificates, CertificatesError> {
    if let Some(root) = root.filter(|root| !root.is_valid_at(now)) {
        return Err(CertificatesError::Root(root.serial().to_owned()));
    }
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|error| CertificatesError::Unreadable(place(&error)))?;
    let mut certificates = Certificates::default();
    for entry in &answer.data {
        let Some(held) = entry.open(key)? else {
            tracing::debug!(
                certificate.serial = shown(&entry.serial_no),
                "a platform certificate of another algorithm is passed over"
            );
            continue;
        };
        if root.is_some_and(|root| !held.certificate().is_issued_by(root)) {
            return Err(CertificatesError::Foreign(shown(&entry.serial_no)));
        }
        certificates.add(held)?;
    }
    match certificates.preferred(now) {
        Some(_) => Ok(certificates),
        None => Err(CertificatesError::NoneInForce),
    }
}

impl Entry {
    /// `None` for a certificate of another algorithm: with `algorithm_type=ALL` there are such of
    /// SM2, encrypted in another way.
    fn open(&self, key: &ApiV3Key) -> Result<Option<Held>, CertificatesError> {
        let sealed = &self.encrypt_certificate;
        if sealed.algorithm != ALGORITHM {
            return Ok(None);
        }
        let serial = shown(&self.serial_no);
        let length = sealed.nonce.len();
        if length != NONCE_BYTES {
            return Err(CertificatesError::Nonce { serial, length });
        }
        let associated_data = sealed.associated_data.as_deref().unwrap_or_default();
        let Some(pem) = cipher::open(key, &sealed.nonce, associated_data, &sealed.ciphertext)
        else {
            return Err(CertificatesError::Undecryptable(serial));
        };
        let text = std::str::from_utf8(&pem).map_err(|_| CertificateError::NotEncoded);
        let certificate = match text.and_then(Certificate::parse) {
            Ok(certificate) => certificate,
            Err(CertificateError::NotRsa) => return Ok(None),
            Err(source) => return Err(CertificatesError::Certificate { serial, source }),
        };
        if !certificate.serial().eq_ignore_ascii_case(&self.serial_no) {
            return Err(CertificatesError::Misnamed {
                announced: serial,
                actual: certificate.serial().to_owned(),
            });
        }
        let from = date(&serial, "effective_time", &self.effective_time)?;
        let until = date(&serial, "expire_time", &self.expire_time)?;
        Ok(Some(Held::new(certificate).within(from, until)))
    }
}

fn date(
    serial: &str,
    field: &'static str,
    text: &str,
) -> Result<OffsetDateTime, CertificatesError> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| CertificatesError::Date {
        serial: serial.to_owned(),
        field,
    })
}

/// A serial as it was announced, if it can be one.
fn shown(serial: &str) -> String {
    if is_serial(serial) {
        serial.to_ascii_uppercase()
    } else {
        "(unreadable serial)".to_owned()
    }
}

#[cfg(test)]
mod tests;
