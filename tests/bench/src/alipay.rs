//! Alipay's client, with the vectors made for its protocol.

use std::hint::black_box;
use std::sync::Arc;

use futures_util::FutureExt;
use paydesk_alipay::{Alipay, AlipayKeys, AppKey, Config, Credentials};
use paydesk_provider::{PaymentProvider, RawNotice};
use serde_json::Value;
use time::macros::datetime;

use crate::keys::{ring_signs, ring_verifies};
use crate::nowhere::Nowhere;
use crate::{BARE, Limit, Subject};

const APP_KEY: &str = include_str!("../../../crates/alipay/testdata/app_key.pem");
const APP_ID: &str = "2021000000000001";

pub(crate) fn subjects() -> Vec<Subject> {
    vec![query(), payment_notice()]
}

/// From a number to a request that can be sent, and back with an error.
fn query() -> Subject {
    let number = "T20260101000001";
    let message = format!(
        "app_id={APP_ID}&biz_content={{\"out_trade_no\":\"{number}\"}}&charset=utf-8&format=JSON\
         &method=alipay.trade.query&sign_type=RSA2&timestamp=2026-01-01 12:00:00&version=1.0"
    );
    let client = client();
    Subject {
        name: "sign and build a request of Alipay's",
        ring: ring_signs(APP_KEY, message.into_bytes()),
        ours: Box::new(move || {
            let answer = client.query(black_box(number)).now_or_never().unwrap();
            drop(black_box(answer.unwrap_err()));
        }),
        limit: BARE,
    }
}

fn payment_notice() -> Subject {
    let vectors = vectors();
    let of = |field: &str| vectors["notice"][field].as_str().unwrap();
    let (_, sign) = of("body").rsplit_once("&sign=").unwrap();
    let sign = sign
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    let raw = RawNotice {
        headers: vec![(
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        )],
        body: of("body").to_owned().into(),
    };
    let client = client();
    Subject {
        name: "a whole payment notice of Alipay's",
        ring: ring_verifies(&public_key(), of("signed").into(), &sign),
        ours: Box::new(move || drop(black_box(client.verify(black_box(&raw)).unwrap()))),
        limit: Limit::Nanoseconds(45_000),
    }
}

fn client() -> Alipay {
    let credentials = Credentials {
        app_id: APP_ID.to_owned(),
        seller_id: "2088000000000002".to_owned(),
        app_key: AppKey::parse(APP_KEY).unwrap(),
        alipay_keys: AlipayKeys::new(&public_key()).unwrap(),
    };
    let config = Config::new(credentials)
        .clock(|| datetime!(2026-01-01 12:00 +8))
        .transport(Arc::new(Nowhere));
    Alipay::new(config).unwrap()
}

fn public_key() -> String {
    vectors()["key"]["public"].as_str().unwrap().to_owned()
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../crates/alipay/testdata/vectors.json")).unwrap()
}
