//! Whether an authentic message is about our order: a signature says who speaks, not about what.

use paydesk_money::Cny;
use paydesk_provider::matching::{Comparison, Mismatch};

use crate::notice::{RefundNotice, TradeNotice};
use crate::pay::BarCodePayment;
use crate::refund::{REFUND_SUCCESS, RefundRecord, RefundStatus};
use crate::trade::{Trade, TradeStatus};

/// What was ordered, as we keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedOrder<'a> {
    /// Our app.
    pub app_id: &'a str,
    /// The merchant's number, `seller_id`.
    pub seller_id: &'a str,
    /// The number that was sent.
    pub out_trade_no: &'a str,
    /// The total that was sent: never what the payer paid after coupons.
    pub total: Cny,
}

/// What was asked to be refunded, as we keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedRefund<'a> {
    /// The order's number.
    pub out_trade_no: &'a str,
    /// The refund's number.
    pub out_request_no: &'a str,
    /// The order's total.
    pub total: Cny,
    /// What was to go back.
    pub refund: Cny,
}

/// What an answer can be compared in: it names neither app nor merchant, which are the client's.
fn answered(
    order: &ExpectedOrder<'_>,
    out_trade_no: &str,
    total: Option<Cny>,
    currency: Option<&str>,
) -> Comparison {
    Comparison::default()
        .field("out_trade_no", order.out_trade_no, out_trade_no)
        .yuan("total_amount", order.total, total)
        .field("trans_currency", "CNY", currency.unwrap_or("CNY"))
}

/// A payment has its state and Alipay's number.
fn paid(compared: Comparison, status: &TradeStatus, trade_no: Option<&str>) -> Comparison {
    let compared = if status.is_paid() {
        compared
    } else {
        compared.differs("trade_status", "TRADE_SUCCESS", status.as_str())
    };
    match trade_no {
        Some(_) => compared,
        None => compared.differs("trade_no", "a number", ""),
    }
}

impl Trade {
    /// Compares number, total and currency with the order. The state is not compared: look at
    /// [`Trade::status`].
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs, an absent total among them.
    pub fn match_order(&self, order: &ExpectedOrder<'_>) -> Result<(), Mismatch> {
        self.compared(order).result()
    }

    /// Compares as [`Trade::match_order`] does, and demands that it is paid, not given back in full,
    /// and has Alipay's number. What passes can be granted, once.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs.
    pub fn match_paid(&self, order: &ExpectedOrder<'_>) -> Result<(), Mismatch> {
        paid(self.compared(order), &self.status, self.trade_no.as_deref()).result()
    }

    fn compared(&self, order: &ExpectedOrder<'_>) -> Comparison {
        let currency = self.trans_currency.as_deref();
        answered(order, &self.out_trade_no, self.total, currency)
    }
}

impl BarCodePayment {
    /// Compares number and total with the order.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs, an absent total among them.
    pub fn match_order(&self, order: &ExpectedOrder<'_>) -> Result<(), Mismatch> {
        answered(order, &self.out_trade_no, self.total, None).result()
    }
}

impl RefundRecord {
    /// Compares numbers and amounts with what was asked for. The state is not compared: look at
    /// [`RefundRecord::status`].
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs, an absent amount among them.
    pub fn match_refund(&self, refund: &ExpectedRefund<'_>) -> Result<(), Mismatch> {
        self.compared(refund).result()
    }

    /// Compares as [`RefundRecord::match_refund`] does, and demands that it is done. What passes has
    /// gone back.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs.
    pub fn match_done(&self, refund: &ExpectedRefund<'_>) -> Result<(), Mismatch> {
        let compared = self.compared(refund);
        match &self.status {
            RefundStatus::Success => compared,
            RefundStatus::Other(name) => compared.differs("refund_status", REFUND_SUCCESS, name),
        }
        .result()
    }

    fn compared(&self, refund: &ExpectedRefund<'_>) -> Comparison {
        let out_trade_no = self.out_trade_no.as_deref();
        Comparison::default()
            .field(
                "out_trade_no",
                refund.out_trade_no,
                out_trade_no.unwrap_or_default(),
            )
            .field(
                "out_request_no",
                refund.out_request_no,
                &self.out_request_no,
            )
            .yuan("total_amount", refund.total, self.total)
            .yuan("refund_amount", refund.refund, self.refund_amount)
    }
}

impl TradeNotice {
    /// Compares app, merchant, number, total and currency with the order. The state is not compared:
    /// look at [`TradeNotice::status`].
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs, an absent one among them.
    pub fn match_order(&self, order: &ExpectedOrder<'_>) -> Result<(), Mismatch> {
        self.compared(order).result()
    }

    /// Compares as [`TradeNotice::match_order`] does, and demands that it is paid, not given back in
    /// full, and has Alipay's number. What passes can be granted, once.
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs.
    pub fn match_paid(&self, order: &ExpectedOrder<'_>) -> Result<(), Mismatch> {
        let compared = paid(self.compared(order), &self.status, self.trade_no.as_deref());
        match self.refunded_so_far {
            Some(back) if back >= order.total => {
                let less = format!("less than {}", order.total);
                compared.differs("refund_fee", &less, &back.to_string())
            }
            _ => compared,
        }
        .result()
    }

    fn compared(&self, order: &ExpectedOrder<'_>) -> Comparison {
        let currency = self.trans_currency.as_deref();
        Comparison::default()
            .field("app_id", order.app_id, &self.app_id)
            .field("seller_id", order.seller_id, &self.seller_id)
            .field("out_trade_no", order.out_trade_no, &self.out_trade_no)
            .yuan("total_amount", order.total, self.total)
            .field("trans_currency", "CNY", currency.unwrap_or("CNY"))
    }
}

impl RefundNotice {
    /// Compares numbers, the order's total and the refund's own amount with what was asked for. The last
    /// is told rarely; without it, only everything given back so far is known: ask with
    /// [`Alipay::query_refund`](crate::Alipay::query_refund).
    ///
    /// # Errors
    /// [`Mismatch`] names each field that differs, an absent one among them.
    pub fn match_refund(&self, refund: &ExpectedRefund<'_>) -> Result<(), Mismatch> {
        let out_request_no = self.out_request_no.as_deref();
        Comparison::default()
            .field(
                "out_trade_no",
                refund.out_trade_no,
                &self.trade.out_trade_no,
            )
            .field(
                "out_biz_no",
                refund.out_request_no,
                out_request_no.unwrap_or_default(),
            )
            .yuan("total_amount", refund.total, self.trade.total)
            .yuan(
                "refund_amount",
                refund.refund,
                self.refund_amount.or(Some(refund.refund)),
            )
            .result()
    }
}
