//! Placing orders in each product, for the merchant itself and for a sub-merchant: what is sent, and
//! what is made of the answer.

use paydesk_money::Cny;
use paydesk_provider::{Answer, PaymentProvider, ProviderError};
use paydesk_wechatpay::{
    Detail, GoodsItem, H5Info, Method, OpenId, Order, SceneInfo, StoreInfo, SubMerchant, WechatPay,
};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::platform::{APP_ID, FakePlatform, MERCHANT_ID, Script, an_order};

const HOST: &str = "https://api.mch.weixin.qq.com";

fn plain() -> Order {
    Order::new(
        "PO20260101000001",
        "AI点数包-100点",
        Cny::from_fen(990),
        "https://pay.example.com/notify/wechat",
    )
}

fn plain_json() -> Value {
    json!({
        "description": "AI点数包-100点", "out_trade_no": "PO20260101000001",
        "notify_url": "https://pay.example.com/notify/wechat",
        "amount": {"total": 990, "currency": "CNY"},
    })
}

/// With everything that can be said.
fn full() -> Order {
    let mut order = plain();
    order.expires_at = Some(datetime!(2026-01-01 02:30:00.9 UTC));
    order.attach = Some("pkg=100".to_owned());
    order.goods_tag = Some("WXG".to_owned());
    order.support_fapiao = Some(true);
    order.profit_sharing = Some(false);
    order.detail = Some(Detail {
        cost_price: Some(Cny::from_fen(1000)),
        invoice_id: Some("发票1".to_owned()),
        goods_detail: vec![
            GoodsItem {
                merchant_goods_id: "p100".to_owned(),
                wechatpay_goods_id: Some("1001".to_owned()),
                goods_name: Some("点数包".to_owned()),
                quantity: 1,
                unit_price: Cny::from_fen(990),
            },
            GoodsItem {
                merchant_goods_id: "p0".to_owned(),
                wechatpay_goods_id: None,
                goods_name: None,
                quantity: 2,
                unit_price: Cny::ZERO,
            },
        ],
    });
    order.scene = Some(SceneInfo {
        payer_client_ip: "203.0.113.9".to_owned(),
        device_id: Some("013467007045764".to_owned()),
        store_info: Some(StoreInfo {
            id: "0001".to_owned(),
            name: Some("深圳腾大".to_owned()),
            area_code: Some("440305".to_owned()),
            address: Some("广东省深圳市".to_owned()),
        }),
    });
    order
}

fn full_json() -> Value {
    let mut json = plain_json();
    for (name, value) in [
        ("time_expire", json!("2026-01-01T10:30:00+08:00")),
        ("attach", json!("pkg=100")),
        ("goods_tag", json!("WXG")),
        ("support_fapiao", json!(true)),
        ("settle_info", json!({"profit_sharing": false})),
        (
            "detail",
            json!({"cost_price": 1000, "invoice_id": "发票1", "goods_detail": [
                {"merchant_goods_id": "p100", "wechatpay_goods_id": "1001",
                 "goods_name": "点数包", "quantity": 1, "unit_price": 990},
                {"merchant_goods_id": "p0", "quantity": 2, "unit_price": 0},
            ]}),
        ),
        (
            "scene_info",
            json!({"payer_client_ip": "203.0.113.9", "device_id": "013467007045764",
                "store_info": {"id": "0001", "name": "深圳腾大", "area_code": "440305",
                    "address": "广东省深圳市"}}),
        ),
    ] {
        json[name] = value;
    }
    json
}

/// The order's fields and who is paid.
fn with(mut order: Value, payee: Value) -> Value {
    let Value::Object(payee) = payee else {
        panic!("an object");
    };
    order.as_object_mut().unwrap().extend(payee);
    order
}

fn direct() -> Value {
    json!({"appid": APP_ID, "mchid": MERCHANT_ID})
}

fn partner() -> Value {
    json!({"sp_appid": APP_ID, "sp_mchid": MERCHANT_ID, "sub_mchid": "1900000109"})
}

fn partner_with_app() -> Value {
    with(partner(), json!({"sub_appid": "wxd678efh567hg6999"}))
}

fn sub_merchant(app_id: Option<&str>) -> SubMerchant {
    SubMerchant {
        merchant_id: "1900000109".to_owned(),
        app_id: app_id.map(str::to_owned),
    }
}

