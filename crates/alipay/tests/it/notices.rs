use paydesk_alipay::{Alipay, AlipayKeys, Config, Credentials};
use paydesk_money::Cny;
use paydesk_provider::{
    Notice, NoticeBody, NoticeError, PaymentProvider, RawNotice, TradeState, Untrusted,
};
use serde_json::json;
use time::macros::datetime;
use url::form_urlencoded::Serializer;

use crate::platform::{APP_ID, FakePlatform, NOW, SELLER_ID, credentials, raw, vectors};

/// A client that trusts this key.
pub(crate) fn client(key: &str) -> Alipay {
    let credentials = Credentials {
        alipay_keys: AlipayKeys::new(key).unwrap(),
        ..credentials()
    };
    Alipay::new(Config::new(credentials).clock(|| NOW)).unwrap()
}

pub(crate) fn vectors_client() -> Alipay {
    client(vectors()["key"]["public"].as_str().unwrap())
}

pub(crate) fn recorded(name: &str) -> RawNotice {
    raw(vectors()[name]["body"].as_str().unwrap())
}

pub(crate) fn refused(client: &Alipay, notice: &RawNotice) -> Untrusted {
    match client.verify(notice) {
        Err(NoticeError::Untrusted(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn event(notice: &Notice) -> &str {
    match &notice.body {
        NoticeBody::Other { event, .. } => event,
        other => panic!("{other:?}"),
    }
}

/// A notice as a test needs it: a payment, with some fields changed; an empty value removes one.
pub(crate) fn fields<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("app_id", APP_ID),
        ("charset", "utf-8"),
        ("gmt_payment", "2026-01-01 12:01:05"),
        ("notify_id", "N1"),
        ("notify_time", "2026-01-01 12:01:06"),
        ("notify_type", "trade_status_sync"),
        ("out_trade_no", "PO1"),
        ("seller_id", SELLER_ID),
        ("total_amount", "9.90"),
        ("trade_no", "2026"),
        ("trade_status", "TRADE_SUCCESS"),
    ];
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields.retain(|(_, value)| !value.is_empty());
    fields
}

#[test]
fn the_published_payment_notice_is_opened_without_a_runtime() {
    let notice = vectors_client().verify(&recorded("notice")).unwrap();
    assert_eq!(notice.id, "2026010100222120105000000000000001");
    assert_eq!(notice.created_at, datetime!(2026-01-01 12:01:06 +8));
    let statement = notice.payment().unwrap();
    assert_eq!(statement.merchant_id, SELLER_ID);
    assert_eq!(statement.app_id, APP_ID);
    assert_eq!(statement.payment_no, "T20260101000001");
    let trade_no = statement.transaction_id.as_deref();
    assert_eq!(trade_no, Some("2026010122001400000000000001"));
    assert_eq!(statement.state, TradeState::Paid);
    assert_eq!(statement.amount, Some(Cny::from_fen(1)));
    assert_eq!(statement.currency, "CNY");
    assert_eq!(statement.paid_at, Some(datetime!(2026-01-01 12:01:05 +8)));
    assert_eq!(
        statement.evidence,
        json!({
            "notify_id": "2026010100222120105000000000000001",
            "trade_no": "2026010122001400000000000001", "trade_status": "TRADE_SUCCESS",
            "total_amount": "0.01", "receipt_amount": "0.01",
            "gmt_payment": "2026-01-01 12:01:05",
        }),
        "R28: no payer, no bank"
    );
}

/// A notice that a merchant received, by its fields: their order and encoding are free.
#[test]
fn a_notice_from_the_wild_verifies_and_names_another_merchant() {
    let vector = &vectors()["published_notice"];
    let client = client(vector["public"].as_str().unwrap());
    let of = |name: &str| vector[name].as_str().unwrap();
    let fields = of("signed")
        .split('&')
        .map(|pair| pair.split_once('=').unwrap());
    let body = Serializer::new(String::new())
        .append_pair("sign", of("sign"))
        .extend_pairs(fields)
        .append_pair("sign_type", "RSA2")
        .finish();
    let statement = client.verify(&raw(&body)).unwrap().payment().unwrap();
    assert_eq!(statement.merchant_id, "2088531891668739");
    assert_eq!(statement.app_id, "2019073166072302");
    assert_eq!(statement.payment_no, "20190815155618536-564-57");
    assert_eq!(statement.amount, Some(Cny::from_fen(10)));
    let evidence = statement.evidence.to_string();
    for person in ["xud***", "2088102534368455", "yuquerevenue", "语雀"] {
        assert!(!evidence.contains(person), "{evidence}");
    }
}

/// These are signed with `sign_type` in the text and come to another address.
#[test]
fn r18_a_message_of_the_application_gateway_is_no_notice() {
    let vector = &vectors()["gateway_message"];
    let client = client(vector["public"].as_str().unwrap());
    let of = |name: &str| vector[name].as_str().unwrap();
    let fields = of("signed")
        .split('&')
        .map(|pair| pair.split_once('=').unwrap());
    let body = Serializer::new(String::new())
        .extend_pairs(fields)
        .append_pair("sign", of("sign"))
        .finish();
    assert_eq!(refused(&client, &raw(&body)), Untrusted::BadSignature);
}

#[test]
fn r21_the_published_refund_notice_is_no_payment() {
    let notice = vectors_client().verify(&recorded("refund_notice")).unwrap();
    assert_eq!(
        notice.body,
        NoticeBody::Other {
            event: "TRADE_SUCCESS REFUND".to_owned(),
            payment_no: Some("T20260101000003".to_owned()),
        }
    );
}

#[test]
fn a_notice_in_gbk_is_verified_in_its_own_bytes() {
    let client = vectors_client();
    let notice = recorded("gbk_notice");
    let statement = client.verify(&notice).unwrap().payment().unwrap();
    assert_eq!(statement.payment_no, "T20260101000001");
    assert_eq!(statement.amount, Some(Cny::from_fen(1)));
    let body = String::from_utf8(notice.body.to_vec()).unwrap();
    let utf8 = body.replace(
        "%BB%E1%D4%B1-%D4%C2%BF%A8",
        "%E4%BC%9A%E5%91%98-%E6%9C%88%E5%8D%A1",
    );
    assert_ne!(utf8, body);
    assert_eq!(refused(&client, &raw(&utf8)), Untrusted::BadSignature);
}

#[test]
fn a_notice_is_a_form_and_says_so() {
    let client = vectors_client();
    let body = recorded("notice");
    let with = |values: &[&str]| RawNotice {
        headers: values
            .iter()
            .map(|value| ("content-type".to_owned(), (*value).to_owned()))
            .collect(),
        ..body.clone()
    };
    for kind in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-URLEncoded;charset=UTF-8",
        "application/x-www-form-urlencoded; text/html; charset=utf-8",
    ] {
        client.verify(&with(&[kind])).unwrap();
    }
    let name = "Content-Type";
    for kind in [
        "application/json",
        "",
        "multipart/form-data; boundary=x",
        "text/html",
    ] {
        assert_eq!(
            refused(&client, &with(&[kind])),
            Untrusted::BadHeader(name),
            "{kind}"
        );
    }
    assert_eq!(refused(&client, &with(&[])), Untrusted::MissingHeader(name));
    let twice = ["application/x-www-form-urlencoded"; 2];
    assert_eq!(
        refused(&client, &with(&twice)),
        Untrusted::DoubledHeader(name)
    );
}

#[test]
fn r21_only_a_success_without_refund_is_a_payment() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let verify = |changes: &[(&str, &str)]| client.verify(&platform.notice(&fields(changes)));
    for changes in [
        &[][..],
        &[("trade_status", "TRADE_FINISHED")],
        &[("trade_status", "TRADE_FINISHED"), ("refund_fee", "0.00")],
        &[("refund_fee", "0")],
    ] {
        let statement = verify(changes).unwrap().payment().unwrap();
        assert_eq!(statement.state, TradeState::Paid, "{changes:?}");
        assert_eq!(statement.amount, Some(Cny::from_fen(990)));
    }
    for (changes, name) in [
        (&[("refund_fee", "3.00")][..], "TRADE_SUCCESS REFUND"),
        (
            &[("gmt_refund", "2026-01-02 09:00:00.123")],
            "TRADE_SUCCESS REFUND",
        ),
        (&[("out_biz_no", "R1")], "TRADE_SUCCESS REFUND"),
        (&[("out_request_no", "R1")], "TRADE_SUCCESS REFUND"),
        (&[("dback_status", "F")], "TRADE_SUCCESS REFUND"),
        (
            &[("trade_status", "TRADE_FINISHED"), ("refund_fee", "3.00")],
            "TRADE_FINISHED REFUND",
        ),
        (
            &[("trade_status", "TRADE_CLOSED"), ("refund_fee", "9.90")],
            "TRADE_CLOSED REFUND",
        ),
        (&[("trade_status", "TRADE_CLOSED")], "TRADE_CLOSED"),
        (
            &[("trade_status", "TRADE_CLOSED"), ("gmt_payment", "")],
            "TRADE_CLOSED",
        ),
        (&[("trade_status", "WAIT_BUYER_PAY")], "WAIT_BUYER_PAY"),
        (&[("trade_status", "NEXT_YEARS")], "NEXT_YEARS"),
        (&[("credit_pay_mode", "creditAdvanceV2")], "TRADE_SUCCESS"),
        (&[("notify_type", "dut_user_sign")], "dut_user_sign"),
    ] {
        let notice = verify(changes).unwrap();
        assert_eq!(event(&notice), name, "{changes:?}");
        let body = NoticeBody::Other {
            event: name.to_owned(),
            payment_no: Some("PO1".to_owned()),
        };
        assert_eq!(notice.body, body);
    }
}

