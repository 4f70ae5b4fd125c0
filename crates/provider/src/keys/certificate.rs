mod name;

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaParameters, UnparsedPublicKey,
};
use time::OffsetDateTime;
use x509_parser::asn1_rs::oid;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_PKCS1_SHA256WITHRSA, OID_PKCS1_SHA384WITHRSA, OID_PKCS1_SHA512WITHRSA,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::AlgorithmIdentifier;
use zeroize::Zeroizing;

use super::private::read_private;
use super::{KeyError, KeyFiles, PublicKey};

/// Text copied out of a PEM file by hand often loses its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An X.509 certificate with an RSA key: the merchant's own, one that the platform signs with, or the
/// root that issued them.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    serial: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    public_key: PublicKey,
    der: Vec<u8>,
}

/// A text or file that is not the certificate it should be. Nothing of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Another file than a certificate.
    #[error("expected a certificate, found {0}")]
    WrongKind(&'static str),
    /// Neither PEM nor base64.
    #[error(
        "expected a certificate, but this is neither PEM nor base64: was it cut off, or is it the \
         name of a file?"
    )]
    NotEncoded,
    /// Encoded well, but no certificate.
    #[error("expected a certificate, but what is encoded here is no X.509 certificate")]
    NotCertificate,
    /// A certificate for another algorithm.
    #[error("the certificate holds no RSA key: is it one for elliptic curves or SM2?")]
    NotRsa,
    /// A certificate of a key that nobody accepts any more.
    #[error("the certificate's RSA key has {bits} bits, at least 2048 are needed")]
    TooShort {
        /// Its size.
        bits: usize,
    },
}

impl Certificate {
    /// Reads the first certificate in a PEM, or bare base64, with line ends or with `\n` written
    /// out as environment variables hold them.
    ///
    /// # Errors
    /// [`CertificateError`] names what was found instead.
    pub fn parse(text: &str, files: &KeyFiles) -> Result<Self, CertificateError> {
        let body = certificate_block(text, files)?.unwrap_or(text);
        Self::from_der(&decoded(body)?, files)
    }

    /// Reads every certificate in a PEM, in its order. One that cannot be read is given as such: some
    /// files hold certificates for other algorithms beside the ones that matter.
    pub fn parse_each(text: &str, files: &KeyFiles) -> Vec<Result<Self, CertificateError>> {
        let bodies = text.split("-----BEGIN CERTIFICATE-----").skip(1);
        bodies
            .map(|block| {
                let (body, _) = block
                    .split_once("-----END ")
                    .ok_or(CertificateError::NotEncoded)?;
                Self::from_der(&decoded(body)?, files)
            })
            .collect()
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// [`CertificateError`] names what was found instead.
    pub fn from_der(der: &[u8], files: &KeyFiles) -> Result<Self, CertificateError> {
        let x509 = read(der).ok_or_else(|| instead(der, files))?;
        let public_key =
            PublicKey::from_der(x509.public_key().raw, files).map_err(|error| match error {
                KeyError::TooShort { bits } => CertificateError::TooShort { bits },
                _ => CertificateError::NotRsa,
            })?;
        Ok(Self {
            serial: serial(x509.raw_serial()),
            not_before: x509.validity().not_before.to_datetime(),
            not_after: x509.validity().not_after.to_datetime(),
            public_key,
            der: der.to_vec(),
        })
    }

    /// Its serial as the platform writes it: upper-case hex, two digits for each byte of the number,
    /// so that a leading zero digit is kept. Most have 40 digits, but they are not filled up to 40.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The first second in which it is valid.
    pub const fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// The last second in which it is valid.
    pub const fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Whether `now` lies between its dates.
    pub fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&now)
    }

    /// Its RSA key.
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Its binary form.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whom it is issued to, as RFC 2253 writes names: the narrowest part first, `CN=…,O=…,C=…`.
    pub fn subject(&self) -> String {
        read(&self.der).map_or_else(String::new, |x509| name::written(x509.subject()))
    }

    /// Who issued it, in the same form.
    pub fn issuer(&self) -> String {
        read(&self.der).map_or_else(String::new, |x509| name::written(x509.issuer()))
    }

    /// Whether it was signed with an RSA key, by whatever digest.
    pub fn is_signed_with_rsa(&self) -> bool {
        read(&self.der).is_some_and(|x509| {
            x509.signature_algorithm
                .algorithm
                .starts_with(&oid!(1.2.840.113549.1.1))
        })
    }

    /// Whether it is made to issue others.
    pub fn is_authority(&self) -> bool {
        read(&self.der).is_some_and(|x509| may_issue(&x509))
    }

    /// Whether it is made to sign messages. One that names no use may be used for each.
    pub fn may_sign(&self) -> bool {
        read(&self.der).is_some_and(|x509| match x509.key_usage() {
            Ok(Some(usage)) => usage.value.digital_signature(),
            Ok(None) => true,
            Err(_) => false,
        })
    }

    /// Whether `issuer` bears the name that it gives as its issuer's, may issue certificates, and
    /// signed it, in RSA with SHA-256, SHA-384 or SHA-512. Dates are not looked at.
    pub fn is_issued_by(&self, issuer: &Self) -> bool {
        let (Some(own), Some(by)) = (read(&self.der), read(&issuer.der)) else {
            return false;
        };
        own.issuer().as_raw() == by.subject().as_raw()
            && may_issue(&by)
            && is_signed_with(&own, issuer.public_key.der())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("serial", &self.serial)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// The body of the first certificate in a PEM, whatever else is in it; `None` for a text that is no
/// PEM at all.
fn certificate_block<'a>(
    text: &'a str,
    files: &KeyFiles,
) -> Result<Option<&'a str>, CertificateError> {
    let mut other = None;
    for block in text.split("-----BEGIN ").skip(1) {
        let (label, rest) = block
            .split_once("-----")
            .ok_or(CertificateError::NotEncoded)?;
        if matches!(label, "CERTIFICATE" | "X509 CERTIFICATE") {
            let (body, _) = rest
                .split_once("-----END ")
                .ok_or(CertificateError::NotEncoded)?;
            return Ok(Some(body));
        }
        other.get_or_insert(label);
    }
    other.map_or(Ok(None), |label| {
        Err(CertificateError::WrongKind(named(label, files)))
    })
}

