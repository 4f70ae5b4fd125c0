//! Asking about an order and closing it, for the merchant itself and for a sub-merchant.

use std::time::Duration;

use paydesk_money::Cny;
use paydesk_provider::{Closed, Found, PaymentProvider, ProviderError, TradeState};
use paydesk_wechatpay::{Method, OrderNumber, SubMerchant, Transaction, WechatPay};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{APP_ID, FakePlatform, MERCHANT_ID, Script};

const HOST: &str = "https://api.mch.weixin.qq.com";
const OUT_TRADE_NO: OrderNumber<'_> = OrderNumber::OutTradeNo("PO0001");
const TRANSACTION_ID: OrderNumber<'_> = OrderNumber::TransactionId("42000001");

fn partner(client: &WechatPay) -> WechatPay {
    client.on_behalf_of(SubMerchant {
        merchant_id: "1900000109".to_owned(),
        app_id: Some("wxd678efh567hg6999".to_owned()),
    })
}

/// With every optional field, and fields that nobody knows.
fn full() -> Value {
    json!({
        "appid": APP_ID, "mchid": MERCHANT_ID, "out_trade_no": "PO0001",
        "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "transaction_id": "42000001",
        "trade_type": "JSAPI", "bank_type": "CMC", "attach": "pkg=100",
        "success_time": "2026-01-01T10:00:00.123+08:00", "payer": {"openid": "oUpF8uMu", "new": 1},
        "amount": {"total": 990, "payer_total": 890, "currency": "CNY", "payer_currency": "CNY",
            "new": {}},
        "scene_info": {"device_id": "013467007045764"},
        "promotion_detail": [{
            "coupon_id": "109519", "name": "单品惠-6", "scope": "SINGLE", "type": "NOCASH",
            "amount": 100, "stock_id": "931386", "wechatpay_contribute": 1,
            "merchant_contribute": 2, "other_contribute": 97, "currency": "CNY",
            "goods_detail": [{"goods_id": "M1006", "quantity": 1, "unit_price": 100,
                "discount_amount": 1, "goods_remark": "x"}],
        }],
        "installment_info": {"merchant_fee": 1.5}, "next_years": [[null]],
    })
}

fn bare() -> Value {
    json!({"out_trade_no": "PO0001", "trade_state": "NOTPAY", "transaction_id": "42000001"})
}

async fn asked(client: &WechatPay, number: OrderNumber<'_>) -> Result<Transaction, ProviderError> {
    let answer = client.query_order(number).await?;
    assert!(answer.request_id.is_some());
    Ok(answer.value.expect("it is known").into_inner())
}

#[tokio::test]
async fn a_query_by_either_number() {
    let platform = FakePlatform::new();
    let own = platform.client();
    let partner = partner(&own);
    let by_ours = "out-trade-no/PO0001";
    let own_query = "mchid=1900007291";
    let partner_query = "sp_mchid=1900007291&sub_mchid=1900000109";
    for (client, number, path, query) in [
        (
            &own,
            OUT_TRADE_NO,
            format!("/v3/pay/transactions/{by_ours}"),
            own_query,
        ),
        (
            &own,
            TRANSACTION_ID,
            "/v3/pay/transactions/id/42000001".to_owned(),
            own_query,
        ),
        (
            &partner,
            OUT_TRADE_NO,
            format!("/v3/pay/partner/transactions/{by_ours}"),
            partner_query,
        ),
        (
            &partner,
            TRANSACTION_ID,
            "/v3/pay/partner/transactions/id/42000001".to_owned(),
            partner_query,
        ),
    ] {
        platform.forget();
        platform.script(Script::signed(200, &full().to_string()));
        asked(client, number).await.unwrap();
        let sent = platform.sent();
        assert_eq!((sent.len(), sent[0].method), (1, Method::Get));
        assert_eq!(sent[0].url.as_str(), format!("{HOST}{path}?{query}"));
        assert!(sent[0].body.is_empty());
        assert_eq!(sent[0].timeout, Duration::from_secs(10));
        platform.script(Script::refused(404, "ORDER_NOT_EXIST"));
        let none = client.query_order(number).await.unwrap();
        assert_eq!(none.value, None);
        assert!(none.request_id.is_some());
    }
}

