//! The vectors, byte for byte through the public calls, with the clock and the nonce they were made
//! with. Answers (V5, D6) are in `answers`, notices (D7, G3) in `notices`, small ones (D9, D10)
//! beside the code.

use std::collections::BTreeSet;

use paydesk_money::Cny;
use paydesk_provider::{PaymentProvider, RawNotice};
use paydesk_wechatpay::{
    Config, Credentials, NoticeContent, OpenId, Order, OrderNumber, PlatformKeys, Prepay, RawCall,
    RefundStatus, TradeBillKind, WechatPay,
};
use serde_json::Value;
use time::macros::{date, datetime};

use crate::platform::{NOW, at, credentials, vectors};
use crate::recorder::{Recorder, published};

/// Of the published vectors.
const THEN: (i64, &str) = (1_554_208_460, "593BEC0C930BF1AFEB40B4A08C8FB242");
/// Of the derived ones.
const DERIVED: (i64, &str) = (NOW, "5K8264ILTKCH16CQ2502SI8ZNMTM67VS");

#[tokio::test]
async fn v1_a_jsapi_order() {
    let recorder = Recorder::at(THEN.0, THEN.1);
    let order = Order::new(
        "1217752501201407033233368018",
        "Image形象店-深圳腾大-QQ公仔",
        Cny::from_fen(100),
        "https://www.weixin.qq.com/wxpay/pay.php",
    );
    let payer = OpenId::Own("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned());
    let client = recorder.client(published());
    client.jsapi(&order, &payer).await.unwrap_err();
    recorder.assert_vector("V1");
}

#[tokio::test]
async fn v2_a_refund_query() {
    let recorder = Recorder::at(THEN.0, THEN.1);
    let client = recorder.client(published());
    client.query_refund("123123123123").await.unwrap_err();
    recorder.assert_vector("V2");
}

#[tokio::test]
async fn d1_a_native_order() {
    let recorder = Recorder::at(DERIVED.0, DERIVED.1);
    let mut order = Order::new(
        "PO20260101000001",
        "AI点数包-100点",
        Cny::from_fen(990),
        "https://pay.example.com/notify/wechat",
    );
    order.expires_at = Some(datetime!(2026-01-01 02:30 UTC));
    order.attach = Some("pkg=100".to_owned());
    let client = recorder.client(published());
    client.native(&order).await.unwrap_err();
    recorder.assert_vector("D1");
}

#[tokio::test]
async fn d2_a_query() {
    let recorder = Recorder::at(DERIVED.0, DERIVED.1);
    let client = recorder.client(published());
    let number = "PO20260101000001";
    client.query(number).await.unwrap_err();
    recorder.assert_vector("D2");
    let number = OrderNumber::OutTradeNo(number);
    client.query_order(number).await.unwrap_err();
    recorder.assert_vector("D2");
}

#[tokio::test]
async fn d3_a_close() {
    let recorder = Recorder::at(DERIVED.0, DERIVED.1);
    let client = recorder.client(published());
    client.close("PO20260101000001").await.unwrap_err();
    recorder.assert_vector("D3");
    client.close_order("PO20260101000001").await.unwrap_err();
    recorder.assert_vector("D3");
}

#[tokio::test]
async fn d4_a_trade_bill() {
    // The bill of a day can be asked for when it is over; the vector is of the day itself.
    let recorder = Recorder::at(DERIVED.0, DERIVED.1);
    let client = recorder.client(published());
    let asked = client
        .trade_bill(date!(2026 - 01 - 01), TradeBillKind::All)
        .await;
    assert!(asked.unwrap_err().did_not_happen());
    let target = "/v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL&tar_type=GZIP";
    client.raw(&RawCall::get(target)).await.unwrap_err();
    recorder.assert_vector("D4");
    // A day later the call makes the same target.
    let recorder = Recorder::at(NOW + 86_400, DERIVED.1);
    let client = recorder.client(published());
    client
        .trade_bill(date!(2026 - 01 - 01), TradeBillKind::All)
        .await
        .unwrap_err();
    let url = format!("https://api.mch.weixin.qq.com{target}");
    assert_eq!(recorder.taken().url.as_str(), url);
}

#[tokio::test]
async fn d5_an_escaped_path() {
    let recorder = Recorder::at(DERIVED.0, DERIVED.1);
    let client = recorder.client(published());
    let target = "/v3/pay/transactions/out-trade-no/A%7CB%2A1?mchid=1900007291";
    client.raw(&RawCall::get(target)).await.unwrap_err();
    recorder.assert_vector("D5");
}

#[tokio::test]
async fn numbers_with_bars_and_stars_are_escaped_alike_in_every_path() {
    let recorder = Recorder::at(DERIVED.0, DERIVED.1);
    let client = recorder.client(published());
    let taken = || recorder.taken().url.as_str().to_owned();
    let number = "PO|0*1-_";
    let base = "https://api.mch.weixin.qq.com/v3";
    client
        .query_order(OrderNumber::OutTradeNo(number))
        .await
        .unwrap_err();
    let orders = format!("{base}/pay/transactions/out-trade-no");
    assert_eq!(taken(), format!("{orders}/PO%7C0%2A1-_?mchid=1900007291"));
    client.close_order(number).await.unwrap_err();
    assert_eq!(taken(), format!("{orders}/PO%7C0%2A1-_/close"));
    client.query_refund("R|*@-_").await.unwrap_err();
    let refunds = format!("{base}/refund/domestic/refunds");
    assert_eq!(taken(), format!("{refunds}/R%7C%2A%40-_"));
}

fn prepaid() -> Prepay {
    Prepay {
        prepay_id: "wx201410272009395522657a690389285100".to_owned(),
        app_id: "wx2421b1c4370ec43b".to_owned(),
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    let fields = value.as_object().unwrap();
    assert!(fields.values().all(Value::is_string), "texts only: {value}");
    fields.keys().map(String::as_str).collect()
}

fn signature(vector: &str) -> Value {
    vectors()["invocations"][vector]["signature"].clone()
}

#[tokio::test]
async fn v3_what_a_page_and_a_mini_program_are_started_with() {
    let client = Recorder::at(THEN.0, THEN.1).client(published());
    let page = client.jsapi_invocation(&prepaid()).await.unwrap();
    let page = serde_json::to_value(&page).unwrap();
    let expected = serde_json::json!({
        "appId": "wx2421b1c4370ec43b", "timeStamp": "1554208460", "nonceStr": THEN.1,
        "package": "prepay_id=wx201410272009395522657a690389285100", "signType": "RSA",
        "paySign": signature("V3"),
    });
    assert_eq!(page, expected);
    assert_eq!(keys(&page).len(), 6);
    let mini = client.mini_program_invocation(&prepaid()).await.unwrap();
    let mini = serde_json::to_value(&mini).unwrap();
    let mut without_app = expected;
    without_app.as_object_mut().unwrap().remove("appId");
    assert_eq!(mini, without_app, "the app is signed, and not told");
    assert_eq!(
        keys(&mini),
        BTreeSet::from(["timeStamp", "nonceStr", "package", "signType", "paySign"])
    );
}

#[tokio::test]
async fn v4_what_a_mobile_app_is_started_with() {
    let client = Recorder::at(THEN.0, THEN.1).client(published());
    let app = client.app_invocation(&prepaid()).await.unwrap();
    let app = serde_json::to_value(&app).unwrap();
    assert_eq!(
        app,
        serde_json::json!({
            "appId": "wx2421b1c4370ec43b", "partnerId": "1900007291",
            "prepayId": "wx201410272009395522657a690389285100", "packageValue": "Sign=WXPay",
            "nonceStr": THEN.1, "timeStamp": "1554208460", "sign": signature("V4"),
        })
    );
    assert_eq!(keys(&app).len(), 7);
}

fn notice(name: &str) -> RawNotice {
    let vector = vectors()["notices"][name].clone();
    let of = |field: &str| vector[field].as_str().unwrap().to_owned();
    RawNotice {
        headers: vec![
            ("Wechatpay-Timestamp".to_owned(), of("timestamp")),
            ("Wechatpay-Nonce".to_owned(), of("nonce")),
            ("Wechatpay-Serial".to_owned(), "PUB_KEY_ID_TEST".to_owned()),
            ("Wechatpay-Signature".to_owned(), of("signature")),
        ],
        body: of("body").into(),
    }
}

/// The vectors' key plays the platform's, so the merchant has another.
fn reader() -> WechatPay {
    let key = include_str!("../../testdata/vectors_public_key.pem");
    let credentials = Credentials {
        platform_keys: PlatformKeys::new("PUB_KEY_ID_TEST", key).unwrap(),
        ..credentials()
    };
    WechatPay::new(Config::new(credentials).clock(|| at(NOW))).unwrap()
}

#[test]
fn d7_a_payment_notice_with_all_it_says() {
    let notice = reader().notices().verify(&notice("D7")).unwrap();
    assert_eq!(notice.id, "EV-2018022511223320873");
    assert_eq!(notice.create_time, datetime!(2026-01-01 10:00 +8));
    assert_eq!(notice.event_type, "TRANSACTION.SUCCESS");
    let NoticeContent::Payment(paid) = &notice.content else {
        panic!("{notice:?}");
    };
    assert_eq!(
        (paid.merchant_id.as_str(), paid.app_id.as_str()),
        ("1900007291", "wxd678efh567hg6787")
    );
    assert_eq!(paid.out_trade_no, "PO20260101000001");
    let text = |text: &Option<String>| text.clone().unwrap();
    assert_eq!(text(&paid.transaction_id), "4200000000202601010000000001");
    assert_eq!(text(&paid.trade_type), "NATIVE");
    assert_eq!(text(&paid.bank_type), "OTHERS");
    assert_eq!(text(&paid.attach), "pkg=100");
    assert_eq!(paid.trade_state_desc, "支付成功");
    assert_eq!(paid.success_time, Some(datetime!(2026-01-01 10:00 +8)));
    let openid = paid.payer.as_ref().unwrap().openid.as_ref().unwrap();
    assert_eq!(openid.expose(), "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    let amount = paid.amount.as_ref().unwrap();
    let fen = Some(Cny::from_fen(990));
    assert_eq!((amount.total, amount.payer_total), (fen, fen));
    assert_eq!(text(&amount.payer_currency), "CNY");
}

#[test]
fn d8_a_refund_notice_with_all_it_says() {
    let notice = reader().notices().verify(&notice("D8")).unwrap();
    assert_eq!(notice.event_type, "REFUND.SUCCESS");
    let NoticeContent::Refund(refund) = &notice.content else {
        panic!("{notice:?}");
    };
    assert_eq!(refund.merchant_id, "1900007291");
    assert_eq!(refund.sub_merchant_id, None);
    assert_eq!(refund.out_trade_no, "PO20260101000001");
    assert_eq!(refund.transaction_id, "4200000000202601010000000001");
    assert_eq!(refund.out_refund_no, "RF20260101000001");
    assert_eq!(refund.refund_id, "50300000000202601010000000001");
    assert_eq!(refund.refund_status, RefundStatus::Success);
    assert_eq!(refund.success_time, Some(datetime!(2026-01-01 11:00 +8)));
    let account = refund.user_received_account.as_ref().unwrap();
    assert_eq!(account.expose(), "支付用户零钱");
    let fen = Cny::from_fen(990);
    assert_eq!((refund.amount.total, refund.amount.refund), (fen, fen));
    let payer = (refund.amount.payer_total, refund.amount.payer_refund);
    assert_eq!(payer, (fen, fen));
    let printed = format!("{notice:?}");
    assert!(!printed.contains("零钱"), "{printed}");
}
