//! The life of an order over the wire.

use paydesk_simulator::{CodeUrl, Options};
use reqwest::Method;
use serde_json::json;

use crate::merchant::{Merchant, Shop};

const URL: &str = "http://127.0.0.1:9/notify";

#[tokio::test(flavor = "multi_thread")]
async fn create_query_close_and_every_answer_is_signed() {
    let (running, merchant) = Merchant::start(Options::default()).await;
    let number = "PO20260101000001";

    let placed = merchant.place(&merchant.order(number, URL)).await;
    assert_eq!(placed.status, 200, "{}", placed.body);
    assert!(merchant.verifies(&placed));
    let code_url = placed.json()["code_url"].as_str().unwrap().to_owned();
    assert!(code_url.starts_with("weixin://wxpay/bizpayurl?pr="));
    assert!(placed.header("Request-ID").unwrap().ends_with("-0"));

    let open = merchant.query(number).await;
    assert!(merchant.verifies(&open));
    assert_eq!(open.json()["trade_state"], "NOTPAY");

    for _ in 0..2 {
        let closed = merchant.close(number).await;
        assert_eq!((closed.status, closed.body.as_str()), (204, ""));
        assert!(merchant.verifies(&closed));
    }
    assert_eq!(merchant.query(number).await.json()["trade_state"], "CLOSED");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_is_found_by_both_numbers_and_cannot_be_closed() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let shop = Shop::open(&[]);
    let number = "PO20260101000002";
    merchant.place(&merchant.order(number, &shop.url)).await;
    merchant.pay(number).await;

    let paid = merchant.query(number).await.json();
    assert_eq!(paid["trade_state"], "SUCCESS");
    assert_eq!(paid["amount"]["total"], 990);
    assert_eq!(paid["attach"], "pkg=100");
    let transaction_id = paid["transaction_id"].as_str().unwrap();
    assert_eq!(transaction_id.len(), 28);

    let mchid = &merchant.keys.merchant_id;
    let target = format!("/v3/pay/transactions/id/{transaction_id}?mchid={mchid}");
    let same = merchant
        .send(&merchant.draft(Method::GET, &target, ""))
        .await;
    assert!(merchant.verifies(&same));
    assert_eq!(same.json(), paid);

    assert_eq!(
        merchant.close(number).await.refusal(),
        (400, "ORDER_PAID".to_owned())
    );
    let again = merchant.place(&merchant.order(number, &shop.url)).await;
    assert_eq!(again.refusal(), (400, "ORDERPAID".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_a_fresh_code_and_other_terms_are_refused() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let order = merchant.order("PO20260101000003", URL);
    let first = merchant.place(&order).await.json();
    let second = merchant.place(&order).await.json();
    assert_ne!(first["code_url"], second["code_url"]);

    let mut dearer = order.clone();
    dearer["amount"]["total"] = json!(991);
    assert_eq!(
        merchant.place(&dearer).await.refusal(),
        (400, "INVALID_REQUEST".to_owned())
    );

    merchant.close("PO20260101000003").await;
    assert_eq!(
        merchant.place(&order).await.refusal(),
        (400, "ORDER_CLOSED".to_owned())
    );
    assert_eq!(
        merchant.place(&dearer).await.refusal(),
        (403, "OUT_TRADE_NO_USED".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_number_does_not_exist() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let unknown = merchant.query("PO20260101000004").await;
    assert_eq!(unknown.refusal(), (404, "ORDER_NOT_EXIST".to_owned()));
    assert!(!merchant.verifies(&unknown), "refusals are unsigned");
    assert!(
        unknown
            .header("Request-ID")
            .unwrap()
            .ends_with("-268512771")
    );
    let closed = merchant.close("PO20260101000004").await;
    assert_eq!(closed.refusal(), (404, "ORDER_NOT_EXIST".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_percent_encoded_number_is_the_same_number() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    merchant.place(&merchant.order("PO|2026*01", URL)).await;
    let encoded = merchant.query("PO%7C2026%2A01").await;
    assert_eq!(
        encoded.json()["out_trade_no"],
        "PO|2026*01",
        "{}",
        encoded.body
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_the_clock_expires_the_order_without_making_requests_stale() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let number = "PO20260101000005";
    merchant.place(&merchant.order(number, URL)).await;
    merchant
        .post("/sim/clock", &json!({"advance_s": 7 * 24 * 3600}))
        .await;
    assert_eq!(merchant.query(number).await.json()["trade_state"], "CLOSED");
    let (status, _) = merchant
        .post(&format!("/sim/orders/{number}/pay"), &json!({}))
        .await;
    assert_eq!(status, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_can_be_a_page_under_the_public_address() {
    let options = Options::default()
        .code_url(CodeUrl::Page)
        .public_url("http://shop.local:80/");
    let (_running, merchant) = Merchant::start(options).await;
    let placed = merchant
        .place(&merchant.order("PO20260101000006", URL))
        .await
        .json();
    assert!(
        placed["code_url"]
            .as_str()
            .unwrap()
            .starts_with("http://shop.local:80/pay/")
    );
}

#[test]
fn it_runs_inside_actix_too() {
    actix_web::rt::System::new().block_on(async {
        let (running, merchant) = Merchant::start(Options::default()).await;
        let shop = Shop::open(&[]);
        merchant
            .place(&merchant.order("PO20260101000007", &shop.url))
            .await;
        merchant.pay("PO20260101000007").await;
        shop.wait_for(1).await;
        running.stop().await;
        let draft = merchant.draft(Method::GET, "/v3/nothing", "");
        assert!(
            merchant.try_send(&draft).await.is_err(),
            "stopped means stopped"
        );
    });
}