#[tokio::test]
async fn closing() {
    let platform = FakePlatform::new();
    let own = platform.client();
    let partner = partner(&own);
    for (client, path, body) in [
        (&own, "/v3/pay/transactions", json!({"mchid": MERCHANT_ID})),
        (
            &partner,
            "/v3/pay/partner/transactions",
            json!({"sp_mchid": MERCHANT_ID, "sub_mchid": "1900000109"}),
        ),
    ] {
        platform.forget();
        platform.script(Script::signed(204, ""));
        let answer = client.close_order("PO0001").await.unwrap();
        assert_eq!(answer.value, Closed::Accepted);
        assert!(answer.request_id.is_some());
        let neutral = client.close("PO0001").await.unwrap();
        assert_eq!(neutral.value, Closed::Accepted);
        for sent in platform.sent() {
            assert_eq!(sent.method, Method::Post);
            let url = format!("{HOST}{path}/out-trade-no/PO0001/close");
            assert_eq!(sent.url.as_str(), url);
            let sent: Value = serde_json::from_slice(&sent.body).unwrap();
            assert_eq!(sent, body);
        }
    }
}

#[tokio::test]
async fn everything_is_read() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::signed(200, &full().to_string()));
    let paid = asked(&client, OUT_TRADE_NO).await.unwrap();
    assert_eq!(paid.state(), TradeState::Paid);
    assert_eq!(
        (paid.merchant_id.as_str(), paid.app_id.as_str()),
        (MERCHANT_ID, APP_ID)
    );
    assert_eq!(paid.transaction_id.as_deref(), Some("42000001"));
    assert_eq!(paid.trade_type.as_deref(), Some("JSAPI"));
    assert_eq!(paid.bank_type.as_deref(), Some("CMC"));
    assert_eq!(paid.attach.as_deref(), Some("pkg=100"));
    assert_eq!(paid.trade_state_desc, "支付成功");
    assert_eq!(
        paid.success_time,
        Some(datetime!(2026-01-01 10:00:00.123 +8))
    );
    let payer = paid.payer.as_ref().unwrap();
    assert_eq!(payer.openid.as_ref().unwrap().expose(), "oUpF8uMu");
    let amount = paid.amount.as_ref().unwrap();
    let fen = |fen| Some(Cny::from_fen(fen));
    assert_eq!((amount.total, amount.payer_total), (fen(990), fen(890)));
    let coupon = &paid.promotion_detail[0];
    assert_eq!(coupon.coupon_id.as_deref(), Some("109519"));
    assert_eq!(coupon.name.as_deref(), Some("单品惠-6"));
    assert_eq!(coupon.scope.as_deref(), Some("SINGLE"));
    assert_eq!(coupon.kind.as_deref(), Some("NOCASH"));
    assert_eq!(coupon.stock_id.as_deref(), Some("931386"));
    assert_eq!(
        (coupon.amount, coupon.wechatpay_contribute),
        (fen(100), fen(1))
    );
    assert_eq!(
        (coupon.merchant_contribute, coupon.other_contribute),
        (fen(2), fen(97))
    );
    let printed = format!("{paid:?}");
    assert!(!printed.contains("oUpF8uMu"), "{printed}");
}

#[tokio::test]
async fn a_partners_answer_names_both() {
    let platform = FakePlatform::new();
    let client = partner(&platform.client());
    let mut body = full();
    let fields = body.as_object_mut().unwrap();
    fields.remove("appid");
    fields.remove("mchid");
    for (name, value) in [
        ("sp_appid", APP_ID),
        ("sp_mchid", MERCHANT_ID),
        ("sub_appid", "wxd678efh567hg6999"),
        ("sub_mchid", "1900000109"),
    ] {
        body[name] = json!(value);
    }
    body["payer"] = json!({"sp_openid": "oUpF8uMu", "sub_openid": "oSub"});
    platform.script(Script::signed(200, &body.to_string()));
    let paid = asked(&client, OUT_TRADE_NO).await.unwrap();
    assert_eq!(
        (paid.merchant_id.as_str(), paid.app_id.as_str()),
        (MERCHANT_ID, APP_ID)
    );
    assert_eq!(paid.sub_merchant_id.as_deref(), Some("1900000109"));
    assert_eq!(paid.sub_app_id.as_deref(), Some("wxd678efh567hg6999"));
    let payer = paid.payer.as_ref().unwrap();
    assert_eq!(payer.openid.as_ref().unwrap().expose(), "oUpF8uMu");
    assert_eq!(payer.sub_openid.as_ref().unwrap().expose(), "oSub");
    let Found::Payment(statement) = client.query("PO0001").await.unwrap().value else {
        panic!("a payment");
    };
    assert_eq!(
        statement.merchant_id,
        client.identity().merchant_id,
        "whose money it is"
    );
}

