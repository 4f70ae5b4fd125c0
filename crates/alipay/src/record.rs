//! What the platform says about a payment, in an answer to a query or inside a notice.

use paydesk_money::Cny;
use paydesk_provider::{PaymentStatement, TradeState};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::fields::Fields;
use crate::trade::TradeStatus;

/// What explains the money and names nobody: payers, their accounts and their banks stay out.
const EVIDENCE: [&str; 11] = [
    "notify_id",
    "trade_no",
    "trade_status",
    "total_amount",
    "receipt_amount",
    "buyer_pay_amount",
    "send_pay_date",
    "gmt_payment",
    "refund_fee",
    "credit_pay_mode",
    "additional_status",
];

/// What only a refund leaves in a message, under the documented names and under those seen elsewhere.
const OF_REFUNDS: [&str; 5] = [
    "dback_status",
    "gmt_refund",
    "out_biz_no",
    "out_request_no",
    "refund_status",
];
/// Amounts that a plain payment may carry, too, as 0.00.
const GIVEN_BACK: [&str; 4] = [
    "dback_amount",
    "refund_amount",
    "refund_fee",
    "send_back_fee",
];

/// What a message says about a trade, as far as money depends on it.
#[derive(Debug)]
pub(crate) struct Record {
    payment_no: String,
    number: Option<String>,
    trade_status: String,
    total: Option<Cny>,
    currency: Option<String>,
    paid_at: Option<OffsetDateTime>,
    refunded: bool,
    credit_pay_mode: Option<String>,
    evidence: Value,
}

impl Record {
    pub(crate) fn read(fields: &impl Fields) -> Result<Self, String> {
        let mut evidence = Map::new();
        for name in EVIDENCE {
            // What decides is read strictly below.
            if let Some(value) = fields.loose(name) {
                evidence.insert(name.to_owned(), value.into());
            }
        }
        Ok(Self {
            payment_no: fields.needed("out_trade_no")?,
            number: fields.text("trade_no")?,
            trade_status: fields.needed("trade_status")?,
            // Never what the payer paid or the merchant receives: coupons make these less.
            total: fields.yuan("total_amount")?,
            currency: fields.text("trans_currency")?,
            // Its name in answers, and its name in notices.
            paid_at: fields
                .time("send_pay_date")?
                .or(fields.time("gmt_payment")?),
            refunded: is_refunded(fields)?,
            credit_pay_mode: fields.text("credit_pay_mode")?,
            evidence: Value::Object(evidence),
        })
    }

    pub(crate) fn payment_no(&self) -> &str {
        &self.payment_no
    }

    /// The platform's name for the state, as it was sent.
    pub(crate) fn trade_status(&self) -> &str {
        &self.trade_status
    }

    /// Whether this speaks of money given back.
    pub(crate) const fn is_refunded(&self) -> bool {
        self.refunded
    }

    /// What the platform's name for the state means here.
    pub(crate) fn status(&self) -> TradeStatus {
        if let Some(mode) = &self.credit_pay_mode {
            return TradeStatus::OnCredit {
                trade_status: self.trade_status.clone(),
                mode: mode.clone(),
            };
        }
        match self.trade_status.as_str() {
            "WAIT_BUYER_PAY" => TradeStatus::WaitBuyerPay,
            "TRADE_SUCCESS" => TradeStatus::Success,
            "TRADE_FINISHED" => TradeStatus::Finished,
            "TRADE_CLOSED" if self.refunded || self.paid_at.is_some() => {
                TradeStatus::ClosedRefunded
            }
            "TRADE_CLOSED" => TradeStatus::ClosedUnpaid,
            _ => TradeStatus::Other(self.trade_status.clone()),
        }
    }

