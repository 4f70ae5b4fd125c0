//! What the gate does not let pass.

use paydesk_simulator::Options;
use reqwest::Method;
use serde_json::json;

use crate::merchant::{Answer, Merchant, NATIVE, now};

const URL: &str = "http://127.0.0.1:9/notify";

fn sign_error() -> (u16, String) {
    (401, "SIGN_ERROR".to_owned())
}

fn message(answer: &Answer) -> String {
    answer.json()["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_signature_is_refused_with_the_message_that_was_checked() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let order = merchant.order("PO20260101000001", URL).to_string();
    let mut draft = merchant.draft(Method::POST, NATIVE, &order);
    draft.body.push(' ');
    let refused = merchant.send(&draft).await;
    assert_eq!(refused.refusal(), sign_error());
    assert!(refused.header("Request-ID").is_none());
    let shown = &refused.json()["detail"]["sign_information"];
    assert_eq!(shown["url"], NATIVE);
    assert!(
        shown["truncated_sign_message"]
            .as_str()
            .unwrap()
            .starts_with("POST\n")
    );
    let unknown = merchant.query("PO20260101000001").await;
    assert_eq!(unknown.status, 404, "nothing was placed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_request_is_refused() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let target = merchant.query_target("PO20260101000001");
    for off in [-400, 400] {
        let draft = merchant.draft_at(Method::GET, &target, "", now() + off);
        let refused = merchant.send(&draft).await;
        assert_eq!(refused.refusal(), sign_error());
        assert!(message(&refused).contains("5分钟"));
    }
    merchant
        .post("/sim/clock", &json!({"signature_offset_s": 400}))
        .await;
    let draft = merchant.draft_at(Method::GET, &target, "", now() + 400);
    assert_eq!(
        merchant.send(&draft).await.status,
        404,
        "the clock of signatures can be moved"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_must_be_ours() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let target = merchant.query_target("PO20260101000001");
    let draft = merchant.draft(Method::GET, &target, "");
    let authorization = draft.value("Authorization");
    let with = |from: &str, to: &str| {
        draft
            .clone()
            .header("Authorization", Some(authorization.replace(from, to)))
    };

    let serial = with(&merchant.keys.certificate_serial, &"0".repeat(40));
    let refused = merchant.send(&serial).await;
    assert_eq!(refused.refusal(), sign_error());
    assert_eq!(message(&refused), "商户证书序列号有误");

    let mchid = with(&merchant.keys.merchant_id, "1900000000");
    assert_eq!(
        merchant.send(&mchid).await.refusal(),
        (400, "MCH_NOT_EXISTS".to_owned())
    );

    let scheme = with("WECHATPAY2-SHA256-RSA2048", "Bearer");
    assert!(message(&merchant.send(&scheme).await).contains("认证类型"));

    let none = draft.clone().header("Authorization", None);
    assert!(message(&merchant.send(&none).await).contains("格式错误"));
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_headers_are_refused() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let order = merchant.order("PO20260101000001", URL).to_string();
    let draft = merchant.draft(Method::POST, NATIVE, &order);
    for (name, code) in [
        ("User-Agent", "INVALID_REQUEST"),
        ("Content-Type", "INVALID_REQUEST"),
        ("Wechatpay-Serial", "PARAM_ERROR"),
    ] {
        let refused = merchant.send(&draft.clone().header(name, None)).await;
        assert_eq!(refused.refusal(), (400, code.to_owned()), "{name}");
    }
    let accept = draft.clone().header("Accept", Some("text/html".to_owned()));
    assert_eq!(
        merchant.send(&accept).await.refusal(),
        (400, "INVALID_REQUEST".to_owned())
    );
    let foreign = draft.header("Wechatpay-Serial", Some("PUB_KEY_ID_1".to_owned()));
    assert_eq!(
        merchant.send(&foreign).await.refusal(),
        (400, "PARAM_ERROR".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bodies_are_refused_by_field() {
    let (_running, merchant) = Merchant::start(Options::default().plain_http(false)).await;
    let good = merchant.order("PO20260101000001", "https://pay.example.com/notify");
    let mut extra = good.clone();
    extra["user_id"] = json!(7);
    let mut float = good.clone();
    float["amount"]["total"] = json!(9.9);
    let mut nothing = good.clone();
    nothing["amount"]["total"] = json!(0);
    let mut http = good.clone();
    http["notify_url"] = json!("http://pay.example.com/notify");
    let mut late = good.clone();
    late["time_expire"] = json!("2020-01-01T00:00:00+08:00");
    for (field, body) in [
        ("/user_id", extra),
        ("/amount/total", float),
        ("/amount/total", nothing),
        ("/notify_url", http),
        ("/time_expire", late),
    ] {
        let refused = merchant.place(&body).await;
        assert_eq!(
            refused.refusal(),
            (400, "PARAM_ERROR".to_owned()),
            "{field}"
        );
        assert_eq!(refused.json()["detail"]["field"], field);
    }
    assert_eq!(merchant.place(&good).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_must_be_bound() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let mut order = merchant.order("PO20260101000001", URL);
    order["appid"] = json!("wxffffffffffffffff");
    assert_eq!(
        merchant.place(&order).await.refusal(),
        (400, "APPID_MCHID_NOT_MATCH".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_has_an_empty_answer() {
    let (_running, merchant) = Merchant::start(Options::default()).await;
    let answer = merchant
        .send(&merchant.draft(Method::GET, "/v3/nothing", ""))
        .await;
    assert_eq!((answer.status, answer.body.as_str()), (404, ""));
    let answer = merchant
        .send(&merchant.draft(Method::GET, NATIVE, ""))
        .await;
    assert_eq!(answer.status, 405);
}
