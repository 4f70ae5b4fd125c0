//! Messages to the application gateway, in the character sets that they come in.

use paydesk_alipay::{Acknowledgement, MessageContent, NoticeVerifier};
use paydesk_provider::{NoticeError, RawNotice, Untrusted};

use crate::platform::{APP_ID, FakePlatform, raw};

/// A form of these fields in this character set, signed over its bytes: `sign_type` among them, or not.
fn message(platform: &FakePlatform, fields: &[(&str, &str)], is_plain: bool) -> RawNotice {
    let chinese = fields.contains(&("charset", "GBK"));
    let bytes = |text: &str| -> Vec<u8> {
        if chinese {
            encoding_rs::GBK.encode(text).0.into_owned()
        } else {
            text.as_bytes().to_vec()
        }
    };
    let mut fields = fields.to_vec();
    if !is_plain {
        fields.push(("sign_type", "RSA2"));
    }
    fields.sort_unstable();
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let sign = platform.sign_bytes(&bytes(&pairs.join("&")));
    if is_plain {
        fields.push(("sign_type", "RSA2"));
    }
    fields.push(("sign", &sign));
    let escaped = |text: &str| -> String {
        let hex = hex::encode(bytes(text));
        let digits = hex.as_bytes().chunks(2).map(String::from_utf8_lossy);
        digits.flat_map(|two| ["%".into(), two]).collect()
    };
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)))
        .collect();
    raw(&pairs.join("&"))
}

fn newer<'a>(charset: &'a str, biz_content: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("app_id", APP_ID),
        ("biz_content", biz_content),
        ("charset", charset),
        ("msg_method", "alipay.open.app.changed"),
        ("notify_id", "N9"),
        ("utc_timestamp", "1767240000123"),
        ("version", "1.1"),
    ]
}

fn older(charset: &str) -> Vec<(&str, &str)> {
    vec![
        ("app_id", APP_ID),
        ("charset", charset),
        ("method", "alipay.open.servicemarket.order.notify"),
        ("notify_time", "2026-01-01 12:00:00"),
        ("title", "会员-月卡 100%+1"),
    ]
}

fn read(verifier: &NoticeVerifier, message: &RawNotice) -> MessageContent {
    verifier.verify_message(message).unwrap().content.clone()
}

#[test]
fn messages_are_verified_in_their_bytes_and_read_in_their_character_set() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let json = "{\"name\":\"会员\"}";
    for charset in ["utf-8", "UTF-8", "GBK"] {
        for is_plain in [false, true] {
            let message = message(&platform, &newer(charset, json), is_plain);
            let content = read(&verifier, &message);
            assert_eq!(content, MessageContent::Json(json.to_owned()), "{charset}");
        }
        let message = message(&platform, &older(charset), false);
        let MessageContent::Fields(fields) = read(&verifier, &message) else {
            panic!("an older one")
        };
        assert_eq!(fields["title"], "会员-月卡 100%+1", "{charset}");
    }
}

/// Only the newer ones are tried under both rules: an older one that is signed as notices are would pass
/// for one.
#[test]
fn r18_an_older_message_is_signed_over_its_type() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let error = verifier.verify_message(&message(&platform, &older("utf-8"), true));
    assert!(matches!(
        error,
        Err(NoticeError::Untrusted(Untrusted::BadSignature))
    ));
}

#[test]
fn an_authentic_message_that_makes_no_sense_is_malformed() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    for fields in [
        newer("utf-16", "{}"),
        newer("", "{}"),
        newer("utf-8", ""),
        older("utf-16"),
    ] {
        let fields: Vec<_> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let error = verifier.verify_message(&message(&platform, &fields, false));
        let Err(error @ NoticeError::Malformed(_)) = error else {
            panic!("{fields:?}: {error:?}")
        };
        let told = Acknowledgement::from(&error);
        assert_eq!((told.status, told.body), (400, "failure"));
    }
    // Without a word about its character set an older one is read as what everything else is sent in.
    let mut untold = older("utf-8");
    untold.retain(|(name, _)| *name != "charset");
    let content = read(&verifier, &message(&platform, &untold, false));
    assert!(matches!(content, MessageContent::Fields(_)));
}
