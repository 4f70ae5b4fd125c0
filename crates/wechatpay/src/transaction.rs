//! What the platform says about a payment, in an answer to a query or inside a notice.

use paydesk_money::Cny;
use paydesk_provider::{PaymentStatement, Personal, TradeState};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// What the platform says about an order (订单): the answer to a query, and what a payment notice
/// holds. Only the order's number and state are always there.
///
/// Amounts are integers of fen; a float or a text in their place fails the whole message. Names and
/// states that this version does not know are kept as they came. What money does not depend on is left
/// out where it cannot be read: a coupon's odd field must not lose a payment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    /// The merchant, `mchid`; of a service provider `sp_mchid`.
    #[serde(default, rename = "mchid", deserialize_with = "or_empty")]
    pub merchant_id: String,
    #[serde(default, deserialize_with = "filled")]
    sp_mchid: Option<String>,
    /// The app, `appid`; of a service provider `sp_appid`.
    #[serde(default, rename = "appid", deserialize_with = "or_empty")]
    pub app_id: String,
    #[serde(default, deserialize_with = "filled")]
    sp_appid: Option<String>,
    /// The sub-merchant of a service provider, `sub_mchid`.
    #[serde(default, rename = "sub_mchid", deserialize_with = "filled")]
    pub sub_merchant_id: Option<String>,
    /// The sub-merchant's own app, `sub_appid`.
    #[serde(default, rename = "sub_appid", deserialize_with = "filled")]
    pub sub_app_id: Option<String>,
    /// The merchant's number.
    pub out_trade_no: String,
    /// The state's name: `SUCCESS`, `REFUND`, `NOTPAY`, `CLOSED`, `REVOKED`, `USERPAYING`, `PAYERROR`,
    /// or a future one. [`Transaction::state`] says what it means.
    pub trade_state: String,
    /// The state in words, for people.
    #[serde(default, deserialize_with = "readable")]
    pub trade_state_desc: String,
    /// WeChat Pay's number, once paid.
    #[serde(default, deserialize_with = "filled")]
    pub transaction_id: Option<String>,
    /// `NATIVE`, `JSAPI`, `APP`, `MWEB` (H5), …, once paid.
    #[serde(default, deserialize_with = "readable")]
    pub trade_type: Option<String>,
    /// The payer's bank, `OTHERS` if none, once paid.
    #[serde(default, deserialize_with = "readable")]
    pub bank_type: Option<String>,
    /// What was sent along with the order, once paid.
    #[serde(default, deserialize_with = "readable")]
    pub attach: Option<String>,
    /// When it was paid, by the platform's clock.
    #[serde(default, deserialize_with = "instant")]
    pub success_time: Option<OffsetDateTime>,
    /// Who paid.
    #[serde(default, deserialize_with = "readable")]
    pub payer: Option<Payer>,
    /// How much.
    pub amount: Option<TransactionAmount>,
    /// Coupons that were used.
    #[serde(default, deserialize_with = "readable")]
    pub promotion_detail: Vec<Promotion>,
}

/// Who paid.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Payer {
    /// The payer under the merchant's app; under the service provider's `sp_openid`.
    #[serde(alias = "sp_openid")]
    pub openid: Option<Personal>,
    /// The payer under the sub-merchant's app.
    pub sub_openid: Option<Personal>,
}

/// Amounts of an order, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TransactionAmount {
    /// What was ordered: this is to be compared with the order.
    pub total: Option<Cny>,
    /// What the payer paid after coupons: never to be compared with the order.
    #[serde(default, deserialize_with = "readable")]
    pub payer_total: Option<Cny>,
    /// `CNY`.
    pub currency: Option<String>,
    /// `CNY`.
    #[serde(default, deserialize_with = "readable")]
    pub payer_currency: Option<String>,
}

/// A coupon that was used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Promotion {
    /// Its number.
    pub coupon_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// `GLOBAL` for the whole order, `SINGLE` for some goods.
    pub scope: Option<String>,
    /// `CASH` if it was paid for, `NOCASH` if the price was cut.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Its worth, in fen.
    pub amount: Option<Cny>,
    /// The batch it comes from.
    pub stock_id: Option<String>,
    /// The part WeChat Pay bears, in fen.
    pub wechatpay_contribute: Option<Cny>,
    /// The part the merchant bears, in fen.
    pub merchant_contribute: Option<Cny>,
    /// The part others bear, in fen.
    pub other_contribute: Option<Cny>,
}

