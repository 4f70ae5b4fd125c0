//! An authentic message is compared with what was asked for: each field that differs is named.

use std::sync::Arc;

use paydesk_money::Cny;
use paydesk_wechatpay::{
    ExpectedOrder, ExpectedRefund, Mismatch, NoticeContent, OrderNumber, Refund, RefundNotice,
    Transaction, WechatPay,
};
use serde_json::{Value, json};

use crate::platform::{APP_ID, FakePlatform, MERCHANT_ID, Script};

fn order() -> ExpectedOrder<'static> {
    ExpectedOrder {
        merchant_id: MERCHANT_ID,
        app_id: APP_ID,
        sub_merchant_id: None,
        out_trade_no: "PO0001",
        total: Cny::from_fen(990),
    }
}

fn refund() -> ExpectedRefund<'static> {
    ExpectedRefund {
        merchant_id: MERCHANT_ID,
        sub_merchant_id: None,
        out_trade_no: "PO0001",
        out_refund_no: "RF0001",
        total: Cny::from_fen(990),
        refund: Cny::from_fen(490),
    }
}

fn paid() -> Value {
    json!({
        "appid": APP_ID, "mchid": MERCHANT_ID, "out_trade_no": "PO0001",
        "trade_state": "SUCCESS", "transaction_id": "42000001",
        "amount": {"total": 990, "payer_total": 1, "currency": "CNY"},
    })
}

fn refunded() -> Value {
    json!({
        "refund_id": "503001", "out_refund_no": "RF0001", "transaction_id": "42000001",
        "out_trade_no": "PO0001", "channel": "ORIGINAL", "user_received_account": "x",
        "create_time": "2026-01-01T10:00:00+08:00", "status": "SUCCESS",
        "amount": {"total": 990, "refund": 490, "payer_total": 1, "payer_refund": 1,
            "settlement_refund": 1, "settlement_total": 1, "discount_refund": 0,
            "currency": "CNY"},
    })
}

fn refund_told() -> Value {
    json!({
        "mchid": MERCHANT_ID, "out_trade_no": "PO0001", "transaction_id": "42000001",
        "out_refund_no": "RF0001", "refund_id": "503001", "refund_status": "SUCCESS",
        "amount": {"total": 990, "refund": 490, "payer_total": 1, "payer_refund": 1},
    })
}

/// Reads messages as users do: only verified ones can be compared.
struct Desk {
    platform: Arc<FakePlatform>,
    client: WechatPay,
}

impl Desk {
    fn new() -> Self {
        let platform = FakePlatform::new();
        let client = platform.client();
        Self { platform, client }
    }

    async fn transaction(&self, body: &Value) -> Transaction {
        self.platform.script(Script::signed(200, &body.to_string()));
        let number = OrderNumber::TransactionId("42000001");
        let answer = self.client.query_order(number).await.unwrap();
        answer.value.unwrap().into_inner()
    }

    fn paid_notice(&self, body: &Value) -> Transaction {
        let event = "TRANSACTION.SUCCESS";
        let notice = self
            .platform
            .notice(event, "transaction", &body.to_string());
        let notice = self.client.notices().verify(&notice).unwrap();
        match notice.into_inner().content {
            NoticeContent::Payment(paid) => paid.into_inner(),
            other => panic!("{other:?}"),
        }
    }

    async fn refund(&self, body: &Value) -> Refund {
        self.platform.script(Script::signed(200, &body.to_string()));
        let number = body["out_refund_no"].as_str().unwrap();
        let answer = self.client.query_refund(number).await.unwrap();
        answer.value.unwrap().into_inner()
    }

    fn refund_notice(&self, body: &Value) -> RefundNotice {
        let notice = self
            .platform
            .notice("REFUND.SUCCESS", "refund", &body.to_string());
        let notice = self.client.notices().verify(&notice).unwrap();
        match notice.into_inner().content {
            NoticeContent::Refund(refund) => refund.into_inner(),
            other => panic!("{other:?}"),
        }
    }
}

/// Field, what we keep, what the platform says.
fn told(mismatch: &Mismatch) -> Vec<(&'static str, &str, &str)> {
    let differences = mismatch.differences().iter();
    differences
        .map(|it| (it.field, it.expected.as_str(), it.found.as_str()))
        .collect()
}

/// With another value, or without any, at this place.
fn with(mut body: Value, place: &str, value: Option<Value>) -> Value {
    let (of, name) = match place.split_once('.') {
        Some((of, name)) => (&mut body[of], name),
        None => (&mut body, place),
    };
    match value {
        Some(value) => of[name] = value,
        None => drop(of.as_object_mut().unwrap().remove(name)),
    }
    body
}

