// What the example of the README is given: a notice that was recorded, and the keys it was made with.
// They are published; never use them for anything real.

pub const APICLIENT_KEY_PEM: &str = include_str!("merchant_key.pem");
pub const PUB_KEY_PEM: &str = include_str!("vectors_public_key.pem");
pub const API_V3_KEY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

/// When the notice came: 2026-01-01T10:00:00+08:00.
pub fn now() -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(1_767_232_800).unwrap()
}

pub fn received() -> paydesk_wechatpay::RawNotice {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    let notice = &vectors["notices"]["D7"];
    let text = |name: &str| notice[name].as_str().unwrap().to_owned();
    let header = |name: &str, value: String| (name.to_owned(), value);
    paydesk_wechatpay::RawNotice {
        headers: vec![
            header("Wechatpay-Serial", "PUB_KEY_ID_TEST".to_owned()),
            header("Wechatpay-Timestamp", text("timestamp")),
            header("Wechatpay-Nonce", text("nonce")),
            header("Wechatpay-Signature", text("signature")),
        ],
        body: text("body").into(),
    }
}

/// What was ordered.
pub fn ordered() -> paydesk_wechatpay::ExpectedOrder<'static> {
    paydesk_wechatpay::ExpectedOrder {
        merchant_id: "1900007291",
        app_id: "wxd678efh567hg6787",
        sub_merchant_id: None,
        out_trade_no: "PO20260101000001",
        total: paydesk_wechatpay::Cny::from_fen(990),
    }
}
