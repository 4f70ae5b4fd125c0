use std::sync::Arc;

use async_trait::async_trait;
use paydesk_alipay::{
    Alipay, AlipayKeys, AppKey, Config, Credentials, Request, Response, Transport, TransportError,
};
use paydesk_money::Cny;
use paydesk_provider::{Closed, Found, PaymentProvider, ProviderError, TradeState, Untrusted};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{
    APP_ID, FakePlatform, NOW, SELLER_ID, Script, an_order, credentials, vectors,
};

/// Gives one answer to everything.
#[derive(Debug)]
struct Recording(String);

#[async_trait]
impl Transport for Recording {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Ok(Response {
            status: 200,
            headers: vec![("trace_id".to_owned(), "0be7".to_owned())],
            body: self.0.clone().into(),
        })
    }
}

/// The vectors' client, answered with this body.
fn answered(body: &str) -> Alipay {
    let vectors = vectors();
    let of = |name: &str| vectors["key"][name].as_str().unwrap();
    // Both halves of the vectors' one key would be refused, so the app's key is another.
    let credentials = Credentials {
        app_key: AppKey::parse(crate::platform::APP_KEY).unwrap(),
        alipay_keys: AlipayKeys::new(of("public")).unwrap(),
        ..credentials()
    };
    let transport = Arc::new(Recording(body.to_owned()));
    let config = Config::new(credentials).clock(|| NOW).read_attempts(1);
    Alipay::new(config.transport(transport)).unwrap()
}

fn vector(name: &str) -> String {
    vectors()[name]["body"].as_str().unwrap().to_owned()
}

fn reason(error: &ProviderError) -> &Untrusted {
    let ProviderError::Untrusted { reason, .. } = error else {
        panic!("{error}")
    };
    reason
}

#[tokio::test]
async fn r18_the_published_answer_with_a_code_is_believed() {
    let body = vector("response");
    let order = an_order("T20260101000001");
    let created = answered(&body).create(&order).await.unwrap();
    assert_eq!(
        created.value.code_url,
        "https://qr.alipay.com/bax00000000000000000"
    );
    assert_eq!(
        created.value.code_expires_at,
        datetime!(2026-01-01 14:00 +8)
    );
    assert_eq!(created.request_id.as_deref(), Some("0be7"));
    // The escapes are part of what was signed.
    let plain = body.replace("https:\\/\\/qr.alipay.com\\/", "https://qr.alipay.com/");
    assert_ne!(plain, body);
    let error = answered(&plain).create(&order).await.unwrap_err();
    assert_eq!(*reason(&error), Untrusted::BadSignature);
    assert!(!error.did_not_happen());
}

#[tokio::test]
async fn r18_the_published_error_is_believed_wherever_its_signature_stands() {
    let client = answered(&vector("signed_error"));
    let found = client.query("T20260101000001").await.unwrap();
    assert_eq!(found.value, Found::NoSuchPayment);
    assert_eq!(found.request_id.as_deref(), Some("0be7"));
    let other = client.query("T20260101000002").await.unwrap_err();
    assert!(matches!(other, ProviderError::Malformed { .. }), "{other}");
    // It answers a query, and nothing else.
    let closed = client.close("T20260101000001").await.unwrap_err();
    assert!(matches!(closed, ProviderError::Unknown { .. }), "{closed}");
}

#[tokio::test]
async fn an_encrypted_answer_says_nothing_without_the_content_key() {
    let client = answered(&vector("aes_response"));
    let error = client.query("T20260101000001").await.unwrap_err();
    assert_eq!(*reason(&error), Untrusted::Undecryptable);
    assert!(!error.did_not_happen());
}

#[tokio::test]
async fn r18_no_byte_of_an_answer_can_be_changed() {
    let good = vector("signed_error");
    for at in 0..good.len() {
        let mut forged = good.clone().into_bytes();
        forged[at] ^= 1;
        let Ok(forged) = String::from_utf8(forged) else {
            continue;
        };
        let error = answered(&forged).query("T20260101000001").await;
        let error = error.expect_err(&format!("byte {at}: {forged}"));
        assert!(!error.did_not_happen(), "byte {at}: {error}");
    }
}

