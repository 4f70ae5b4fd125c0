use base64::engine::general_purpose::STANDARD;
use time::macros::datetime;

use super::*;
use crate::keys::SigningKey;

const CURRENT: &str = include_str!("../../../testdata/certificates/current.pem");
const NEXT: &str = include_str!("../../../testdata/certificates/next.pem");
const ROOT: &str = include_str!("../../../testdata/certificates/root.pem");
const EC: &str = include_str!("../../../testdata/certificates/ec.pem");
const G1: &str = include_str!("../../../testdata/certificates/g1.pem");
const MERCHANT: &str = include_str!("../../../testdata/merchant_certificate.pem");
const PRIVATE: &str = include_str!("../../../testdata/merchant_key.pem");
const PRIVATE_PKCS1: &str = include_str!("../../../testdata/merchant_key_pkcs1.pem");
const PUBLIC: &str = include_str!("../../../testdata/merchant_public_key.pem");

const FILES: KeyFiles = KeyFiles {
    expected: "a certificate",
    private: "a private key (private.pem?)",
    public: "a public key (public.pem?)",
    certificate: "a certificate",
};

/// The base64 of a PEM on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn certificate(pem: &str) -> Certificate {
    Certificate::parse(pem, &FILES).unwrap()
}

#[test]
fn serials_are_written_as_the_platform_writes_them() {
    for (pem, serial) in [
        (G1, "D7CE59D1F522D701"),
        // The digit 0 in front is kept.
        (CURRENT, "0A1B2C3D4E5F60718293A4B5C6D7E8F901020304"),
        // The byte of zeros before a high bit is not.
        (NEXT, "F3E2D1C0B1A2938475665748392A1B0C0D0E0F10"),
        // Nothing is filled up.
        (ROOT, "01"),
        (MERCHANT, "7313B66A2F547307C5DEBACE95EB6C68D7B0D9C1"),
    ] {
        assert_eq!(certificate(pem).serial(), serial);
    }
    for (number, text) in [(&[0][..], "00"), (&[0, 0x80], "80"), (&[0, 0, 7], "07")] {
        assert_eq!(serial(number), text);
    }
}

#[test]
fn it_says_who_has_it_from_whom_and_for_what() {
    let (root, current) = (certificate(ROOT), certificate(CURRENT));
    assert_eq!(root.subject(), "CN=Test Root,O=Paydesk Tests");
    assert_eq!(current.subject(), "CN=Test Platform,O=Paydesk Tests");
    assert_eq!(current.issuer(), root.subject());
    assert!(root.is_authority() && !current.is_authority());
    assert!(!root.may_sign() && current.may_sign());
    let sha1 = include_str!("../../../testdata/certificates/by_sha1.pem");
    for pem in [ROOT, CURRENT, sha1] {
        assert!(certificate(pem).is_signed_with_rsa());
    }
}

#[test]
fn a_certificate_is_read_in_every_form_it_comes_in() {
    let expected = certificate(CURRENT);
    for text in [
        bare(CURRENT),
        bare(CURRENT).trim_end_matches('=').to_owned(),
        CURRENT.replace('\n', "\\n"),
        CURRENT.replace('\n', "\\r\\n"),
        CURRENT.replace('\n', "\r\n"),
        CURRENT.replace("CERTIFICATE", "X509 CERTIFICATE"),
        format!("Bag Attributes\n    friendlyName: x\n{CURRENT}"),
        format!("{PRIVATE}{CURRENT}"),
        format!("{CURRENT}{ROOT}"),
    ] {
        let read =
            Certificate::parse(&text, &FILES).unwrap_or_else(|error| panic!("{error}: {text:.40}"));
        assert_eq!(read, expected);
    }
    let der = STANDARD.decode(bare(CURRENT)).unwrap();
    assert_eq!(Certificate::from_der(&der, &FILES).unwrap(), expected);
}

