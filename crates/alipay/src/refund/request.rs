use std::fmt;

use paydesk_money::Cny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::checks::{Unsendable, check_given_no, optional, refuse, text};
use crate::further;
use crate::order::wide;
use crate::trade::TradeNumber;
use crate::trades::Numbers;

/// A request for a refund. Store it before it is sent (it serialises): a repeat takes the same number,
/// the same amount and the same everything.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefundRequest {
    /// Which trade.
    pub trade: TradeNumber,
    /// The merchant's number of the refund: 1 to 64 letters, digits, `_` or `-`, unique within the
    /// trade. The platform lets it be left out once; here it is asked for always.
    pub out_request_no: String,
    /// What goes back, in fen, at most what has not gone back yet. It includes the part of promotions.
    pub refund: Cny,
    /// Shown to the payer, at most 256 bytes, written like an order's subject.
    pub reason: Option<String>,
    /// What else is to be told, now or later.
    #[serde(default)]
    pub details: Vec<RefundDetail>,
    /// The goods that are given back.
    #[serde(default)]
    pub goods: Vec<RefundGoods>,
    /// Further fields of the platform's documents, by their names and in their shapes: `operator_id`,
    /// `store_id`, `refund_royalty_parameters`, … Those of special contracts (`org_pid`,
    /// `refund_currency`, `refund_advance_account`, `refund_trans_out`) are known to have caused
    /// failed and **double** refunds under others: none but those that the contract names.
    #[serde(default)]
    pub more: Map<String, Value>,
}

/// Goods that are given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefundGoods {
    /// The merchant's number of it, as the order had it: at most 64 bytes.
    pub goods_id: String,
    /// What goes back for it, in fen.
    pub refund: Cny,
    /// The merchant's number of the item: at most 64 bytes.
    pub out_item_id: Option<String>,
    /// The merchant's number of the item's kind: at most 64 bytes.
    pub out_sku_id: Option<String>,
}

impl RefundGoods {
    /// With what is needed.
    pub fn new(goods_id: impl Into<String>, refund: Cny) -> Self {
        Self {
            goods_id: goods_id.into(),
            refund,
            out_item_id: None,
            out_sku_id: None,
        }
    }

    fn check(&self) -> Result<(), Unsendable> {
        text(&self.goods_id, "refund_goods_detail.goods_id", 64)?;
        for (value, field) in [
            (&self.out_item_id, "refund_goods_detail.out_item_id"),
            (&self.out_sku_id, "refund_goods_detail.out_sku_id"),
        ] {
            optional(value.as_deref(), field, 64)?;
        }
        if self.refund < Cny::ZERO {
            return refuse("refund_goods_detail.refund_amount is negative");
        }
        Ok(())
    }
}

/// More that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RefundDetail {
    /// Where the money went.
    Funds,
    /// Which coupons went back.
    Vouchers,
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
            Self::Vouchers => "refund_voucher_detail_list",
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
            goods: Vec::new(),
            more: Map::new(),
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
        self.goods.iter().try_for_each(RefundGoods::check)?;
        further::check(&self.more)?;
        optional(self.reason.as_deref(), "refund_reason", 256)
    }

    /// Nothing but what every contract has, unless asked for: parameters of special contracts are known
    /// to have caused double refunds under others.
    pub(super) fn content(&self) -> Result<String, Unsendable> {
        let goods = self.goods.iter().map(|goods| GivenBack {
            goods_id: &goods.goods_id,
            out_item_id: goods.out_item_id.as_deref(),
            out_sku_id: goods.out_sku_id.as_deref(),
            refund_amount: goods.refund.to_string(),
        });
        further::content(&Wire {
            trade: self.trade.wire(),
            refund_amount: self.refund.to_string(),
            out_request_no: &self.out_request_no,
            refund_reason: self.reason.as_deref().map(wide),
            query_options: self.details.iter().map(|detail| detail.as_str()).collect(),
            refund_goods_detail: goods.collect(),
            more: &self.more,
        })
    }
}

impl fmt::Debug for RefundRequest {
    /// Of the further fields only the names: they may be about people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefundRequest")
            .field("trade", &self.trade)
            .field("out_request_no", &self.out_request_no)
            .field("refund", &self.refund)
            .field("reason", &self.reason)
            .field("details", &self.details)
            .field("goods", &self.goods)
            .field("more", &further::Names(&self.more))
            .finish()
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    #[serde(flatten)]
    trade: Numbers<'a>,
    refund_amount: String,
    out_request_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    query_options: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refund_goods_detail: Vec<GivenBack<'a>>,
    #[serde(flatten)]
    more: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct GivenBack<'a> {
    goods_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_item_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_sku_id: Option<&'a str>,
    refund_amount: String,
}
