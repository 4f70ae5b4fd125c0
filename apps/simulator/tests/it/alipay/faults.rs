//! Each fault does on the gateway what it does elsewhere.

use std::time::{Duration, Instant};

use paydesk_simulator::Options;
use serde_json::{Value, json};

use super::app::{App, shop};
use crate::merchant::eventually;

const NUMBER: &str = "T20260101000001";
const UNKNOWN: &str = "ACQ.TRADE_NOT_EXIST";

#[tokio::test(flavor = "multi_thread")]
async fn a_status_of_200_is_the_gateways_own_refusal() {
    let (_running, app) = App::start(Options::default()).await;
    for (code, expected) in [
        (Value::Null, ("20000", "isp.unknow-error")),
        (json!("ACQ.SYSTEM_ERROR"), ("40004", "ACQ.SYSTEM_ERROR")),
        (
            json!("isv.app-call-limited"),
            ("40005", "isv.app-call-limited"),
        ),
    ] {
        app.desk
            .fault(json!({"on": "precreate", "kind": "status", "value": 200, "code": code}))
            .await;
        let refused = app.precreate(NUMBER, "").await;
        assert!(app.verifies(&refused));
        let node = refused.node();
        assert_eq!(
            (
                node["code"].as_str().unwrap(),
                node["sub_code"].as_str().unwrap()
            ),
            expected
        );
    }
    assert_eq!(
        app.desk.get("/sim/orders").await,
        json!([]),
        "nothing was placed"
    );

    let outage =
        json!({"on": "alipay_query", "kind": "status", "value": 200, "code": "aop.unknow-error"});
    app.desk.fault(outage).await;
    assert_eq!(app.query(NUMBER).await.parts().2, None, "no signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_status_is_not_the_gateways() {
    let (_running, app) = App::start(Options::default()).await;
    app.desk
        .fault(json!({"on": "alipay_close", "kind": "status", "value": 502}))
        .await;
    let reply = app.close(NUMBER).await;
    assert_eq!(
        (reply.status, reply.body.contains("_response")),
        (502, false)
    );
    assert_eq!(app.close(NUMBER).await.sub_code(), UNKNOWN, "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_may_have_acted_or_not() {
    let (_running, app) = App::start(Options::default()).await;
    let order = App::order(NUMBER);
    app.desk
        .fault(json!({"on": "precreate", "kind": "drop_connection"}))
        .await;
    assert!(app.try_precreate(&order, "").await.is_err());
    assert_eq!(app.desk.get("/sim/orders").await, json!([]));
    app.desk
        .fault(json!({"on": "precreate", "kind": "act_then_drop"}))
        .await;
    assert!(app.try_precreate(&order, "").await.is_err());
    app.scan(NUMBER).await;
    assert_eq!(app.status(NUMBER).await, "WAIT_BUYER_PAY");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_can_be_signed_wrongly_or_not_at_all() {
    let (_running, app) = App::start(Options::default()).await;
    app.precreate(NUMBER, "").await;
    app.scan(NUMBER).await;
    app.desk
        .fault(json!({"on": "alipay_query", "kind": "bad_signature"}))
        .await;
    app.desk
        .fault(json!({"on": "alipay_close", "kind": "unsigned"}))
        .await;
    let spoilt = app.query(NUMBER).await;
    assert!(spoilt.is_success() && spoilt.parts().2.is_some() && !app.verifies(&spoilt));
    let unsigned = app.close(NUMBER).await;
    assert!(unsigned.is_success() && unsigned.parts().2.is_none());
    assert_eq!(app.status(NUMBER).await, "TRADE_CLOSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delay_holds_the_answer_back() {
    let (_running, app) = App::start(Options::default()).await;
    app.desk
        .fault(json!({"on": "precreate", "kind": "delay_ms", "value": 300}))
        .await;
    let begun = Instant::now();
    assert!(app.precreate(NUMBER, "").await.is_success());
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test(flavor = "multi_thread")]
async fn pay_before_answer_brings_the_notice_first() {
    let (_running, app) = App::start(Options::default()).await;
    let shop = shop(&[]);
    app.desk
        .fault(json!({"on": "precreate", "kind": "pay_before_answer"}))
        .await;
    let placed = app.precreate(NUMBER, &shop.url).await;
    assert!(placed.is_success());
    let notice = app.opened(&shop.received()[0]);
    assert_eq!(notice["trade_status"], "TRADE_SUCCESS");
}

#[tokio::test(flavor = "multi_thread")]
async fn wechats_faults_spare_alipay() {
    let (_running, app) = App::start(Options::default()).await;
    for on in ["native", "query", "close", "notify"] {
        app.desk
            .fault(json!({"on": on, "kind": "drop_connection"}))
            .await;
    }
    let shop = shop(&[]);
    assert!(app.precreate(NUMBER, &shop.url).await.is_success());
    app.scan(NUMBER).await;
    assert_eq!(app.status(NUMBER).await, "WAIT_BUYER_PAY");
    app.desk.pay(NUMBER).await;
    shop.wait_for(1).await;
    assert_eq!(
        app.desk.get("/sim/faults").await.as_array().unwrap().len(),
        4
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_can_be_lost_and_spoilt() {
    let (_running, app) = App::start(Options::default().speed(10_000)).await;
    let shop = shop(&[]);
    for fault in [
        json!({"on": "alipay_notify", "kind": "drop_connection"}),
        json!({"on": "alipay_notify", "kind": "status", "value": 503}),
        json!({"on": "alipay_notify", "kind": "bad_signature"}),
    ] {
        app.desk.fault(fault).await;
    }
    // Such a shop accepts anything, so the spoilt notice is the last.
    app.precreate(NUMBER, &shop.url).await;
    app.desk.pay(NUMBER).await;
    let received = shop.wait_for(1).await.remove(0);
    assert!(app.open(&received.body).is_none());
    let tries = eventually(|| async {
        let tries = app.desk.get("/sim/deliveries").await;
        Some(tries.as_array().unwrap().clone()).filter(|tries| tries.len() == 3)
    })
    .await;
    let seen: Vec<_> = tries.iter().rev().map(|it| it["status"].clone()).collect();
    assert_eq!(seen, [Value::Null, json!(503), json!(200)]);
    let unsent = tries.iter().filter(|it| it["request"].is_null()).count();
    assert_eq!(unsent, 2);
}
