//! Notices: a form with a signature in it, true or spoilt on request.

use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use time::OffsetDateTime;
use url::form_urlencoded;

use crate::{
    alipay::{
        parameters::canonical,
        trade::{CUSTOMER_LOGON, yuan},
    },
    clock::{day, plain},
    deliveries::Parcel,
    keys::{AlipayKeys, AlipayMaterial},
    notice::{Content, Notice, Tamper},
    orders::{Order, Payment},
    random,
};

/// What a notice says; `sign` and `sign_type` are added when it is sent.
pub(crate) type Parameters = BTreeMap<String, String>;

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// The pauses between tries: one try at once and seven more within 24 h 24 min.
pub(crate) const PLAN: [Duration; 7] = [
    minutes(4),
    minutes(10),
    minutes(10),
    minutes(60),
    minutes(2 * 60),
    minutes(6 * 60),
    minutes(15 * 60),
];

/// Not a type that a strict reader of forms accepts: Alipay's has been seen like this.
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; text/html; charset=utf-8";

/// The notice of a payment; `None` if the order is not paid or the merchant gave no address.
pub(crate) fn payment(order: &Order, keys: &AlipayKeys, now: OffsetDateTime) -> Option<Notice> {
    let url = order.terms.notify_url.as_deref()?;
    let parameters = paid(order, order.payment()?, keys, now);
    Some(notice(parameters, url))
}

pub(crate) fn notice(parameters: Parameters, url: &str) -> Notice {
    let value = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    Notice {
        id: value("notify_id"),
        out_trade_no: value("out_trade_no"),
        event_type: value("trade_status"),
        url: url.to_owned(),
        content: Content::Alipay(parameters),
    }
}

