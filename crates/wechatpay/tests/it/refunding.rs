//! Refunds from the request to their end, for the merchant itself and for a sub-merchant.

use std::time::Duration;

use paydesk_money::Cny;
use paydesk_provider::{Advice, PaymentProvider, ProviderError};
use paydesk_wechatpay::{
    ExpectedRefund, FundSource, Method, NoticeContent, PaidOrder, Refund, RefundGoods,
    RefundRequest, RefundStatus, SubMerchant, TransportError,
};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{FakePlatform, Script, an_order};

const REFUNDS: &str = "https://api.mch.weixin.qq.com/v3/refund/domestic/refunds";

fn plain() -> RefundRequest {
    RefundRequest::new(
        PaidOrder::OutTradeNo("PO0001".to_owned()),
        "RF0001",
        Cny::from_fen(490),
        Cny::from_fen(990),
        "https://pay.example.com/notify/refund",
    )
}

fn plain_json() -> Value {
    json!({
        "out_trade_no": "PO0001", "out_refund_no": "RF0001",
        "notify_url": "https://pay.example.com/notify/refund",
        "amount": {"refund": 490, "total": 990, "currency": "CNY"},
    })
}

/// With everything that can be said.
fn full() -> RefundRequest {
    let mut request = plain();
    request.order = PaidOrder::TransactionId("4200000000202601010000000001".to_owned());
    request.reason = Some("商品已售完".to_owned());
    request.from_available_balance = true;
    request.from = [("AVAILABLE", 400), ("UNAVAILABLE", 90)]
        .map(|(account, fen)| FundSource {
            account: account.to_owned(),
            amount: Cny::from_fen(fen),
        })
        .into();
    request.goods_detail = vec![
        RefundGoods {
            merchant_goods_id: "p100".to_owned(),
            wechatpay_goods_id: Some("1001".to_owned()),
            goods_name: Some("点数包".to_owned()),
            unit_price: Cny::from_fen(990),
            refund_amount: Cny::from_fen(490),
            refund_quantity: 1,
        },
        RefundGoods {
            merchant_goods_id: "p0".to_owned(),
            wechatpay_goods_id: None,
            goods_name: None,
            unit_price: Cny::ZERO,
            refund_amount: Cny::ZERO,
            refund_quantity: 2,
        },
    ];
    request
}

fn full_json() -> Value {
    json!({
        "transaction_id": "4200000000202601010000000001", "out_refund_no": "RF0001",
        "notify_url": "https://pay.example.com/notify/refund", "reason": "商品已售完",
        "funds_account": "AVAILABLE",
        "amount": {"refund": 490, "total": 990, "currency": "CNY", "from": [
            {"account": "AVAILABLE", "amount": 400}, {"account": "UNAVAILABLE", "amount": 90},
        ]},
        "goods_detail": [
            {"merchant_goods_id": "p100", "wechatpay_goods_id": "1001", "goods_name": "点数包",
             "unit_price": 990, "refund_amount": 490, "refund_quantity": 1},
            {"merchant_goods_id": "p0", "unit_price": 0, "refund_amount": 0, "refund_quantity": 2},
        ],
    })
}

fn sub_merchant() -> SubMerchant {
    SubMerchant {
        merchant_id: "1900000109".to_owned(),
        app_id: Some("wxd678efh567hg6999".to_owned()),
    }
}

#[tokio::test]
async fn a_refund_sends_what_was_asked_for() {
    let platform = FakePlatform::new();
    let own = platform.client();
    let partner = own.on_behalf_of(sub_merchant());
    for (request, json) in [(plain(), plain_json()), (full(), full_json())] {
        let mut for_sub = json.clone();
        for_sub["sub_mchid"] = json!("1900000109");
        for (client, expected) in [(&own, json), (&partner, for_sub)] {
            platform.forget();
            platform.script(Script::refused(500, "SYSTEM_ERROR"));
            client.refund(&request).await.unwrap_err();
            let sent = platform.sent();
            assert_eq!(sent.len(), 1, "what moves money is sent once");
            assert_eq!(sent[0].method, Method::Post);
            assert_eq!(sent[0].url.as_str(), REFUNDS);
            assert_eq!(sent[0].timeout, Duration::from_secs(15));
            let body: Value = serde_json::from_slice(&sent[0].body).unwrap();
            assert_eq!(body, expected);
        }
    }
}

#[tokio::test]
async fn a_refund_query_names_the_number_and_the_sub_merchant() {
    let platform = FakePlatform::new();
    let own = platform.client();
    let partner = own.on_behalf_of(sub_merchant());
    platform.script(Script::refused(404, "RESOURCE_NOT_EXISTS"));
    for (client, query) in [(&own, ""), (&partner, "?sub_mchid=1900000109")] {
        platform.forget();
        platform.script(Script::refused(404, "RESOURCE_NOT_EXISTS"));
        let answer = client.query_refund("RF0001").await.unwrap();
        assert_eq!(answer.value, None);
        assert!(answer.request_id.is_some());
        let sent = platform.sent();
        assert_eq!((sent.len(), sent[0].method), (1, Method::Get));
        assert_eq!(sent[0].url.as_str(), format!("{REFUNDS}/RF0001{query}"));
        assert!(sent[0].body.is_empty());
    }
}