/// The merchant itself, a sub-merchant, and one with an app of its own.
fn three(client: &WechatPay) -> [(WechatPay, &'static str, Value); 3] {
    let behalf = |app| client.on_behalf_of(sub_merchant(app));
    [
        (client.clone(), "/v3/pay/transactions", direct()),
        (behalf(None), "/v3/pay/partner/transactions", partner()),
        (
            behalf(Some("wxd678efh567hg6999")),
            "/v3/pay/partner/transactions",
            partner_with_app(),
        ),
    ]
}

fn assert_sent(platform: &FakePlatform, path: &str, body: &Value) {
    let sent = platform.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].method, Method::Post);
    assert_eq!(sent[0].url.as_str(), format!("{HOST}{path}"));
    let sent: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(sent, *body);
    platform.forget();
}

fn answers(platform: &FakePlatform, body: &Value) {
    platform.script(Script::signed(200, &body.to_string()));
}

#[tokio::test]
async fn native() {
    let platform = FakePlatform::new();
    for (client, path, payee) in three(&platform.client()) {
        for (order, json) in [(plain(), plain_json()), (full(), full_json())] {
            answers(
                &platform,
                &json!({"code_url": "weixin://wxpay/bizpayurl?pr=1", "new": [{}], "h5_url": 7}),
            );
            let Answer { value, request_id } = client.native(&order).await.unwrap();
            assert_eq!(value, "weixin://wxpay/bizpayurl?pr=1");
            assert!(request_id.unwrap().starts_with("08F7-"));
            let path = format!("{path}/native");
            assert_sent(&platform, &path, &with(json, payee.clone()));
        }
    }
}

#[tokio::test]
async fn app() {
    let platform = FakePlatform::new();
    for (client, path, payee) in three(&platform.client()) {
        for (order, json) in [(plain(), plain_json()), (full(), full_json())] {
            answers(&platform, &json!({"prepay_id": "wx2014", "new": null}));
            let prepay = client.app(&order).await.unwrap().value;
            assert_eq!(prepay.prepay_id, "wx2014");
            assert_eq!(prepay.app_id, APP_ID);
            let path = format!("{path}/app");
            assert_sent(&platform, &path, &with(json, payee.clone()));
        }
    }
}

#[tokio::test]
async fn jsapi_and_mini_programs() {
    let platform = FakePlatform::new();
    let [own, sub, sub_with_app] = three(&platform.client());
    let payer = |name: &str| json!({ "payer": { name: "oUpF8uMu" } });
    let under_own = || OpenId::Own("oUpF8uMu".to_owned());
    let under_sub = || OpenId::Sub("oUpF8uMu".to_owned());
    for ((client, path, payee), openid, payer) in [
        (&own, under_own(), payer("openid")),
        (&sub, under_own(), payer("sp_openid")),
        (&sub_with_app, under_own(), payer("sp_openid")),
        (&sub_with_app, under_sub(), payer("sub_openid")),
    ] {
        for (order, json) in [(plain(), plain_json()), (full(), full_json())] {
            answers(&platform, &json!({"prepay_id": "wx2014"}));
            let prepay = client.jsapi(&order, &openid).await.unwrap().value;
            assert_eq!(prepay.prepay_id, "wx2014");
            let body = with(with(json, payee.clone()), payer.clone());
            assert_sent(&platform, &format!("{path}/jsapi"), &body);
        }
    }
    for client in [&own.0, &sub.0] {
        let error = client.jsapi(&plain(), &under_sub()).await.unwrap_err();
        assert!(error.to_string().contains("sub_openid"), "{error}");
        assert!(error.did_not_happen());
    }
    assert!(platform.sent().is_empty());
}

/// What the payer's client is started with is signed for the app that it is started in.
#[tokio::test]
async fn an_order_is_started_in_the_app_whose_payer_it_names() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let partner = client.on_behalf_of(sub_merchant(Some("wxd678efh567hg6999")));
    let openid = || "oUpF8uMu".to_owned();
    let mut other = plain();
    other.app_id = Some("wx2421b1c4370ec43b".to_owned());
    for (client, order, payer, app_id) in [
        (&client, plain(), OpenId::Own(openid()), APP_ID),
        (
            &client,
            other.clone(),
            OpenId::Own(openid()),
            "wx2421b1c4370ec43b",
        ),
        (&partner, plain(), OpenId::Own(openid()), APP_ID),
        (
            &partner,
            other.clone(),
            OpenId::Own(openid()),
            "wx2421b1c4370ec43b",
        ),
        (
            &partner,
            plain(),
            OpenId::Sub(openid()),
            "wxd678efh567hg6999",
        ),
        (&partner, other, OpenId::Sub(openid()), "wxd678efh567hg6999"),
    ] {
        answers(&platform, &json!({"prepay_id": "wx2014"}));
        let prepay = client.jsapi(&order, &payer).await.unwrap().value;
        assert_eq!(prepay.app_id, app_id, "{payer:?}");
        let page = client.jsapi_invocation(&prepay).await.unwrap();
        assert_eq!(page.app_id, app_id);
    }
}

