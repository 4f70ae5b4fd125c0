use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use paydesk_alipay::{
    Alipay, AppKey, Config, Credentials, Product, Request, Response, Transport, TransportError,
};
use paydesk_money::Cny;
use paydesk_provider::{Advice, CreatePayment, PaymentProvider};
use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use url::form_urlencoded;

use crate::platform::{FakePlatform, NOW, an_order, credentials, vectors};

/// Keeps the request and does not answer.
#[derive(Debug, Default)]
struct Recorder(Mutex<Option<Request>>);

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        *self.0.lock().unwrap() = Some(request);
        Err(TransportError::Timeout("recorded".to_owned()))
    }
}

/// The vectors' app at the vectors' time.
fn recorded(product: Product) -> (Alipay, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let vectors = vectors();
    let credentials = Credentials {
        app_key: AppKey::parse(vectors["key"]["private"].as_str().unwrap()).unwrap(),
        ..credentials()
    };
    let config = Config::new(credentials)
        .product(product)
        .clock(|| NOW)
        .transport(Arc::clone(&recorder) as Arc<dyn Transport>);
    (Alipay::new(config).unwrap(), recorder)
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn the_published_order() -> CreatePayment {
    CreatePayment {
        amount: Cny::from_fen(1),
        description: "会员-月卡".to_owned(),
        notify_url: "https://pay.example.com/n/alipay".to_owned(),
        expire_at: datetime!(2026-01-01 12:15 +8),
        ..an_order("T20260101000001")
    }
}

#[tokio::test]
async fn an_order_is_the_published_one_under_the_published_signature() {
    let (client, recorder) = recorded(Product::FaceToFace);
    client.create(&the_published_order()).await.unwrap_err();
    let request = recorder.0.lock().unwrap().take().unwrap();
    let vector = &vectors()["request"];
    let (address, query) = request.url.as_str().split_once('?').unwrap();
    assert_eq!(address, "https://openapi.alipay.com/gateway.do");
    let mut sent = pairs(query.as_bytes());
    assert!(sent.contains(&("charset".to_owned(), "utf-8".to_owned())));
    assert_eq!(
        sent.pop().unwrap(),
        (
            "sign".to_owned(),
            vector["sign"].as_str().unwrap().to_owned()
        )
    );
    let body = pairs(&request.body);
    assert_eq!(
        body.len(),
        1,
        "what is ordered, and it alone, is in the body"
    );
    sent.extend(body);
    sent.sort();
    let signed: Vec<_> = sent
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(signed.join("&"), vector["signed"].as_str().unwrap());
    let agent = format!("paydesk-alipay/{} (Rust)", env!("CARGO_PKG_VERSION"));
    let expected = [
        (
            "Content-Type",
            "application/x-www-form-urlencoded;charset=utf-8",
        ),
        ("Accept", "application/json"),
        ("User-Agent", &agent),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(request.headers, expected);
    let printed = format!("{request:?} {client:?}");
    for secret in ["cnRTq8UPj9", "sign=", "会员", "T20260101000001", "MIIE"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[tokio::test]
async fn the_contract_is_a_setting() {
    for (product, code) in [
        (Product::FaceToFace, "FACE_TO_FACE_PAYMENT"),
        (Product::OrderCode, "QR_CODE_OFFLINE"),
    ] {
        let (client, recorder) = recorded(product);
        client.create(&the_published_order()).await.unwrap_err();
        let request = recorder.0.lock().unwrap().take().unwrap();
        let body = pairs(&request.body);
        let biz: Value = serde_json::from_str(&body[0].1).unwrap();
        assert_eq!(biz["product_code"], code);
    }
}

#[tokio::test]
async fn queries_and_closes_name_the_number_and_nothing_else() {
    let (client, recorder) = recorded(Product::FaceToFace);
    for method in ["alipay.trade.query", "alipay.trade.close"] {
        if method.ends_with("query") {
            client.query("PO1").await.unwrap_err();
        } else {
            client.close("PO1").await.unwrap_err();
        }
        let request = recorder.0.lock().unwrap().take().unwrap();
        let query = pairs(request.url.query().unwrap().as_bytes());
        assert!(query.contains(&("method".to_owned(), method.to_owned())));
        assert!(query.iter().all(|(name, _)| name != "notify_url"));
        let body = pairs(&request.body);
        assert_eq!(
            body,
            [(
                "biz_content".to_owned(),
                r#"{"out_trade_no":"PO1"}"#.to_owned()
            )]
        );
    }
}

#[tokio::test]
async fn a_repeat_sends_the_same_order_again() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let order = an_order("PO1");
    client.create(&order).await.unwrap();
    client.create(&order).await.unwrap();
    let sent = platform.sent();
    assert_eq!(sent[0].body, sent[1].body);
    let other = CreatePayment {
        amount: Cny::from_fen(1),
        ..order
    };
    let error = client.create(&other).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.advice()),
        ("unknown", Advice::QueryFirst)
    );
}

#[tokio::test]
async fn a_description_is_sent_with_wide_forms_of_what_is_forbidden() {
    let platform = FakePlatform::new();
    let order = CreatePayment {
        description: "A&B=1/2".to_owned(),
        ..an_order("PO1")
    };
    platform.client().create(&order).await.unwrap();
    let body = pairs(&platform.sent()[0].body);
    let biz: Value = serde_json::from_str(&body[0].1).unwrap();
    assert_eq!(
        biz,
        json!({
            "out_trade_no": "PO1", "total_amount": "9.90", "subject": "A＆B＝1／2",
            "product_code": "FACE_TO_FACE_PAYMENT", "time_expire": "2026-01-01 12:30:00",
        })
    );
}

#[tokio::test]
async fn what_the_platform_would_refuse_is_not_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let order = || an_order("PO1");
    let text = |text: &str| CreatePayment {
        description: text.to_owned(),
        ..order()
    };
    let url = |url: &str| CreatePayment {
        notify_url: url.to_owned(),
        ..order()
    };
    let until = |expire_at: OffsetDateTime| CreatePayment {
        expire_at,
        ..order()
    };
    let fen = |fen: i64| CreatePayment {
        amount: Cny::from_fen(fen),
        ..order()
    };
    for (why, request) in [
        ("nothing to pay", fen(0)),
        ("negative", fen(-1)),
        ("more than a hundred million", fen(10_000_000_001)),
        ("no number", an_order("")),
        ("65 characters", an_order(&"P".repeat(65))),
        ("a hyphen", an_order("PO-1")),
        ("a quote", an_order("PO\"1")),
        ("wide digits", an_order("PO１")),
        ("no description", text("")),
        ("blank description", text(" \u{3000}")),
        ("257 bytes", text(&"a".repeat(257))),
        ("an emoji", text("coins 🪙")),
        ("a line end", text("coins\n")),
        ("no URL", url("notify")),
        ("a blank", url("https://pay.example.com/no tify")),
        ("a blank before it", url(" https://pay.example.com/n")),
        ("a line end", url("https://pay.example.com/n\n")),
        (
            "a character to be escaped",
            url("https://pay.example.com/通知"),
        ),
        ("no slashes", url("https:pay.example.com/n")),
        ("another scheme", url("ftp://pay.example.com/n")),
        ("a query", url("https://pay.example.com/n?order=1")),
        ("a fragment", url("https://pay.example.com/n#1")),
        ("a login", url("https://me:pw@pay.example.com/n")),
        (
            "257 bytes",
            url(&format!("https://pay.example.com/{}", "n".repeat(233))),
        ),
        ("now", until(NOW)),
        ("the past", until(NOW - Duration::SECOND)),
        (
            "beyond 15 days",
            until(NOW + Duration::days(15) + Duration::SECOND),
        ),
    ] {
        let error = client.create(&request).await.unwrap_err();
        assert!(error.did_not_happen(), "{why}: {error}");
        assert_eq!(error.advice(), Advice::Never, "{why}");
    }
    for number in ["", "PO-1", "PO1/close", "PO1\"}", &"P".repeat(65)] {
        assert!(client.query(number).await.unwrap_err().did_not_happen());
        assert!(client.close(number).await.unwrap_err().did_not_happen());
    }
    assert!(platform.sent().is_empty());
}

#[tokio::test]
async fn what_lies_just_within_the_limits_is_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for request in [
        CreatePayment {
            amount: Cny::from_fen(1),
            ..an_order("P")
        },
        CreatePayment {
            amount: Cny::from_fen(10_000_000_000),
            ..an_order(&"p_".repeat(32))
        },
        CreatePayment {
            description: "a".repeat(256),
            ..an_order("PO1")
        },
        CreatePayment {
            notify_url: format!("https://pay.example.com/{}", "n".repeat(232)),
            ..an_order("PO2")
        },
        CreatePayment {
            expire_at: NOW + Duration::days(15),
            ..an_order("PO3")
        },
    ] {
        let created = client.create(&request).await.unwrap();
        assert_eq!(created.value.code_expires_at, NOW + Duration::hours(2));
        assert!(created.request_id.is_some());
    }
}
