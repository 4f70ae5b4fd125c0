//! Both sides of Alipay: a client of ours, and a platform that says what it is told.

use std::sync::{Arc, LazyLock};

use paydesk_alipay::{Alipay, AlipayKeys, AppKey, Config, Credentials};
use time::macros::datetime;
use url::form_urlencoded;

use crate::key::Key;
use crate::platform::{Platform, Scrawl};

const ALIPAY_KEY: &str = include_str!("../../../crates/alipay/testdata/alipay_key.pem");
const ALIPAY_PUBLIC: &str = include_str!("../../../crates/alipay/testdata/alipay_public_key.pem");
/// The key of the vectors, so that the fuzzer can begin with a true message.
const VECTORS: &str = include_str!("../../../crates/alipay/testdata/vectors.json");

static SIGNS: LazyLock<Key> = LazyLock::new(|| Key::read(ALIPAY_KEY));
static SIGNED_BEFORE: LazyLock<Key> = LazyLock::new(|| Key::read(&vectors_key("private")));

fn vectors_key(half: &str) -> String {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).expect("vectors are JSON");
    let key = vectors["key"][half].as_str();
    key.expect("vectors have a key").to_owned()
}

/// A client of this platform.
///
/// # Panics
/// If a test key is wrong.
pub fn client(platform: Arc<Platform>) -> Alipay {
    let alipay_keys =
        AlipayKeys::new(ALIPAY_PUBLIC).and_then(|keys| keys.and(&vectors_key("public")));
    let credentials = Credentials {
        app_id: "2021000000000001".to_owned(),
        seller_id: "2088000000000002".to_owned(),
        app_key: AppKey::external(Arc::new(Scrawl)),
        alipay_keys: alipay_keys.expect("test keys are right"),
    };
    let config = Config::new(credentials)
        .clock(|| datetime!(2026-01-01 12:00 +8))
        // Nothing waits here, and one answer is asked for at a time.
        .read_attempts(1)
        .transport(platform);
    Alipay::new(config).expect("test settings are right")
}

/// The signature over an answer's node.
pub fn sign(node: &[u8]) -> String {
    SIGNS.sign(node)
}

/// The fields of a form, by a reading of its own.
pub fn fields(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// What a notice's signature is over.
fn canonical(fields: &[(String, String)]) -> String {
    let mut fields: Vec<_> = fields
        .iter()
        .filter(|(name, value)| name != "sign" && name != "sign_type" && !value.is_empty())
        .collect();
    fields.sort();
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// A notice with these fields, signed.
pub fn signed(fields: &[(String, String)]) -> Vec<u8> {
    let mut fields = fields.to_vec();
    fields.retain(|(name, _)| name != "sign" && name != "sign_type");
    let sign = SIGNS.sign(canonical(&fields).as_bytes());
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .append_pair("sign_type", "RSA2")
        .append_pair("sign", &sign)
        .finish()
        .into_bytes()
}

/// A message to the application gateway with these fields, signed by its own rule.
pub fn signed_message(fields: &[(String, String)]) -> Vec<u8> {
    let mut fields = fields.to_vec();
    fields.retain(|(name, _)| name != "sign" && name != "sign_type");
    fields.push(("sign_type".to_owned(), "RSA2".to_owned()));
    fields.sort();
    let pairs: Vec<_> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let sign = SIGNS.sign(pairs.join("&").as_bytes());
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&fields)
        .append_pair("sign", &sign)
        .finish()
        .into_bytes()
}

/// Whether one of the keys signed this notice.
pub fn is_signed(body: &[u8]) -> bool {
    let fields = fields(body);
    let canonical = canonical(&fields);
    fields
        .iter()
        .filter(|(name, _)| name == "sign")
        .any(|(_, sign)| {
            SIGNS.signed(canonical.as_bytes(), sign)
                || SIGNED_BEFORE.signed(canonical.as_bytes(), sign)
        })
}