/// What real keys of the platform signed, for other calls: the same check, by the same code.
#[tokio::test]
async fn r18_answers_to_other_calls_are_none_to_ours() {
    for name in ["file_upload", "trade_pay"] {
        let vector = &vectors()[name];
        let of = |field: &str| vector[field].as_str().unwrap();
        let (node, sign) = if name == "trade_pay" {
            (of("node").to_owned(), of("sign").to_owned())
        } else {
            let body: Value = serde_json::from_str(of("body")).unwrap();
            let (_, rest) = of("body").split_once("_response\":").unwrap();
            let (node, _) = rest.split_once(",\"sign\"").unwrap();
            (node.to_owned(), body["sign"].as_str().unwrap().to_owned())
        };
        let credentials = || Credentials {
            alipay_keys: AlipayKeys::new(of("public")).unwrap(),
            ..credentials()
        };
        let client = |body: String| {
            let config = Config::new(credentials()).clock(|| NOW).read_attempts(1);
            Alipay::new(config.transport(Arc::new(Recording(body)))).unwrap()
        };
        let own = format!("{{\"alipay_trade_query_response\":{node},\"sign\":\"{sign}\"}}");
        let error = client(own.clone()).query("PO1").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{name}: {error}"
        );
        let forged = own.replace("\"Success\"", "\"success\"");
        let error = client(forged).query("PO1").await.unwrap_err();
        assert_eq!(*reason(&error), Untrusted::BadSignature, "{name}");
        let other = format!("{{\"alipay_other_response\":{node},\"sign\":\"{sign}\"}}");
        let error = client(other).query("PO1").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown { .. }),
            "{name}: {error}"
        );
    }
}

/// Some gateways escape slashes after signing. Then the text that was signed is what is read.
#[tokio::test]
async fn slashes_escaped_after_signing_are_forgiven_and_nothing_else() {
    let platform = FakePlatform::new();
    let node = r#"{"code":"10000","out_trade_no":"PO1","qr_code":"https://qr.alipay.com/bax"}"#;
    let sign = platform.sign(node);
    let client = platform.client();
    let body =
        |node: &str| format!("{{\"alipay_trade_precreate_response\":{node},\"sign\":\"{sign}\"}}");
    platform.script(Script::Body(200, body(&node.replace('/', "\\/"))));
    let created = client.create(&an_order("PO1")).await.unwrap();
    assert_eq!(created.value.code_url, "https://qr.alipay.com/bax");
    for other in [
        node.replace('/', "\\u002f"),
        node.replace("\":\"", "\": \""),
        node.replace("bax", "b\\/x"),
    ] {
        platform.script(Script::Body(200, body(&other)));
        let error = client.create(&an_order("PO1")).await.unwrap_err();
        assert_eq!(*reason(&error), Untrusted::BadSignature, "{other}");
    }
}

#[tokio::test]
async fn r18_a_success_without_a_true_signature_is_refused() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let node = json!({
        "code": "10000", "msg": "Success", "out_trade_no": "PO1", "trade_no": "1",
        "trade_status": "TRADE_SUCCESS", "total_amount": "9.90", "sign": platform.sign("{}"),
    })
    .to_string();
    let name = "alipay_trade_query_response";
    let other = platform.sign("{}");
    for body in [
        format!("{{\"{name}\":{node}}}"),
        format!("{{\"{name}\":{node},\"sign\":\"\"}}"),
        format!("{{\"{name}\":{node},\"sign\":null}}"),
        format!("{{\"{name}\":{node},\"sign\":\"{other}\"}}"),
        format!("{{\"{name}\":{node},\"sign\":[]}}"),
        format!("{{\"{name}\":{node},\"sign\":\"*\"}}"),
        format!("{{\"{name}\":{{}},\"sign\":\"{other}\",\"{name}\":{node}}}"),
        format!("{{\"{name}\":{node},\"sign\":\"{other}\",\"\\u0073ign\":\"{other}\"}}"),
        format!("{{\"{name}\":{}}}", node.replace("10000", "10003")),
        format!("{{\"error_response\":{node}}}"),
    ] {
        platform.script(Script::Body(200, body.clone()));
        let error = client.query("PO1").await.unwrap_err();
        assert_eq!(*reason(&error), Untrusted::BadSignature, "{body}");
    }
    // The signature is over the node alone: signed under the name for errors it is no success.
    let sign = platform.sign(&node);
    let body = format!("{{\"error_response\":{node},\"sign\":\"{sign}\"}}");
    platform.script(Script::Body(200, body));
    let error = client.query("PO1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
}

