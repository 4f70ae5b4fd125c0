use super::*;
use crate::alipay_keys::AlipayKeys;

const PKCS8: &str = include_str!("../../testdata/app_key.pem");
const PKCS1: &str = include_str!("../../testdata/app_key_pkcs1.pem");
const PUBLIC: &str = include_str!("../../testdata/app_public_key.pem");
const CERTIFICATE: &str = include_str!("../../testdata/app_certificate.pem");

/// The base64 of a PEM on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn a_private_key_is_read_in_every_form_it_comes_in() {
    let expected = AppKey::parse(PKCS8).unwrap().sign(b"message");
    for text in [
        PKCS1.to_owned(),
        bare(PKCS8),
        bare(PKCS1),
        bare(PKCS8).trim_end_matches('=').to_owned(),
        PKCS8.replace('\n', "\\n"),
        PKCS1.replace('\n', "\\n"),
        PKCS8.replace('\n', "\\r\\n"),
        PKCS8.replace('\n', "\r\n"),
        format!("  {}\n\n", PKCS8.trim()),
        format!("Bag Attributes\n    friendlyName: x\n{PKCS8}"),
        format!("{PKCS8}{CERTIFICATE}"),
    ] {
        let key = AppKey::parse(&text).unwrap_or_else(|error| panic!("{error}: {text:.40}"));
        assert_eq!(key.sign(b"message"), expected);
    }
}

#[test]
fn a_wrong_file_in_place_of_the_private_key_is_named() {
    for (text, found) in [
        (CERTIFICATE.to_owned(), "a certificate"),
        (PUBLIC.to_owned(), "a public key"),
        (bare(PUBLIC), "a public key"),
        (PKCS8.replace("PRIVATE", "ENCRYPTED PRIVATE"), "passphrase"),
        (PKCS8.replace("PRIVATE", "EC PRIVATE"), "elliptic"),
        (
            PKCS8.replace("PRIVATE", "OPENSSH PRIVATE"),
            "something else",
        ),
        (
            include_str!("../../testdata/ec_key.pem").to_owned(),
            "no RSA key",
        ),
        (bare(CERTIFICATE), "no RSA key"),
        (PKCS8[..900].to_owned(), "cut off"),
        (String::new(), "cut off"),
        ("*** secret ***".to_owned(), "cut off"),
    ] {
        let error = AppKey::parse(&text).unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
        assert!(error.contains("appPrivateKey.txt"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_wrong_file_in_place_of_the_platforms_key_is_named() {
    for (text, found) in [
        (PKCS8.to_owned(), "found a private key"),
        (bare(PKCS8), "found a private key"),
        (bare(PKCS1), "found a private key"),
        (CERTIFICATE.to_owned(), "found a certificate"),
        (
            include_str!("../../testdata/ec_public_key.pem").to_owned(),
            "no RSA key",
        ),
        (String::new(), "cut off"),
    ] {
        let error = AlipayKeys::new(&text).unwrap_err();
        let source = error.to_string();
        assert!(source.contains(found), "{source}");
        assert!(source.contains("alipayPublicKey_RSA2.txt"), "{source}");
    }
    for text in [PUBLIC.to_owned(), bare(PUBLIC), PUBLIC.replace('\n', "\\n")] {
        AlipayKeys::new(&text).unwrap();
    }
}

#[test]
fn short_keys_are_refused() {
    let private = include_str!("../../testdata/short_key.pem");
    let public = include_str!("../../testdata/short_public_key.pem");
    let short = KeyError::TooShort { bits: 1024 };
    assert_eq!(AppKey::parse(private).unwrap_err(), short);
    assert_eq!(public_key_der(public, "a key").unwrap_err(), short);
}

#[test]
fn the_same_key_twice_is_one_key() {
    let keys = AlipayKeys::new(PUBLIC).unwrap().and(&bare(PUBLIC)).unwrap();
    assert_eq!(format!("{keys:?}"), "AlipayKeys { count: 1 }");
    let other = include_str!("../../testdata/alipay_public_key.pem");
    assert_eq!(
        format!("{:?}", keys.and(other).unwrap()),
        "AlipayKeys { count: 2 }"
    );
}
