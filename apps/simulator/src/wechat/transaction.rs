//! The `Transaction` object: what queries answer and notices carry.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    clock::{day, rfc3339},
    keys::Keys,
    orders::{Order, Payment},
    random,
};

/// Who pays unless a test says otherwise. Its length is that of a true openid.
pub(crate) const CUSTOMER: &str = "oSimulatedCustomer0000000001";

/// An order as a query shows it. Before payment only the numbers and the state are there.
pub(crate) fn transaction(order: &Order, keys: &Keys) -> Value {
    let mut transaction = json!({
        "appid": keys.app_id,
        "mchid": keys.merchant_id,
        "out_trade_no": order.terms.out_trade_no,
        "trade_state": order.trade_state(),
        "trade_state_desc": match order.trade_state() {
            "SUCCESS" => "支付成功",
            "CLOSED" => "订单已关闭",
            _ => "订单未支付",
        },
    });
    if let Some(payment) = order.payment() {
        merge(&mut transaction, &paid(order, payment));
    }
    transaction
}

fn paid(order: &Order, payment: &Payment) -> Value {
    let mut part = json!({
        "transaction_id": payment.transaction_id,
        "trade_type": "NATIVE",
        "bank_type": "OTHERS",
        "success_time": rfc3339(payment.paid_at),
        "payer": {"openid": payment.payer},
        "amount": {
            "total": order.terms.total_fen,
            "payer_total": order.terms.total_fen - payment.coupon_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    });
    if let Some(attach) = &order.terms.attach {
        merge(&mut part, &json!({"attach": attach}));
    }
    if let Some(device_id) = &order.terms.device_id {
        merge(&mut part, &json!({"scene_info": {"device_id": device_id}}));
    }
    if payment.coupon_fen > 0 {
        let coupon = json!({
            "coupon_id": "109519",
            "name": "模拟代金券",
            "scope": "GLOBAL",
            "type": "NOCASH",
            "amount": payment.coupon_fen,
            "wechatpay_contribute": payment.coupon_fen,
            "merchant_contribute": 0,
            "other_contribute": 0,
            "currency": "CNY",
        });
        merge(&mut part, &json!({"promotion_detail": [coupon]}));
    }
    part
}

/// JSON merge patch (RFC 7396): objects are merged, `null` removes, the rest replaces.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let (Some(fields), Value::Object(changes)) = (target.as_object_mut(), patch) else {
        *target = patch.clone();
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(name);
        } else {
            let field = fields.entry(name.clone()).or_insert(Value::Null);
            if change.is_object() && !field.is_object() {
                *field = json!({});
            }
            merge(field, change);
        }
    }
}

/// `4200`, six digits, the day, ten digits.
pub(crate) fn new_id(now: OffsetDateTime) -> String {
    format!(
        "4200{}{}{}",
        random::digits(6),
        day(now),
        random::digits(10)
    )
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::{
        channel::Channel,
        orders::{CODE_LIFE, Terms},
    };

    fn order() -> Order {
        let terms = Terms {
            channel: Channel::Wechat,
            out_trade_no: "PO20260101000001".to_owned(),
            description: "AI点数包-100点".to_owned(),
            total_fen: 990,
            notify_url: Some("https://pay.example.com/notify/wechat".to_owned()),
            attach: Some("pkg=100".to_owned()),
            device_id: None,
            body: None,
            deadline: None,
            code_life: CODE_LIFE,
            request: Value::Null,
        };
        Order::place(terms, "code".to_owned(), datetime!(2026-01-01 09:59 +8)).unwrap()
    }

    fn payment(coupon_fen: i64) -> Payment {
        Payment {
            transaction_id: "4200000000202601010000000001".to_owned(),
            paid_at: datetime!(2026-01-01 02:00:00.5 UTC),
            payer: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned(),
            coupon_fen,
        }
    }

    fn keys() -> Keys {
        Keys {
            merchant_id: "1900007291".to_owned(),
            app_id: "wxd678efh567hg6787".to_owned(),
            ..Keys::throw_away()
        }
    }

    #[test]
    fn a_paid_order_reads_as_in_the_reference() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap();
        let plaintext = vectors["notice"]["plaintext"].as_str().unwrap();
        let expected: Value = serde_json::from_str(plaintext).unwrap();
        let mut order = order();
        order.pay(payment(0)).unwrap();
        assert_eq!(transaction(&order, &keys()), expected);
    }

    #[test]
    fn an_unpaid_order_shows_five_fields() {
        let mut order = order();
        let open = transaction(&order, &keys());
        assert_eq!(open["trade_state"], "NOTPAY");
        assert_eq!(open.as_object().unwrap().len(), 5);
        order.close().unwrap();
        let closed = transaction(&order, &keys());
        assert_eq!(closed["trade_state"], "CLOSED");
        assert_eq!(closed.as_object().unwrap().len(), 5);
    }

    #[test]
    fn a_coupon_lowers_what_the_payer_paid() {
        let mut order = order();
        order.pay(payment(90)).unwrap();
        let paid = transaction(&order, &keys());
        assert_eq!(paid["amount"]["total"], 990);
        assert_eq!(paid["amount"]["payer_total"], 900);
        assert_eq!(paid["promotion_detail"][0]["amount"], 90);
    }

    #[test]
    fn a_patch_replaces_adds_and_removes() {
        let mut value = json!({"a": {"b": 1, "c": 2}, "d": 3});
        merge(
            &mut value,
            &json!({"a": {"b": 9}, "d": null, "e": {"f": null, "g": 1}}),
        );
        assert_eq!(value, json!({"a": {"b": 9, "c": 2}, "e": {"g": 1}}));
    }
}