fn named(label: &str, files: &KeyFiles) -> &'static str {
    match label {
        "PUBLIC KEY" | "RSA PUBLIC KEY" => files.public,
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "ENCRYPTED PRIVATE KEY" => {
            files.private
        }
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a request for a certificate",
        _ => "something else",
    }
}

/// What bare DER that is no certificate may be.
fn instead(der: &[u8], files: &KeyFiles) -> CertificateError {
    let is_public = !matches!(
        PublicKey::from_der(der, files),
        Err(KeyError::NotRsa { .. })
    );
    if is_public {
        CertificateError::WrongKind(files.public)
    } else if read_private(der).is_some() {
        CertificateError::WrongKind(files.private)
    } else {
        CertificateError::NotCertificate
    }
}

/// The bytes of base64, with white space and line ends written as `\n` or `\r` in it. A private key
/// may be here by mistake, so they are erased.
fn decoded(body: &str) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    let mut compact = Zeroizing::new(Vec::with_capacity(body.len()));
    for piece in body.split("\\n").flat_map(|line| line.split("\\r")) {
        compact.extend(piece.bytes().filter(|byte| !byte.is_ascii_whitespace()));
    }
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(compact.len())]);
    let length = LENIENT
        .decode_slice(&*compact, &mut der)
        .ok()
        .filter(|length| *length > 0)
        .ok_or(CertificateError::NotEncoded)?;
    der.truncate(length);
    Ok(der)
}

/// One certificate and nothing behind it.
fn read(der: &[u8]) -> Option<X509Certificate<'_>> {
    match X509Certificate::from_der(der) {
        Ok(([], x509)) => Some(x509),
        _ => None,
    }
}

/// DER puts a byte of zeros before a number whose first bit is set; that byte is its sign and no
/// part of the serial.
fn serial(mut number: &[u8]) -> String {
    while let [0, rest @ ..] = number
        && !rest.is_empty()
    {
        number = rest;
    }
    hex::encode_upper(number)
}

fn may_issue(x509: &X509Certificate<'_>) -> bool {
    let for_certificates = match x509.key_usage() {
        Ok(Some(usage)) => usage.value.key_cert_sign(),
        Ok(None) => true,
        Err(_) => false,
    };
    x509.is_ca() && for_certificates
}

fn is_signed_with(x509: &X509Certificate<'_>, key: &[u8]) -> bool {
    // The algorithm is written twice, and only the inner one is under the signature.
    let named = &x509.signature_algorithm;
    let Some(algorithm) = algorithm(named).filter(|_| *named == x509.signature) else {
        return false;
    };
    UnparsedPublicKey::new(algorithm, key)
        .verify(x509.tbs_certificate.as_ref(), &x509.signature_value.data)
        .is_ok()
}

/// SHA-1 is left out on purpose: its signatures can be forged.
fn algorithm(named: &AlgorithmIdentifier<'_>) -> Option<&'static RsaParameters> {
    [
        (OID_PKCS1_SHA256WITHRSA, &RSA_PKCS1_2048_8192_SHA256),
        (OID_PKCS1_SHA384WITHRSA, &RSA_PKCS1_2048_8192_SHA384),
        (OID_PKCS1_SHA512WITHRSA, &RSA_PKCS1_2048_8192_SHA512),
    ]
    .into_iter()
    .find_map(|(oid, algorithm)| (named.algorithm == oid).then_some(algorithm))
}

#[cfg(test)]
mod tests;
