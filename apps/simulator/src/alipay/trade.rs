//! The trade: its number, its money as text, and what a query answers.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    clock::{day, plain},
    orders::Order,
    random,
};

/// Who pays unless a test says otherwise.
pub(crate) const CUSTOMER: &str = "2088102100000001";
/// The same, as Alipay shows it to merchants.
pub(crate) const CUSTOMER_LOGON: &str = "sim***@example.com";

/// The day and 20 digits.
pub(crate) fn new_number(now: OffsetDateTime) -> String {
    format!("{}22001{}", day(now), random::digits(15))
}

/// `9.90` for 990 fen.
pub(crate) fn yuan(fen: i64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// 990 for `9.9` or `9.90`. `None` is no decimal with at most two places.
pub(crate) fn fen(yuan: &str) -> Option<i64> {
    let (whole, part) = yuan.split_once('.').unwrap_or((yuan, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let padded = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || !digits(part) || part.len() > 2 || padded {
        return None;
    }
    let cents: i64 = format!("{part:0<2}").parse().ok()?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(cents)
}

/// What a refused query carries instead of a trade.
pub(crate) fn nothing() -> Map<String, Value> {
    let names = [
        "buyer_pay_amount",
        "invoice_amount",
        "point_amount",
        "receipt_amount",
    ];
    names
        .into_iter()
        .map(|name| (name.to_owned(), json!("0.00")))
        .collect()
}

/// A trade as a query shows it.
pub(crate) fn trade(order: &Order) -> Map<String, Value> {
    let mut trade = nothing();
    let mut add = |name: &str, value: Value| drop(trade.insert(name.to_owned(), value));
    let number = order.trade.as_ref().map(|trade| &trade.transaction_id);
    add("trade_no", json!(number));
    add("out_trade_no", json!(order.terms.out_trade_no));
    add("trade_status", json!(order.trade_state()));
    add("total_amount", json!(yuan(order.terms.total_fen)));
    add("buyer_logon_id", json!(CUSTOMER_LOGON));
    add("buyer_user_id", json!(CUSTOMER));
    if let Some(payment) = order.payment() {
        let total = order.terms.total_fen;
        let paid = yuan(total - payment.coupon_fen);
        add("buyer_user_id", json!(payment.payer));
        add("buyer_user_type", json!("PRIVATE"));
        add("buyer_pay_amount", json!(paid));
        add("invoice_amount", json!(paid));
        add("receipt_amount", json!(yuan(total)));
        add("send_pay_date", json!(plain(payment.paid_at)));
        let mut funds = vec![json!({"fund_channel": "ALIPAYACCOUNT", "amount": paid})];
        if payment.coupon_fen > 0 {
            let discount = yuan(payment.coupon_fen);
            funds.push(json!({"fund_channel": "DISCOUNT", "amount": discount}));
            add("discount_amount", json!(discount));
        }
        add("fund_bill_list", json!(funds));
    }
    trade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yuan_and_fen_are_two_writings_of_one_amount() {
        for (text, amount) in [
            ("0.01", 1),
            ("9.9", 990),
            ("9.90", 990),
            ("88", 8800),
            ("100000000.00", 10_000_000_000),
        ] {
            assert_eq!(fen(text), Some(amount), "{text}");
        }
        assert_eq!((yuan(1), yuan(990)), ("0.01".to_owned(), "9.90".to_owned()));
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "1.234",
            "-1",
            "+1",
            "1,00",
            "1e2",
            " 1",
            "01",
            "１",
            "9".repeat(30).as_str(),
        ] {
            assert_eq!(fen(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_have_28_digits() {
        let number = new_number(time::macros::datetime!(2026-01-01 12:00 +8));
        assert_eq!(number.len(), 28);
        assert!(number.starts_with("2026010122001"));
    }
}
