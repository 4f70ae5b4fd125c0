use base64::Engine;

use super::*;
use crate::platform_keys::PlatformKeys;

const PKCS8: &str = include_str!("../../testdata/merchant_key.pem");
const PKCS1: &str = include_str!("../../testdata/merchant_key_pkcs1.pem");
const PUBLIC: &str = include_str!("../../testdata/merchant_public_key.pem");
const CERTIFICATE: &str = include_str!("../../testdata/merchant_certificate.pem");

/// The base64 of a PEM on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn a_private_key_is_read_in_every_form_it_comes_in() {
    let expected = MerchantKey::parse(PKCS8).unwrap().sign(b"message");
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
        let key = MerchantKey::parse(&text).unwrap_or_else(|error| panic!("{error}: {text:.40}"));
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
        let error = MerchantKey::parse(&text).unwrap_err().to_string();
        assert!(error.contains(found), "{error}");
        assert!(error.contains("apiclient_key.pem"), "{error}");
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
        let error = PlatformKeys::new("PUB_KEY_ID_1", &text).unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(found), "{source}");
        assert!(source.contains("pub_key.pem"), "{source}");
    }
    for text in [PUBLIC.to_owned(), bare(PUBLIC), PUBLIC.replace('\n', "\\n")] {
        PlatformKeys::new("PUB_KEY_ID_1", &text).unwrap();
    }
}

#[test]
fn short_keys_are_refused() {
    let private = include_str!("../../testdata/short_key.pem");
    let public = include_str!("../../testdata/short_public_key.pem");
    let short = KeyError::TooShort { bits: 1024 };
    assert_eq!(MerchantKey::parse(private).unwrap_err(), short);
    assert_eq!(public_key_der(public, "a key").unwrap_err(), short);
}

#[test]
fn an_api_v3_key_of_another_length_is_explained() {
    for (text, cause) in [
        (String::new(), "empty"),
        ("k".repeat(31), "cut off"),
        ("k".repeat(33), "appended"),
        (format!("{}\n", "k".repeat(32)), "line end"),
        ("ab".repeat(32), "hex"),
        (STANDARD.encode("k".repeat(32)), "base64"),
        ("钥".repeat(32), "appended"),
        (PKCS8.to_owned(), "PEM"),
    ] {
        let error = ApiV3Key::parse(&text).unwrap_err().to_string();
        assert!(error.contains(cause), "{error}");
        assert!(text.is_empty() || !error.contains(&text), "{error}");
    }
    assert_eq!(
        ApiV3Key::parse(&"k".repeat(32)).unwrap().bytes(),
        &[b'k'; 32]
    );
}

#[test]
fn platform_key_ids_are_exact_and_serials_in_any_case() {
    let other = include_str!("../../testdata/platform_public_key.pem");
    let keys = PlatformKeys::new("PUB_KEY_ID_0a", PUBLIC)
        .unwrap()
        .and("0abc01", other)
        .unwrap();
    for (id, held) in [
        ("PUB_KEY_ID_0a", true),
        ("PUB_KEY_ID_0A", false),
        ("pub_key_id_0a", false),
        ("0ABC01", true),
        ("0aBc01", true),
        ("ABC01", false),
        ("00ABC01", false),
        ("", false),
    ] {
        assert_eq!(keys.get(id).is_some(), held, "{id}");
    }
    assert_eq!(keys.preferred(), "PUB_KEY_ID_0a");
    keys.clone().and("0ABC01", other).unwrap();
    let twice = keys.clone().and("0ABC01", PUBLIC).unwrap_err();
    assert!(matches!(twice, crate::PlatformKeyError::Twice(_)));
    for id in ["", "a b", "a\nb", "钥"] {
        let error = keys.clone().and(id, other).unwrap_err();
        assert!(matches!(error, crate::PlatformKeyError::Id), "{id:?}");
    }
}

#[test]
fn a_published_signature_without_headers_verifies() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap();
    let vector = &vectors["raw"]["G2"];
    let key = include_str!("../../testdata/g1_public_key.pem");
    let keys = PlatformKeys::new("D7CE59D1F522D701", key).unwrap();
    let signature = STANDARD
        .decode(vector["signature"].as_str().unwrap())
        .unwrap();
    let key = keys.get("d7ce59d1f522d701").unwrap();
    let message = vector["message"].as_str().unwrap().as_bytes();
    key.verify(message, &signature).unwrap();
    assert!(key.verify(b"Source", &signature).is_err());
}

#[test]
fn nothing_prints_a_key() {
    let key = MerchantKey::parse(PKCS8).unwrap();
    let sealed = ApiV3Key::parse("0123456789ABCDEFGHIJKLMNOPQRSTUV").unwrap();
    let platform = PlatformKeys::new("PUB_KEY_ID_1", PUBLIC).unwrap();
    assert_eq!(
        format!("{key:?} {sealed:?}"),
        "MerchantKey(redacted) ApiV3Key(redacted)"
    );
    assert_eq!(format!("{platform:?}"), "{\"PUB_KEY_ID_1\"}");
}

/// That our copies are erased is in their types: these lines compile only while they are.
#[test]
fn our_copies_are_erased_when_dropped() {
    fn erased<T: zeroize::ZeroizeOnDrop>(_: &T) {}
    let ApiV3Key(bytes) = ApiV3Key::parse("0123456789ABCDEFGHIJKLMNOPQRSTUV").unwrap();
    erased(&bytes);
    let Encoded { der, .. } = encoding::decode(PKCS8).unwrap();
    erased(&der);
    erased(&RsaPrivateKey::from_pkcs8_der(&der).unwrap());
}