#[tokio::test]
async fn r18_an_answer_is_bound_to_its_number() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for number in [json!("PO2"), json!(""), json!(null)] {
        let node = json!({
            "code": "10000", "out_trade_no": number, "trade_no": "1", "qr_code": "https://x",
            "trade_status": "TRADE_SUCCESS", "total_amount": "9.90",
        });
        platform.script(Script::Node(node.to_string()));
        for error in [
            client.create(&an_order("PO1")).await.err(),
            client.query("PO1").await.err(),
            client.close("PO1").await.err(),
        ] {
            let error = error.expect("it is about another number, or none");
            assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn authentic_answers_that_make_no_sense_are_malformed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let with = |fields: &str| format!("{{\"code\":\"10000\",\"out_trade_no\":\"PO1\",{fields}}}");
    for node in [
        "{}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        with("\"qr_code\":\"\""),
        with("\"qr_code\":{}"),
        with(&format!("\"qr_code\":\"{}\"", "q".repeat(1025))),
        with("\"qr_code\":\"a\",\"qr_code\":\"b\""),
    ] {
        platform.script(Script::Node(node.clone()));
        let error = client.create(&an_order("PO1")).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{node}: {error}"
        );
        assert!(error.details().request_id.is_some());
    }
    for fields in [
        "\"trade_no\":\"1\"",
        "\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":\"9.905\"",
        "\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":9.9e0",
        "\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":-9.9",
        "\"trade_status\":\"TRADE_SUCCESS\",\"total_amount\":{}",
        "\"trade_status\":\"TRADE_SUCCESS\",\"send_pay_date\":\"now\"",
        "\"trade_status\":\"TRADE_SUCCESS\",\"trade_status\":\"TRADE_CLOSED\"",
    ] {
        platform.script(Script::Node(with(fields)));
        let error = client.query("PO1").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{fields}: {error}"
        );
    }
}

#[tokio::test]
async fn a_query_says_what_the_platform_says() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (fields, state) in [
        (
            json!({"trade_status": "WAIT_BUYER_PAY"}),
            TradeState::Unpaid,
        ),
        (json!({"trade_status": "TRADE_SUCCESS"}), TradeState::Paid),
        (json!({"trade_status": "TRADE_FINISHED"}), TradeState::Paid),
        (json!({"trade_status": "TRADE_CLOSED"}), TradeState::Closed),
        (
            json!({"trade_status": "TRADE_CLOSED", "send_pay_date": "2026-01-01 12:01:05"}),
            TradeState::Refunded,
        ),
        (
            json!({"trade_status": "NEW"}),
            TradeState::Other("NEW".to_owned()),
        ),
    ] {
        let mut node = json!({"code": "10000", "out_trade_no": "PO1", "trade_no": "2026"});
        for (name, value) in fields.as_object().unwrap() {
            node[name] = value.clone();
        }
        platform.script(Script::Node(node.to_string()));
        let Found::Payment(statement) = client.query("PO1").await.unwrap().value else {
            panic!("{node} is a payment");
        };
        assert_eq!(statement.state, state);
        // The platform never names them in this answer: they are those whose signature asked.
        assert_eq!(
            (statement.app_id.as_str(), statement.merchant_id.as_str()),
            (APP_ID, SELLER_ID)
        );
        assert_eq!(
            statement.amount, None,
            "nothing is filled in that was not said"
        );
        assert_eq!(statement.transaction_id.is_some(), state.was_paid());
    }
    let other = json!({
        "code": "10000", "out_trade_no": "PO1", "trade_status": "TRADE_SUCCESS",
        "total_amount": 88.8, "seller_id": "2088000000000009", "app_id": "2021000000000009",
    });
    platform.script(Script::Node(other.to_string()));
    let Found::Payment(statement) = client.query("PO1").await.unwrap().value else {
        panic!("it is a payment");
    };
    assert_eq!(
        statement.merchant_id, "2088000000000009",
        "what is said counts"
    );
    assert_eq!(statement.app_id, "2021000000000009");
    assert_eq!(statement.amount, Some(Cny::from_fen(8880)));
}

/// The life of an order that nobody scans, then of one that somebody does.
#[tokio::test]
async fn r19_an_order_that_nobody_scanned_is_neither_closed_nor_failed() {
    let platform = FakePlatform::new();
    platform
        .scans
        .store(false, std::sync::atomic::Ordering::SeqCst);
    let client = platform.client();
    client.create(&an_order("PO1")).await.unwrap();
    assert_eq!(
        client.query("PO1").await.unwrap().value,
        Found::NoSuchPayment
    );
    assert_eq!(
        client.close("PO1").await.unwrap().value,
        Closed::NoSuchPayment
    );
    client.create(&an_order("PO1")).await.unwrap();
    platform
        .scans
        .store(true, std::sync::atomic::Ordering::SeqCst);
    client.create(&an_order("PO2")).await.unwrap();
    assert_eq!(client.close("PO2").await.unwrap().value, Closed::Accepted);
    let again = client.close("PO2").await.unwrap_err();
    assert!(matches!(again, ProviderError::Unknown { .. }), "{again}");
}
