//! Each fault does what it says, once.

use std::time::{Duration, Instant};

use paydesk_simulator::Options;
use reqwest::Method;
use serde_json::{Value, json};

use crate::merchant::{Merchant, NATIVE, Shop, eventually};

const URL: &str = "http://127.0.0.1:9/notify";
const NUMBER: &str = "PO20260101000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_status_fault_refuses_without_acting() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let order = merchant.order(NUMBER, URL);
    merchant
        .fault(json!({"on": "native", "kind": "status", "value": 500, "times": 2}))
        .await;
    for _ in 0..2 {
        assert_eq!(
            merchant.place(&order).await.refusal(),
            (500, "SYSTEM_ERROR".to_owned())
        );
    }
    assert_eq!(merchant.query(NUMBER).await.status, 404);
    assert_eq!(merchant.place(&order).await.status, 200);

    let limited = json!({"on": "query", "kind": "status", "value": 403, "code": "NO_AUTH"});
    merchant.fault(limited).await;
    assert_eq!(
        merchant.query(NUMBER).await.refusal(),
        (403, "NO_AUTH".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_connection_gives_no_answer_and_no_order() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    merchant
        .fault(json!({"on": "native", "kind": "drop_connection"}))
        .await;
    let order = merchant.order(NUMBER, URL).to_string();
    let draft = merchant.draft(Method::POST, NATIVE, &order);
    assert!(merchant.try_send(&draft).await.is_err());
    assert_eq!(merchant.query(NUMBER).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn act_then_drop_places_the_order_and_keeps_quiet() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    merchant
        .fault(json!({"on": "native", "kind": "act_then_drop"}))
        .await;
    let order = merchant.order(NUMBER, URL).to_string();
    let draft = merchant.draft(Method::POST, NATIVE, &order);
    assert!(merchant.try_send(&draft).await.is_err());
    assert_eq!(merchant.query(NUMBER).await.json()["trade_state"], "NOTPAY");

    merchant
        .fault(json!({"on": "close", "kind": "act_then_drop"}))
        .await;
    let target = format!("/v3/pay/transactions/out-trade-no/{NUMBER}/close");
    let body = json!({"mchid": merchant.keys.merchant_id}).to_string();
    assert!(
        merchant
            .try_send(&merchant.draft(Method::POST, &target, &body))
            .await
            .is_err()
    );
    assert_eq!(merchant.query(NUMBER).await.json()["trade_state"], "CLOSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_can_be_signed_wrongly_or_not_at_all() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    merchant.place(&merchant.order(NUMBER, URL)).await;
    merchant
        .fault(json!({"on": "query", "kind": "bad_signature"}))
        .await;
    merchant
        .fault(json!({"on": "close", "kind": "unsigned"}))
        .await;

    let spoilt = merchant.query(NUMBER).await;
    assert_eq!(spoilt.status, 200);
    assert!(spoilt.header("Wechatpay-Signature").is_some() && !merchant.verifies(&spoilt));
    let unsigned = merchant.close(NUMBER).await;
    assert_eq!(
        (unsigned.status, unsigned.header("Wechatpay-Signature")),
        (204, None)
    );
    assert!(merchant.verifies(&merchant.query(NUMBER).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_holds_the_answer_back() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    merchant
        .fault(json!({"on": "native", "kind": "delay_ms", "value": 300}))
        .await;
    let begun = Instant::now();
    assert_eq!(
        merchant.place(&merchant.order(NUMBER, URL)).await.status,
        200
    );
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test(flavor = "multi_thread")]
async fn act_then_delay_has_acted_when_the_caller_gives_up() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    merchant
        .fault(json!({"on": "native", "kind": "act_then_delay", "value": 60_000}))
        .await;
    let order = merchant.order(NUMBER, URL).to_string();
    let draft = merchant.draft(Method::POST, NATIVE, &order);
    let patience = Duration::from_millis(500);
    assert!(
        tokio::time::timeout(patience, merchant.try_send(&draft))
            .await
            .is_err()
    );
    assert_eq!(merchant.query(NUMBER).await.json()["trade_state"], "NOTPAY");
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_before_answer_brings_the_notice_first() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let shop = Shop::open(&[]);
    merchant
        .fault(json!({"on": "native", "kind": "pay_before_answer"}))
        .await;
    let placed = merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    assert_eq!(
        shop.received().len(),
        1,
        "the notice was there before the answer"
    );
    assert_eq!(placed.status, 200);
    assert!(merchant.verifies(&placed));
    assert_eq!(
        merchant.query(NUMBER).await.json()["trade_state"],
        "SUCCESS"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_can_be_lost_spoilt_and_repeated() {
    let (_running, merchant) = Merchant::start(Options::default().speed(1000)).await;
    let shop = Shop::open(&[]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    let script = [
        json!({"on": "notify", "kind": "drop_connection"}),
        json!({"on": "notify", "kind": "status", "value": 503}),
        json!({"on": "notify", "kind": "act_then_drop"}),
        json!({"on": "notify", "kind": "delay_ms", "value": 20, "out_trade_no": NUMBER}),
    ];
    assert_eq!(merchant.post("/sim/faults", &json!(script)).await.0, 200);
    merchant.pay(NUMBER).await;
    let tries = eventually(|| async {
        let tries = merchant
            .get("/sim/deliveries")
            .await
            .as_array()
            .unwrap()
            .clone();
        Some(tries).filter(|tries| tries.len() == 4)
    })
    .await;
    let accepted: Vec<_> = tries
        .iter()
        .rev()
        .map(|it| it["accepted"].clone())
        .collect();
    assert_eq!(accepted, [false, false, false, true]);
    let bodies: Vec<String> = shop.received().into_iter().map(|it| it.body).collect();
    assert_eq!(
        bodies.len(),
        2,
        "two were sent, one of them twice as far as the platform knows"
    );
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn spoilt_notices_do_not_verify() {
    let (_running, merchant) = Merchant::start(Options::default().speed(1000)).await;
    let shop = Shop::open(&[401, 401]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    let script = json!([
        {"on": "notify", "kind": "bad_signature"},
        {"on": "notify", "kind": "unsigned"},
    ]);
    merchant.post("/sim/faults", &script).await;
    merchant.pay(NUMBER).await;
    let received = shop.wait_for(3).await;
    let genuine: Vec<bool> = received
        .iter()
        .map(|it| merchant.verifies_message(|name| it.header(name), &it.body))
        .collect();
    assert_eq!(genuine, [false, false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_listed_cleared_and_checked() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    merchant
        .fault(json!({"on": "query", "kind": "unsigned", "times": 3}))
        .await;
    assert_eq!(merchant.get("/sim/faults").await[0]["times"], 3);
    let url = format!("{}/sim/faults", merchant.base_url);
    assert_eq!(
        merchant.http.delete(url).send().await.unwrap().status(),
        204
    );
    assert_eq!(merchant.get("/sim/faults").await, json!([]));
    for wrong in [
        json!([{"on": "query", "kind": "status"}]),
        json!([{"on": "close", "kind": "pay_before_answer"}]),
        json!([{"on": "notify", "kind": "act_then_delay", "value": 1}]),
        json!([{"on": "query", "kind": "explode"}]),
        json!({"on": "query"}),
    ] {
        let (status, problem): (u16, Value) = merchant.post("/sim/faults", &wrong).await;
        assert_eq!(status, 400, "{wrong}");
        assert!(problem["error"].is_string());
    }
}