/// What Alipay says of `order` once `payment` has been made.
pub(crate) fn paid(
    order: &Order,
    payment: &Payment,
    keys: &AlipayKeys,
    now: OffsetDateTime,
) -> Parameters {
    let terms = &order.terms;
    let paid = yuan(terms.total_fen - payment.coupon_fen);
    let mut funds = vec![json!({"amount": paid, "fundChannel": "ALIPAYACCOUNT"})];
    if payment.coupon_fen > 0 {
        funds.push(json!({"amount": yuan(payment.coupon_fen), "fundChannel": "DISCOUNT"}));
    }
    let created_at = order
        .trade
        .as_ref()
        .map_or(payment.paid_at, |trade| trade.created_at);
    let status = if order.finished {
        "TRADE_FINISHED"
    } else {
        "TRADE_SUCCESS"
    };
    let mut parameters: Parameters = [
        ("app_id", keys.app_id.clone()),
        ("auth_app_id", keys.app_id.clone()),
        ("buyer_id", payment.payer.clone()),
        ("buyer_logon_id", CUSTOMER_LOGON.to_owned()),
        ("buyer_pay_amount", paid.clone()),
        ("charset", "utf-8".to_owned()),
        ("fund_bill_list", json!(funds).to_string()),
        ("gmt_create", plain(created_at)),
        ("gmt_payment", plain(payment.paid_at)),
        ("invoice_amount", paid),
        ("notify_id", new_id(now)),
        ("notify_type", "trade_status_sync".to_owned()),
        ("out_trade_no", terms.out_trade_no.clone()),
        ("point_amount", "0.00".to_owned()),
        ("receipt_amount", yuan(terms.total_fen)),
        ("seller_email", "shop@example.com".to_owned()),
        ("seller_id", keys.merchant_id.clone()),
        ("subject", terms.description.clone()),
        ("total_amount", yuan(terms.total_fen)),
        ("trade_no", payment.transaction_id.clone()),
        ("trade_status", status.to_owned()),
        ("version", "1.0".to_owned()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let echoed = [("body", &terms.body), ("passback_params", &terms.attach)];
    for (name, value) in echoed {
        if let Some(value) = value {
            parameters.insert(name.to_owned(), value.clone());
        }
    }
    if order.finished {
        parameters.insert("refund_fee".to_owned(), "0.00".to_owned());
    }
    parameters
}

/// The day and 26 digits; every try of one notice keeps it.
fn new_id(now: OffsetDateTime) -> String {
    format!("{}00222{}", day(now), random::digits(21))
}

/// The request of one try. `at` is Unix seconds.
pub(crate) fn parcel(
    parameters: &Parameters,
    material: &AlipayMaterial,
    at: i64,
    tamper: Option<Tamper>,
) -> Parcel {
    let mut parameters = parameters.clone();
    parameters
        .entry("notify_time".to_owned())
        .or_insert_with(|| {
            let at = OffsetDateTime::from_unix_timestamp(at);
            plain(at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
        });
    let sign = if tamper == Some(Tamper::Signature) {
        material.platform.sign(b"something else")
    } else {
        material.platform.sign(canonical(&parameters).as_bytes())
    };
    if tamper == Some(Tamper::Body) {
        // Something that no business check looks at, so that only the signature shows it.
        parameters.insert("notify_id".to_owned(), random::digits(34));
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(&parameters);
    if tamper == Some(Tamper::Duplicate)
        && let Some(pair) = parameters
            .get_key_value("total_amount")
            .or_else(|| parameters.first_key_value())
    {
        form.append_pair(pair.0, pair.1);
    }
    let sign_type = if tamper == Some(Tamper::SignType) {
        "RSA"
    } else {
        "RSA2"
    };
    form.append_pair("sign_type", sign_type);
    if tamper != Some(Tamper::Unsigned) {
        form.append_pair("sign", &sign);
    }
    Parcel {
        headers: BTreeMap::from([
            ("Content-Type".to_owned(), CONTENT_TYPE.to_owned()),
            ("User-Agent".to_owned(), "Mozilla/4.0".to_owned()),
        ]),
        body: form.finish(),
    }
}

#[cfg(test)]
mod tests {
    use rsa::{RsaPrivateKey, pkcs8::DecodePrivateKey};
    use serde_json::Value;

    use super::*;
    use crate::{alipay::parameters::Given, signature::SigningKey};

    fn material() -> AlipayMaterial {
        let pem = include_str!("../../testdata/alipay_vectors_key.pem");
        let key = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let mut material = AlipayMaterial::parse(&AlipayKeys::throw_away()).unwrap();
        material.platform = SigningKey::new(&key).unwrap();
        material
    }

    #[test]
    fn the_reference_notices_are_made_to_the_same_bytes() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../testdata/alipay_vectors.json")).unwrap();
        for expected in [&vectors["notice"]["body"], &vectors["refund_notice"]] {
            let expected = expected.as_str().unwrap();
            let mut parameters = Given::gather("", expected.as_bytes()).unwrap().all;
            parameters.remove("sign");
            parameters.remove("sign_type");
            let made = parcel(&parameters, &material(), 0, None);
            assert_eq!(made.body, expected);
        }
        let body = vectors["notice"]["body"].as_str().unwrap();
        let mut parameters = Given::gather("", body.as_bytes()).unwrap().all;
        parameters.remove("sign_type");
        assert_eq!(
            canonical(&parameters),
            vectors["notice"]["message"].as_str().unwrap()
        );
    }

    #[test]
    fn the_plan_ends_after_a_day_and_24_minutes() {
        let total: Duration = PLAN.iter().sum();
        assert_eq!(total, Duration::from_mins(24 * 60 + 24));
    }

    #[test]
    fn every_try_has_its_own_time() {
        let parameters = Parameters::from([("notify_id".to_owned(), "1".to_owned())]);
        let body = |at| parcel(&parameters, &material(), at, None).body;
        assert!(body(0).contains("notify_time=1970-01-01+08%3A00%3A00"));
        assert_ne!(body(0), body(1));
    }
}
