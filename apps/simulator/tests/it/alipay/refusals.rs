//! What the gateway does not let pass, and which refusals it signs.

use paydesk_simulator::Options;
use reqwest::Method;
use serde_json::json;

use super::app::{App, PRECREATE, Pairs, QUERY, Reply, beijing, form};
use crate::merchant::now;

const NUMBER: &str = "T20260101000001";

/// A query, changed before it is signed.
async fn changed(app: &App, change: impl FnOnce(&mut Pairs)) -> Reply {
    let mut pairs = app.unsigned(QUERY, &json!({"out_trade_no": NUMBER}), "");
    change(&mut pairs);
    app.send(app.sign(pairs)).await
}

async fn with(app: &App, name: &str, value: &str) -> Reply {
    changed(app, |pairs| {
        pairs.insert(name.to_owned(), value.to_owned());
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_refused_with_the_string_that_was_checked() {
    let (_running, app) = App::start(Options::default()).await;
    let mut pairs = app.sign(app.unsigned(PRECREATE, &App::order(NUMBER), ""));
    let content = pairs.get_mut("biz_content").unwrap();
    *content = content.replace("9.90", "0.01");
    let refused = app.send(pairs).await;
    assert!(app.verifies(&refused), "the application is known");
    assert_eq!(refused.parts().0, "alipay_trade_precreate_response");
    let node = refused.node();
    assert_eq!(
        (&node["code"], &node["sub_code"]),
        (&json!("40002"), &json!("isv.invalid-signature"))
    );
    let shown = node["sub_msg"].as_str().unwrap();
    assert!(shown.contains(&format!("app_id={}&amp;biz_content=", app.keys.app_id)));
    assert!(shown.contains("0.01"));
    let list = app.desk.get("/sim/orders").await;
    assert_eq!(list, json!([]), "nothing was placed");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_before_the_application_is_known_are_not_signed() {
    let (_running, app) = App::start(Options::default()).await;
    let stranger = with(&app, "app_id", "2021000000000000").await;
    assert_eq!(stranger.parts().0, "alipay_trade_query_response");
    assert_eq!(
        (stranger.parts().2, stranger.sub_code().as_str()),
        (None, "isv.invalid-app-id")
    );
    for (name, code) in [
        ("app_id", "isv.missing-app-id"),
        ("timestamp", "isv.missing-timestamp"),
        ("version", "isv.missing-version"),
        ("sign_type", "isv.missing-signature-type"),
    ] {
        let refused = with(&app, name, "").await;
        assert_eq!(refused.node()["code"], "40001");
        assert_eq!(
            (refused.parts().2, refused.sub_code().as_str()),
            (None, code)
        );
    }
    let nameless = with(&app, "method", "").await;
    let unknown = with(&app, "method", "alipay.trade.magic").await;
    for (refused, code) in [
        (nameless, "isv.missing-method"),
        (unknown, "isv.invalid-method"),
    ] {
        assert_eq!(refused.parts().0, "error_response");
        assert_eq!(
            (refused.parts().2, refused.sub_code().as_str()),
            (Some(""), code)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_known_application_are_signed() {
    let (_running, app) = App::start(Options::default()).await;
    for (name, value, code, sub_code) in [
        ("sign_type", "RSA", "40002", "isv.invalid-signature-type"),
        ("format", "XML", "40002", "isv.invalid-format"),
        ("charset", "gbk", "40002", "isv.invalid-charset"),
        ("version", "2.0", "40002", "isv.invalid-parameter"),
        ("encrypt_type", "AES", "40002", "isv.invalid-encrypt-type"),
        ("biz_content", "{", "40002", "isv.invalid-parameter"),
        ("biz_content", "{}", "40004", "ACQ.INVALID_PARAMETER"),
        (
            "app_auth_token",
            "202601BB00",
            "20001",
            "aop.invalid-app-auth-token",
        ),
        ("auth_token", "x", "20001", "aop.invalid-auth-token"),
        (
            "method",
            "alipay.trade.cancel",
            "40006",
            "isv.insufficient-isv-permissions",
        ),
    ] {
        let refused = with(&app, name, value).await;
        assert_eq!(refused.status, 200);
        assert_eq!(
            (
                refused.node()["code"].as_str().unwrap(),
                refused.sub_code().as_str()
            ),
            (code, sub_code)
        );
        assert!(app.verifies(&refused), "{sub_code}");
    }
    assert_eq!(
        with(&app, "alipay_sdk", "any/1").await.sub_code(),
        "ACQ.TRADE_NOT_EXIST"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timestamp_is_beijing_time_of_these_minutes() {
    let (_running, app) = App::start(Options::default()).await;
    for off in [-8 * 3600, -700, 700] {
        let refused = with(&app, "timestamp", &beijing(now() + off)).await;
        assert_eq!(refused.sub_code(), "isv.invalid-timestamp");
    }
    app.desk
        .post("/sim/clock", &json!({"signature_offset_s": 700}))
        .await;
    let admitted = with(&app, "timestamp", &beijing(now() + 700)).await;
    assert_eq!(admitted.sub_code(), "ACQ.TRADE_NOT_EXIST");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_charset_belongs_into_the_query() {
    let (_running, app) = App::start(Options::default()).await;
    let body = form(&app.sign(app.unsigned(PRECREATE, &App::order(NUMBER), "")));
    let refused = app.post("", &body).await.unwrap();
    assert_eq!(refused.sub_code(), "isv.invalid-signature");
    let shown = refused.node()["sub_msg"].as_str().unwrap().to_owned();
    assert!(shown.contains("please put charset into the query string"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_form_holds_parameters() {
    let (_running, app) = App::start(Options::default()).await;
    let pairs = app.sign(app.unsigned(QUERY, &json!({"out_trade_no": NUMBER}), ""));
    let json = json!(pairs).to_string();
    let refused = app
        .request(Method::POST, "", "application/json", &json)
        .await
        .unwrap();
    assert_eq!(refused.sub_code(), "isv.missing-method");
    let twice = app.post(&form(&pairs), &form(&pairs)).await.unwrap();
    assert_eq!(twice.sub_code(), "isv.suspected-attack");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_orders_are_refused_by_field() {
    let (_running, app) = App::start(Options::default()).await;
    for (name, value, code) in [
        ("total_amount", json!(9.9), "ACQ.INVALID_PARAMETER"),
        ("total_amount", json!("9.901"), "ACQ.INVALID_PARAMETER"),
        ("total_amount", json!("0.00"), "ACQ.TOTAL_FEE_EXCEED"),
        ("out_trade_no", json!("a b"), "ACQ.INVALID_PARAMETER"),
        ("subject", json!("a=b"), "ACQ.INVALID_PARAMETER"),
        (
            "notify_url",
            json!("https://pay.example.com"),
            "ACQ.INVALID_PARAMETER",
        ),
        (
            "product_code",
            json!("QUICK_WAP_WAY"),
            "ACQ.ACCESS_FORBIDDEN",
        ),
        (
            "time_expire",
            json!("2020-01-01 00:00:00"),
            "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR",
        ),
    ] {
        let mut order = App::order(NUMBER);
        order[name] = value;
        let refused = app.call(PRECREATE, &order).await;
        assert_eq!(
            (
                refused.sub_code().as_str(),
                refused.node()["code"].as_str().unwrap()
            ),
            (code, "40004")
        );
        assert!(app.verifies(&refused));
    }
    let refused = app.precreate(NUMBER, "https://pay.example.com/n?x=1").await;
    assert_eq!(refused.sub_code(), "isv.invalid-parameter");
}