#[tokio::test]
async fn from_the_request_to_the_money() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    // It is not paid yet.
    let error = client.refund(&plain()).await.unwrap_err();
    assert!(!error.did_not_happen(), "{error}");
    assert_eq!(client.query_refund("RF0001").await.unwrap().value, None);
    platform.pay("PO0001");

    let accepted = client.refund(&plain()).await.unwrap().value;
    assert_eq!(accepted.status, RefundStatus::Processing);
    assert_eq!(accepted.success_time, None);
    let again = client.refund(&plain()).await.unwrap().value;
    assert_eq!(again, accepted, "the same refund");
    let mut other = plain();
    other.refund = Cny::from_fen(500);
    let error = client.refund(&other).await.unwrap_err();
    assert!(!error.did_not_happen(), "the number exists: {error}");

    let notice = platform.end_refund("RF0001", "SUCCESS");
    let notice = client.notices().verify(&notice).unwrap();
    let NoticeContent::Refund(told) = &notice.content else {
        panic!("{notice:?}");
    };
    let expected = ExpectedRefund {
        merchant_id: "1900007291",
        sub_merchant_id: None,
        out_trade_no: "PO0001",
        out_refund_no: "RF0001",
        total: Cny::from_fen(990),
        refund: Cny::from_fen(490),
    };
    told.match_refund(&expected).unwrap();
    assert_eq!(told.refund_status, RefundStatus::Success);
    let found = client.query_refund("RF0001").await.unwrap().value.unwrap();
    found.match_refund(&expected).unwrap();
    assert_eq!(found.status, RefundStatus::Success);
    assert_eq!(found.refund_id, accepted.refund_id);
    assert_eq!(found.success_time, Some(datetime!(2026-01-01 11:00 +8)));
}

#[tokio::test]
async fn every_state_is_told_and_a_new_one_concludes_nothing() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    platform.pay("PO0001");
    client.refund(&plain()).await.unwrap();
    for (name, state) in [
        ("PROCESSING", RefundStatus::Processing),
        ("CLOSED", RefundStatus::Closed),
        ("ABNORMAL", RefundStatus::Abnormal),
        ("SUCCESS", RefundStatus::Success),
        ("NEXT_YEARS", RefundStatus::Other("NEXT_YEARS".to_owned())),
        ("success", RefundStatus::Other("success".to_owned())),
        ("", RefundStatus::Other(String::new())),
    ] {
        let notice = platform.end_refund("RF0001", name);
        let notice = client.notices().verify(&notice).unwrap();
        assert_eq!(notice.event_type, format!("REFUND.{name}"));
        let NoticeContent::Refund(told) = &notice.content else {
            panic!("{notice:?}");
        };
        assert_eq!(told.refund_status, state);
        let found = client.query_refund("RF0001").await.unwrap().value.unwrap();
        assert_eq!(found.status, state);
        let repeated: Refund = client.refund(&plain()).await.unwrap().value.into_inner();
        assert_eq!(repeated.status, state);
    }
}

/// R5: whoever repeats under another number pays twice.
#[tokio::test]
async fn r5_a_refund_without_an_answer_is_unknown_and_asked_about() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (script, kind) in [
        (Script::timed_out(), "timeout"),
        (Script::broken(), "unknown"),
        (Script::refused(500, "SYSTEM_ERROR"), "unknown"),
        (Script::refused(502, "SERVICE_UNAVAILABLE"), "unknown"),
        (Script::refused(400, "INVALID_REQUEST"), "unknown"),
        (Script::refused(404, "RESOURCE_NOT_EXISTS"), "unknown"),
        (Script::refused(403, "INVENTED"), "unknown"),
        (Script::unsigned(502, "<html>bad gateway</html>"), "unknown"),
        (Script::unsigned(404, ""), "unknown"),
        (Script::unsigned(302, ""), "unknown"),
        (Script::unsigned(200, "{}"), "untrusted"),
        (Script::signed(200, "{}"), "malformed"),
        (Script::signed(204, ""), "unknown"),
    ] {
        platform.forget();
        platform.script(script.clone());
        let error = client.refund(&plain()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{script:?}: {error}");
        assert_eq!(error.advice(), Advice::QueryFirst, "{script:?}: {error}");
        assert!(!error.did_not_happen());
        assert_eq!(platform.sent().len(), 1, "{script:?}");
    }
}

#[tokio::test]
async fn r5_a_refund_without_enough_money_did_not_happen_and_is_repeated_unchanged() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for code in ["NOT_ENOUGH", "NOTENOUGH"] {
        platform.script(Script::refused(403, code));
        let error = client.refund(&plain()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Rejected { .. }), "{error}");
        assert_eq!(error.advice(), Advice::RetrySame);
        assert_eq!(error.details().code.as_deref(), Some(code));
    }
    let not_sent = TransportError::NotSent("refused".to_owned());
    platform.script(Script::Fail(not_sent));
    let error = client.refund(&plain()).await.unwrap_err();
    assert!(error.did_not_happen(), "{error}");
    assert_eq!(error.advice(), Advice::RetrySame);
}

#[tokio::test]
async fn r19_no_such_refund_is_said_in_one_way_only() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for script in [
        Script::refused(400, "RESOURCE_NOT_EXISTS"),
        Script::refused(403, "RESOURCE_NOT_EXISTS"),
        Script::refused(500, "RESOURCE_NOT_EXISTS"),
        Script::refused(404, "ORDER_NOT_EXIST"),
        Script::refused(404, "ORDERNOTEXIST"),
        Script::refused(404, "resource_not_exists"),
        Script::refused(404, "INVENTED"),
        Script::unsigned(404, ""),
        Script::unsigned(404, "RESOURCE_NOT_EXISTS"),
        Script::unsigned(404, "{\"code\":[\"RESOURCE_NOT_EXISTS\"]}"),
        Script::unsigned(204, ""),
        Script::signed(202, "{\"code\":\"RESOURCE_NOT_EXISTS\"}"),
    ] {
        platform.script(script.clone());
        let error = client.query_refund("RF0001").await.unwrap_err();
        assert!(!error.did_not_happen(), "{script:?}: {error}");
    }
}
