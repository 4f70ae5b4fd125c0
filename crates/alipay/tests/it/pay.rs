//! Taking money by the payer's own code.

use paydesk_alipay::{ExpectedOrder, Order, PayChannels, PayOutcome};
use paydesk_money::Cny;
use paydesk_provider::{Advice, ProviderError};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{APP_ID, FakePlatform, SELLER_ID, Script, parameter, vectors};

const CODE: &str = "28763443825664394";

fn order() -> Order {
    let mut order = Order::new("GZ201901301040361012", "coffee", Cny::from_fen(1), "");
    order.notify_url = None;
    order
}

/// What a real key of the platform signed for such a payment.
fn published() -> Value {
    serde_json::from_str(vectors()["trade_pay"]["node"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_payment_is_read_whole() {
    let platform = FakePlatform::new();
    platform.script(Script::Node(published().to_string()));
    let answer = platform.client().pay(&order(), CODE).await.unwrap();
    let PayOutcome::Paid(paid) = answer.value else {
        panic!("it is paid")
    };
    assert_eq!(paid.trade_no, "2019082922001432790585537960");
    assert_eq!(paid.paid_at, datetime!(2019-08-29 20:14:05 +8));
    assert_eq!(paid.total, Some(Cny::from_fen(1)));
    assert_eq!(paid.fund_bills[0].channel, "PCREDIT");
    let expected = |fen| ExpectedOrder {
        app_id: APP_ID,
        seller_id: SELLER_ID,
        out_trade_no: "GZ201901301040361012",
        total: Cny::from_fen(fen),
    };
    assert_eq!(paid.match_order(&expected(1)), Ok(()));
    assert!(paid.match_order(&expected(2)).is_err());
    assert!(!format!("{paid:?}").contains("2088102363632794"));
    let sent = &platform.sent()[0];
    assert_eq!(parameter(sent, "notify_url"), None);
    let (method, content) = platform.asked();
    assert_eq!(method, "alipay.trade.pay");
    let content: Value = serde_json::from_str(&content).unwrap();
    assert_eq!(
        content,
        json!({
            "out_trade_no": "GZ201901301040361012", "total_amount": "0.01", "subject": "coffee",
            "product_code": "FACE_TO_FACE_PAYMENT", "scene": "bar_code", "auth_code": CODE,
        })
    );
}

/// It waits for a password, or is paid later, or does not say when it was paid.
#[tokio::test]
async fn r19_what_is_not_paid_yet_is_pending_and_no_error() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let with = |more: Value| {
        let mut node = published();
        for (name, value) in more.as_object().unwrap() {
            node[name] = value.clone();
        }
        node
    };
    let in_process = json!({
        "code": "10003", "msg": "Order Success, Pay In Process", "trade_no": "2026",
        "out_trade_no": "GZ201901301040361012",
    });
    for (node, known) in [
        (in_process.clone(), true),
        (with(json!({"code": "10003"})), true),
        (with(json!({"credit_pay_mode": "creditAdvanceV2"})), true),
        (with(json!({"async_payment_mode": "ASYNC_DELAY_PAY"})), true),
        (with(json!({"gmt_payment": ""})), true),
        (with(json!({"trade_no": null})), false),
    ] {
        platform.script(Script::Node(node.to_string()));
        let answer = client.pay(&order(), CODE).await.unwrap();
        let PayOutcome::Pending { trade_no } = answer.value else {
            panic!("{node} is not paid")
        };
        assert_eq!(trade_no.is_some(), known, "{node}");
        assert!(answer.request_id.is_some());
    }
    // It needs a signature and the number all the same.
    platform.script(Script::Unsigned(in_process.to_string()));
    let error = client.pay(&order(), CODE).await.unwrap_err();
    assert!(matches!(error, ProviderError::Untrusted { .. }), "{error}");
    platform.script(Script::Node(
        r#"{"code":"10003","msg":"Pay In Process"}"#.to_owned(),
    ));
    let error = client.pay(&order(), CODE).await.unwrap_err();
    assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn r19_what_became_of_a_payment_is_open_unless_it_is_refused() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (code, sub_code, rejected) in [
        ("40004", "ACQ.PAYMENT_AUTH_CODE_INVALID", true),
        ("40004", "ACQ.BUYER_BALANCE_NOT_ENOUGH", true),
        ("40004", "ACQ.TRADE_HAS_SUCCESS", false),
        ("40004", "ACQ.SYSTEM_ERROR", false),
        ("20000", "isp.unknow-error", false),
        ("40004", "ACQ.INVENTED", false),
    ] {
        let node = json!({"code": code, "msg": "m", "sub_code": sub_code});
        platform.script(Script::Node(node.to_string()));
        let error = client.pay(&order(), CODE).await.unwrap_err();
        assert_eq!(error.did_not_happen(), rejected, "{sub_code}: {error}");
        if !rejected {
            assert_eq!(error.advice(), Advice::QueryFirst);
        }
    }
    assert_eq!(platform.sent().len(), 6, "never twice");
}

#[tokio::test]
async fn only_a_payers_code_is_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for code in [
        "",
        "1234567890123456",
        "31763443825664394",
        "287634438256643",
        "2876344382566439400000000",
        "28763443825664x94",
        "fp",
        &format!("fp{}", "0".repeat(32)),
        &format!("fp{}-", "0".repeat(32)),
        "２８７６３４４３８２５６６４３９",
    ] {
        let error = client.pay(&order(), code).await.unwrap_err();
        assert!(
            error.did_not_happen() && error.to_string().contains("auth_code"),
            "{error}"
        );
        if code.len() > 10 {
            assert!(!error.to_string().contains(code), "{error}");
        }
    }
    let mut only = order();
    only.channels = Some(PayChannels::Only(vec!["balance".to_owned()]));
    let error = client.pay(&only, CODE).await.unwrap_err();
    assert!(error.to_string().contains("enable_pay_channels"), "{error}");
    assert!(platform.sent().is_empty());
    platform.script(Script::Node(published().to_string()));
    let face = format!("fp{}", "0a".repeat(16) + "b");
    for (code, scene) in [
        ("2587634438256643", "bar_code"),
        ("300000000000000000000000", "bar_code"),
        (face.as_str(), "security_code"),
    ] {
        client.pay(&order(), code).await.unwrap();
        assert!(
            platform
                .asked()
                .1
                .contains(&format!("\"scene\":\"{scene}\""))
        );
    }
}
