//! Giving money back. The number of the refund is what makes a repeat a repeat: the same number never
//! gives back twice, and a new one is a new refund. So a refund whose outcome is unknown is asked about,
//! and repeated unchanged if it is not known.

mod request;

use paydesk_money::Cny;
use paydesk_provider::{Answer, Personal, ProviderError, Verified};
use serde::Serialize;
use time::OffsetDateTime;

use crate::checks::{check_given_no, json};
use crate::client::Alipay;
use crate::exchange::{Call, answered};
use crate::fields::Fields;
use crate::funds::{FundBill, Voucher};
use crate::members::Members;
use crate::notice::DepositBack;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::trade::TradeNumber;
use crate::trades::{Numbers, known};

pub use request::{RefundDetail, RefundGoods, RefundRequest};

/// The one state in which the money has gone back.
pub(crate) const REFUND_SUCCESS: &str = "REFUND_SUCCESS";

/// The answer to a request for a refund. It repeats neither the refund's number nor its amount: both
/// are those of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refund {
    /// The merchant's number of the trade.
    pub out_trade_no: String,
    /// Alipay's number of the trade.
    pub trade_no: String,
    /// Whether this call moved money.
    pub fund_change: FundChange,
    /// `refund_fee`: everything given back of this trade so far, **not** the amount of this refund.
    pub refunded_so_far: Option<Cny>,
    /// When it went back.
    pub refunded_at: Option<OffsetDateTime>,
    /// What the merchant really gave, where it was asked for.
    pub send_back_fee: Option<Cny>,
    /// Where it went, where it was asked for.
    pub details: Vec<FundBill>,
    /// Coupons that went back, where they were asked for.
    pub vouchers: Vec<Voucher>,
    /// The payer's account, masked.
    pub buyer_logon_id: Option<Personal>,
}

/// Whether a call that succeeded moved money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FundChange {
    /// `Y`: it did. The refund is done.
    Moved,
    /// `N`, not said, or said with less given back so far than this refund asks for: not that it is
    /// known. No failure: most likely a refund of this number was made
    /// before. [`Alipay::query_refund`] tells whether it was, and of how much.
    NotKnown,
}

/// What the platform knows of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundRefund {
    /// It says where it stands.
    Refund(Box<Verified<RefundRecord>>),
    /// The call succeeded and says nothing of the refund: it was never received, or failed, or is not
    /// done yet. It is safe to repeat the request under this number, and not under another.
    NotKnown,
    /// There is no such trade.
    NoSuchTrade,
}

/// What the platform says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefundRecord {
    /// The merchant's number of the trade.
    pub out_trade_no: Option<String>,
    /// Alipay's number of the trade.
    pub trade_no: Option<String>,
    /// The merchant's number of the refund.
    pub out_request_no: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// What was given back by it. Compare it ([`RefundRecord::match_done`]).
    pub refund_amount: Option<Cny>,
    /// What the trade was about.
    pub total: Option<Cny>,
    /// Why, as it was sent.
    pub refund_reason: Option<String>,
    /// When it went back, where it was asked for.
    pub refunded_at: Option<OffsetDateTime>,
    /// What the merchant really gave, where it was asked for.
    pub send_back_fee: Option<Cny>,
    /// Where it went, where it was asked for.
    pub details: Vec<FundBill>,
    /// Coupons that went back, where they were asked for.
    pub vouchers: Vec<Voucher>,
    /// How far a card's bank is, where it was asked for and a card was used. It repeats no number.
    pub deposit_back: Option<DepositBack>,
}

/// Where a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundStatus {
    /// `REFUND_SUCCESS`: it is done.
    Success,
    /// A state this version does not know: nothing may be concluded from it.
    Other(String),
}

impl Alipay {
    /// Asks for a refund (`alipay.trade.refund`). After any error but
    /// [`ProviderError::Rejected`] it is open what happened: wait 10 seconds, query under the same
    /// number, and send the very same request again if it is not known. Refunds of one trade should be
    /// 3 seconds apart.
    ///
    /// # Errors
    /// [`ProviderError`]; a request that the platform would refuse is not sent.
    pub async fn refund(
        &self,
        request: &RefundRequest,
    ) -> Result<Answer<Verified<Refund>>, ProviderError> {
        request.check()?;
        let call = Call {
            operation: Operation::Refund,
            method: "alipay.trade.refund".into(),
            notify_url: None,
            biz_content: request.content()?,
            asked: request.trade.asked(),
        };
        let reply = self.account.call(&call).await;
        let reply = reply.map_err(Refusal::into_error)?;
        reply.read(|node| Refund::read(node, request.refund))
    }

