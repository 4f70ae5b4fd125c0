// What the example of the README is given: a notice that was recorded, and the keys it was made with.
// They are published; never use them for anything real.

pub const APP_PRIVATE_KEY: &str = include_str!("app_key.pem");

/// As the console shows it.
pub fn alipay_public_key() -> String {
    text("key", "public")
}

pub fn received() -> paydesk_alipay::RawNotice {
    let kind = "application/x-www-form-urlencoded; text/html; charset=utf-8";
    paydesk_alipay::RawNotice::new([("Content-Type", kind)], text("notice", "body"))
}

/// What was ordered.
pub fn ordered() -> paydesk_alipay::ExpectedOrder<'static> {
    paydesk_alipay::ExpectedOrder {
        app_id: "2021000000000001",
        seller_id: "2088000000000002",
        out_trade_no: "T20260101000001",
        total: paydesk_alipay::Cny::from_fen(1),
    }
}

fn text(vector: &str, name: &str) -> String {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("vectors.json")).unwrap();
    vectors[vector][name].as_str().unwrap().to_owned()
}