#[tokio::test]
async fn an_order_that_is_ours_matches() {
    let desk = Desk::new();
    desk.transaction(&paid())
        .await
        .match_order(&order())
        .unwrap();
    desk.transaction(&paid())
        .await
        .match_paid(&order())
        .unwrap();
    desk.paid_notice(&paid()).match_paid(&order()).unwrap();
    // The platform knows one currency and documents it as optional.
    let silent = with(paid(), "amount.currency", None);
    desk.paid_notice(&silent).match_paid(&order()).unwrap();
    let since_refunded = with(paid(), "trade_state", Some(json!("REFUND")));
    desk.paid_notice(&since_refunded)
        .match_paid(&order())
        .unwrap();
}

#[tokio::test]
async fn r20_each_field_of_an_order_that_differs_is_named() {
    let desk = Desk::new();
    for (place, value, expected) in [
        (
            "mchid",
            Some(json!("1900007292")),
            (MERCHANT_ID, "1900007292"),
        ),
        ("mchid", None, (MERCHANT_ID, "")),
        ("appid", Some(json!("wx1")), (APP_ID, "wx1")),
        ("appid", None, (APP_ID, "")),
        ("sub_mchid", Some(json!("1900000109")), ("", "1900000109")),
        ("out_trade_no", Some(json!("PO0002")), ("PO0001", "PO0002")),
        ("out_trade_no", Some(json!("po0001")), ("PO0001", "po0001")),
        ("amount.total", Some(json!(991)), ("990", "991")),
        ("amount.total", Some(json!(1)), ("990", "1")),
        ("amount.total", Some(json!(-990)), ("990", "-990")),
        ("amount.total", Some(json!(null)), ("990", "")),
        ("amount.total", None, ("990", "")),
        ("amount.currency", Some(json!("USD")), ("CNY", "USD")),
        ("amount.currency", Some(json!("cny")), ("CNY", "cny")),
    ] {
        let body = with(paid(), place, value);
        let (kept, found) = expected;
        for transaction in [desk.transaction(&body).await, desk.paid_notice(&body)] {
            let mismatch = transaction.match_order(&order()).unwrap_err();
            assert_eq!(told(&mismatch), [(place, kept, found)], "{body}");
            let mismatch = transaction.match_paid(&order()).unwrap_err();
            assert_eq!(told(&mismatch), [(place, kept, found)], "{body}");
            let said = mismatch.to_string();
            assert_eq!(said, format!("{place} is {found:?} instead of {kept:?}"));
        }
    }
    // Never what remained for the payer after coupons.
    let coupon = with(paid(), "amount.total", Some(json!(1)));
    let coupon = with(coupon, "amount.payer_total", Some(json!(990)));
    desk.paid_notice(&coupon).match_order(&order()).unwrap_err();
}

#[tokio::test]
async fn r20_an_order_without_an_amount_is_none_of_ours() {
    let desk = Desk::new();
    let body = with(paid(), "amount", None);
    let mismatch = desk.paid_notice(&body).match_order(&order()).unwrap_err();
    assert_eq!(told(&mismatch), [("amount.total", "990", "")]);
}

#[tokio::test]
async fn r20_what_was_not_paid_does_not_pass_for_paid() {
    let desk = Desk::new();
    for state in [
        "NOTPAY",
        "CLOSED",
        "REVOKED",
        "USERPAYING",
        "PAYERROR",
        "success",
        "",
    ] {
        let body = with(paid(), "trade_state", Some(json!(state)));
        let transaction = desk.paid_notice(&body);
        transaction.match_order(&order()).unwrap();
        let mismatch = transaction.match_paid(&order()).unwrap_err();
        assert_eq!(told(&mismatch), [("trade_state", "SUCCESS", state)]);
    }
    for absent in [None, Some(json!("")), Some(json!(null))] {
        let body = with(paid(), "transaction_id", absent);
        let mismatch = desk.paid_notice(&body).match_paid(&order()).unwrap_err();
        assert_eq!(mismatch.differences()[0].field, "transaction_id");
    }
}

