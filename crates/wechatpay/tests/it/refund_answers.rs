//! What an answer about a refund may hold, and what it must.

use paydesk_money::Cny;
use paydesk_provider::ProviderError;
use paydesk_wechatpay::{NoticeContent, PaidOrder, Refund, RefundRequest, RefundStatus, WechatPay};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{FakePlatform, Script};

/// With every optional field, and fields that nobody knows.
fn full() -> Value {
    json!({
        "refund_id": "50000000382019052709732678859", "out_refund_no": "RF0001",
        "transaction_id": "1217752501201407033233368018", "out_trade_no": "PO0001",
        "channel": "ORIGINAL", "user_received_account": "招商银行信用卡0403",
        "success_time": "2026-01-01T16:18:12.5+08:00", "create_time": "2026-01-01T16:17:12+08:00",
        "status": "SUCCESS", "funds_account": "UNSETTLED", "next_years": {"x": [1.5, null]},
        "amount": {
            "total": 100, "refund": 90, "payer_total": 80, "payer_refund": 70,
            "settlement_refund": 60, "settlement_total": 50, "discount_refund": 20,
            "currency": "CNY", "refund_fee": 1, "advance": 2,
            "from": [{"account": "AVAILABLE", "amount": 90}], "new": [],
        },
        "promotion_detail": [{
            "promotion_id": "109519", "scope": "GLOBAL", "type": "DISCOUNT", "amount": 5,
            "refund_amount": 4, "new": 1,
            "goods_detail": [{"merchant_goods_id": "p100", "unit_price": 1, "refund_amount": 1,
                "refund_quantity": 1}],
        }],
        "refund_account": "REFUND_SOURCE_SUB_MERCHANT", "sub_mchid": "1900000109",
    })
}

/// With nothing but what is always there.
fn bare() -> Value {
    let mut bare = full();
    let fields = bare.as_object_mut().unwrap();
    for name in [
        "success_time",
        "funds_account",
        "next_years",
        "promotion_detail",
        "refund_account",
        "sub_mchid",
    ] {
        fields.remove(name).unwrap();
    }
    let amount = bare["amount"].as_object_mut().unwrap();
    for name in ["refund_fee", "advance", "from", "new"] {
        amount.remove(name).unwrap();
    }
    bare
}

fn request() -> RefundRequest {
    RefundRequest::new(
        PaidOrder::OutTradeNo("PO0001".to_owned()),
        "RF0001",
        Cny::from_fen(90),
        Cny::from_fen(100),
        "https://pay.example.com/notify/refund",
    )
}

/// What both calls make of this answer; they read it alike.
async fn read(
    platform: &FakePlatform,
    client: &WechatPay,
    body: &str,
) -> Result<Refund, ProviderError> {
    platform.script(Script::signed(200, body));
    let asked = client.refund(&request()).await;
    let found = client.query_refund("RF0001").await;
    match (asked, found) {
        (Ok(asked), Ok(found)) => {
            assert!(asked.request_id.is_some() && found.request_id.is_some());
            let refund = asked.value.into_inner();
            assert_eq!(found.value.unwrap().into_inner(), refund);
            Ok(refund)
        }
        (Err(asked), Err(found)) => {
            assert_eq!(asked.kind(), found.kind());
            Err(asked)
        }
        other => panic!("{body}: {other:?}"),
    }
}

#[tokio::test]
async fn everything_is_read() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let refund = read(&platform, &client, &full().to_string()).await.unwrap();
    assert_eq!(refund.refund_id, "50000000382019052709732678859");
    assert_eq!(refund.transaction_id, "1217752501201407033233368018");
    assert_eq!(refund.out_trade_no, "PO0001");
    assert_eq!(refund.channel, "ORIGINAL");
    assert_eq!(refund.user_received_account.expose(), "招商银行信用卡0403");
    assert_eq!(refund.create_time, Some(datetime!(2026-01-01 16:17:12 +8)));
    let arrived = datetime!(2026-01-01 16:18:12.5 +8);
    assert_eq!(refund.success_time, Some(arrived));
    assert_eq!(refund.funds_account.as_deref(), Some("UNSETTLED"));
    let amount = &refund.amount;
    let fen = [
        amount.total,
        amount.refund,
        amount.payer_total,
        amount.payer_refund,
        amount.settlement_refund,
        amount.settlement_total,
        amount.discount_refund,
    ]
    .map(Cny::fen);
    assert_eq!(fen, [100, 90, 80, 70, 60, 50, 20]);
    assert_eq!(amount.refund_fee, Some(Cny::from_fen(1)));
    assert_eq!(amount.advance, Some(Cny::from_fen(2)));
    let coupon = &refund.promotion_detail[0];
    assert_eq!(coupon.promotion_id, "109519");
    assert_eq!(
        (coupon.scope.as_str(), coupon.kind.as_str()),
        ("GLOBAL", "DISCOUNT")
    );
    assert_eq!((coupon.amount.fen(), coupon.refund_amount.fen()), (5, 4));
    let printed = format!("{refund:?}");
    assert!(!printed.contains("招商"), "{printed}");
}

