use paydesk_money::Cny;
use paydesk_provider::{
    NoticeBody, NoticeError, PaymentProvider, RawNotice, TradeState, Untrusted,
};
use paydesk_wechatpay::{Config, Credentials, PlatformKeys, WechatPay};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{FakePlatform, NOW, PLATFORM_KEY_ID, at, credentials, vectors};

const ID: &str = "PUB_KEY_ID_TEST";

fn client(id: &str, key: &str, now: i64) -> WechatPay {
    let platform_keys = if id.starts_with("PUB_KEY_ID_") {
        PlatformKeys::new(id, key)
    } else {
        // A certificate's serial stands beside a public key.
        PlatformKeys::new(PLATFORM_KEY_ID, crate::platform::PLATFORM_PUBLIC)
            .and_then(|keys| keys.and(id, key))
    };
    let platform_keys = platform_keys.unwrap();
    let credentials = Credentials {
        platform_keys,
        ..credentials()
    };
    WechatPay::new(Config::new(credentials).clock(move || at(now))).unwrap()
}

fn vectors_client(now: i64) -> WechatPay {
    client(
        ID,
        include_str!("../../testdata/vectors_public_key.pem"),
        now,
    )
}

fn recorded(name: &str, id: &str) -> RawNotice {
    let vector: Value = vectors()["notices"][name].clone();
    let of = |field: &str| vector[field].as_str().unwrap().to_owned();
    RawNotice {
        headers: vec![
            ("Wechatpay-Timestamp".to_owned(), of("timestamp")),
            ("Wechatpay-Nonce".to_owned(), of("nonce")),
            ("Wechatpay-Serial".to_owned(), id.to_owned()),
            ("Wechatpay-Signature".to_owned(), of("signature")),
        ],
        body: of("body").into(),
    }
}