#[tokio::test]
async fn every_optional_field_may_be_absent_or_null() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::signed(200, &bare().to_string()));
    let unpaid = asked(&client, OUT_TRADE_NO).await.unwrap();
    assert_eq!(unpaid.state(), TradeState::Unpaid);
    assert_eq!((&unpaid.trade_type, &unpaid.amount), (&None, &None));
    assert!(unpaid.payer.is_none() && unpaid.promotion_detail.is_empty());
    for name in full().as_object().unwrap().keys() {
        let always = ["out_trade_no", "trade_state", "transaction_id"];
        if always.contains(&name.as_str()) {
            continue;
        }
        let mut body = full();
        body.as_object_mut().unwrap().remove(name);
        platform.script(Script::signed(200, &body.to_string()));
        asked(&client, OUT_TRADE_NO).await.unwrap();
        if name != "mchid" && name != "appid" {
            body[name] = json!(null);
            platform.script(Script::signed(200, &body.to_string()));
            asked(&client, OUT_TRADE_NO).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_of_another_type_is_malformed_where_money_depends_on_it() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let with = |name: &str, odd: &str| {
        let mut body = full();
        body[name] = json!("HERE");
        body.to_string().replace("\"HERE\"", odd)
    };
    let amount = |odd: &str| with("amount", &format!("{{\"total\":{odd}}}"));
    let mut bodies: Vec<String> = ["", "null", "[]", "{}", "true", "<html>"]
        .map(str::to_owned)
        .into();
    for odd in [
        "990.0",
        "9.9e2",
        "\"990\"",
        "true",
        "9223372036854775808",
        "[990]",
    ] {
        bodies.push(amount(odd));
    }
    for (name, odd) in [
        ("mchid", "1900007291"),
        ("appid", "[]"),
        ("out_trade_no", "null"),
        ("out_trade_no", "1"),
        ("trade_state", "null"),
        ("trade_state", "{}"),
        ("transaction_id", "42000001"),
        ("amount", "990"),
        ("amount", "[990]"),
    ] {
        bodies.push(with(name, odd));
    }
    for body in bodies {
        platform.script(Script::signed(200, &body));
        let error = asked(&client, OUT_TRADE_NO).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{body}: {error}"
        );
        assert_eq!(error.details().status, Some(200));
        assert!(!error.to_string().contains("PO0001"), "{error}");
    }
    assert_eq!(
        platform.sent().len(),
        21,
        "an authentic answer is not asked for again"
    );
}

#[tokio::test]
async fn an_answer_about_another_order_is_none_about_ours() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (name, other) in [
        ("out_trade_no", json!("PO0002")),
        ("out_trade_no", json!("po0001")),
        ("out_trade_no", json!("")),
        ("transaction_id", json!("42000002")),
        ("transaction_id", json!("")),
        ("transaction_id", json!(null)),
    ] {
        let mut body = full();
        body[name] = other;
        platform.script(Script::signed(200, &body.to_string()));
        let (asked_by, other) = match name {
            "out_trade_no" => (OUT_TRADE_NO, TRANSACTION_ID),
            _ => (TRANSACTION_ID, OUT_TRADE_NO),
        };
        let error = asked(&client, asked_by).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{body}: {error}"
        );
        // The number that was not asked for is told, not checked.
        asked(&client, other).await.unwrap();
    }
}

#[tokio::test]
async fn numbers_that_are_none_are_not_asked_about() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let long = "4".repeat(33);
    for (field, number) in [
        ("transaction_id", OrderNumber::TransactionId("")),
        ("transaction_id", OrderNumber::TransactionId(&long)),
        ("transaction_id", OrderNumber::TransactionId("42/../x")),
        ("transaction_id", OrderNumber::TransactionId("42?mchid=1")),
        ("out_trade_no", OrderNumber::OutTradeNo("PO001")),
        ("out_trade_no", OrderNumber::OutTradeNo(&long)),
        ("out_trade_no", OrderNumber::OutTradeNo("../../x")),
        ("out_trade_no", OrderNumber::OutTradeNo("PO0001%2F")),
    ] {
        let error = client.query_order(number).await.unwrap_err();
        assert!(error.did_not_happen());
        assert!(error.to_string().contains(field), "{error}");
    }
    for number in ["", "PO001", "PO0001/../x", "PO0001?x", "付款付款付款"] {
        let error = client.close_order(number).await.unwrap_err();
        assert!(error.did_not_happen());
        assert!(error.to_string().contains("out_trade_no"), "{error}");
    }
    assert!(platform.sent().is_empty());
}
