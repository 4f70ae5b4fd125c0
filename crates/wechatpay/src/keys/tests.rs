use paydesk_provider::keys::SigningKey;

use super::*;
use crate::platform_keys::PlatformKeys;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const PKCS8: &str = include_str!("../../testdata/merchant_key.pem");
const PUBLIC: &str = include_str!("../../testdata/merchant_public_key.pem");

#[test]
fn a_wrong_file_is_named_as_the_merchant_platform_names_it() {
    let error = MerchantKey::parse(PUBLIC).unwrap_err().to_string();
    assert!(error.contains("(apiclient_key.pem)"), "{error}");
    assert!(error.contains("a public key (pub_key.pem?)"), "{error}");
    let error = PlatformKeys::new("PUB_KEY_ID_1", PKCS8).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("(pub_key.pem)"), "{source}");
    assert!(source.contains("apiclient_key.pem?"), "{source}");
}

#[test]
fn keys_come_from_files_and_variables_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, PKCS8).unwrap();
    let expected = MerchantKey::parse(PKCS8).unwrap();
    let read = MerchantKey::from_file(&path).unwrap();
    assert_eq!(read.public_key(), expected.public_key());
    std::fs::write(&path, format!("{}\r\n", "k".repeat(32))).unwrap();
    assert_eq!(ApiV3Key::from_file(&path).unwrap().bytes(), &[b'k'; 32]);
    // Cargo sets it for every test; it is no key.
    let error = MerchantKey::from_env("CARGO_PKG_NAME").unwrap_err();
    assert!(
        matches!(error, KeyError::NotEncoded { .. } | KeyError::NotRsa { .. }),
        "{error}"
    );
    let error = ApiV3Key::from_env("CARGO_PKG_NAME").unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

/// A key management service, as far as a test needs one.
#[derive(Debug)]
struct Elsewhere(Option<SigningKey>);

#[async_trait::async_trait]
impl Signer for Elsewhere {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0 {
            Some(key) => key.sign(message),
            None => Err(SignError::new("the service is down")),
        }
    }
}

#[tokio::test]
async fn a_key_elsewhere_signs_the_same() {
    let local = MerchantKey::parse(PKCS8).unwrap();
    let key = SigningKey::parse(PKCS8, &MERCHANT_KEY).unwrap();
    let external = MerchantKey::external(Arc::new(Elsewhere(Some(key))));
    assert_eq!(
        external.sign(b"message").await.unwrap(),
        local.sign(b"message").await.unwrap()
    );
    assert!(external.public_key().is_none());
    let down = MerchantKey::external(Arc::new(Elsewhere(None)));
    let error = down.sign(b"message").await.unwrap_err();
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the service is down"
    );
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
    let now = time::OffsetDateTime::UNIX_EPOCH;
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
        assert_eq!(keys.get(id, now).is_some(), held, "{id}");
    }
    assert_eq!(keys.preferred(now).unwrap(), "PUB_KEY_ID_0a");
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
    let keys = PlatformKeys::new("PUB_KEY_ID_1", PUBLIC).unwrap();
    let keys = keys.and("D7CE59D1F522D701", key).unwrap();
    let signature = STANDARD
        .decode(vector["signature"].as_str().unwrap())
        .unwrap();
    let now = time::OffsetDateTime::UNIX_EPOCH;
    let key = keys.get("d7ce59d1f522d701", now).unwrap();
    let message = vector["message"].as_str().unwrap().as_bytes();
    assert!(key.verifies(message, &signature));
    assert!(!key.verifies(b"Source", &signature));
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
}
