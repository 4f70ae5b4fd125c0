//! Whether an authentic message is about our order: a signature says who speaks, not about what.

use paydesk_money::Cny;
use paydesk_provider::matching::{Comparison, Mismatch};

use crate::notice::RefundNotice;
use crate::refund::Refund;
use crate::transaction::Transaction;

/// What was ordered, as we keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedOrder<'a> {
    /// `mchid`, of a service provider `sp_mchid`.
    pub merchant_id: &'a str,
    /// `appid`, of a service provider `sp_appid`.
    pub app_id: &'a str,
    /// `sub_mchid`, of a service provider's order.
    pub sub_merchant_id: Option<&'a str>,
    /// The number that was sent.
    pub out_trade_no: &'a str,
    /// The total that was sent, in fen: never what the payer paid after coupons.
    pub total: Cny,
}

/// What was asked to be refunded, as we keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedRefund<'a> {
    /// `mchid`, of a service provider `sp_mchid`; only notices tell it.
    pub merchant_id: &'a str,
    /// `sub_mchid`, of a service provider's order; only notices tell it.
    pub sub_merchant_id: Option<&'a str>,
    /// The order's number.
    pub out_trade_no: &'a str,
    /// The refund's number.
    pub out_refund_no: &'a str,
    /// The order's total, in fen.
    pub total: Cny,
    /// What was to go back, in fen.
    pub refund: Cny,
}

impl Transaction {
    /// Compares merchant, app, number, total and currency with the order. The state is not compared:
    /// look at [`Transaction::state`].
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs, an absent total among them.
    pub fn match_order(&self, order: &ExpectedOrder<'_>) -> Result<(), Mismatch> {
        self.compared(order).result()
    }

    /// Compares as [`Transaction::match_order`] does, and demands that it was paid: by its state, which
    /// may say that some of it was refunded since, and by WeChat Pay's number. What passes can be
    /// granted, once.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs.
    pub fn match_paid(&self, order: &ExpectedOrder<'_>) -> Result<(), Mismatch> {
        let mut compared = self.compared(order);
        if !self.state().was_paid() {
            compared = compared.differs("trade_state", "SUCCESS", &self.trade_state);
        }
        if self.transaction_id.is_none() {
            compared = compared.differs("transaction_id", "a number", "");
        }
        compared.result()
    }

    fn compared(&self, order: &ExpectedOrder<'_>) -> Comparison {
        let amount = self.amount.as_ref();
        // The platform documents the currency as optional, and knows one.
        let currency = amount.and_then(|it| it.currency.as_deref());
        let sub = self.sub_merchant_id.as_deref();
        Comparison::default()
            .field("mchid", order.merchant_id, &self.merchant_id)
            .field("appid", order.app_id, &self.app_id)
            .field(
                "sub_mchid",
                order.sub_merchant_id.unwrap_or_default(),
                sub.unwrap_or_default(),
            )
            .field("out_trade_no", order.out_trade_no, &self.out_trade_no)
            .fen("amount.total", order.total, amount.and_then(|it| it.total))
            .field("amount.currency", "CNY", currency.unwrap_or("CNY"))
    }
}

impl Refund {
    /// Compares numbers, amounts and currency with what was asked for.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs.
    pub fn match_refund(&self, refund: &ExpectedRefund<'_>) -> Result<(), Mismatch> {
        Comparison::default()
            .field("out_trade_no", refund.out_trade_no, &self.out_trade_no)
            .field("out_refund_no", refund.out_refund_no, &self.out_refund_no)
            .fen("amount.total", refund.total, Some(self.amount.total))
            .fen("amount.refund", refund.refund, Some(self.amount.refund))
            .field("amount.currency", "CNY", &self.amount.currency)
            .result()
    }
}

impl RefundNotice {
    /// Compares merchant, numbers and amounts with what was asked for.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs.
    pub fn match_refund(&self, refund: &ExpectedRefund<'_>) -> Result<(), Mismatch> {
        // Of a service provider it tells both merchants, or one under the name of the other.
        let merchant = match (&self.sub_merchant_id, refund.sub_merchant_id) {
            (None, Some(sub)) if self.merchant_id == sub => refund.merchant_id,
            _ => &self.merchant_id,
        };
        let sub = self.sub_merchant_id.as_deref().or(refund.sub_merchant_id);
        Comparison::default()
            .field("mchid", refund.merchant_id, merchant)
            .field(
                "sub_mchid",
                refund.sub_merchant_id.unwrap_or_default(),
                sub.unwrap_or_default(),
            )
            .field("out_trade_no", refund.out_trade_no, &self.out_trade_no)
            .field("out_refund_no", refund.out_refund_no, &self.out_refund_no)
            .fen("amount.total", refund.total, Some(self.amount.total))
            .fen("amount.refund", refund.refund, Some(self.amount.refund))
            .result()
    }
}
