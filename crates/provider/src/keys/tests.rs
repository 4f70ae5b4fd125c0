use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::encoding::{Encoded, decode};
use super::*;

const PKCS8: &str = include_str!("../../testdata/merchant_key.pem");
const PKCS1: &str = include_str!("../../testdata/merchant_key_pkcs1.pem");
const PUBLIC: &str = include_str!("../../testdata/merchant_public_key.pem");
const CERTIFICATE: &str = include_str!("../../testdata/merchant_certificate.pem");

const FILES: KeyFiles = KeyFiles {
    expected: "the right file (right.pem)",
    private: "a private key (private.pem?)",
    public: "a public key (public.pem?)",
    certificate: "a certificate (certificate.pem?)",
};

/// The base64 of a PEM on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn private(text: &str) -> Result<SigningKey, KeyError> {
    SigningKey::parse(text, &FILES)
}

#[test]
fn a_private_key_is_read_in_every_form_it_comes_in() {
    let expected = private(PKCS8).unwrap().sign(b"message").unwrap();
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
        let key = private(&text).unwrap_or_else(|error| panic!("{error}: {text:.40}"));
        assert_eq!(key.sign(b"message").unwrap(), expected);
        assert!(key.public_key().verifies(b"message", &expected));
        assert!(!key.public_key().verifies(b"messagE", &expected));
    }
}

#[test]
fn a_wrong_file_in_place_of_a_private_key_is_named() {
    let ec = include_str!("../../testdata/ec_key.pem").to_owned();
    for (text, found) in [
        (CERTIFICATE.to_owned(), "a certificate (certificate.pem?)"),
        (PUBLIC.to_owned(), "a public key (public.pem?)"),
        (bare(PUBLIC), "a public key (public.pem?)"),
        (PKCS8.replace("PRIVATE", "ENCRYPTED PRIVATE"), "passphrase"),
        (PKCS8.replace("PRIVATE", "EC PRIVATE"), "elliptic"),
        (
            PKCS8.replace("PRIVATE", "OPENSSH PRIVATE"),
            "something else",
        ),
        (ec, "no RSA key"),
        (bare(CERTIFICATE), "no RSA key"),
        (PKCS8[..900].to_owned(), "cut off"),
        (String::new(), "cut off"),
        ("*** secret ***".to_owned(), "cut off"),
    ] {
        let error = private(&text).unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
        assert!(error.contains("right.pem"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_wrong_file_in_place_of_a_public_key_is_named() {
    let ec = include_str!("../../testdata/ec_public_key.pem").to_owned();
    for (text, found) in [
        (PKCS8.to_owned(), "found a private key (private.pem?)"),
        (bare(PKCS8), "found a private key (private.pem?)"),
        (bare(PKCS1), "found a private key (private.pem?)"),
        (CERTIFICATE.to_owned(), "found a certificate"),
        (ec, "no RSA key"),
        (String::new(), "cut off"),
    ] {
        let error = PublicKey::parse(&text, &FILES).unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
        assert!(error.contains("right.pem"), "{error}");
    }
    let expected = private(PKCS8).unwrap().public_key().clone();
    for text in [PUBLIC.to_owned(), bare(PUBLIC), PUBLIC.replace('\n', "\\n")] {
        assert_eq!(PublicKey::parse(&text, &FILES).unwrap(), expected);
    }
    let pkcs1 = STANDARD.encode(expected.der());
    assert_eq!(PublicKey::parse(&pkcs1, &FILES).unwrap(), expected);
}

#[test]
fn short_keys_are_refused() {
    let short = KeyError::TooShort { bits: 1024 };
    let key = include_str!("../../testdata/short_key.pem");
    assert_eq!(private(key).unwrap_err(), short);
    let key = include_str!("../../testdata/short_public_key.pem");
    assert_eq!(PublicKey::parse(key, &FILES).unwrap_err(), short);
}

#[test]
fn a_key_file_is_read_whole_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, PKCS8).unwrap();
    assert_eq!(*from_file(&path).unwrap(), PKCS8);
    private(&from_file(&path).unwrap()).unwrap();
    std::fs::write(&path, "secret".repeat(20_000)).unwrap();
    for (path, cause) in [
        (path, "longer than 65536 bytes"),
        (folder.path().join("absent.pem"), "No such file"),
        (folder.path().to_owned(), "directory"),
    ] {
        let error = from_file(&path).unwrap_err().to_string();
        assert!(error.contains(cause), "{error}");
        assert!(error.contains(&path.display().to_string()), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_variable_is_read_or_named() {
    // Cargo sets it for every test.
    assert_eq!(*from_env("CARGO_PKG_NAME").unwrap(), "paydesk-provider");
    let error = from_env("PAYDESK_NO_SUCH_KEY").unwrap_err().to_string();
    assert!(
        error.contains("PAYDESK_NO_SUCH_KEY: it is not set"),
        "{error}"
    );
}

#[test]
fn nothing_prints_a_key() {
    let key = private(PKCS8).unwrap();
    assert_eq!(
        format!("{key:?} {:?}", key.public_key()),
        "SigningKey(redacted) PublicKey"
    );
}

/// That our copies are erased is in their types: these lines compile only while they are.
#[test]
fn our_copies_are_erased_when_dropped() {
    fn erased<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    let Encoded { der, .. } = decode(PKCS8).unwrap();
    erased(&der);
    erased(&private::read_private(&der).unwrap());
    erased(&from_env("CARGO_PKG_NAME").unwrap());
}

/// Signs something else than it is given, as a service that wants digests does.
#[derive(Debug)]
struct Elsewhere(SigningKey, &'static str);

#[async_trait::async_trait]
impl Signer for Elsewhere {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(&[message, self.1.as_bytes()].concat())
    }
}

#[tokio::test]
async fn a_key_elsewhere_proves_itself_once_its_public_half_is_known() {
    let elsewhere = |more| OwnKey::external(Arc::new(Elsewhere(private(PKCS8).unwrap(), more)));
    let public = || PublicKey::parse(PUBLIC, &FILES).unwrap();
    assert!(elsewhere("x").public_key().is_none());
    elsewhere("x").sign(b"message").await.unwrap();
    let wrong = elsewhere("x").with_public_key(public());
    for _ in 0..2 {
        let error = wrong.sign(b"message").await.unwrap_err();
        assert!(matches!(error, SignError::Unfit), "{error}");
    }
    let right = elsewhere("").with_public_key(public());
    let signature = right.sign(b"message").await.unwrap();
    assert!(public().verifies(b"message", &signature));
    assert_eq!(right.public_key(), Some(&public()));
    let here = OwnKey::parse(PKCS1, &FILES).unwrap();
    assert_eq!(here.sign(b"message").await.unwrap(), signature);
    assert_eq!(here.public_key(), Some(&public()));
    assert_eq!(format!("{here:?}"), "OwnKey(redacted)");
}