#[tokio::test]
async fn what_is_optional_may_be_absent_empty_or_null() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let refund = read(&platform, &client, &bare().to_string()).await.unwrap();
    assert_eq!((refund.success_time, &refund.funds_account), (None, &None));
    assert_eq!(
        (refund.amount.refund_fee, refund.amount.advance),
        (None, None)
    );
    assert!(refund.promotion_detail.is_empty());
    for (name, value) in [
        ("success_time", json!("")),
        ("success_time", json!(null)),
        ("funds_account", json!(null)),
        ("funds_account", json!("NEXT_YEARS")),
        ("channel", json!("NEXT_YEARS")),
        ("promotion_detail", json!([])),
        ("promotion_detail", json!(null)),
    ] {
        let mut body = bare();
        body[name] = value;
        read(&platform, &client, &body.to_string()).await.unwrap();
    }
}

/// A coupon's odd field must not leave a refund open for ever.
#[tokio::test]
async fn what_money_does_not_depend_on_loses_no_refund() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for odd in [
        json!({"promotion_id": "1"}),
        json!([{"promotion_id": 7, "amount": 1.5}]),
        json!("none"),
    ] {
        let mut body = bare();
        body["promotion_detail"] = odd;
        let refund = read(&platform, &client, &body.to_string()).await.unwrap();
        assert!(refund.promotion_detail.is_empty());
    }
}

#[tokio::test]
async fn what_money_depends_on_is_there_and_of_its_type() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let mut bodies: Vec<String> = ["", "null", "[]", "{}", "<html>", "true"]
        .map(str::to_owned)
        .into();
    let always = bare();
    for (name, value) in always.as_object().unwrap() {
        // Whoever books a refund knows when it was told.
        if name == "create_time" {
            continue;
        }
        let mut body = bare();
        body.as_object_mut().unwrap().remove(name);
        bodies.push(body.to_string());
        for odd in [json!(null), json!([value]), json!(7), json!(true)] {
            body[name] = odd;
            bodies.push(body.to_string());
        }
        let mut twice = bare().to_string();
        twice.replace_range(..1, &format!("{{\"{name}\":{value},"));
        bodies.push(twice);
    }
    for name in always["amount"].as_object().unwrap().keys() {
        let mut body = bare();
        body["amount"].as_object_mut().unwrap().remove(name);
        bodies.push(body.to_string());
        if name == "currency" {
            continue;
        }
        for odd in [
            "90.0",
            "9e1",
            "\"90\"",
            "null",
            "9223372036854775808",
            "true",
        ] {
            let mut body = bare();
            body["amount"][name] = json!("HERE");
            bodies.push(body.to_string().replace("\"HERE\"", odd));
        }
    }
    assert!(bodies.len() > 90, "{}", bodies.len());
    for body in bodies {
        let error = read(&platform, &client, &body).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{body}: {error}"
        );
        assert_eq!(error.details().status, Some(200));
        assert!(error.details().request_id.is_some());
        assert!(!error.to_string().contains("PO0001"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_about_another_refund_is_none_about_ours() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for other in ["RF0002", "rf0001", "RF0001 ", ""] {
        let mut body = full();
        body["out_refund_no"] = json!(other);
        let error = read(&platform, &client, &body.to_string())
            .await
            .unwrap_err();
        assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
    }
}

/// Neither in a notice, which would be sent again and again and then no more.
#[test]
fn what_money_does_not_depend_on_loses_no_notice() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let bare = json!({
        "mchid": "1900007291", "out_trade_no": "PO0001", "transaction_id": "42000001",
        "out_refund_no": "RF0001", "refund_id": "503001", "refund_status": "CLOSED",
        "amount": {"total": 990, "refund": 990, "payer_total": 990, "payer_refund": 990},
    });
    for (name, odd) in [
        ("success_time", json!("")),
        ("success_time", json!(null)),
        ("user_received_account", json!("")),
        ("user_received_account", json!(null)),
        ("user_received_account", json!(7)),
        ("user_received_account", json!(["支付用户零钱"])),
        ("next_years", json!({"x": 1.5})),
    ] {
        let mut told = bare.clone();
        told[name] = odd;
        let notice = platform.notice("REFUND.CLOSED", "refund", &told.to_string());
        let notice = client.notices().verify(&notice).unwrap();
        let NoticeContent::Refund(refund) = &notice.content else {
            panic!("{notice:?}");
        };
        assert_eq!(refund.refund_status, RefundStatus::Closed);
        assert_eq!(refund.success_time, None);
    }
}
