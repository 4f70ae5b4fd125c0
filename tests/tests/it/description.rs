//! What the API says about itself, and whether the check of it can fail.

use e2e::{Answer, House, Setup};
use serde_json::{Value, json};

const STATUS: &str = "/api/v1/payment/order-status";

fn with(answer: &Answer, change: impl Fn(&mut Value)) -> Answer {
    let mut body = answer.json();
    change(&mut body);
    Answer {
        text: body.to_string(),
        ..answer.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_not_described_is_noticed() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order_no = buyer.order().await["order_no"].as_str().unwrap().to_owned();
    let good = buyer.get(&format!("{STATUS}?order_no={order_no}")).await;
    let refused = buyer.get(&format!("{STATUS}?order_no=x")).await;
    let description = house.client.description().await;
    let check = |answer: &Answer| description.check("GET", STATUS, answer);
    assert_eq!(check(&good), Ok(()));
    assert_eq!(check(&refused), Ok(()));

    let bad: &[(&str, &str, Value)] = &[
        ("", "surprise", json!(1)),
        ("/item", "surprise", json!(1)),
        ("", "amount_fen", json!("990")),
        ("", "amount_fen", json!(9.9)),
        ("", "status", json!("gone")),
        ("", "close_reason", json!("bored")),
        ("", "created_at", json!("2026-01-01 10:00")),
        ("", "expire_at", json!("2026-01-01T10:00:00+08:00")),
        ("", "paid_at", json!(0)),
        ("", "item", Value::Null),
        ("", "metadata", json!({ "a": 1 })),
    ];
    for (at, field, value) in bad {
        let doctored = with(&good, |body| {
            body.pointer_mut(at).unwrap()[field] = value.clone();
        });
        let why = check(&doctored).unwrap_err();
        assert!(why.contains(field), "{field}: {why}");
    }
    for field in ["seq", "transaction_id", "closed_at", "item"] {
        let doctored = with(&good, |body| {
            body.as_object_mut().unwrap().remove(field);
        });
        let why = check(&doctored).unwrap_err();
        assert!(why.contains(field), "{field}: {why}");
    }
    for (field, value) in [
        ("code", json!("provider_timeout")),
        ("detail", Value::Null),
        ("sql", json!("SELECT")),
        ("errors", json!([{ "field": "x" }])),
    ] {
        let doctored = with(&refused, |body| body[field] = value.clone());
        assert!(check(&doctored).is_err(), "{field}");
    }
    for (status, kind) in [
        (418, "application/json"),
        (404, "application/json"),
        (200, "text/html"),
    ] {
        let mut doctored = good.clone();
        doctored.status = status;
        let other = ("content-type".to_owned(), kind.to_owned());
        doctored.headers.retain(|(name, _)| name != "content-type");
        doctored.headers.push(other);
        assert!(check(&doctored).is_err(), "{status} {kind}");
    }
    let mut unnamed = good.clone();
    unnamed.headers.retain(|(name, _)| name != "x-request-id");
    assert!(check(&unnamed).is_err());
    assert!(description.check("POST", STATUS, &good).is_err());
    assert!(description.check("GET", "/api/v1/payment", &good).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_can_be_read_about() {
    let house = House::new().await;
    let document = house.client.get("/api/v1/openapi.json").await;
    assert_eq!(document.status, 200);
    assert_eq!(document.json()["openapi"], "3.1.0");
    let page = house.client.get("/docs").await;
    assert_eq!(page.status, 200, "{page:?}");
    let slash = house.client.unchecked().get("/docs/").await;
    assert_eq!((slash.status, slash.text), (200, page.text.clone()));
    let mut parts = Vec::new();
    for start in ["src=\"./", "href=\"./"] {
        let after = page.text.split(start).skip(1);
        parts.extend(after.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(parts.len() > 3, "{parts:?}");
    for part in parts {
        let file = house.client.get(&format!("/docs/{part}")).await;
        assert_eq!(file.status, 200, "{part}");
    }
    let start = house.client.get("/docs/swagger-initializer.js").await;
    assert!(start.text.contains("/api/v1/openapi.json"), "{start:?}");
    assert_eq!(house.client.get("/docs/nothing.js").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_may_keep_to_itself() {
    let off = ("PAYDESK__HTTP__DOCS".to_owned(), "false".to_owned());
    let house = House::set_up(Setup {
        environment: vec![off],
        ..Setup::default()
    })
    .await;
    let client = house.client.unchecked();
    for path in ["/api/v1/openapi.json", "/docs", "/docs/index.html"] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.json()["code"], "not_found");
    }
    assert_eq!(client.get("/api/v1/catalog").await.status, 200);
}
