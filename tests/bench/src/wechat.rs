//! WeChat Pay's client, with the published and derived vectors.

use std::hint::black_box;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use paydesk_provider::RawNotice;
use paydesk_provider::keys::SigningKey;
use paydesk_wechatpay::{
    ApiV3Key, Config, Credentials, MerchantKey, PlatformKeys, Prepay, RawCall, WechatPay,
};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::keys::{FILES, ring_signs, ring_verifies};
use crate::nowhere::Nowhere;
use crate::{BARE, Limit, Subject};

pub(crate) const KEY: &str = include_str!("../../../crates/wechatpay/testdata/vectors_key.pem");
pub(crate) const PUBLIC_KEY: &str =
    include_str!("../../../crates/wechatpay/testdata/vectors_public_key.pem");
const MERCHANT_KEY: &str = include_str!("../../../crates/wechatpay/testdata/merchant_key.pem");
const APP_ID: &str = "wxd678efh567hg6787";
const KEY_ID: &str = "PUB_KEY_ID_0119000072912026010100000000";
/// When the derived vectors were made: 2026-01-01T10:00:00+08:00.
const NOW: i64 = 1_767_232_800;
const NONCE: &str = "5K8264ILTKCH16CQ2502SI8ZNMTM67VS";

pub(crate) fn subjects() -> Vec<Subject> {
    vec![invocation(), call(), bare_notice(), payment_notice()]
}

/// The message and signature of a published request: placing a JSAPI order.
pub(crate) fn request() -> (Vec<u8>, String) {
    let vector = &vectors()["requests"]["V1"];
    (
        text(vector, "message").into_bytes(),
        text(vector, "signature"),
    )
}

fn invocation() -> Subject {
    let prepay = Prepay {
        prepay_id: "wx201410272009395522657a690389285100".to_owned(),
        app_id: APP_ID.to_owned(),
    };
    let message = format!("{APP_ID}\n{NOW}\n{NONCE}\nprepay_id={}\n", prepay.prepay_id);
    let client = client();
    Subject {
        name: "sign what a page starts paying with",
        ring: ring_signs(MERCHANT_KEY, message.into_bytes()),
        ours: Box::new(move || {
            let signed = client.jsapi_invocation(black_box(&prepay)).now_or_never();
            drop(black_box(signed.unwrap().unwrap()));
        }),
        limit: BARE,
    }
}

/// From a body to a request that can be sent, and back with an error.
fn call() -> Subject {
    let (message, _) = request();
    let (_, body) = std::str::from_utf8(&message)
        .unwrap()
        .split_once("\n{")
        .unwrap();
    let body = format!("{{{}", body.trim_end());
    let target = "/v3/pay/transactions/jsapi";
    let call = RawCall::post(target, body.clone());
    let message = format!("POST\n{target}\n{NOW}\n{NONCE}\n{body}\n");
    let client = client();
    Subject {
        name: "sign and build a request of WeChat Pay's",
        ring: ring_signs(MERCHANT_KEY, message.into_bytes()),
        ours: Box::new(move || {
            let answer = client.raw(black_box(&call)).now_or_never().unwrap();
            drop(black_box(answer.unwrap_err()));
        }),
        limit: BARE,
    }
}

/// A notice without content is little more than its signature.
fn bare_notice() -> Subject {
    let body = json!({
        "id": "EV-1",
        "create_time": "2026-01-01T10:00:00+08:00",
        "event_type": "MCHTRANSFER.BILL.FINISHED",
    })
    .to_string();
    let key = SigningKey::parse(KEY, &FILES);
    let message = format!("{NOW}\n{NONCE}\n{body}\n");
    let signature = STANDARD.encode(key.unwrap().sign(message.as_bytes()).unwrap());
    notice(
        "verify and read a notice without content",
        &signature,
        body,
        BARE,
    )
}

fn payment_notice() -> Subject {
    let vector = &vectors()["notices"]["D7"];
    notice(
        "a whole payment notice of WeChat Pay's",
        &text(vector, "signature"),
        text(vector, "body"),
        Limit::Nanoseconds(40_000),
    )
}

fn notice(name: &'static str, signature: &str, body: String, limit: Limit) -> Subject {
    let message = format!("{NOW}\n{NONCE}\n{body}\n");
    let headers = [
        ("Host", "pay.example.com"),
        ("User-Agent", "Mozilla/4.0"),
        ("Content-Type", "application/json"),
        ("Content-Length", "1035"),
        ("Connection", "Keep-Alive"),
        ("Wechatpay-Nonce", NONCE),
        ("Wechatpay-Signature", signature),
        ("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048"),
        ("Wechatpay-Timestamp", &NOW.to_string()),
        ("Wechatpay-Serial", KEY_ID),
    ];
    let raw = RawNotice {
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        body: body.into(),
    };
    let verifier = client().notices();
    Subject {
        name,
        ring: ring_verifies(PUBLIC_KEY, message.into_bytes(), signature),
        ours: Box::new(move || drop(black_box(verifier.verify(black_box(&raw)).unwrap()))),
        limit,
    }
}

fn client() -> WechatPay {
    let credentials = Credentials {
        merchant_id: "1900007291".to_owned(),
        app_id: APP_ID.to_owned(),
        certificate_serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB".to_owned(),
        merchant_key: MerchantKey::parse(MERCHANT_KEY).unwrap(),
        api_v3_key: ApiV3Key::parse("0123456789ABCDEFGHIJKLMNOPQRSTUV").unwrap(),
        platform_keys: PlatformKeys::new(KEY_ID, PUBLIC_KEY).unwrap(),
    };
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    let config = Config::new(credentials)
        .clock(move || now)
        .nonce(|| NONCE.to_owned())
        .transport(Arc::new(Nowhere));
    WechatPay::new(config).unwrap()
}

fn vectors() -> Value {
    serde_json::from_str(include_str!(
        "../../../crates/wechatpay/testdata/vectors.json"
    ))
    .unwrap()
}

fn text(vector: &Value, field: &str) -> String {
    vector[field].as_str().unwrap().to_owned()
}
