//! Lists that are read page by page.

use e2e::{Client, House, until};
use serde_json::{Value, json};
use std::time::Duration;

const ORDERS: &str = "/api/v1/payment/orders";
const ENTRIES: &str = "/api/v1/account/points/entries";
const SOON: Duration = Duration::from_secs(10);

/// Every page of a list, two entries at a time.
async fn pages(buyer: &Client, path: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let answer = buyer.get(&format!("{path}?limit=2{cursor}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let page = answer.json();
        pages.push(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_and_points_are_listed_newest_first() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    assert_eq!(pages(&buyer, ORDERS).await, [Vec::<Value>::new()]);
    let mut placed = Vec::new();
    for n in 0..4 {
        let order = buyer.with_key(&format!("k{n}")).order().await;
        if n < 3 {
            house.pay(&order).await;
            let order_no = order["order_no"].as_str().unwrap();
            until("granted", SOON, || async {
                buyer.order_status(order_no).await["fulfilment"] == "granted"
            })
            .await;
        }
        placed.insert(0, order["order_no"].clone());
    }
    house.client.as_user("u2").order().await;

    let listed = pages(&buyer, ORDERS).await;
    let lengths: Vec<_> = listed.iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 2]);
    let numbers: Vec<_> = listed
        .concat()
        .iter()
        .map(|order| order["order_no"].clone())
        .collect();
    assert_eq!(numbers, placed);
    for (status, expected) in [
        ("pending", &placed[..1]),
        ("paid", &placed[1..]),
        ("closed", &[]),
        ("refunded", &[]),
    ] {
        let page = buyer.get(&format!("{ORDERS}?status={status}")).await.json();
        let orders = page["data"].as_array().unwrap();
        let numbers: Vec<_> = orders.iter().map(|o| o["order_no"].clone()).collect();
        assert_eq!(numbers, expected, "{status}");
        assert_eq!(page["next_cursor"], Value::Null);
    }

    let entries = pages(&buyer, ENTRIES).await;
    let lengths: Vec<_> = entries.iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 1]);
    let entries = entries.concat();
    assert!(
        entries
            .iter()
            .all(|e| e["kind"] == "grant" && e["points"] == 1000)
    );
    let times: Vec<_> = entries.iter().map(|e| e["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");

    for (of, other) in [(ORDERS, ENTRIES), (ENTRIES, ORDERS)] {
        let page = buyer.get(&format!("{of}?limit=1")).await.json();
        let cursor = page["next_cursor"].as_str().unwrap();
        let foreign = buyer.get(&format!("{other}?cursor={cursor}")).await;
        assert_eq!(foreign.status, 400, "{other}");
        assert_eq!(foreign.json()["errors"][0]["field"], "cursor", "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_parameters_are_refused_by_name() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    for (path, field) in [
        (format!("{ORDERS}?status=gone"), "status"),
        (format!("{ORDERS}?limit=0"), "limit"),
        (format!("{ORDERS}?limit=101"), "limit"),
        (format!("{ORDERS}?limit=ten"), "limit"),
        (format!("{ORDERS}?cursor=x"), "cursor"),
        (format!("{ORDERS}?cursor="), "cursor"),
        (format!("{ORDERS}?limit=1&limit=1"), "limit"),
        (format!("{ORDERS}?Status=paid"), "Status"),
        (format!("{ENTRIES}?limit=0"), "limit"),
        (format!("{ENTRIES}?cursor=x"), "cursor"),
        (format!("{ENTRIES}?status=paid"), "status"),
        ("/api/v1/account/points?x=1".to_owned(), "x"),
        ("/api/v1/catalog?x=1".to_owned(), "x"),
        ("/api/v1/payment/order-status?order=1".to_owned(), "order"),
        ("/api/v1/payment/orders/x/qr.svg?x=1".to_owned(), "x"),
    ] {
        let answer = buyer.get(&path).await;
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["code"]),
            (400, &json!("invalid_request")),
            "{path}: {answer:?}"
        );
        assert_eq!(problem["errors"][0]["field"], field, "{path}");
    }
    for path in [ORDERS, ENTRIES] {
        assert_eq!(house.client.get(path).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_get_answers_head() {
    let house = House::new().await;
    let buyer = house.client.as_user("u1");
    for path in ["/healthz", "/readyz", "/api/v1/catalog", ORDERS, ENTRIES] {
        let head = buyer.raw("HEAD", path, &[], Vec::new()).await;
        let get = buyer.get(path).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
    let post = buyer.raw("POST", ORDERS, &[], Vec::new()).await;
    assert_eq!(post.status, 405);
    assert_eq!(post.header("allow"), Some("GET, HEAD"));
    let create = "/api/v1/payment/create-order";
    let head = buyer.raw("HEAD", create, &[], Vec::new()).await;
    assert_eq!((head.status, head.header("allow")), (405, Some("POST")));
}