#[test]
fn a_wrong_file_in_place_of_a_certificate_is_named() {
    let request = CURRENT.replace("CERTIFICATE", "CERTIFICATE REQUEST");
    for (text, found) in [
        (PUBLIC, "a public key (public.pem?)"),
        (&bare(PUBLIC), "a public key"),
        (PRIVATE, "a private key (private.pem?)"),
        (PRIVATE_PKCS1, "a private key"),
        (&bare(PRIVATE), "a private key"),
        (&bare(PRIVATE_PKCS1), "a private key"),
        (&request, "a request"),
        (&CURRENT.replace("CERTIFICATE", "PKCS7"), "something else"),
        (EC, "no RSA key"),
        (
            include_str!("../../../testdata/certificates/short.pem"),
            "1024 bits",
        ),
        (&CURRENT[..900], "cut off"),
        ("-----BEGIN CERTIFICATE", "cut off"),
        ("", "cut off"),
        ("/etc/keys/secret.pem", "name of a file"),
        ("c2VjcmV0", "no X.509 certificate"),
        // A second certificate behind the first, in one block.
        (&format!("{}{}", bare(ROOT), bare(ROOT)), "cut off"),
    ] {
        let error = Certificate::parse(text, &FILES).unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let mut longer = STANDARD.decode(bare(CURRENT)).unwrap();
    longer.push(0);
    assert_eq!(
        Certificate::from_der(&longer, &FILES).unwrap_err(),
        CertificateError::NotCertificate
    );
}

#[test]
fn it_is_valid_from_its_first_second_to_its_last() {
    let current = certificate(CURRENT);
    for (now, valid) in [
        (datetime!(2021-01-31 23:59:59 UTC), false),
        (datetime!(2021-02-01 00:00:00 UTC), true),
        (datetime!(2021-02-01 08:00:00 +08:00), true),
        (datetime!(2026-02-01 00:00:00 UTC), true),
        (datetime!(2026-02-01 00:00:01 UTC), false),
    ] {
        assert_eq!(current.is_valid_at(now), valid, "{now}");
    }
    assert_eq!(current.not_before(), datetime!(2021-02-01 00:00:00 UTC));
    assert_eq!(current.not_after(), datetime!(2026-02-01 00:00:00 UTC));
}

#[test]
fn it_knows_the_key_that_it_is_about() {
    let own = SigningKey::parse(PRIVATE, &FILES).unwrap();
    assert_eq!(certificate(MERCHANT).public_key(), own.public_key());
    assert_ne!(certificate(CURRENT).public_key(), own.public_key());
}

#[test]
fn each_certificate_of_a_file_is_read_or_said_to_be_another() {
    let file = format!("{CURRENT}\r\n{EC}{PRIVATE}{ROOT}-----BEGIN CERTIFICATE-----\nAAAA\n");
    let each = Certificate::parse_each(&file, &FILES);
    assert_eq!(
        each,
        [
            Ok(certificate(CURRENT)),
            Err(CertificateError::NotRsa),
            Ok(certificate(ROOT)),
            Err(CertificateError::NotEncoded),
        ]
    );
    assert!(Certificate::parse_each("", &FILES).is_empty());
}

#[test]
fn only_a_root_that_signed_it_issued_it() {
    let root = certificate(ROOT);
    for issued in [CURRENT, NEXT, ROOT] {
        assert!(certificate(issued).is_issued_by(&root));
    }
    let current = certificate(CURRENT);
    for (why, issuer) in [
        (
            "another key",
            include_str!("../../../testdata/certificates/namesake_root.pem"),
        ),
        (
            "another name",
            include_str!("../../../testdata/certificates/renamed_root.pem"),
        ),
        (
            "not for issuing",
            include_str!("../../../testdata/certificates/root_for_other_use.pem"),
        ),
        ("another", G1),
        ("itself", CURRENT),
    ] {
        assert!(!current.is_issued_by(&certificate(issuer)), "{why}");
    }
    let by_leaf = include_str!("../../../testdata/certificates/by_leaf.pem");
    assert!(!certificate(by_leaf).is_issued_by(&current), "no root");
    let by_sha1 = include_str!("../../../testdata/certificates/by_sha1.pem");
    assert!(!certificate(by_sha1).is_issued_by(&root), "SHA-1");
    let by_namesake = include_str!("../../../testdata/certificates/by_namesake.pem");
    assert!(!certificate(by_namesake).is_issued_by(&root), "a namesake");
    assert!(certificate(G1).is_issued_by(&certificate(G1)));
}

#[test]
fn one_changed_bit_breaks_the_signature() {
    let root = certificate(ROOT);
    let der = STANDARD.decode(bare(CURRENT)).unwrap();
    // What is signed comes behind the four bytes of the outer header, the signature at the end.
    let signed = read(&der).unwrap().tbs_certificate.as_ref().len();
    let mut refused = 0;
    for position in (4..4 + signed).chain(der.len() - 256..der.len()) {
        let mut changed = der.clone();
        changed[position] ^= 1;
        if let Ok(changed) = Certificate::from_der(&changed, &FILES) {
            assert!(!changed.is_issued_by(&root), "{position}");
            refused += 1;
        }
    }
    assert!(refused > 256, "{refused}");
}

#[test]
fn printing_one_shows_what_identifies_it() {
    assert_eq!(
        format!("{:?}", certificate(G1)),
        "Certificate { serial: \"D7CE59D1F522D701\", not_before: 2021-04-27 8:55:23.0 +00:00:00, \
         not_after: 2031-04-25 8:55:23.0 +00:00:00, .. }"
    );
}
