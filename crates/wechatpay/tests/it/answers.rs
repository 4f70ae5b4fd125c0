use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use bytes::Bytes;
use paydesk_provider::{
    Closed, CreatePayment, Found, PaymentProvider, ProviderError, TradeState, Untrusted,
};
use paydesk_wechatpay::{
    Config, Credentials, PlatformKeys, Request, Response, Transport, TransportError, WechatPay,
};
use serde_json::{Value, json};
use time::Duration;

use crate::platform::{
    FakePlatform, NOW, PLATFORM_KEY_ID, PLATFORM_PUBLIC, Script, an_order, at, credentials, vectors,
};

/// Gives one answer to everything.
#[derive(Debug)]
struct Recording(Response<Bytes>);

#[async_trait]
impl Transport for Recording {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Ok(self.0.clone().into())
    }
}

fn recording(vector: &Value, id: &str, status: u16) -> Response<Bytes> {
    let of = |name: &str| vector[name].as_str().unwrap().to_owned();
    Response {
        status,
        headers: vec![
            ("wechatpay-serial".to_owned(), id.to_owned()),
            ("wechatpay-signature".to_owned(), of("signature")),
            ("wechatpay-timestamp".to_owned(), of("timestamp")),
            ("wechatpay-nonce".to_owned(), of("nonce")),
        ],
        body: of("body").into(),
    }
}

fn client(id: &str, key: &str, now: i64, response: Response<Bytes>) -> WechatPay {
    let platform_keys = PlatformKeys::new(id, key).unwrap();
    let credentials = Credentials {
        platform_keys,
        ..credentials()
    };
    let transport = Arc::new(Recording(response));
    WechatPay::new(
        Config::new(credentials)
            .clock(move || at(now))
            .pause(|_| std::future::ready(()))
            .transport(transport),
    )
    .unwrap()
}

#[tokio::test]
async fn the_published_answer_with_a_code_is_believed() {
    const ID: &str = "PUB_KEY_ID_0000000000000024101100397200000006";
    const SIGNED_AT: i64 = 1_722_850_421;
    let key = include_str!("../../testdata/v5_public_key.pem");
    let response = recording(&vectors()["responses"]["V5"], ID, 200);
    let order = CreatePayment {
        expire_at: at(SIGNED_AT) + Duration::minutes(30),
        ..an_order("PO20260101000001")
    };
    for (offset, believed) in [
        (0, true),
        (299, true),
        (-299, true),
        (300, false),
        (-300, false),
    ] {
        let client = client(ID, key, SIGNED_AT + offset, response.clone());
        match client.create(&order).await {
            Ok(created) => {
                assert!(believed, "{offset}");
                assert_eq!(
                    created.value.code_url,
                    "weixin://wxpay/bizpayurl?pr=JyC91EIz1"
                );
            }
            Err(ProviderError::Untrusted { reason, .. }) => {
                assert!(!believed, "{offset}");
                assert_eq!(reason, Untrusted::Stale { age_s: offset });
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn the_derived_empty_answer_is_believed() {
    let key = include_str!("../../testdata/vectors_public_key.pem");
    let response = recording(&vectors()["responses"]["D6"], "PUB_KEY_ID_TEST", 204);
    let client = client("PUB_KEY_ID_TEST", key, NOW, response);
    let closed = client.close("PO20260101000001").await.unwrap();
    assert_eq!(closed.value, Closed::Accepted);
}

type Headers = Vec<(String, String)>;

fn without(good: &Headers, name: &str) -> Headers {
    let others = good.iter().filter(|(key, _)| key != name);
    others.cloned().collect()
}

fn with(good: &Headers, name: &str, value: &str) -> Headers {
    let mut headers = without(good, name);
    headers.push((name.to_owned(), value.to_owned()));
    headers
}

/// The same header again, spelled otherwise.
fn twice(good: &Headers, name: &str) -> Headers {
    let (key, value) = good.iter().find(|(key, _)| key == name).unwrap();
    let mut headers = good.clone();
    headers.push((key.to_ascii_uppercase(), value.clone()));
    headers
}

/// Headers that prove nothing about a body, and why.
fn worthless(good: &Headers, another: &str) -> Vec<(Headers, Untrusted)> {
    use Untrusted::{BadHeader, BadSignature, DoubledHeader, MissingHeader, UnknownKey};
    let of = |name: &str, value: &str| with(good, name, value);
    let later = (NOW + 1).to_string();
    let unknown = "PUB_KEY_ID_2";
    let time = "Wechatpay-Timestamp";
    let kind = "Wechatpay-Signature-Type";
    let mut cases = vec![
        (
            of("Wechatpay-Serial", unknown),
            UnknownKey(unknown.to_owned()),
        ),
        (of("Wechatpay-Signature", another), BadSignature),
        (of("Wechatpay-Signature", "*"), BadSignature),
        (of("Wechatpay-Nonce", "another"), BadSignature),
        (of(time, &later), BadSignature),
        (of(time, "soon"), BadHeader(time)),
        (of(time, "+1"), BadHeader(time)),
        (of(kind, "WECHATPAY2-SM2-WITH-SM3"), BadHeader(kind)),
        (twice(good, kind), DoubledHeader(kind)),
    ];
    for name in [
        "Wechatpay-Serial",
        "Wechatpay-Signature",
        time,
        "Wechatpay-Nonce",
    ] {
        cases.push((without(good, name), MissingHeader(name)));
        cases.push((twice(good, name), DoubledHeader(name)));
        cases.push((of(name, ""), BadHeader(name)));
    }
    cases
}

#[tokio::test]
async fn answers_that_prove_nothing_are_not_trusted() {
    let platform = FakePlatform::new();
    let body = json!({"code_url": "weixin://wxpay/bizpayurl?pr=1"}).to_string();
    let good = platform.headers(NOW, &body);
    let another = platform.headers(NOW, "{}").swap_remove(2).1;
    let answered = |headers: Headers| {
        let response = Response {
            status: 200,
            headers,
            body: body.clone().into(),
        };
        client(PLATFORM_KEY_ID, PLATFORM_PUBLIC, NOW, response)
    };
    let order = an_order("PO0001");
    for (headers, expected) in worthless(&good, &another) {
        let error = answered(headers).create(&order).await.unwrap_err();
        let ProviderError::Untrusted { reason, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(*reason, expected);
        assert!(!error.did_not_happen());
    }
    for headers in [good.clone(), without(&good, "Wechatpay-Signature-Type")] {
        answered(headers).create(&order).await.unwrap();
    }
}

#[tokio::test]
async fn authentic_answers_that_make_no_sense_are_malformed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let order = an_order("PO0001");
    let long = json!({"code_url": "w".repeat(513)}).to_string();
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "{\"code_url\":\"\"}",
        "{\"code_url\":7}",
        "<html>",
        &long,
    ] {
        platform.script(Script::signed(200, body));
        let error = client.create(&order).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{body}: {error}"
        );
    }
    for body in [
        String::new(),
        "{}".to_owned(),
        json!({"out_trade_no": "PO0002", "trade_state": "SUCCESS"}).to_string(),
        json!({"out_trade_no": "PO0001"}).to_string(),
        json!({"out_trade_no": "PO0001", "trade_state": "SUCCESS", "amount": {"total": 9.9}})
            .to_string(),
        json!({"out_trade_no": "PO0001", "trade_state": "SUCCESS", "amount": {"total": "990"}})
            .to_string(),
    ] {
        platform.script(Script::signed(200, &body));
        let error = client.query("PO0001").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Malformed { .. }),
            "{body}: {error}"
        );
        assert!(error.details().request_id.is_some());
    }
}

