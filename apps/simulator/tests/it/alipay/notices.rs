//! Notices: their form, their plan, and the ones made to order.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use paydesk_simulator::Options;
use serde_json::{Value, json};

use super::app::{App, shop};
use crate::merchant::eventually;

const NUMBER: &str = "T20260101000001";

async fn deliveries(app: &App) -> Vec<Value> {
    let path = format!("/sim/deliveries?out_trade_no={NUMBER}");
    app.desk.get(&path).await.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_announced_signed() {
    let (_running, app) = App::start(Options::default()).await;
    let shop = shop(&[]);
    app.precreate(NUMBER, &shop.url).await;
    app.desk.pay(NUMBER).await;
    let received = shop.wait_for(1).await.remove(0);
    let content_type = received.header("Content-Type").unwrap();
    assert!(content_type.starts_with("application/x-www-form-urlencoded"));
    let notice = app.opened(&received);
    let trade = app.query(NUMBER).await.node();
    for name in ["trade_no", "out_trade_no", "trade_status", "total_amount"] {
        assert_eq!(json!(notice[name]), trade[name], "{name}");
    }
    for (name, value) in [
        ("app_id", app.keys.app_id.as_str()),
        ("auth_app_id", &app.keys.app_id),
        ("seller_id", &app.keys.merchant_id),
        ("notify_type", "trade_status_sync"),
        ("charset", "utf-8"),
        ("version", "1.0"),
        ("subject", "AI点数包-100点 100%+1"),
        ("passback_params", "pkg%3D100"),
        ("gmt_payment", trade["send_pay_date"].as_str().unwrap()),
        (
            "fund_bill_list",
            "[{\"amount\":\"9.90\",\"fundChannel\":\"ALIPAYACCOUNT\"}]",
        ),
    ] {
        assert_eq!(notice[name], value, "{name}");
    }
    let sent = eventually(|| async { deliveries(&app).await.pop() }).await;
    assert_eq!(
        (&sent["channel"], &sent["accepted"]),
        (&json!("alipay"), &json!(true))
    );
    assert_eq!(
        (&sent["event_type"], &sent["attempt"]),
        (&json!("TRADE_SUCCESS"), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_but_the_one_word_is_retried_on_the_plan() {
    let (_running, app) = App::start(Options::default().speed(10_000)).await;
    let shop = shop(&[(500, "success"), (200, "SUCCESS"), (204, "")]);
    let begun = Instant::now();
    app.precreate(NUMBER, &shop.url).await;
    app.desk.pay(NUMBER).await;
    let received = shop.wait_for(4).await;
    let plan = Duration::from_millis((4 + 10 + 10) * 6);
    assert!(begun.elapsed() >= plan, "not before the plan");
    let notices: Vec<_> = received.iter().map(|it| app.opened(it)).collect();
    let ids: HashSet<_> = notices.iter().map(|it| &it["notify_id"]).collect();
    assert_eq!(ids.len(), 1, "one event");
    let tries =
        eventually(|| async { Some(deliveries(&app).await).filter(|tries| tries.len() == 4) })
            .await;
    let accepted: Vec<_> = tries
        .iter()
        .rev()
        .map(|it| it["accepted"].as_bool().unwrap())
        .collect();
    assert_eq!(accepted, [false, false, false, true]);
    // All that is left of the plan would pass in a moment.
    app.desk
        .post("/sim/clock", &json!({"advance_s": 2 * 24 * 3600}))
        .await;
    app.precreate("T2", &shop.url).await;
    app.desk.pay("T2").await;
    assert_eq!(shop.wait_for(5).await.len(), 5, "acceptance ends the plan");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_that_never_accepts_is_told_eight_times() {
    let (_running, app) = App::start(Options::default().speed(1_000_000)).await;
    let shop = shop(&[(200, "fail"); 20]);
    app.precreate(NUMBER, &shop.url).await;
    app.desk.pay(NUMBER).await;
    shop.wait_for(8).await;
    app.precreate("T2", &shop.url).await;
    app.desk.pay("T2").await;
    shop.wait_for(16).await;
    assert_eq!(deliveries(&app).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_the_clock_brings_the_next_try() {
    let (_running, app) = App::start(Options::default()).await;
    let shop = shop(&[(500, "")]);
    app.precreate(NUMBER, &shop.url).await;
    app.desk.pay(NUMBER).await;
    eventually(|| async { deliveries(&app).await.pop() }).await;
    eventually(|| async {
        app.desk
            .post("/sim/clock", &json!({"advance_s": 240}))
            .await;
        Some(shop.received().len()).filter(|count| *count == 2)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_nobody_is_told() {
    let (_running, app) = App::start(Options::default()).await;
    app.precreate(NUMBER, "").await;
    app.desk.pay(NUMBER).await;
    let path = format!("/sim/orders/{NUMBER}/redeliver");
    assert_eq!(app.desk.post(&path, &json!({})).await.0, 409);
    assert_eq!(deliveries(&app).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_trade_is_announced_by_hand() {
    let (_running, app) = App::start(Options::default()).await;
    let shop = shop(&[]);
    app.precreate(NUMBER, &shop.url).await;
    let finish = format!("/sim/orders/{NUMBER}/finish");
    assert_eq!(app.desk.post(&finish, &json!({})).await.0, 409, "not paid");
    app.desk.pay(NUMBER).await;
    shop.wait_for(1).await;
    let (status, order) = app.desk.post(&finish, &json!({})).await;
    assert_eq!((status, &order["state"]), (200, &json!("TRADE_FINISHED")));
    let redeliver = format!("/sim/orders/{NUMBER}/redeliver");
    assert_eq!(
        app.desk.post(&redeliver, &json!({})).await.1["accepted"],
        true
    );
    let notice = app.opened(&shop.received()[1]);
    assert_eq!(notice["trade_status"], "TRADE_FINISHED");
    assert_eq!(notice["refund_fee"], "0.00");
    assert_eq!(app.status(NUMBER).await, "TRADE_FINISHED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_made_to_order_says_what_was_asked() {
    let (_running, app) = App::start(Options::default()).await;
    let shop = shop(&[]);
    app.precreate(NUMBER, &shop.url).await;
    let refund = json!({
        "channel": "alipay",
        "out_trade_no": NUMBER,
        "params": {
            "refund_fee": "3.00",
            "gmt_refund": "2026-01-02 09:00:00.123",
            "out_biz_no": "R20260102000001",
            "passback_params": null,
        },
    });
    let (status, sent) = app.desk.post("/sim/notices", &refund).await;
    assert_eq!((status, &sent["delivery"]["accepted"]), (200, &json!(true)));
    let received = shop.wait_for(1).await.remove(0);
    assert_eq!(
        sent["body"],
        json!(received.body),
        "what is shown is what was sent"
    );
    let notice = app.opened(&received);
    assert_eq!(notice["out_biz_no"], "R20260102000001");
    assert_eq!(notice["total_amount"], "9.90");
    assert!(!notice.contains_key("passback_params"));
    assert_eq!(
        app.status(NUMBER).await,
        "ACQ.TRADE_NOT_EXIST",
        "nothing happened"
    );

    let stranger = json!({"channel": "alipay", "out_trade_no": "T9", "deliver": false});
    let (_, made) = app.desk.post("/sim/notices", &stranger).await;
    let notice = app.open(made["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (
            notice["out_trade_no"].as_str(),
            notice["total_amount"].as_str()
        ),
        ("T9", "0.01")
    );
    assert_eq!(
        made["headers"]["Content-Type"].as_str().map(|it| &it[..33]),
        Some("application/x-www-form-urlencoded")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tampered_notice_is_refused_by_a_careful_merchant() {
    let (_running, app) = App::start(Options::default()).await;
    app.precreate(NUMBER, "http://127.0.0.1:9/n").await;
    let make = async |tamper: Value| {
        let wanted = json!({"out_trade_no": NUMBER, "tamper": tamper, "deliver": false});
        app.desk.post("/sim/notices", &wanted).await
    };
    let (_, genuine) = make(Value::Null).await;
    assert!(app.open(genuine["body"].as_str().unwrap()).is_some());
    for tamper in ["signature", "body", "sign_type", "duplicate", "unsigned"] {
        let (status, notice) = make(json!(tamper)).await;
        assert_eq!(status, 200, "{notice}");
        let body = notice["body"].as_str().unwrap();
        assert!(app.open(body).is_none(), "{tamper}");
        assert!(body.contains(NUMBER), "all else is in order");
    }
    assert_eq!(make(json!("serial")).await.0, 400, "wechat's");
    let mixed = json!({"channel": "alipay", "resource": {"a": 1}, "deliver": false});
    assert_eq!(app.desk.post("/sim/notices", &mixed).await.0, 400);
    let mixed = json!({"channel": "wechat", "params": {"a": "1"}, "deliver": false});
    assert_eq!(app.desk.post("/sim/notices", &mixed).await.0, 400);
    let number = json!({"channel": "alipay", "params": {"total_amount": 1}, "deliver": false});
    assert_eq!(app.desk.post("/sim/notices", &number).await.0, 400);
}
