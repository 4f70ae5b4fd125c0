//! The life of a trade: reserved, scanned, paid, closed.

use paydesk_simulator::{CodeUrl, Options};
use reqwest::Method;
use serde_json::{Value, json};

use super::app::{App, CLOSE, PRECREATE, QUERY, form, shop};

const NUMBER: &str = "T20260101000001";
const UNKNOWN: &str = "ACQ.TRADE_NOT_EXIST";

async fn page(app: &App, url: &str) -> String {
    let page = app.desk.http.get(url).send().await.unwrap();
    page.text().await.unwrap()
}

async fn pay(app: &App, manner: Value) -> u16 {
    let path = format!("/sim/orders/{NUMBER}/pay");
    app.desk.post(&path, &manner).await.0
}

async fn advance(app: &App, seconds: i64) {
    let change = json!({"advance_s": seconds});
    assert_eq!(app.desk.post("/sim/clock", &change).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn precreate_query_close_and_every_answer_is_signed() {
    let (_running, app) = App::start(Options::default()).await;
    let placed = app.precreate(NUMBER, "").await;
    assert!(app.verifies(&placed));
    assert_eq!(placed.parts().0, "alipay_trade_precreate_response");
    let node = placed.node();
    assert_eq!(
        (&node["code"], &node["msg"]),
        (&json!("10000"), &json!("Success"))
    );
    assert_eq!(node["out_trade_no"], NUMBER);
    let qr_code = node["qr_code"].as_str().unwrap();
    assert!(qr_code.starts_with("https://qr.alipay.com/bax"));
    assert!(node.get("trade_no").is_none(), "there is no trade yet");

    app.scan(NUMBER).await;
    let open = app.query(NUMBER).await;
    assert!(app.verifies(&open));
    let open = open.node();
    assert_eq!(open["trade_status"], "WAIT_BUYER_PAY");
    assert_eq!(open["total_amount"], "9.90");
    let trade_no = open["trade_no"].as_str().unwrap();
    assert_eq!(trade_no.len(), 28);
    let both = json!({"trade_no": trade_no, "out_trade_no": "T0"});
    let found = app.call(QUERY, &both).await.node();
    assert_eq!(found["out_trade_no"], NUMBER, "Alipay's number wins");

    let closed = app.close(NUMBER).await;
    assert!(app.verifies(&closed) && closed.is_success());
    assert_eq!(closed.parts().0, "alipay_trade_close_response");
    assert_eq!(closed.node()["trade_no"], trade_no);
    assert_eq!(app.status(NUMBER).await, "TRADE_CLOSED");
    let again = app.close(NUMBER).await;
    assert!(app.verifies(&again));
    assert_eq!(again.sub_code(), "ACQ.TRADE_STATUS_ERROR");
    assert_eq!(
        app.precreate(NUMBER, "").await.sub_code(),
        "ACQ.TRADE_HAS_CLOSE"
    );
    assert_eq!(pay(&app, json!({})).await, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_never_scanned_is_no_trade() {
    let (_running, app) = App::start(Options::default()).await;
    assert!(app.precreate(NUMBER, "").await.is_success());
    let unknown = app.query(NUMBER).await;
    assert!(app.verifies(&unknown), "this refusal is signed");
    let node = unknown.node();
    assert_eq!(
        (&node["code"], &node["sub_code"]),
        (&json!("40004"), &json!(UNKNOWN))
    );
    assert_eq!(node["out_trade_no"], NUMBER);
    assert_eq!(node["buyer_pay_amount"], "0.00");
    let unclosed = app.close(NUMBER).await;
    assert!(app.verifies(&unclosed));
    assert_eq!(unclosed.sub_code(), UNKNOWN);
    let order = app.desk.get(&format!("/sim/orders/{NUMBER}")).await;
    assert_eq!(
        (&order["channel"], &order["state"]),
        (&json!("alipay"), &json!("NOT_SCANNED"))
    );

    advance(&app, 3 * 3600).await;
    app.scan(NUMBER).await;
    assert_eq!(app.status(NUMBER).await, UNKNOWN, "for ever");
    assert_eq!(pay(&app, json!({})).await, 409);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_what_was_never_scanned_does_not_stop_the_payer() {
    let (_running, app) = App::start(Options::default()).await;
    let shop = shop(&[]);
    app.precreate(NUMBER, &shop.url).await;
    assert_eq!(app.close(NUMBER).await.sub_code(), UNKNOWN);
    assert_eq!(pay(&app, json!({})).await, 200);
    assert_eq!(app.status(NUMBER).await, "TRADE_SUCCESS");
    shop.wait_for(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_the_phone_page_is_scanning() {
    let (_running, app) = App::start(Options::default().code_url(CodeUrl::Page)).await;
    let shop = shop(&[]);
    let placed = app.precreate(NUMBER, &shop.url).await.node();
    let url = placed["qr_code"].as_str().unwrap();
    assert_eq!(app.status(NUMBER).await, UNKNOWN);
    let shown = page(&app, url).await;
    assert!(shown.contains("id=\"pay\"") && shown.contains("¥9.90"));
    assert!(shown.contains("data-channel=\"alipay\"") && shown.contains("不是支付宝"));
    assert_eq!(app.status(NUMBER).await, "WAIT_BUYER_PAY");
    let trade_no = app.query(NUMBER).await.node()["trade_no"].clone();

    let press = app.desk.http.post(url).body("action=pay");
    let press = press.header("Content-Type", "application/x-www-form-urlencoded");
    let paid = press.send().await.unwrap().text().await.unwrap();
    assert!(paid.contains("支付成功"));
    let node = app.query(NUMBER).await.node();
    assert_eq!(node["trade_status"], "TRADE_SUCCESS");
    assert_eq!(node["trade_no"], trade_no, "the trade keeps its number");
    shop.wait_for(1).await;
    assert!(
        page(&app, &format!("{}/", app.desk.base_url))
            .await
            .contains("支付宝 Alipay")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_a_code_and_other_terms_are_refused() {
    let (_running, app) = App::start(Options::default()).await;
    let first = app.precreate(NUMBER, "").await.node();
    let mut order = App::order(NUMBER);
    order["total_amount"] = json!("9.9");
    let again = app.call(PRECREATE, &order).await.node();
    assert_ne!(again["qr_code"], first["qr_code"]);
    assert_eq!(again["code"], "10000", "the same amount in other words");
    for (name, value) in [("total_amount", "9.91"), ("subject", "other")] {
        let mut order = App::order(NUMBER);
        order[name] = json!(value);
        let refused = app.call(PRECREATE, &order).await;
        assert!(app.verifies(&refused));
        assert_eq!(refused.sub_code(), "ACQ.CONTEXT_INCONSISTENT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_trade_shows_its_money_and_cannot_be_closed() {
    let (_running, app) = App::start(Options::default()).await;
    app.precreate(NUMBER, "").await;
    let manner = json!({"coupon_fen": 90, "payer": "2088102100000042"});
    assert_eq!(pay(&app, manner).await, 200);
    let paid = app.query(NUMBER).await;
    assert!(app.verifies(&paid));
    let paid = paid.node();
    for (name, value) in [
        ("trade_status", "TRADE_SUCCESS"),
        ("total_amount", "9.90"),
        ("receipt_amount", "9.90"),
        ("buyer_pay_amount", "9.00"),
        ("discount_amount", "0.90"),
        ("buyer_user_id", "2088102100000042"),
    ] {
        assert_eq!(paid[name], value, "{name}");
    }
    assert_eq!(paid["send_pay_date"].as_str().unwrap().len(), 19);
    assert_eq!(paid["fund_bill_list"][0]["fund_channel"], "ALIPAYACCOUNT");
    let refused = app.close(NUMBER).await;
    assert_eq!(refused.sub_code(), "ACQ.TRADE_STATUS_ERROR");
    assert_eq!(
        app.precreate(NUMBER, "").await.sub_code(),
        "ACQ.TRADE_HAS_SUCCESS"
    );

    advance(&app, 366 * 24 * 3600).await;
    assert_eq!(app.status(NUMBER).await, "TRADE_FINISHED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_trade_closes_at_its_deadline() {
    let (_running, app) = App::start(Options::default()).await;
    let mut order = App::order(NUMBER);
    order["timeout_express"] = json!("5m");
    assert!(app.call(PRECREATE, &order).await.is_success());
    app.scan(NUMBER).await;
    assert_eq!(app.status(NUMBER).await, "WAIT_BUYER_PAY");
    advance(&app, 300).await;
    assert_eq!(app.status(NUMBER).await, "TRADE_CLOSED");
    assert_eq!(
        app.call(CLOSE, &json!({"out_trade_no": NUMBER}))
            .await
            .sub_code(),
        "ACQ.TRADE_STATUS_ERROR"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_matter_where_parameters_travel() {
    let (_running, app) = App::start(Options::default()).await;
    let order = App::order(NUMBER);
    let whole = form(&app.sign(app.unsigned(PRECREATE, &order, "")));
    let got = app.request(Method::GET, &whole, "text/plain", "").await;
    assert!(got.unwrap().is_success());
    let mut rest = app.sign(app.unsigned(PRECREATE, &order, ""));
    rest.remove("charset");
    let posted = app.post("charset=utf-8", &form(&rest)).await;
    assert!(posted.unwrap().is_success());
    let query = json!({"out_trade_no": NUMBER});
    let plain = form(&app.sign(app.unsigned(QUERY, &query, "")));
    assert_eq!(app.post("", &plain).await.unwrap().sub_code(), UNKNOWN);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_channels_may_use_one_number() {
    let (_running, app) = App::start(Options::default()).await;
    app.desk
        .place(&app.desk.order(NUMBER, "http://127.0.0.1:9/n"))
        .await;
    app.precreate(NUMBER, "").await;
    let shown = async |channel: &str| {
        let path = format!("/sim/orders/{NUMBER}?channel={channel}");
        app.desk.get(&path).await
    };
    assert_eq!(shown("wechat").await["state"], "NOTPAY");
    assert_eq!(shown("alipay").await["state"], "NOT_SCANNED");
    let path = format!("/sim/orders/{NUMBER}/pay?channel=alipay");
    assert_eq!(app.desk.post(&path, &json!({})).await.0, 200);
    assert_eq!(app.desk.query(NUMBER).await.json()["trade_state"], "NOTPAY");
    assert_eq!(app.status(NUMBER).await, "TRADE_SUCCESS");
    assert_eq!(
        app.desk.get("/sim/orders").await.as_array().unwrap().len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_api_tells_the_settings() {
    let (running, app) = App::start(Options::default()).await;
    let settings = &app.desk.get("/sim/keys").await["alipay"];
    assert_eq!(settings["app_id"], json!(app.keys.app_id));
    assert_eq!(settings["merchant_id"], json!(app.keys.merchant_id));
    assert_eq!(settings["base_url"], json!(app.gateway));
    assert!(settings.get("platform_private_key").is_none());
    assert!(
        running
            .settings_toml()
            .contains("[accounts.alipay-simulator]")
    );
}
