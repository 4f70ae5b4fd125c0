//! What the platform says about a trade.

use paydesk_money::Cny;
use paydesk_provider::Personal;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::fields::Fields;
use crate::funds::{FundBill, Voucher};
use crate::members::Members;
use crate::record::Record;

/// Which trade is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TradeNumber {
    /// The merchant's number.
    OutTradeNo(String),
    /// Alipay's number, which exists from the first scan on.
    TradeNo(String),
}

/// Where a trade stands. The platform's names are ambiguous; these are not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TradeStatus {
    /// `WAIT_BUYER_PAY`: somebody scanned the code or logged in, and did not pay yet.
    WaitBuyerPay,
    /// `TRADE_SUCCESS`: paid. It stays so while parts are given back.
    Success,
    /// `TRADE_FINISHED`: paid, and no refund is possible any more. Final.
    Finished,
    /// `TRADE_CLOSED` without a trace of a payment: nobody can pay any more, and nobody did. A trade
    /// that your own records know as paid was given back in full all the same.
    ClosedUnpaid,
    /// `TRADE_CLOSED` with the traces of a payment: it was paid and given back in full.
    ClosedRefunded,
    /// The payer pays later (芝麻先用后付): whatever the name says, nothing was paid yet.
    OnCredit {
        /// The platform's name for the state.
        trade_status: String,
        /// The kind of credit, `creditAdvanceV2` for example.
        mode: String,
    },
    /// A state this version does not know: nothing may be concluded from it.
    Other(String),
}

impl TradeStatus {
    /// The platform's name for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::WaitBuyerPay => "WAIT_BUYER_PAY",
            Self::Success => "TRADE_SUCCESS",
            Self::Finished => "TRADE_FINISHED",
            Self::ClosedUnpaid | Self::ClosedRefunded => "TRADE_CLOSED",
            Self::OnCredit { trade_status, .. } => trade_status,
            Self::Other(name) => name,
        }
    }

    /// Whether it is paid, and not given back in full.
    pub const fn is_paid(&self) -> bool {
        matches!(self, Self::Success | Self::Finished)
    }

    /// Whether it was paid, even if it has been given back in full since.
    pub const fn was_paid(&self) -> bool {
        matches!(self, Self::Success | Self::Finished | Self::ClosedRefunded)
    }
}

/// The answer to a query. Amounts are in fen here, in yuan on the wire.
///
/// Only number, state and total decide; what money does not depend on is left out where it cannot be
/// read. The platform names neither app nor merchant in this answer: both are those of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trade {
    /// The merchant's number.
    pub out_trade_no: String,
    /// Alipay's number.
    pub trade_no: Option<String>,
    /// Where it stands.
    pub status: TradeStatus,
    /// What was ordered: this is to be compared with the order ([`Trade::match_order`]).
    pub total: Option<Cny>,
    /// When it was paid.
    pub paid_at: Option<OffsetDateTime>,
    /// What the payer paid, less than the total where coupons were used.
    pub buyer_pay_amount: Option<Cny>,
    /// What the merchant receives.
    pub receipt_amount: Option<Cny>,
    /// What may be invoiced.
    pub invoice_amount: Option<Cny>,
    /// What was paid with points (集分宝).
    pub point_amount: Option<Cny>,
    /// The merchant's discount.
    pub merchant_discount: Option<Cny>,
    /// The platform's discount.
    pub platform_discount: Option<Cny>,
    /// The payer's account, masked.
    pub buyer_logon_id: Option<Personal>,
    /// The payer's number, of older apps.
    pub buyer_user_id: Option<Personal>,
    /// The payer under this app, of newer apps.
    pub buyer_open_id: Option<Personal>,
    /// `CORPORATE` or `PRIVATE`.
    pub buyer_user_type: Option<String>,
    /// What it was paid with, where it was asked for.
    pub fund_bills: Vec<FundBill>,
    /// Coupons that were used, where they were asked for.
    pub vouchers: Vec<Voucher>,
    /// The merchant's number of the shop.
    pub store_id: Option<String>,
    /// The shop's name.
    pub store_name: Option<String>,
    /// The merchant's number of the cash desk.
    pub terminal_id: Option<String>,
    /// What was sent along with the order.
    pub passback_params: Option<String>,
    /// `SELLER_NOT_RECEIVED`, if the money is still on its way to the merchant.
    pub additional_status: Option<String>,
    /// The order's currency, if it is not CNY.
    pub trans_currency: Option<String>,
}

impl Trade {
    pub(crate) fn read(node: &Members<'_>) -> Result<Self, String> {
        let record = Record::read(node)?;
        Ok(Self {
            out_trade_no: node.needed("out_trade_no")?,
            trade_no: node.text("trade_no")?,
            status: record.status(),
            total: node.yuan("total_amount")?,
            paid_at: node.time("send_pay_date")?,
            buyer_pay_amount: node.loose_yuan("buyer_pay_amount"),
            receipt_amount: node.loose_yuan("receipt_amount"),
            invoice_amount: node.loose_yuan("invoice_amount"),
            point_amount: node.loose_yuan("point_amount"),
            merchant_discount: node.loose_yuan("mdiscount_amount"),
            platform_discount: node.loose_yuan("discount_amount"),
            buyer_logon_id: node.person("buyer_logon_id"),
            buyer_user_id: node.person("buyer_user_id"),
            buyer_open_id: node.person("buyer_open_id"),
            buyer_user_type: node.loose("buyer_user_type"),
            fund_bills: FundBill::list(node.list("fund_bill_list")),
            vouchers: Voucher::list(node.list("voucher_detail_list")),
            store_id: node.loose("store_id"),
            store_name: node.loose("store_name"),
            terminal_id: node.loose("terminal_id"),
            passback_params: node.loose("passback_params"),
            additional_status: node.loose("additional_status"),
            trans_currency: node.text("trans_currency")?,
        })
    }
}