impl Transaction {
    /// Reads the JSON of one order.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let mut read: Self = serde_json::from_slice(json)
            .map_err(|error| format!("no payment: {}", place(&error)))?;
        // Both names of one thing may come side by side.
        if let Some(id) = read.sp_mchid.take() {
            read.merchant_id = id;
        }
        if let Some(id) = read.sp_appid.take() {
            read.app_id = id;
        }
        Ok(read)
    }

    /// What the state means.
    pub fn state(&self) -> TradeState {
        state(self.trade_state.clone())
    }

    /// The neutral statement, with the id of the notice that brought it. Payer, bank and what was
    /// sent along are left out.
    pub(crate) fn statement(&self, notice_id: Option<&str>) -> PaymentStatement {
        let amount = self.amount.as_ref();
        PaymentStatement {
            // Of a service provider the money is its sub-merchant's.
            merchant_id: self
                .sub_merchant_id
                .clone()
                .unwrap_or_else(|| self.merchant_id.clone()),
            app_id: self.app_id.clone(),
            payment_no: self.out_trade_no.clone(),
            transaction_id: self.transaction_id.clone(),
            state: self.state(),
            // Never `payer_total`: coupons make it less than what was bought.
            amount: amount.and_then(|it| it.total),
            currency: amount
                .and_then(|it| it.currency.clone())
                .unwrap_or_else(|| "CNY".to_owned()),
            paid_at: self
                .success_time
                .and_then(|at| at.checked_to_offset(UtcOffset::UTC)),
            evidence: self.evidence(notice_id),
        }
    }

    fn evidence(&self, notice_id: Option<&str>) -> Value {
        let amount = self.amount.as_ref();
        let paid_at = self.success_time.and_then(|at| at.format(&Rfc3339).ok());
        let fen = |amount: Option<Cny>| amount.map(|amount| Value::from(amount.fen()));
        let fields = [
            ("notice_id", notice_id.map(Value::from)),
            ("trade_type", self.trade_type.clone().map(Value::from)),
            ("trade_state", Some(Value::from(self.trade_state.clone()))),
            ("success_time", paid_at.map(Value::from)),
            ("total", fen(amount.and_then(|it| it.total))),
            ("payer_total", fen(amount.and_then(|it| it.payer_total))),
            (
                "currency",
                amount.and_then(|it| it.currency.clone()).map(Value::from),
            ),
        ];
        let fields: Map<String, Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        Value::Object(fields)
    }
}

/// Something money does not depend on: what cannot be read is left out.
pub(crate) fn readable<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    value: D,
) -> Result<T, D::Error> {
    let value = Value::deserialize(value)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// None stands for an empty text.
pub(crate) fn or_empty<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(text)?.unwrap_or_default())
}

/// An empty text stands for none.
pub(crate) fn filled<'de, D: Deserializer<'de>>(text: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(text)?.filter(|text| !text.is_empty()))
}

/// RFC 3339. Whoever books money knows when it learnt of it, so an odd date is left out.
pub(crate) fn instant<'de, D: Deserializer<'de>>(
    text: D,
) -> Result<Option<OffsetDateTime>, D::Error> {
    let text: Option<String> = readable(text)?;
    Ok(text.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok()))
}

/// `REFUND` was paid. `PAYERROR` is a failed try with a payment code, which a QR code cannot give:
/// like a state of the future, nothing is concluded from it.
fn state(name: String) -> TradeState {
    match name.as_str() {
        "NOTPAY" | "USERPAYING" | "ACCEPT" => TradeState::Unpaid,
        "SUCCESS" => TradeState::Paid,
        "REFUND" => TradeState::Refunded,
        "CLOSED" | "REVOKED" => TradeState::Closed,
        _ => TradeState::Other(name),
    }
}

