//! WeChat Pay's answers with its certificates: any body, and any certificate in a right one.

#![no_main]

use std::sync::{Arc, LazyLock};

use futures_util::FutureExt;
use fuzz::choice;
use fuzz::message::Message;
use fuzz::platform::Platform;
use fuzz::wechat::{client_with, encrypt, now, signed_as};
use libfuzzer_sys::fuzz_target;
use paydesk_provider::{NoticeError, RawNotice, Untrusted};
use paydesk_wechatpay::{Certificate, PlatformCertificates, PlatformKeys};
use serde_json::json;

const CURRENT: &str = include_str!("../../../crates/wechatpay/testdata/certificates/current.pem");

static SERIAL: LazyLock<String> = LazyLock::new(|| {
    let current = Certificate::parse(CURRENT).expect("a test certificate is right");
    current.serial().to_owned()
});

fuzz_target!(
    init: {
        let seed = format!("b{CURRENT}");
        assert!(is_learned(seed.as_bytes()), "true certificates are not reached");
    },
    |data: &[u8]| {
        is_learned(data);
    }
);

fn is_learned(data: &[u8]) -> bool {
    let Some((way, data)) = choice(data, 3) else {
        return false;
    };
    let platform = Arc::new(Platform::default());
    platform.answers(match way {
        0 => Message::read(data),
        1 => from_the_platform(around(data)),
        _ => from_the_platform(data.to_vec()),
    });
    // A client of its own: what was learned before would stay.
    let certificates = PlatformCertificates::new();
    let client = client_with(platform, PlatformKeys::certificates(certificates));
    let learned = client.learn_key(&SERIAL).now_or_never();
    if learned.expect("nothing is waited for").is_err() {
        return false;
    }
    assert_ne!(way, 0, "believed without a signature");
    if way == 1 {
        let pem = std::str::from_utf8(data).expect("a certificate is text");
        let certificate = Certificate::parse(pem).expect("what was taken can be read");
        assert_eq!(certificate.serial(), *SERIAL);
        assert!(certificate.is_valid_at(now()));
    }
    // What it signs is known from now on.
    let body = b"{}".to_vec();
    let notice = RawNotice {
        headers: signed_as(&SERIAL, &body),
        body: body.into(),
    };
    let verified = client.notices().verify(&notice);
    assert!(!matches!(
        verified,
        Err(NoticeError::Untrusted(Untrusted::UnknownKey(_)))
    ));
    true
}

fn from_the_platform(body: Vec<u8>) -> Message {
    Message {
        status: 200,
        headers: signed_as(&SERIAL, &body),
        body,
    }
}

/// An answer with this certificate.
fn around(pem: &[u8]) -> Vec<u8> {
    json!({ "data": [{
        "serial_no": *SERIAL,
        "effective_time": "2021-02-01T00:00:00+08:00",
        "expire_time": "2026-02-01T00:00:00+08:00",
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": "abcdefghijkl",
            "associated_data": "certificate",
            "ciphertext": encrypt(pem, "certificate"),
        },
    }]})
    .to_string()
    .into_bytes()
}