#[tokio::test]
async fn h5() {
    let platform = FakePlatform::new();
    let page = H5Info {
        kind: "iOS".to_owned(),
        app_name: Some("王者荣耀".to_owned()),
        app_url: Some("https://pvp.qq.com".to_owned()),
        bundle_id: Some("com.tencent.wzryiOS".to_owned()),
        package_name: Some("com.tencent.tmgp.sgame".to_owned()),
    };
    let page_json = json!({"type": "iOS", "app_name": "王者荣耀", "app_url": "https://pvp.qq.com",
        "bundle_id": "com.tencent.wzryiOS", "package_name": "com.tencent.tmgp.sgame"});
    for (client, path, payee) in three(&platform.client()) {
        for (page, page_json) in [
            (H5Info::wap(), json!({"type": "Wap"})),
            (page.clone(), page_json.clone()),
        ] {
            let url = "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx2016";
            answers(&platform, &json!({"h5_url": url, "code_url": [1.5]}));
            assert_eq!(client.h5(&full(), &page).await.unwrap().value, url);
            let mut body = with(full_json(), payee.clone());
            body["scene_info"]["h5_info"] = page_json;
            assert_sent(&platform, &format!("{path}/h5"), &body);
        }
        let error = client.h5(&plain(), &H5Info::wap()).await.unwrap_err();
        assert!(error.to_string().contains("payer_client_ip"), "{error}");
        assert!(platform.sent().is_empty());
    }
}

#[tokio::test]
async fn a_sub_merchants_code_is_made_through_the_neutral_call_too() {
    let platform = FakePlatform::new();
    let client = platform.client().on_behalf_of(sub_merchant(None));
    answers(
        &platform,
        &json!({"code_url": "weixin://wxpay/bizpayurl?pr=1"}),
    );
    client.create(&an_order("PO20260101000001")).await.unwrap();
    let mut body = with(plain_json(), partner());
    body["time_expire"] = json!("2026-01-01T10:30:00+08:00");
    assert_sent(&platform, "/v3/pay/partner/transactions/native", &body);
    assert_eq!(client.identity().merchant_id, "1900000109");
}

/// Each product takes its own answer and no other product's.
#[tokio::test]
async fn answers_of_another_kind_are_malformed() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let payer = OpenId::Own("oUpF8uMu".to_owned());
    let code = json!({"code_url": "weixin://wxpay/bizpayurl?pr=1"});
    let page = json!({"h5_url": "https://wx.tenpay.com/1"});
    let session = json!({"prepay_id": "wx2014"});
    let malformed = |result: Result<(), ProviderError>, body: &Value| match result {
        Err(ProviderError::Malformed { details }) => {
            assert!(details.request_id.is_some() && details.status == Some(200));
        }
        other => panic!("{body}: {other:?}"),
    };
    let odd = |field: &str| {
        [
            json!(null),
            json!([]),
            json!({}),
            json!({field: null}),
            json!({field: ""}),
            json!({field: 7}),
            json!({field: ["x"]}),
            json!({field: {"url": "x"}}),
            json!({field: "x".repeat(513)}),
            json!({field.to_uppercase(): "x"}),
        ]
    };
    for body in odd("code_url")
        .into_iter()
        .chain([page.clone(), session.clone()])
    {
        answers(&platform, &body);
        malformed(client.native(&plain()).await.map(drop), &body);
    }
    for body in odd("h5_url").into_iter().chain([code.clone(), session]) {
        answers(&platform, &body);
        malformed(client.h5(&full(), &H5Info::wap()).await.map(drop), &body);
    }
    // It becomes a line of what is signed next, so it cannot hold one's end.
    let lines = ["wx 1", "wx\n1", "wx\r1", "wx\u{7f}", "会话"].map(|id| json!({"prepay_id": id}));
    for body in odd("prepay_id")
        .into_iter()
        .chain([code, page])
        .chain(lines)
    {
        answers(&platform, &body);
        malformed(client.jsapi(&plain(), &payer).await.map(drop), &body);
        malformed(client.app(&plain()).await.map(drop), &body);
    }
}