    /// The neutral state that this proves.
    pub(crate) fn state(&self) -> TradeState {
        match self.status() {
            TradeStatus::WaitBuyerPay => TradeState::Unpaid,
            TradeStatus::Success | TradeStatus::Finished if self.refunded => TradeState::Refunded,
            TradeStatus::Success | TradeStatus::Finished => TradeState::Paid,
            TradeStatus::ClosedRefunded => TradeState::Refunded,
            TradeStatus::ClosedUnpaid => TradeState::Closed,
            TradeStatus::OnCredit { trade_status, mode } => {
                TradeState::Other(format!("{trade_status} {mode}"))
            }
            TradeStatus::Other(name) => TradeState::Other(name),
        }
    }

    /// The statement, about this merchant and app.
    pub(crate) fn into_statement(self, merchant_id: String, app_id: String) -> PaymentStatement {
        let state = self.state();
        PaymentStatement {
            merchant_id,
            app_id,
            payment_no: self.payment_no,
            // A trade has its number from the first scan on; before it is paid, that is no proof.
            transaction_id: self.number.filter(|_| state.was_paid()),
            state,
            amount: self.total,
            currency: self.currency.unwrap_or_else(|| "CNY".to_owned()),
            paid_at: self.paid_at,
            evidence: self.evidence,
        }
    }
}