#[tokio::test]
async fn all_that_differs_is_told_at_once() {
    let desk = Desk::new();
    let body = json!({
        "appid": "wx1", "mchid": "1", "sub_mchid": "2", "out_trade_no": "PO0002",
        "trade_state": "NOTPAY", "amount": {"total": 1, "currency": "USD"},
    });
    let transaction = desk.paid_notice(&body);
    let fields = |mismatch: &Mismatch| -> Vec<&str> {
        mismatch.differences().iter().map(|it| it.field).collect()
    };
    let of_order = [
        "mchid",
        "appid",
        "sub_mchid",
        "out_trade_no",
        "amount.total",
        "amount.currency",
    ];
    let mismatch = transaction.match_order(&order()).unwrap_err();
    assert_eq!(fields(&mismatch), of_order);
    assert_eq!(mismatch.to_string().matches(" instead of ").count(), 6);
    let mismatch = transaction.match_paid(&order()).unwrap_err();
    let and_paid = [&of_order[..], &["trade_state", "transaction_id"]].concat();
    assert_eq!(fields(&mismatch), and_paid);

    let body = with(refunded(), "out_trade_no", Some(json!("PO0002")));
    let body = with(body, "out_refund_no", Some(json!("RF0002")));
    let body = with(body, "amount.total", Some(json!(1)));
    let body = with(body, "amount.refund", Some(json!(2)));
    let body = with(body, "amount.currency", Some(json!("USD")));
    let mismatch = desk
        .refund(&body)
        .await
        .match_refund(&refund())
        .unwrap_err();
    assert_eq!(
        fields(&mismatch),
        [
            "out_trade_no",
            "out_refund_no",
            "amount.total",
            "amount.refund",
            "amount.currency"
        ]
    );
}

#[tokio::test]
async fn r20_each_field_of_a_refund_that_differs_is_named() {
    let desk = Desk::new();
    desk.refund(&refunded())
        .await
        .match_refund(&refund())
        .unwrap();
    desk.refund_notice(&refund_told())
        .match_refund(&refund())
        .unwrap();
    for (place, value, kept, found) in [
        ("out_trade_no", json!("PO0002"), "PO0001", "PO0002"),
        ("out_refund_no", json!("rf0001"), "RF0001", "rf0001"),
        ("amount.total", json!(991), "990", "991"),
        ("amount.refund", json!(491), "490", "491"),
        ("amount.refund", json!(-490), "490", "-490"),
    ] {
        let body = with(refunded(), place, Some(value.clone()));
        let mismatch = desk
            .refund(&body)
            .await
            .match_refund(&refund())
            .unwrap_err();
        assert_eq!(told(&mismatch), [(place, kept, found)]);
        let body = with(refund_told(), place, Some(value));
        let mismatch = desk.refund_notice(&body).match_refund(&refund());
        assert_eq!(told(&mismatch.unwrap_err()), [(place, kept, found)]);
    }
    let other = with(refunded(), "amount.currency", Some(json!("USD")));
    let mismatch = desk
        .refund(&other)
        .await
        .match_refund(&refund())
        .unwrap_err();
    assert_eq!(told(&mismatch), [("amount.currency", "CNY", "USD")]);
    for (place, value, found) in [
        ("mchid", Some(json!("1900007292")), "1900007292"),
        ("mchid", None, ""),
    ] {
        let body = with(refund_told(), place, value);
        let mismatch = desk.refund_notice(&body).match_refund(&refund());
        assert_eq!(
            told(&mismatch.unwrap_err()),
            [("mchid", MERCHANT_ID, found)]
        );
    }
}

/// The field list and the sample of the documents disagree on how both merchants are named.
#[tokio::test]
async fn r20_a_sub_merchants_payment_and_refund_are_compared_by_both() {
    let desk = Desk::new();
    let ours = ExpectedOrder {
        sub_merchant_id: Some("1900000109"),
        ..order()
    };
    let body = with(paid(), "sub_mchid", Some(json!("1900000109")));
    desk.paid_notice(&body).match_paid(&ours).unwrap();
    for other in [None, Some(json!("1900000110")), Some(json!(null))] {
        let body = with(paid(), "sub_mchid", other);
        let mismatch = desk.paid_notice(&body).match_paid(&ours).unwrap_err();
        assert_eq!(mismatch.differences()[0].field, "sub_mchid");
    }
    let ours = ExpectedRefund {
        sub_merchant_id: Some("1900000109"),
        ..refund()
    };
    let as_listed = with(refund_told(), "mchid", None);
    let as_listed = with(as_listed, "sp_mchid", Some(json!(MERCHANT_ID)));
    let as_listed = with(as_listed, "sub_mchid", Some(json!("1900000109")));
    let of_sub = with(refund_told(), "mchid", Some(json!("1900000109")));
    for body in [&as_listed, &refund_told(), &of_sub] {
        desk.refund_notice(body).match_refund(&ours).unwrap();
    }
    for (body, field) in [
        (
            with(as_listed.clone(), "sub_mchid", Some(json!("1900000110"))),
            "sub_mchid",
        ),
        (
            with(as_listed, "sp_mchid", Some(json!("1900007292"))),
            "mchid",
        ),
        (
            with(refund_told(), "mchid", Some(json!("1900007292"))),
            "mchid",
        ),
    ] {
        let mismatch = desk.refund_notice(&body).match_refund(&ours).unwrap_err();
        assert_eq!(mismatch.differences()[0].field, field, "{body}");
    }
}
