//! The WebSocket.

use std::time::Duration;

use e2e::{House, Socket, token, token_with};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(5);
const SECRET: &str = "a secret of test houses, thirty-two bytes or more";

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_sees_its_order_paid_and_granted() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    let order = buyer.order().await;
    let stranger_order = house.client.as_user("u2").order().await;
    let mut socket = Socket::open(house.port(), &token("u1"), None)
        .await
        .unwrap();
    assert_eq!(
        socket.protocol.as_deref(),
        Some("paydesk.v1"),
        "the token is never echoed"
    );
    let snapshot = socket.next(SOON).await;
    assert_eq!(snapshot["type"], "snapshot");
    assert_eq!(
        snapshot["orders"].as_array().unwrap().len(),
        1,
        "own orders only"
    );
    assert_eq!(snapshot["orders"][0]["order_no"], order["order_no"]);

    house.pay(&stranger_order).await;
    house.pay(&order).await;
    let paid = socket.next(SOON).await;
    assert_eq!(
        (&paid["type"], &paid["seq"]),
        (&json!("payment_success"), &json!(2)),
        "{paid}"
    );
    assert_eq!(paid["order"]["order_no"], order["order_no"]);
    let granted = socket.next(SOON).await;
    assert_eq!(
        (&granted["type"], &granted["seq"]),
        (&json!("fulfilled"), &json!(3)),
        "{granted}"
    );
    assert_eq!(granted["order"]["fulfilment"], "granted");
    assert_eq!(
        socket.next(Duration::from_millis(1200)).await,
        Value::Null,
        "nothing twice"
    );
    let output = house.api.output();
    assert!(
        !output.contains(&token("u1")) && !output.contains("bearer."),
        "no token in logs"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_are_refused_without_token_or_from_foreign_pages() {
    let house = House::new().await;
    let port = house.port();
    assert_eq!(Socket::open(port, "garbage", None).await.err(), Some(401));
    let foreign = Socket::open(port, &token("u1"), Some("https://evil.example")).await;
    assert_eq!(foreign.err(), Some(403));
    let own = format!("http://127.0.0.1:{port}");
    assert!(Socket::open(port, &token("u1"), Some(&own)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_five_sockets() {
    let house = House::new().await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(
            Socket::open(house.port(), &token("u1"), None)
                .await
                .unwrap(),
        );
    }
    assert_eq!(
        Socket::open(house.port(), &token("u1"), None).await.err(),
        Some(429)
    );
    assert!(Socket::open(house.port(), &token("u2"), None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_can_be_renewed_and_not_for_somebody_else() {
    let house = House::new().await;
    let mut socket = Socket::open(house.port(), &token("u1"), None)
        .await
        .unwrap();
    socket.next(SOON).await;
    let auth = |token: &str| json!({ "type": "auth", "token": token }).to_string();
    socket.say(&auth(&token("u1"))).await;
    socket.say("{\"type\": \"something new\"}").await;
    socket.say(&auth(&token("u2"))).await;
    assert_eq!(socket.closed(SOON).await, Some(4401));

    let mut socket = Socket::open(house.port(), &token("u1"), None)
        .await
        .unwrap();
    let expired = token_with(&json!({ "sub": "u1", "exp": 1_700_000_000 }), SECRET);
    socket.say(&auth(&expired)).await;
    assert_eq!(socket.closed(SOON).await, Some(4401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_closes_its_socket() {
    let house = House::new().await;
    // Tokens are good for a minute beyond their end, against clocks that differ.
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let ending = token_with(&json!({ "sub": "u1", "exp": now - 57 }), SECRET);
    let mut socket = Socket::open(house.port(), &ending, None).await.unwrap();
    assert_eq!(socket.closed(Duration::from_secs(10)).await, Some(4401));
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_too_large_end_a_socket() {
    let house = House::new().await;
    let mut socket = Socket::open(house.port(), &token("u1"), None)
        .await
        .unwrap();
    socket.say(&"x".repeat(5000)).await;
    assert!(socket.closed(SOON).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_tells_its_sockets_to_come_back() {
    let mut house = House::new().await;
    let mut socket = Socket::open(house.port(), &token("u1"), None)
        .await
        .unwrap();
    socket.next(SOON).await;
    let told = tokio::spawn(async move { socket.closed(SOON).await });
    let status = tokio::task::block_in_place(|| house.api.terminate());
    assert!(status.success(), "{status}");
    assert_eq!(told.await.unwrap(), Some(1012));
}
