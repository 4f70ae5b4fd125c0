use paydesk_money::Cny;
use serde::Serialize;

use crate::checks::{Unsendable, check_given_no, json, optional, refuse};
use crate::trade::TradeNumber;
use crate::trades::Numbers;

/// A request for a refund. Keep it as it was sent: a repeat takes the same number and the same amount.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefundRequest {
    /// Which trade.
    pub trade: TradeNumber,
    /// The merchant's number of the refund: 1 to 64 letters, digits, `_` or `-`, unique within the
    /// trade. The platform lets it be left out once; here it is asked for always.
    pub out_request_no: String,
    /// What goes back, at most what has not gone back yet. It includes the part of promotions.
    pub refund: Cny,
    /// Shown to the payer, at most 256 bytes.
    pub reason: Option<String>,
    /// What else is to be told, now or later.
    pub details: Vec<RefundDetail>,
}

/// More that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundDetail {
    /// Where the money went.
    Funds,
    /// How far a card's bank is. Asked for with the refund itself, the platform later tells the
    /// application gateway, too.
    DepositBack,
    /// When it went back; for queries alone.
    Time,
}

impl RefundDetail {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Funds => "refund_detail_item_list",
            Self::DepositBack => "deposit_back_info",
            Self::Time => "gmt_refund_pay",
        }
    }
}

impl RefundRequest {
    /// A refund with what every refund needs.
    pub fn new(trade: TradeNumber, out_request_no: impl Into<String>, refund: Cny) -> Self {
        Self {
            trade,
            out_request_no: out_request_no.into(),
            refund,
            reason: None,
            details: Vec::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Unsendable> {
        self.trade.check()?;
        check_given_no(&self.out_request_no, "out_request_no")?;
        if !self.refund.is_positive() {
            return refuse("refund_amount is not more than nothing");
        }
        if self.details.contains(&RefundDetail::Time) {
            return refuse("query_options: gmt_refund_pay is for queries alone");
        }
        optional(self.reason.as_deref(), "refund_reason", 256)
    }

    /// Nothing but what every contract has: parameters of special contracts are known to have caused
    /// double refunds under others.
    pub(super) fn content(&self) -> Result<String, Unsendable> {
        json(&Wire {
            trade: self.trade.wire(),
            refund_amount: self.refund.to_string(),
            out_request_no: &self.out_request_no,
            refund_reason: self.reason.as_deref(),
            query_options: self.details.iter().map(|detail| detail.as_str()).collect(),
        })
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(flatten)]
    trade: Numbers<'a>,
    refund_amount: String,
    out_request_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    query_options: Vec<&'static str>,
}
