//! The same request again, under its caller's key.

use std::time::Duration;

use e2e::{Answer, Client, House, until};
use serde_json::{Value, json};

const CREATE: &str = "/api/v1/payment/create-order";
/// A lease of a run whose process died, and some time to look.
const LEASE: Duration = Duration::from_secs(40);

fn wish() -> Value {
    json!({ "item": { "kind": "points", "code": "points-1000" }, "channel": "wechat" })
}

async fn create(buyer: &Client, key: &str) -> Answer {
    buyer.with_key(key).post(CREATE, &wish()).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_answered_the_same() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let first = create(&buyer, "k").await;
    assert_eq!(
        (first.status, is_replayed(&first)),
        (201, false),
        "{first:?}"
    );
    let mut explicit = wish();
    explicit["scene"] = json!("qr");
    explicit["metadata"] = json!({});
    for body in [wish(), explicit] {
        let again = buyer.with_key("k").post(CREATE, &body).await;
        assert_eq!((again.status, is_replayed(&again)), (201, true));
        assert_eq!(again.text, first.text);
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    }
    let order_no = first.json()["order_no"].clone();
    for (who, other) in [
        ("another key", create(&buyer, "K").await),
        (
            "another user",
            create(&house.client.as_user("u2"), "k").await,
        ),
    ] {
        assert_eq!((other.status, is_replayed(&other)), (201, false), "{who}");
        assert_ne!(other.json()["order_no"], order_no, "{who}");
    }
    let without = buyer.post(CREATE, &wish()).await;
    assert_eq!((without.status, is_replayed(&without)), (200, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_final_unless_it_may_change() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1").with_key("k");
    let mut unknown = wish();
    unknown["item"]["code"] = json!("nothing");
    let first = buyer.post(CREATE, &unknown).await;
    let again = buyer.post(CREATE, &unknown).await;
    assert_eq!((first.status, is_replayed(&first)), (400, false));
    assert_eq!((again.status, is_replayed(&again)), (400, true));
    assert_eq!(again.json()["errors"], first.json()["errors"]);
    let id = again.header("x-request-id");
    assert_eq!(again.json()["request_id"].as_str(), id, "its own");

    let reused = buyer.post(CREATE, &wish()).await;
    assert_eq!(reused.status, 409);
    assert_eq!(reused.json()["code"], "idempotency_key_reused");

    let nobody = house.client.with_key("n");
    assert_eq!(nobody.post(CREATE, &wish()).await.status, 401);
    let now = nobody.as_user("u1").post(CREATE, &wish()).await;
    assert_eq!((now.status, is_replayed(&now)), (201, false));
    for bad in ["", "a b", &"k".repeat(65)] {
        let answer = buyer.with_key(bad).post(CREATE, &wish()).await;
        assert_eq!(answer.status, 400, "{bad:?}");
        assert_eq!(answer.json()["errors"][0]["field"], "Idempotency-Key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_path_has_one_key_however_it_is_spelled() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let first = create(&buyer, "k").await;
    // The description lists paths as they are, not every way of writing them.
    let plain = buyer.unchecked().with_key("k");
    for path in [
        "/api/v1/payment/create%2Dorder",
        "/api/v1/paymen%74/create-order",
    ] {
        let again = plain.post(path, &wish()).await;
        assert_eq!((again.status, is_replayed(&again)), (201, true), "{path}");
        assert_eq!(again.text, first.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_is_over_for_its_key() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    house
        .fault(json!({ "on": "native", "kind": "status", "value": 400, "code": "PARAM_ERROR" }))
        .await;
    let refused = create(&buyer, "k").await;
    assert_eq!(refused.status, 502, "{refused:?}");
    let order_no = refused.json()["order_no"].as_str().unwrap().to_owned();
    let order = buyer.order_status(&order_no).await;
    assert_eq!(
        (&order["status"], &order["close_reason"]),
        (&json!("closed"), &json!("rejected"))
    );
    for replayed in [false, true] {
        let again = create(&buyer, "k").await;
        assert_eq!((again.status, is_replayed(&again)), (409, replayed));
        assert_eq!(again.json()["code"], "order_closed");
        assert_eq!(again.json()["order_no"], order_no.as_str());
    }
    assert_eq!(create(&buyer, "another").await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_was_paid_meanwhile_is_the_answer_to_its_key() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    house
        .fault(json!({ "on": "native", "kind": "act_then_drop", "times": 1 }))
        .await;
    let torn = create(&buyer, "k").await;
    assert_eq!(torn.status, 502, "{torn:?}");
    let order_no = torn.json()["order_no"].as_str().unwrap().to_owned();
    house.pay(&buyer.order_status(&order_no).await).await;
    until("paid", LEASE, || async {
        buyer.order_status(&order_no).await["status"] == "paid"
    })
    .await;
    let answer = create(&buyer, "k").await;
    assert_eq!((answer.status, is_replayed(&answer)), (201, false));
    let order = answer.json();
    assert_eq!(
        (&order["order_no"], &order["status"]),
        (&json!(order_no), &json!("paid"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_works_at_a_time() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    house
        .fault(json!({ "on": "native", "kind": "delay_ms", "value": 1500, "times": 1 }))
        .await;
    let answers = tokio::join!(
        create(&buyer, "k"),
        create(&buyer, "k"),
        create(&buyer, "k"),
        create(&buyer, "k"),
    );
    let mut codes: Vec<(u16, Value)> = <[Answer; 4]>::from(answers)
        .into_iter()
        .map(|answer| (answer.status, answer.json()["code"].clone()))
        .collect();
    codes.sort_by_key(|(status, _)| *status);
    let waits = (409, json!("request_in_progress"));
    assert_eq!(
        codes,
        [(201, Value::Null), waits.clone(), waits.clone(), waits]
    );
    assert!(is_replayed(&create(&buyer, "k").await));
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_after_a_timeout_the_same_key_goes_on_with_the_same_number() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    house
        .fault(json!({ "on": "native", "kind": "act_then_delay", "value": 60_000, "times": 1 }))
        .await;
    house
        .fault(json!({ "on": "native", "kind": "act_then_drop", "times": 1 }))
        .await;
    let late = create(&buyer, "k").await;
    assert_eq!(late.status, 504, "{late:?}");
    assert_eq!(late.json()["code"], "provider_timeout");
    let order_no = late.json()["order_no"].as_str().unwrap().to_owned();
    let waiting = buyer.order_status(&order_no).await;
    assert_eq!(waiting["status"], "pending");

    let torn = create(&buyer, "k").await;
    assert_eq!((torn.status, is_replayed(&torn)), (502, false), "{torn:?}");
    assert_eq!(torn.json()["order_no"], order_no.as_str());

    let placed = create(&buyer, "k").await;
    assert_eq!((placed.status, is_replayed(&placed)), (201, false));
    assert_eq!(placed.json()["order_no"], order_no.as_str());
    assert_eq!(placed.json()["payment_no"], waiting["payment_no"]);
    assert!(placed.json()["qr_code_url"].is_string());
    let again = create(&buyer, "k").await;
    assert!(is_replayed(&again) && again.text == placed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_a_killed_process_frees_its_key_when_its_lease_ends() {
    let mut house = House::new().await;
    let buyer = house.client.as_user("u1");
    house
        .fault(json!({ "on": "native", "kind": "act_then_delay", "value": 60_000, "times": 1 }))
        .await;
    let asking = {
        let buyer = buyer.clone();
        tokio::spawn(async move { create(&buyer, "k").await })
    };
    let made = || async {
        let orders = house.platform.get("/sim/orders").await.json();
        let list = orders["orders"].as_array().or(orders.as_array());
        list.and_then(|list| list.first().cloned())
    };
    until("the platform has the order", LEASE, || async {
        made().await.is_some()
    })
    .await;
    let number = made().await.unwrap()["out_trade_no"].clone();
    house.api.kill();
    assert!(asking.await.is_err(), "the process died before it answered");

    house.restart_api(&[]).await;
    let held = create(&buyer, "k").await;
    assert_eq!(held.json()["code"], "request_in_progress", "{held:?}");
    until("the key is free", LEASE, || async {
        create(&buyer, "k").await.status != 409
    })
    .await;
    let placed = create(&buyer, "k").await;
    assert_eq!((placed.status, is_replayed(&placed)), (201, true));
    assert_eq!(placed.json()["payment_no"], number);
}
