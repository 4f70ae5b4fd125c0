//! One purchase from the order to the points.

use std::time::Duration;

use e2e::{House, Setup, until};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_bought_scanned_paid_and_granted() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");

    let catalog = house.client.get("/api/v1/catalog").await;
    assert_eq!(catalog.status, 200);
    let listed = catalog.json();
    let codes: Vec<_> = listed["point_packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["code"].clone())
        .collect();
    assert_eq!(
        codes,
        ["points-1000", "points-100"],
        "unlisted packages are not shown"
    );

    let wish = json!({ "item": { "kind": "points", "code": "points-1000" }, "channel": "wechat" });
    let placed = buyer.post("/api/v1/payment/create-order", &wish).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let order = placed.json();
    assert_eq!(order["status"], "pending");
    assert_eq!(order["amount_fen"], 990);
    assert_eq!(order["seq"], 1);
    assert!(
        order["qr_code_url"]
            .as_str()
            .unwrap()
            .starts_with("weixin://wxpay/bizpayurl")
    );
    let number = order["payment_no"].as_str().unwrap();
    assert!(number.starts_with("e2e") && number.len() == 29, "{number}");

    let image = house
        .client
        .get(order["qr_code_image"].as_str().unwrap())
        .await;
    assert_eq!(image.status, 200);
    assert_eq!(image.header("content-type"), Some("image/svg+xml"));
    assert!(image.text.contains("<svg"));

    house.pay(&order).await;
    let order_no = order["order_no"].as_str().unwrap();
    until("the order is granted", SOON, || async {
        buyer.order_status(order_no).await["fulfilment"] == "granted"
    })
    .await;
    let paid = buyer.order_status(order_no).await;
    assert_eq!(paid["status"], "paid");
    assert_eq!(paid["paid_fen"], 990);
    assert_eq!(paid["qr_code_url"], Value::Null);
    assert_eq!(paid["seq"], 3);
    assert!(paid["transaction_id"].is_string() && paid["paid_at"].is_string());

    let points = buyer.points().await;
    assert_eq!(points["balance"], 1000);
    assert_eq!(points["lots"].as_array().unwrap().len(), 1);
    assert!(
        points["lots"][0]["expires_at"]
            .as_str()
            .unwrap()
            .ends_with("T16:00:00Z"),
        "{points}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_gives_the_order_that_waits() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let first = buyer.order().await;
    let again = buyer.order().await;
    assert_eq!(first["order_no"], again["order_no"]);
    let other = house.client.as_user("u2").order().await;
    assert_ne!(
        first["order_no"], other["order_no"],
        "other people have orders of their own"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_the_callback_may_come_before_the_answer() {
    let house = House::new().await;
    house
        .fault(json!({ "on": "native", "kind": "pay_before_answer", "times": 1 }))
        .await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    assert_eq!(
        order["status"], "paid",
        "the late answer changed nothing: {order}"
    );
    let order_no = order["order_no"].as_str().unwrap();
    until("granted", SOON, || async {
        buyer.order_status(order_no).await["fulfilment"] == "granted"
    })
    .await;
    assert_eq!(buyer.points().await["balance"], 1000);
    let deliveries = house.deliveries().await;
    assert_eq!(deliveries.len(), 1, "accepted at once: {deliveries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn r2_an_answer_that_never_comes_leaves_an_order_that_can_be_paid() {
    let house = House::new().await;
    house
        .fault(json!({ "on": "native", "kind": "act_then_drop", "times": 1 }))
        .await;
    let buyer = house.client.as_user("u1");
    let wish = json!({ "item": { "kind": "points", "code": "points-1000" }, "channel": "wechat" });
    let failed = buyer.post("/api/v1/payment/create-order", &wish).await;
    assert_eq!(failed.status, 502, "{failed:?}");
    assert_eq!(failed.json()["code"], "provider_unavailable");
    let order_no = failed.json()["order_no"].as_str().unwrap().to_owned();
    let waiting = buyer.order_status(&order_no).await;
    assert_eq!(waiting["status"], "pending", "unknown is not failed");
    assert_eq!(waiting["qr_code_url"], Value::Null);

    // Asking again repeats the same request under the same number.
    let again = buyer.order().await;
    assert_eq!(again["order_no"], order_no.as_str());
    assert_eq!(again["payment_no"], waiting["payment_no"]);
    assert!(again["qr_code_url"].is_string());
    house.pay(&again).await;
    until("granted", SOON, || async {
        buyer.order_status(&order_no).await["fulfilment"] == "granted"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_callback_is_lost_is_found_by_asking() {
    let house = House::set_up(Setup {
        speed: 1,
        ..Setup::default()
    })
    .await;
    house
        .fault(json!({ "on": "notify", "kind": "drop_connection", "times": 99 }))
        .await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    house.pay(&order).await;
    let order_no = order["order_no"].as_str().unwrap();
    assert_eq!(buyer.order_status(order_no).await["status"], "pending");
    let path = format!("/api/v1/payment/order-status?order_no={order_no}&refresh=true");
    assert_eq!(buyer.get(&path).await.json()["status"], "paid");
    until("granted", SOON, || async {
        buyer.order_status(order_no).await["fulfilment"] == "granted"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_refuses_leaves_a_closed_order() {
    let house = House::new().await;
    let fault =
        json!({ "on": "native", "kind": "status", "value": 403, "code": "NO_AUTH", "times": 1 });
    house.fault(fault).await;
    let buyer = house.client.as_user("u1");
    let wish = json!({ "item": { "kind": "points", "code": "points-1000" }, "channel": "wechat" });
    let failed = buyer.post("/api/v1/payment/create-order", &wish).await;
    assert_eq!(failed.status, 502);
    let order_no = failed.json()["order_no"].as_str().unwrap().to_owned();
    let closed = buyer.order_status(&order_no).await;
    assert_eq!(
        (&closed["status"], &closed["close_reason"]),
        (&json!("closed"), &json!("rejected"))
    );
    let next = buyer.order().await;
    assert_ne!(
        next["order_no"],
        order_no.as_str(),
        "a new try is a new order"
    );
}