fn is_refunded(fields: &impl Fields) -> Result<bool, String> {
    for name in GIVEN_BACK {
        if fields.yuan(name)?.is_some_and(Cny::is_positive) {
            return Ok(true);
        }
    }
    for name in OF_REFUNDS {
        if fields.text(name)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::datetime;

    use super::*;
    use crate::members::Members;

    fn read(json: &Value) -> Result<Record, String> {
        let json = json.to_string();
        Record::read(&Members::read(json.as_bytes()).unwrap())
    }

    fn state(more: &[(&str, &str)]) -> TradeState {
        let mut trade = json!({"out_trade_no": "PO1"});
        for (name, value) in more {
            trade[*name] = json!(value);
        }
        read(&trade).unwrap().state()
    }

    #[test]
    fn states_are_mapped_and_unknown_ones_conclude_nothing() {
        for (name, expected) in [
            ("WAIT_BUYER_PAY", TradeState::Unpaid),
            ("TRADE_SUCCESS", TradeState::Paid),
            ("TRADE_FINISHED", TradeState::Paid),
            ("TRADE_CLOSED", TradeState::Closed),
            (
                "trade_success",
                TradeState::Other("trade_success".to_owned()),
            ),
            ("NEXT_YEARS", TradeState::Other("NEXT_YEARS".to_owned())),
        ] {
            assert_eq!(state(&[("trade_status", name)]), expected);
        }
    }

    #[test]
    fn r19_closed_after_payment_is_never_closed_unpaid() {
        for trace in [
            ("send_pay_date", "2026-01-01 12:01:05"),
            ("gmt_payment", "2026-01-01 12:01:05"),
            ("gmt_refund", "2026-01-02 09:00:00.123"),
            ("refund_fee", "0.01"),
            ("out_biz_no", "R1"),
        ] {
            let closed = state(&[("trade_status", "TRADE_CLOSED"), trace]);
            assert_eq!(closed, TradeState::Refunded, "{trace:?}");
        }
        for nothing in [
            ("send_pay_date", ""),
            ("refund_fee", "0.00"),
            ("out_biz_no", ""),
        ] {
            let closed = state(&[("trade_status", "TRADE_CLOSED"), nothing]);
            assert_eq!(closed, TradeState::Closed, "{nothing:?}");
        }
    }

    #[test]
    fn a_trade_on_credit_is_not_paid() {
        let credit = [
            ("trade_status", "TRADE_SUCCESS"),
            ("credit_pay_mode", "creditAdvanceV2"),
        ];
        let other = TradeState::Other("TRADE_SUCCESS creditAdvanceV2".to_owned());
        assert_eq!(state(&credit), other);
    }

    #[test]
    fn r20_the_amount_is_the_orders_total_and_nobody_is_named() {
        let trade = json!({
            "code": "10000", "msg": "Success", "out_trade_no": "PO1", "trade_no": "2026",
            "trade_status": "TRADE_SUCCESS", "total_amount": "20.00", "receipt_amount": "19.50",
            "buyer_pay_amount": "18.00", "point_amount": "0.00", "buyer_logon_id": "csq***@a.com",
            "buyer_user_id": "2088102169481075", "buyer_open_id": "o", "buyer_user_name": "某",
            "fund_bill_list": [{"amount": "20.00", "fund_channel": "ALIPAYACCOUNT"}],
            "send_pay_date": "2026-01-01 12:01:05", "subject": "x", "store_name": "y",
        });
        let said = read(&trade)
            .unwrap()
            .into_statement("2088".to_owned(), "2021".to_owned());
        assert_eq!(said.amount, Some(Cny::from_fen(2000)));
        assert_eq!(said.transaction_id.as_deref(), Some("2026"));
        assert_eq!(said.paid_at, Some(datetime!(2026-01-01 04:01:05 UTC)));
        assert_eq!(
            (said.merchant_id.as_str(), said.app_id.as_str()),
            ("2088", "2021")
        );
        assert_eq!(
            said.evidence,
            json!({
                "trade_no": "2026", "trade_status": "TRADE_SUCCESS", "total_amount": "20.00",
                "receipt_amount": "19.50", "buyer_pay_amount": "18.00",
                "send_pay_date": "2026-01-01 12:01:05",
            }),
            "R28: no payer, bank or shop"
        );
    }

    #[test]
    fn r15_amounts_are_exact_or_refused() {
        for (total, fen) in [
            (json!("0.01"), Some(1)),
            (json!("88.8"), Some(8880)),
            (json!(88), Some(8800)),
            (json!(null), None),
            (json!(""), None),
        ] {
            let trade = json!({"out_trade_no": "PO1", "trade_status": "X", "total_amount": total});
            assert_eq!(
                read(&trade).unwrap().total,
                fen.map(Cny::from_fen),
                "{total}"
            );
        }
        for total in [
            "0.001", "1e2", "-1.00", "+1.00", " 1.00", "1,00", "0x1", "NaN",
        ] {
            let trade = json!({"out_trade_no": "PO1", "trade_status": "X", "total_amount": total});
            assert!(
                read(&trade).unwrap_err().contains("total_amount"),
                "{total}"
            );
        }
        // Bare numbers by their digits: these are not JSON values of ours, so they are written out.
        for (literal, fen) in [
            ("88.80", Some(8880)),
            ("0.1", Some(10)),
            ("1e2", None),
            ("0.105", None),
        ] {
            let json = format!(
                "{{\"out_trade_no\":\"1\",\"trade_status\":\"X\",\"total_amount\":{literal}}}"
            );
            let members = Members::read(json.as_bytes()).unwrap();
            let total = Record::read(&members).ok().and_then(|trade| trade.total);
            assert_eq!(total, fen.map(Cny::from_fen), "{literal}");
        }
    }

    #[test]
    fn what_is_needed_is_needed() {
        for trade in [
            json!({"trade_status": "TRADE_SUCCESS"}),
            json!({"out_trade_no": "PO1"}),
            json!({"out_trade_no": "PO1", "trade_status": "X", "send_pay_date": "yesterday"}),
            json!({"out_trade_no": "PO1", "trade_status": "X", "refund_fee": "some"}),
            json!({"out_trade_no": ["PO1"], "trade_status": "X"}),
        ] {
            assert!(read(&trade).is_err(), "{trade}");
        }
        let unpaid =
            json!({"out_trade_no": "PO1", "trade_status": "WAIT_BUYER_PAY", "trade_no": "1"});
        let said = read(&unpaid)
            .unwrap()
            .into_statement(String::new(), String::new());
        assert_eq!((said.transaction_id, said.currency.as_str()), (None, "CNY"));
        let foreign = json!({"out_trade_no": "1", "trade_status": "X", "trans_currency": "USD"});
        let said = read(&foreign)
            .unwrap()
            .into_statement(String::new(), String::new());
        assert_eq!(said.currency, "USD");
    }
}