    /// Asks about a refund (`alipay.trade.fastpay.refund.query`), at the earliest 10 seconds after it
    /// was asked for.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn query_refund(
        &self,
        trade: &TradeNumber,
        out_request_no: &str,
    ) -> Result<Answer<FoundRefund>, ProviderError> {
        self.query_refund_with(trade, out_request_no, &[]).await
    }

    /// The same, with more of what is known.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn query_refund_with(
        &self,
        trade: &TradeNumber,
        out_request_no: &str,
        details: &[RefundDetail],
    ) -> Result<Answer<FoundRefund>, ProviderError> {
        #[derive(Serialize)]
        struct Wire<'a> {
            #[serde(flatten)]
            trade: Numbers<'a>,
            out_request_no: &'a str,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            query_options: Vec<&'static str>,
        }
        trade.check()?;
        check_given_no(out_request_no, "out_request_no")?;
        let mut asked = trade.asked();
        asked.out_request_no = Some(out_request_no.to_owned());
        // The answer about an unknown number is an empty one.
        asked.repeats = false;
        let call = Call {
            operation: Operation::RefundQuery,
            method: "alipay.trade.fastpay.refund.query".into(),
            notify_url: None,
            biz_content: json(&Wire {
                trade: trade.wire(),
                out_request_no,
                query_options: details.iter().map(|detail| detail.as_str()).collect(),
            })?,
            asked,
        };
        let reply = match known(self.account.call(&call).await)? {
            Ok(reply) => reply,
            Err(details) => return Ok(answered(FoundRefund::NoSuchTrade, details)),
        };
        if !reply.says(|node| !matches!(node.text("refund_status"), Ok(None))) {
            return Ok(answered(FoundRefund::NotKnown, reply.details));
        }
        let record = reply.read(|node| RefundRecord::read(node, trade))?;
        Ok(record.map(|record| FoundRefund::Refund(Box::new(record))))
    }
}

impl Refund {
    /// The answer does not name the refund. What it can be held to is the amount: no less than this
    /// refund has gone back once it is done.
    fn read(node: &Members<'_>, asked: Cny) -> Result<Self, String> {
        let refunded_so_far = node.yuan("refund_fee")?;
        let is_enough = refunded_so_far.is_none_or(|so_far| so_far >= asked);
        Ok(Self {
            out_trade_no: node.needed("out_trade_no")?,
            trade_no: node.needed("trade_no")?,
            fund_change: match node.loose("fund_change").as_deref() {
                Some("Y") if is_enough => FundChange::Moved,
                _ => FundChange::NotKnown,
            },
            refunded_so_far,
            refunded_at: node.time("gmt_refund_pay").ok().flatten(),
            send_back_fee: node.loose_yuan("send_back_fee"),
            details: FundBill::list(node.list("refund_detail_item_list")),
            vouchers: Voucher::list(node.list("refund_voucher_detail_list")),
            buyer_logon_id: node.person("buyer_logon_id"),
        })
    }
}

impl RefundRecord {
    /// An answer that says something repeats what it is about.
    fn read(node: &Members<'_>, trade: &TradeNumber) -> Result<Self, String> {
        let (out_trade_no, trade_no) = (node.text("out_trade_no")?, node.text("trade_no")?);
        let repeats = match trade {
            TradeNumber::OutTradeNo(_) => out_trade_no.is_some(),
            TradeNumber::TradeNo(_) => trade_no.is_some(),
        };
        if !repeats {
            return Err("the answer does not repeat the number".to_owned());
        }
        Ok(Self {
            out_trade_no,
            trade_no,
            out_request_no: node.needed("out_request_no")?,
            status: match node.needed("refund_status")? {
                name if name == REFUND_SUCCESS => RefundStatus::Success,
                name => RefundStatus::Other(name),
            },
            refund_amount: node.yuan("refund_amount")?,
            total: node.yuan("total_amount")?,
            refund_reason: node.loose("refund_reason"),
            refunded_at: node.time("gmt_refund_pay").ok().flatten(),
            send_back_fee: node.loose_yuan("send_back_fee"),
            details: FundBill::list(node.list("refund_detail_item_list")),
            vouchers: Voucher::list(node.list("refund_voucher_detail_list")),
            deposit_back: node
                .raw("deposit_back_info")
                .and_then(|json| DepositBack::read(json).ok()),
        })
    }
}
