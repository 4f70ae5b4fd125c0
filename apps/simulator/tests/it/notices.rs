//! Notices: their seal, their plan, and the ones made to order.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use paydesk_simulator::Options;
use serde_json::{Value, json};

use crate::merchant::{Merchant, Received, SLOW, Shop, eventually};

const NUMBER: &str = "PO20260101000001";

fn genuine(merchant: &Merchant, received: &Received) -> bool {
    merchant.verifies_message(|name| received.header(name), &received.body)
}

async fn deliveries(merchant: &Merchant) -> Vec<Value> {
    merchant
        .get("/sim/deliveries")
        .await
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_announced_sealed_and_signed() {
    let (running, merchant) = Merchant::start(Options::default()).await;
    let shop = Shop::open(&[]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    merchant.pay(NUMBER).await;

    let received = shop.wait_for(1).await.remove(0);
    assert!(genuine(&merchant, &received));
    assert_eq!(
        received.header("Wechatpay-Signature-Type").unwrap(),
        "WECHATPAY2-SHA256-RSA2048"
    );
    let notice: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(notice["event_type"], "TRANSACTION.SUCCESS");
    assert_eq!(notice["resource_type"], "encrypt-resource");
    assert_eq!(notice["resource"]["associated_data"], "transaction");
    let content = merchant.decrypt(&received.body).unwrap();
    assert_eq!(content, merchant.query(NUMBER).await.json());

    let sent = eventually(|| async { deliveries(&merchant).await.pop() }).await;
    assert_eq!(sent["accepted"], true);
    assert_eq!(sent["status"], 204);
    assert_eq!(sent["attempt"], 0);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_notice_is_retried_on_the_plan_until_it_is_accepted() {
    let (_running, merchant) = Merchant::start(Options::default().speed(1000)).await;
    let shop = Shop::open(&[500, 302, 400, 201, 204]);
    let begun = Instant::now();
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    merchant.pay(NUMBER).await;

    let received = shop.wait_for(5).await;
    assert!(
        begun.elapsed() >= Duration::from_millis(15 + 15 + 30 + 180),
        "not before the plan"
    );
    let tries = eventually(|| async {
        let tries = deliveries(&merchant).await;
        Some(tries).filter(|tries| tries.len() >= 5)
    })
    .await;
    assert!(received.iter().all(|received| genuine(&merchant, received)));
    let nonces: HashSet<_> = received
        .iter()
        .map(|it| it.header("Wechatpay-Nonce"))
        .collect();
    assert_eq!(nonces.len(), 5, "every try is signed anew");
    let bodies: HashSet<_> = received.iter().map(|received| &received.body).collect();
    assert_eq!(bodies.len(), 1, "and says the same");
    let statuses: Vec<_> = tries
        .iter()
        .rev()
        .map(|it| it["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [500, 302, 400, 201, 204]);

    // All that is left of the plan would pass in a moment.
    merchant
        .post("/sim/clock", &json!({"advance_s": 3 * 24 * 3600}))
        .await;
    merchant.pay_another(&shop).await;
    assert_eq!(shop.received().len(), 6, "acceptance ends the plan");
}

impl Merchant {
    /// Pays a second order and waits for its notice, so that time has demonstrably passed.
    async fn pay_another(&self, shop: &Shop) {
        let before = shop.received().len();
        self.place(&self.order("PO20260101000099", &shop.url)).await;
        self.pay("PO20260101000099").await;
        shop.wait_for(before + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_never_accepts_is_told_sixteen_times() {
    let (_running, merchant) = Merchant::start(Options::default().speed(1_000_000)).await;
    let shop = Shop::open(&[500; 40]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    merchant.pay(NUMBER).await;
    shop.wait_for(16).await;
    merchant.pay_another(&shop).await;
    let ours = deliveries(&merchant).await;
    let ours = ours
        .iter()
        .filter(|delivery| delivery["out_trade_no"] == NUMBER)
        .count();
    assert_eq!(ours, 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_after_five_seconds_is_none() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let shop = Shop::open(&[SLOW]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    merchant.pay(NUMBER).await;
    let delivery = eventually(|| async { deliveries(&merchant).await.pop() }).await;
    assert_eq!(
        (&delivery["accepted"], &delivery["status"]),
        (&json!(false), &Value::Null)
    );
    assert!(delivery["took_ms"].as_u64().unwrap() >= 5000, "{delivery}");
    assert!(delivery["error"].as_str().unwrap().contains("5 seconds"));
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_the_clock_brings_the_next_try() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let shop = Shop::open(&[500]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    merchant.pay(NUMBER).await;
    eventually(|| async { deliveries(&merchant).await.pop() }).await;
    eventually(|| async {
        merchant.post("/sim/clock", &json!({"advance_s": 15})).await;
        Some(shop.received().len()).filter(|count| *count == 2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_can_be_sent_again_by_hand() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let shop = Shop::open(&[]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    let path = format!("/sim/orders/{NUMBER}/redeliver");
    assert_eq!(
        merchant.post(&path, &json!({})).await.0,
        409,
        "nothing to announce yet"
    );
    let pay = format!("/sim/orders/{NUMBER}/pay");
    assert_eq!(
        merchant.post(&pay, &json!({"coupon": 90})).await.0,
        400,
        "no such wish"
    );
    let silent = json!({"notify": false, "coupon_fen": 90});
    merchant.post(&pay, &silent).await;
    let (status, delivery) = merchant.post(&path, &json!({})).await;
    assert_eq!((status, &delivery["accepted"]), (200, &json!(true)));
    assert_eq!(delivery["attempt"], Value::Null);
    let content = merchant.decrypt(&shop.received()[0].body).unwrap();
    assert_eq!(content["amount"]["payer_total"], 900);
    assert_eq!(
        shop.received().len(),
        1,
        "the payment itself was kept silent"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_made_to_order_says_what_was_asked() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let shop = Shop::open(&[]);
    merchant.place(&merchant.order(NUMBER, &shop.url)).await;
    let wanted = json!({
        "out_trade_no": NUMBER,
        "resource": {"amount": {"total": 1}, "mchid": "1900000000", "attach": null},
        "event_type": "SOMETHING.ELSE",
    });
    let (status, sent) = merchant.post("/sim/notices", &wanted).await;
    assert_eq!((status, &sent["delivery"]["status"]), (200, &json!(204)));
    let received = shop.wait_for(1).await.remove(0);
    assert!(genuine(&merchant, &received));
    assert_eq!(
        sent["body"],
        json!(received.body),
        "what is shown is what was sent"
    );
    assert_eq!(
        sent["headers"]["Wechatpay-Nonce"],
        json!(received.header("Wechatpay-Nonce"))
    );
    let content = merchant.decrypt(&received.body).unwrap();
    assert_eq!(content["amount"]["total"], 1);
    assert_eq!(content["amount"]["payer_total"], 990);
    assert_eq!(content["mchid"], "1900000000");
    assert_eq!(content.get("attach"), None);
    assert_eq!(content["trade_state"], "SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tampered_notice_fails_verification_or_decryption() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let ask = |tamper: &'static str| {
        let merchant = &merchant;
        async move {
            let wanted = json!({"out_trade_no": NUMBER, "tamper": tamper, "deliver": false});
            let (status, sent) = merchant.post("/sim/notices", &wanted).await;
            assert_eq!(status, 200, "{sent}");
            assert_eq!(sent["delivery"], Value::Null);
            let body = sent["body"].as_str().unwrap().to_owned();
            let header = |name: &'static str| sent["headers"][name].as_str().map(str::to_owned);
            (
                merchant.verifies_message(header, &body),
                merchant.decrypt(&body).is_some(),
            )
        }
    };
    for tamper in ["signature", "body", "serial", "stale", "probe", "unsigned"] {
        assert_eq!(ask(tamper).await, (false, true), "{tamper}");
    }
    assert_eq!(ask("key").await, (true, false));
    let nowhere = json!({"out_trade_no": NUMBER});
    assert_eq!(
        merchant.post("/sim/notices", &nowhere).await.0,
        400,
        "no address to send to"
    );
}