/// Where and how a text is no JSON of the kind expected, without a word of the text itself.
pub(crate) fn place(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "a field is missing or of another type",
        serde_json::error::Category::Eof => "the text ends early",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "no JSON",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn statement(json: &Value) -> Result<PaymentStatement, String> {
        Ok(Transaction::read(json.to_string().as_bytes())?.statement(None))
    }

    #[test]
    fn states_are_mapped_and_unknown_ones_conclude_nothing() {
        for (name, state) in [
            ("NOTPAY", TradeState::Unpaid),
            ("USERPAYING", TradeState::Unpaid),
            ("ACCEPT", TradeState::Unpaid),
            ("SUCCESS", TradeState::Paid),
            ("REFUND", TradeState::Refunded),
            ("CLOSED", TradeState::Closed),
            ("REVOKED", TradeState::Closed),
            ("PAYERROR", TradeState::Other("PAYERROR".to_owned())),
            ("success", TradeState::Other("success".to_owned())),
            ("NEXT_YEARS", TradeState::Other("NEXT_YEARS".to_owned())),
        ] {
            let read = statement(&json!({"out_trade_no": "PO000001", "trade_state": name}));
            assert_eq!(read.unwrap().state, state);
        }
    }

    #[test]
    fn r20_the_amount_is_the_orders_total_never_the_payers() {
        let read = statement(&json!({
            "appid": "wx1", "mchid": "19", "out_trade_no": "PO000001", "trade_state": "SUCCESS",
            "transaction_id": "42", "trade_type": "NATIVE", "bank_type": "CMC", "attach": "a",
            "success_time": "2026-01-01T10:00:00.123+08:00", "payer": {"openid": "someone"},
            "amount": {"total": 990, "payer_total": 890, "payer_currency": "CNY"},
            "promotion_detail": [{"amount": 100}], "new_field": {"x": [1.5]},
        }))
        .unwrap();
        assert_eq!(read.amount, Some(Cny::from_fen(990)));
        assert_eq!(read.currency, "CNY");
        assert_eq!(read.paid_at, Some(datetime!(2026-01-01 02:00:00.123 UTC)));
        assert_eq!(read.transaction_id.as_deref(), Some("42"));
        assert_eq!(
            read.evidence,
            json!({
                "trade_type": "NATIVE", "trade_state": "SUCCESS", "total": 990, "payer_total": 890,
                "success_time": "2026-01-01T10:00:00.123+08:00",
            }),
            "R28: no payer, bank or attach"
        );
        let other = statement(&json!({
            "out_trade_no": "PO000001", "trade_state": "SUCCESS",
            "amount": {"payer_total": 890, "currency": "USD"},
        }))
        .unwrap();
        assert_eq!((other.amount, other.currency.as_str()), (None, "USD"));
    }

    #[test]
    fn what_money_does_not_depend_on_loses_no_payment() {
        let read = Transaction::read(
            json!({
                "out_trade_no": "PO000001", "trade_state": "SUCCESS", "trade_state_desc": null,
                "bank_type": 7, "attach": {}, "payer": "someone", "promotion_detail": {"amount": "x"},
                "amount": {"total": 990},
            })
            .to_string()
            .as_bytes(),
        )
        .unwrap();
        assert_eq!(read.amount.unwrap().total, Some(Cny::from_fen(990)));
        assert_eq!(
            (read.bank_type, read.attach, read.payer),
            (None, None, None)
        );
        assert!(read.promotion_detail.is_empty());
    }

    #[test]
    fn a_partners_message_names_both_merchants() {
        let read = Transaction::read(
            json!({
                "appid": null, "mchid": "20",
                "sp_appid": "wx1", "sp_mchid": "19", "sub_appid": "wx2", "sub_mchid": "20",
                "out_trade_no": "PO000001", "trade_state": "SUCCESS",
                "payer": {"sp_openid": "someone", "sub_openid": "other"},
            })
            .to_string()
            .as_bytes(),
        )
        .unwrap();
        assert_eq!(
            (read.app_id.as_str(), read.merchant_id.as_str()),
            ("wx1", "19")
        );
        let payer = read.payer.clone().unwrap();
        assert_eq!(payer.openid.unwrap().expose(), "someone");
        assert_eq!(payer.sub_openid.unwrap().expose(), "other");
        let printed = format!("{read:?}");
        assert!(!printed.contains("someone"), "{printed}");
        assert_eq!(read.statement(None).merchant_id, "20", "whose money it is");
    }

    #[test]
    fn r15_amounts_are_integers_or_the_message_is_malformed() {
        for total in [
            "990.0",
            "9.9e2",
            "\"990\"",
            "true",
            "[990]",
            "9223372036854775808",
        ] {
            let json = format!(
                "{{\"out_trade_no\":\"PO000001\",\"trade_state\":\"SUCCESS\",\
                 \"amount\":{{\"total\":{total}}}}}"
            );
            assert!(Transaction::read(json.as_bytes()).is_err(), "{total}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_without_its_content() {
        for json in [
            "",
            "null",
            "[]",
            "{\"out_trade_no\":\"secret\"}",
            "{\"trade_state\":\"secret\"}",
            "{\"out_trade_no\":\"secret\",\"out_trade_no\":\"secret\",\"trade_state\":\"A\"}",
            "{\"out_trade_no\":\"secret\",\"trade_state\":\"secret\",\"amount\":\"secret\"}",
        ] {
            let error = Transaction::read(json.as_bytes()).expect_err(json);
            assert!(!error.contains("secret"), "{error}");
        }
        for odd in ["late", "9999-12-31T23:59:59-08:00"] {
            let odd = json!({"out_trade_no": "P", "trade_state": "SUCCESS", "success_time": odd});
            assert_eq!(
                statement(&odd).unwrap().paid_at,
                None,
                "and the payment is not lost"
            );
        }
    }
}