#[test]
fn an_authentic_notice_that_makes_no_sense_is_malformed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (name, value) in [
        ("notify_id", ""),
        ("notify_time", ""),
        ("notify_time", "now"),
        ("notify_type", ""),
        ("charset", ""),
        ("charset", "utf-16"),
        ("out_trade_no", ""),
        ("out_trade_no", "会"),
        ("trade_status", ""),
        ("total_amount", "9.905"),
        ("total_amount", "1e3"),
        ("total_amount", "-9.90"),
        ("total_amount", "9,90"),
        ("refund_fee", "some"),
        ("gmt_payment", "2026-13-01 00:00:00"),
    ] {
        let error = client
            .verify(&platform.notice(&fields(&[(name, value)])))
            .unwrap_err();
        assert!(
            matches!(error, NoticeError::Malformed(_)),
            "{name}={value}: {error}"
        );
    }
}

/// What is missing is not filled in: the gate finds it missing.
#[test]
fn r20_a_notice_says_itself_whose_it_is() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let said = |changes: &[(&str, &str)]| {
        let notice = client.verify(&platform.notice(&fields(changes))).unwrap();
        notice.payment().unwrap().into_inner()
    };
    let other = said(&[
        ("app_id", "2021000000000009"),
        ("seller_id", "2088000000000009"),
    ]);
    assert_eq!(other.app_id, "2021000000000009");
    assert_eq!(other.merchant_id, "2088000000000009");
    let none = said(&[
        ("app_id", ""),
        ("seller_id", ""),
        ("total_amount", ""),
        ("trade_no", ""),
    ]);
    assert_eq!((none.app_id.as_str(), none.merchant_id.as_str()), ("", ""));
    assert_eq!((none.amount, none.transaction_id), (None, None));
    assert_eq!(said(&[("trans_currency", "USD")]).currency, "USD");
}
