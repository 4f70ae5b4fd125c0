//! What the platform says about a payment, in an answer to a query or inside a notice.

use paydesk_money::Cny;
use paydesk_provider::{PaymentStatement, TradeState};
use serde::Deserialize;
use serde_json::{Map, Value};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// Only what is used is read: the payer and the bank never enter. Amounts are integers; a float or
/// a text in their place fails the whole message.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the platform's names")]
pub(crate) struct Transaction {
    #[serde(default)]
    appid: String,
    #[serde(default)]
    mchid: String,
    out_trade_no: String,
    trade_state: String,
    transaction_id: Option<String>,
    trade_type: Option<String>,
    success_time: Option<String>,
    amount: Option<Amount>,
}

#[derive(Deserialize)]
struct Amount {
    total: Option<i64>,
    payer_total: Option<i64>,
    currency: Option<String>,
}

impl Transaction {
    /// Reads the JSON of one payment.
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("no payment: {}", place(&error)))
    }

    pub(crate) fn payment_no(&self) -> &str {
        &self.out_trade_no
    }

    /// The statement, with the id of the notice that brought it.
    pub(crate) fn into_statement(
        self,
        notice_id: Option<&str>,
    ) -> Result<PaymentStatement, String> {
        let paid_at = match self.success_time.as_deref().filter(|time| !time.is_empty()) {
            Some(time) => Some(
                OffsetDateTime::parse(time, &Rfc3339)
                    .map_err(|_| "success_time is no date".to_owned())?
                    .to_offset(UtcOffset::UTC),
            ),
            None => None,
        };
        let evidence = self.evidence(notice_id);
        let (total, currency) = match self.amount {
            Some(amount) => (amount.total, amount.currency),
            None => (None, None),
        };
        Ok(PaymentStatement {
            merchant_id: self.mchid,
            app_id: self.appid,
            payment_no: self.out_trade_no,
            transaction_id: self.transaction_id.filter(|id| !id.is_empty()),
            state: state(self.trade_state),
            // Never `payer_total`: coupons make it less than what was bought.
            amount: total.map(Cny::from_fen),
            currency: currency.unwrap_or_else(|| "CNY".to_owned()),
            paid_at,
            evidence,
        })
    }

    fn evidence(&self, notice_id: Option<&str>) -> Value {
        let amount = self.amount.as_ref();
        let fields = [
            ("notice_id", notice_id.map(Value::from)),
            ("trade_type", self.trade_type.clone().map(Value::from)),
            ("trade_state", Some(Value::from(self.trade_state.clone()))),
            ("success_time", self.success_time.clone().map(Value::from)),
            ("total", amount.and_then(|it| it.total).map(Value::from)),
            (
                "payer_total",
                amount.and_then(|it| it.payer_total).map(Value::from),
            ),
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
        Transaction::read(json.to_string().as_bytes())?.into_statement(None)
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
            let error = Transaction::read(json.as_bytes()).err().expect(json);
            assert!(!error.contains("secret"), "{error}");
        }
        let late = json!({"out_trade_no": "P", "trade_state": "SUCCESS", "success_time": "late"});
        assert!(statement(&late).is_err());
    }
}
