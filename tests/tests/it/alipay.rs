//! The same counter through Alipay.

use std::time::Duration;

use e2e::{House, until};
use serde_json::{Value, json};

const CALLBACK: &str = "/api/v1/payment/alipay/callback";
const SOON: Duration = Duration::from_secs(10);

async fn order(house: &House) -> Value {
    let wish = json!({ "item": { "kind": "points", "code": "points-1000" }, "channel": "alipay" });
    let placed = house
        .client
        .as_user("u1")
        .post("/api/v1/payment/create-order", &wish)
        .await;
    assert_eq!(placed.status, 201, "{placed:?}");
    placed.json()
}

async fn granted(house: &House, order: &Value) -> bool {
    let order_no = order["order_no"].as_str().unwrap();
    house.client.as_user("u1").order_status(order_no).await["fulfilment"] == "granted"
}

/// A notice that Alipay signed and did not send, as headers and body of a request.
async fn signed(house: &House, mut request: Value) -> (Vec<(String, String)>, Vec<u8>) {
    request["channel"] = json!("alipay");
    house.signed(request).await
}

async fn call(house: &House, headers: &[(String, String)], body: &[u8]) -> String {
    let answer = house
        .client
        .raw("POST", CALLBACK, headers, body.to_vec())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_bought_through_alipay() {
    let house = House::new().await;
    let order = order(&house).await;
    assert_eq!(order["channel"], "alipay");
    assert!(
        order["qr_code_url"]
            .as_str()
            .unwrap()
            .starts_with("https://qr.alipay.com/")
    );
    house.pay(&order).await;
    until("granted", SOON, || granted(&house, &order)).await;
    assert_eq!(house.client.as_user("u1").points().await["balance"], 1000);
    until("Alipay is told success", SOON, || async {
        house
            .deliveries()
            .await
            .iter()
            .any(|delivery| delivery["accepted"] == true)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_at_alipay_is_found_by_asking() {
    let house = House::new().await;
    let order = order(&house).await;
    let number = order["payment_no"].as_str().unwrap();
    let quietly = json!({ "notify": false });
    let paid = house
        .platform
        .post(&format!("/sim/orders/{number}/pay"), &quietly)
        .await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let order_no = order["order_no"].as_str().unwrap();
    let path = format!("/api/v1/payment/order-status?order_no={order_no}&refresh=true");
    let found = house.client.as_user("u1").get(&path).await.json();
    assert_eq!(
        (&found["status"], &found["paid_fen"]),
        (&json!("paid"), &json!(990))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r18_alipay_is_believed_by_its_signature_only() {
    let house = House::new().await;
    let order = order(&house).await;
    let number = order["payment_no"].as_str().unwrap();
    for tamper in ["signature", "body", "sign_type", "duplicate", "unsigned"] {
        let request = json!({ "out_trade_no": number, "tamper": tamper });
        let (headers, body) = signed(&house, request).await;
        assert_eq!(call(&house, &headers, &body).await, "failure", "{tamper}");
    }
    let (headers, body) = signed(&house, json!({ "out_trade_no": number })).await;
    assert_eq!(
        call(&house, &headers, &body[..body.len() / 2]).await,
        "failure"
    );
    assert_eq!(
        call(&house, &headers, &vec![b'a'; 65 * 1024]).await,
        "failure"
    );
    assert!(!granted(&house, &order).await);
    for _ in 0..3 {
        assert_eq!(call(&house, &headers, &body).await, "success");
    }
    until("granted", SOON, || granted(&house, &order)).await;
    assert_eq!(house.client.as_user("u1").points().await["balance"], 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn r25_unexpected_money_at_alipay_is_kept_and_refused() {
    let house = House::new().await;
    let order = order(&house).await;
    let number = order["payment_no"].as_str().unwrap();
    let unknown = format!("e2e{}", "0".repeat(26));
    for params in [
        json!({ "total_amount": "9.89", "trade_no": "T1" }),
        json!({ "out_trade_no": unknown, "trade_no": "T2" }),
        json!({ "app_id": "2021000000000999", "trade_no": "T3" }),
        json!({ "seller_id": "2088000000000999", "trade_no": "T4" }),
        json!({ "total_amount": "9.901", "trade_no": "T5" }),
    ] {
        let request = json!({ "out_trade_no": number, "params": params });
        let (headers, body) = signed(&house, request).await;
        for _ in 0..2 {
            assert_eq!(call(&house, &headers, &body).await, "failure", "{params}");
        }
    }
    let alerts = house.api.output().matches("needs a person").count();
    assert_eq!(
        alerts, 2,
        "the wrong amount and the unknown number, once each"
    );
    assert!(!granted(&house, &order).await);
}