fn refused(client: &WechatPay, notice: &RawNotice) -> Untrusted {
    match client.verify(notice) {
        Err(NoticeError::Untrusted(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_derived_payment_notice_is_opened_without_a_runtime() {
    let notice = vectors_client(NOW).verify(&recorded("D7", ID)).unwrap();
    assert_eq!(notice.id, "EV-2018022511223320873");
    assert_eq!(notice.created_at, datetime!(2026-01-01 10:00 +8));
    let statement = notice.payment().unwrap();
    assert_eq!(statement.merchant_id, "1900007291");
    assert_eq!(statement.app_id, "wxd678efh567hg6787");
    assert_eq!(statement.payment_no, "PO20260101000001");
    assert_eq!(
        statement.transaction_id.as_deref(),
        Some("4200000000202601010000000001")
    );
    assert_eq!(statement.state, TradeState::Paid);
    assert_eq!(statement.amount, Some(Cny::from_fen(990)));
    assert_eq!(statement.currency, "CNY");
    assert_eq!(statement.paid_at, Some(datetime!(2026-01-01 10:00 +8)));
    assert_eq!(
        statement.evidence,
        json!({
            "notice_id": "EV-2018022511223320873", "trade_type": "NATIVE",
            "trade_state": "SUCCESS", "success_time": "2026-01-01T10:00:00+08:00",
            "total": 990, "payer_total": 990, "currency": "CNY",
        })
    );
}

#[test]
fn r21_a_refund_notice_is_no_payment() {
    let notice = vectors_client(NOW).verify(&recorded("D8", ID)).unwrap();
    assert_eq!(
        notice.body,
        NoticeBody::Other {
            event: "REFUND.SUCCESS".to_owned(),
            payment_no: Some("PO20260101000001".to_owned()),
        }
    );
}

/// The published notice of another product verifies; its content is under a key of 16 bytes, which
/// nobody has.
#[test]
fn the_published_notice_is_authentic_but_not_for_us() {
    let key = include_str!("../../testdata/g1_public_key.pem");
    let client = client("D7CE59D1F522D701", key, 1_624_523_846);
    for id in ["D7CE59D1F522D701", "d7ce59d1f522d701"] {
        assert_eq!(
            refused(&client, &recorded("G3", id)),
            Untrusted::Undecryptable
        );
        let mut forged = recorded("G3", id);
        forged.headers[1].1.push('x');
        assert_eq!(refused(&client, &forged), Untrusted::BadSignature);
    }
}

#[test]
fn r18_a_notice_is_taken_within_five_minutes_only() {
    let notice = recorded("D7", ID);
    for age_s in [-299, -1, 0, 1, 299] {
        vectors_client(NOW + age_s).verify(&notice).unwrap();
    }
    for age_s in [-86_400, -301, -300, 300, 301, 86_400] {
        let reason = refused(&vectors_client(NOW + age_s), &notice);
        assert_eq!(reason, Untrusted::Stale { age_s });
    }
}

#[test]
fn r18_no_part_of_a_notice_can_be_changed() {
    let client = vectors_client(NOW);
    let good = recorded("D7", ID);
    for at in 0..good.body.len() {
        let mut body = good.body.to_vec();
        body[at] ^= 1;
        let forged = RawNotice {
            body: body.into(),
            ..good.clone()
        };
        assert_eq!(
            refused(&client, &forged),
            Untrusted::BadSignature,
            "byte {at}"
        );
    }
    for cut in [0, 1, good.body.len() - 1] {
        let forged = RawNotice {
            body: good.body.slice(..cut),
            ..good.clone()
        };
        assert_eq!(
            refused(&client, &forged),
            Untrusted::BadSignature,
            "cut at {cut}"
        );
    }
    for (at, value, expected) in [
        (0, "1767232801", Untrusted::BadSignature),
        (0, "01767232800", Untrusted::BadSignature),
        (
            0,
            " 1767232800",
            Untrusted::BadHeader("Wechatpay-Timestamp"),
        ),
        (
            0,
            "-1767232800",
            Untrusted::BadHeader("Wechatpay-Timestamp"),
        ),
        (
            0,
            "99999999999999999999",
            Untrusted::BadHeader("Wechatpay-Timestamp"),
        ),
        (
            0,
            "9223372036854775807",
            Untrusted::Stale {
                age_s: NOW - i64::MAX,
            },
        ),
        (1, "another", Untrusted::BadSignature),
        (
            2,
            "PUB_KEY_ID_test",
            Untrusted::UnknownKey("PUB_KEY_ID_test".to_owned()),
        ),
        (3, "AAAA", Untrusted::BadSignature),
        (3, "not base64", Untrusted::BadHeader("Wechatpay-Signature")),
        (3, "****", Untrusted::BadSignature),
    ] {
        let mut forged = good.clone();
        forged.headers[at].1 = value.to_owned();
        assert_eq!(refused(&client, &forged), expected, "{value}");
    }
}

/// With a line end in the nonce, signed bytes could move from the body into it.
#[test]
fn r18_the_border_between_nonce_and_body_cannot_be_moved() {
    let platform_signed = "line one\nline two";
    let platform = FakePlatform::new();
    let notice = platform.raw(platform_signed);
    let mut moved = notice.clone();
    let nonce = moved
        .headers
        .iter_mut()
        .find(|(name, _)| name == "Wechatpay-Nonce")
        .unwrap();
    nonce.1.push_str("\nline one");
    moved.body = "line two".into();
    let own = platform.client();
    assert!(matches!(
        own.verify(&notice),
        Err(NoticeError::Malformed(_))
    ));
    assert_eq!(
        refused(&own, &moved),
        Untrusted::BadHeader("Wechatpay-Nonce")
    );
}

#[test]
fn r18_headers_come_once_and_all_of_them() {
    let client = vectors_client(NOW);
    for (at, name) in [
        "Wechatpay-Timestamp",
        "Wechatpay-Nonce",
        "Wechatpay-Serial",
        "Wechatpay-Signature",
    ]
    .into_iter()
    .enumerate()
    {
        let mut missing = recorded("D7", ID);
        missing.headers.remove(at);
        assert_eq!(refused(&client, &missing), Untrusted::MissingHeader(name));
        let mut doubled = recorded("D7", ID);
        let (_, value) = doubled.headers[at].clone();
        doubled.headers.push((name.to_ascii_lowercase(), value));
        assert_eq!(refused(&client, &doubled), Untrusted::DoubledHeader(name));
    }
    let mut other = recorded("D7", ID);
    other.headers.push((
        "Wechatpay-Signature-Type".to_owned(),
        "WECHATPAY2-SM2-WITH-SM3".into(),
    ));
    assert_eq!(
        refused(&client, &other),
        Untrusted::BadHeader("Wechatpay-Signature-Type")
    );
    other.headers[4].1 = "WECHATPAY2-SHA256-RSA2048".to_owned();
    client.verify(&other).unwrap();
}

#[test]
fn r18_probes_are_refused_like_any_wrong_signature_and_counted_apart() {
    let client = vectors_client(NOW);
    let mut notice = recorded("D7", ID);
    let genuine = notice.headers[3].1.clone();
    for tail in ["", "x", "xx=", "AAAA", genuine.as_str(), "***"] {
        notice.headers[3].1 = format!("WECHATPAY/SIGNTEST/{tail}");
        assert_eq!(refused(&client, &notice), Untrusted::Probe, "{tail}");
    }
    assert_eq!(Untrusted::Probe.reason(), "probe");
}

#[test]
fn a_key_that_nobody_gave_us_is_unknown_and_short_in_logs() {
    let mut notice = recorded("D7", ID);
    notice.headers[2].1 = "F".repeat(5000);
    let Untrusted::UnknownKey(id) = refused(&vectors_client(NOW), &notice) else {
        panic!("unknown key");
    };
    assert_eq!(id.len(), 64);
}

#[test]
fn the_key_named_is_the_only_one_asked() {
    let vectors_key = include_str!("../../testdata/vectors_public_key.pem");
    let platform_keys = PlatformKeys::new(PLATFORM_KEY_ID, crate::platform::PLATFORM_PUBLIC)
        .unwrap()
        .and(ID, vectors_key)
        .unwrap();
    let credentials = Credentials {
        platform_keys,
        ..credentials()
    };
    let client = WechatPay::new(Config::new(credentials).clock(|| at(NOW))).unwrap();
    client.verify(&recorded("D7", ID)).unwrap();
    client
        .verify(&FakePlatform::new().notice("X", "x", "{}"))
        .unwrap();
    let reason = refused(&client, &recorded("D7", PLATFORM_KEY_ID));
    assert_eq!(reason, Untrusted::BadSignature);
}

#[test]
fn content_that_is_not_for_us_is_undecryptable() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let good: Value = serde_json::from_slice(
        &platform
            .notice("TRANSACTION.SUCCESS", "transaction", "{}")
            .body,
    )
    .unwrap();
    for (field, value) in [
        ("associated_data", "other"),
        ("associated_data", ""),
        ("nonce", "abcdefghijk"),
        ("nonce", "abcdefghijklm"),
        ("nonce", ""),
        ("ciphertext", ""),
        ("ciphertext", "AAAA"),
        ("ciphertext", "***"),
        ("ciphertext", "otxzQNtHtxed48eULD+6vn/8alvs"),
    ] {
        let mut body = good.clone();
        body["resource"][field] = json!(value);
        for event in ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"] {
            body["event_type"] = json!(event);
            let notice = platform.raw(&body.to_string());
            assert_eq!(
                refused(&client, &notice),
                Untrusted::Undecryptable,
                "{field} {value}"
            );
        }
    }
}

#[test]
fn authentic_notices_that_make_no_sense_are_malformed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let paid = |content: &str| platform.notice("TRANSACTION.SUCCESS", "transaction", content);
    let time = "2026-01-01T10:00:00+08:00";
    for notice in [
        platform.raw(""),
        platform.raw("null"),
        platform.raw("<xml/>"),
        platform.raw(&json!({"id": "1", "event_type": "X"}).to_string()),
        platform.raw(&json!({"id": "1", "create_time": "now", "event_type": "X"}).to_string()),
        platform.raw(
            &json!({"id": "1", "create_time": time, "event_type": "TRANSACTION.SUCCESS"})
                .to_string(),
        ),
        platform.raw(
            &json!({"id": "1", "create_time": time, "event_type": "X",
                    "resource": {"algorithm": "AEAD_SM4_GCM", "ciphertext": "", "nonce": ""}})
            .to_string(),
        ),
        paid("{}"),
        paid("text"),
        paid(
            "{\"out_trade_no\":\"PO0001\",\"trade_state\":\"SUCCESS\",\"amount\":{\"total\":9.9}}",
        ),
    ] {
        let error = client.verify(&notice).unwrap_err();
        assert!(matches!(error, NoticeError::Malformed(_)), "{error}");
    }
}

#[test]
fn r21_other_events_are_passed_on_by_name() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let body = |notice: RawNotice| client.verify(&notice).unwrap().into_inner().body;
    for (event, content, payment_no) in [
        (
            "REFUND.CLOSED",
            "{\"mchid\":\"1\",\"out_trade_no\":\"PO0001\",\"transaction_id\":\"42\",\
             \"out_refund_no\":\"R1\",\"refund_id\":\"50\",\"refund_status\":\"CLOSED\",\
             \"amount\":{\"total\":9,\"refund\":9,\"payer_total\":9,\"payer_refund\":9}}",
            Some("PO0001"),
        ),
        ("PAYSCORE.USER_OPEN_SERVICE", "{\"mchid\":\"1\"}", None),
        ("NEXT.YEARS", "no JSON", None),
        (
            "TRANSACTION.SUCCESS",
            "{\"combine_out_trade_no\":\"C1\",\"sub_orders\":[]}",
            None,
        ),
    ] {
        assert_eq!(
            body(platform.notice(event, "kind", content)),
            NoticeBody::Other {
                event: event.to_owned(),
                payment_no: payment_no.map(str::to_owned),
            }
        );
    }
    let bare = json!({"id": "1", "create_time": "2026-01-01T10:00:00+08:00", "event_type": "X"});
    let expected = NoticeBody::Other {
        event: "X".to_owned(),
        payment_no: None,
    };
    assert_eq!(body(platform.raw(&bare.to_string())), expected);
}

#[tokio::test]
async fn there_is_nothing_to_refresh() {
    let platform = FakePlatform::new();
    platform.client().refresh_trust().await.unwrap();
    assert!(platform.sent().is_empty());
}
