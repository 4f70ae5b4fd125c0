//! Both sides of WeChat Pay: a client of ours, and a platform that says what it is told.

use std::sync::{Arc, LazyLock};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_wechatpay::{ApiV3Key, Config, Credentials, MerchantKey, PlatformKeys, WechatPay};
use serde_json::json;
use time::OffsetDateTime;

use crate::key::Key;
use crate::message::Message;
use crate::platform::{Platform, Scrawl};

/// The keys that the client trusts: the one that the targets sign with, and the one under which the
/// derived vectors were signed, so that the fuzzer can begin with true messages.
const PLATFORM_KEY: &str = include_str!("../../../crates/wechatpay/testdata/platform_key.pem");
const PLATFORM_PUBLIC: &str =
    include_str!("../../../crates/wechatpay/testdata/platform_public_key.pem");
const VECTORS_KEY: &str = include_str!("../../../crates/wechatpay/testdata/vectors_key.pem");
const VECTORS_PUBLIC: &str =
    include_str!("../../../crates/wechatpay/testdata/vectors_public_key.pem");
const PLATFORM_ID: &str = "PUB_KEY_ID_0119000072912026010100000000";
const VECTORS_ID: &str = "PUB_KEY_ID_TEST";
const API_V3_KEY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
/// 2026-01-01T10:00:00+08:00, when the derived vectors were made.
const NOW: i64 = 1_767_232_800;
const NONCE: &str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";

static SIGNS: LazyLock<Key> = LazyLock::new(|| Key::read(PLATFORM_KEY));
static SIGNED_BEFORE: LazyLock<Key> = LazyLock::new(|| Key::read(VECTORS_KEY));

/// A client of this platform.
///
/// # Panics
/// If a test key is wrong.
pub fn client(platform: Arc<Platform>) -> WechatPay {
    let platform_keys = PlatformKeys::new(PLATFORM_ID, PLATFORM_PUBLIC)
        .and_then(|keys| keys.and(VECTORS_ID, VECTORS_PUBLIC));
    client_with(platform, platform_keys.expect("test keys are right"))
}

/// A client that trusts these.
///
/// # Panics
/// If a test key is wrong.
pub fn client_with(platform: Arc<Platform>, platform_keys: PlatformKeys) -> WechatPay {
    let credentials = Credentials {
        merchant_id: "1900007291".to_owned(),
        app_id: "wxd678efh567hg6787".to_owned(),
        certificate_serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB".to_owned(),
        merchant_key: MerchantKey::external(Arc::new(Scrawl)),
        api_v3_key: ApiV3Key::parse(API_V3_KEY).expect("a test key is right"),
        platform_keys,
    };
    let config = Config::new(credentials)
        .clock(now)
        .nonce(|| NONCE.to_owned())
        .read_attempts(1)
        .transport(platform);
    WechatPay::new(config).expect("test settings are right")
}

/// The headers of a message that is signed now.
pub fn signed(body: &[u8]) -> Vec<(String, String)> {
    signed_as(PLATFORM_ID, body)
}

/// The same under another name for the same key: that of a certificate.
pub fn signed_as(id: &str, body: &[u8]) -> Vec<(String, String)> {
    let mut message = format!("{NOW}\n{NONCE}\n").into_bytes();
    message.extend_from_slice(body);
    message.push(b'\n');
    [
        ("Wechatpay-Serial", id.to_owned()),
        ("Wechatpay-Signature", SIGNS.sign(&message)),
        ("Wechatpay-Timestamp", NOW.to_string()),
        ("Wechatpay-Nonce", NONCE.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Whether one of the keys signed this message, by a reading of its own.
pub fn is_signed(message: &Message) -> bool {
    let key = match message.only("Wechatpay-Serial") {
        Some(PLATFORM_ID) => &*SIGNS,
        Some(VECTORS_ID) => &*SIGNED_BEFORE,
        _ => return false,
    };
    let of = |name| message.only(name);
    let (Some(signature), Some(timestamp), Some(nonce)) = (
        of("Wechatpay-Signature"),
        of("Wechatpay-Timestamp"),
        of("Wechatpay-Nonce"),
    ) else {
        return false;
    };
    let mut signed = format!("{timestamp}\n{nonce}\n").into_bytes();
    signed.extend_from_slice(&message.body);
    signed.push(b'\n');
    let in_time = timestamp
        .parse()
        .is_ok_and(|timestamp: i64| NOW.abs_diff(timestamp) < 300);
    in_time && key.signed(&signed, signature)
}

/// What the clock of every client says.
pub fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(NOW).expect("a date")
}

/// Encrypts under the key that the client holds, for the nonce `abcdefghijkl`.
pub fn encrypt(content: &[u8], associated_data: &str) -> String {
    let key: &[u8; 32] = API_V3_KEY.as_bytes().try_into().expect("32 bytes");
    let payload = Payload {
        msg: content,
        aad: associated_data.as_bytes(),
    };
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(b"abcdefghijkl".into(), payload)
        .expect("a short text can be encrypted");
    STANDARD.encode(sealed)
}

/// The body of a notice about this event, with this content under the key that the client holds.
pub fn sealed(event: &str, content: &[u8]) -> Vec<u8> {
    json!({
        "id": "EV-1",
        "create_time": "2026-01-01T10:00:00+08:00",
        "event_type": event,
        "resource": {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": encrypt(content, "transaction"),
            "associated_data": "transaction",
            "nonce": "abcdefghijkl",
        },
    })
    .to_string()
    .into_bytes()
}