#[tokio::test]
async fn only_the_documented_status_says_yes() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let created = json!({"code_url": "weixin://wxpay/bizpayurl?pr=1"}).to_string();
    let paid = json!({"out_trade_no": "PO0001", "trade_state": "SUCCESS"}).to_string();
    for status in [201, 202, 204, 206] {
        platform.script(Script::signed(status, &created));
        assert!(
            !client
                .create(&an_order("PO0001"))
                .await
                .unwrap_err()
                .did_not_happen()
        );
        platform.script(Script::signed(status, &paid));
        assert!(!client.query("PO0001").await.unwrap_err().did_not_happen());
    }
    for status in [200, 201, 202] {
        platform.script(Script::signed(status, ""));
        assert!(!client.close("PO0001").await.unwrap_err().did_not_happen());
    }
}

#[tokio::test]
async fn a_query_says_what_the_platform_says() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (name, state) in [
        ("NOTPAY", TradeState::Unpaid),
        ("SUCCESS", TradeState::Paid),
        ("REFUND", TradeState::Refunded),
        ("CLOSED", TradeState::Closed),
        ("PAYERROR", TradeState::Other("PAYERROR".to_owned())),
    ] {
        let body = json!({"out_trade_no": "PO0001", "trade_state": name}).to_string();
        platform.script(Script::signed(200, &body));
        let Found::Payment(statement) = client.query("PO0001").await.unwrap().value else {
            panic!("{name} is a payment");
        };
        assert_eq!(statement.state, state);
        assert_eq!(statement.currency, "CNY");
        assert_eq!((statement.amount, statement.paid_at), (None, None));
        assert_eq!(
            statement.merchant_id, "",
            "nothing is filled in that was not said"
        );
    }
}

#[tokio::test]
async fn the_clock_is_read_when_the_answer_comes() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    let order = CreatePayment {
        expire_at: at(NOW + 90_000),
        ..an_order("PO0002")
    };
    platform.clock.store(NOW + 86_400, Ordering::SeqCst);
    client.create(&order).await.unwrap();
}
