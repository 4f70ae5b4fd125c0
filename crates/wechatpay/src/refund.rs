//! Giving money back. Asking again under the same number with the same parameters gives the same
//! refund and never a second payout, so a refund whose outcome is unknown is repeated unchanged.

mod request;

use paydesk_money::Cny;
use paydesk_provider::{Answer, Details, Personal, ProviderError, Verified};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::client::WechatPay;
use crate::exchange::{Call, Reply, known};
use crate::fields::{body, check_out_refund_no, check_platform_no, segment};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::transaction::{instant, place, readable};

pub use request::{AbnormalRefund, FundSource, PaidOrder, RefundGoods, RefundRequest, RefundTo};

const REFUNDS: &str = "/v3/refund/domestic/refunds";

/// What the platform says about a refund, answering a request or a query. A success of the request
/// says only that it was accepted: the state tells whether money has gone back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Refund {
    /// WeChat Pay's number.
    pub refund_id: String,
    /// The merchant's number.
    pub out_refund_no: String,
    /// WeChat Pay's number of the order.
    pub transaction_id: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// How it goes back: `ORIGINAL`, `BALANCE`, `OTHER_BALANCE`, `OTHER_BANKCARD`.
    pub channel: String,
    /// Where it goes, in words.
    pub user_received_account: Personal,
    /// When it was asked for.
    #[serde(default, deserialize_with = "instant")]
    pub create_time: Option<OffsetDateTime>,
    /// When it arrived.
    #[serde(default, deserialize_with = "instant")]
    pub success_time: Option<OffsetDateTime>,
    /// How far it is.
    pub status: RefundStatus,
    /// Which of the merchant's funds it is taken from.
    pub funds_account: Option<String>,
    /// How much.
    pub amount: RefundAmount,
    /// Coupons that go back with it; none where they cannot be read, for no money depends on them.
    #[serde(default, deserialize_with = "readable")]
    pub promotion_detail: Vec<RefundPromotion>,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum RefundStatus {
    /// The money has gone back. Final.
    Success,
    /// It failed, for want of funds for 7 days for example. Final; another try needs another number.
    Closed,
    /// Under way: minutes for a wallet, up to 3 working days for a card.
    Processing,
    /// The way back refused it. It stays open until [`WechatPay::abnormal_refund`] or a person in the
    /// merchant platform sends it elsewhere; another refund would pay twice.
    Abnormal,
    /// A state this version does not know: nothing may be concluded from it.
    Other(String),
}

impl From<String> for RefundStatus {
    fn from(name: String) -> Self {
        match name.as_str() {
            "SUCCESS" => Self::Success,
            "CLOSED" => Self::Closed,
            "PROCESSING" => Self::Processing,
            "ABNORMAL" => Self::Abnormal,
            _ => Self::Other(name),
        }
    }
}

/// Amounts of a refund, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RefundAmount {
    /// The order's total.
    pub total: Cny,
    /// What goes back.
    pub refund: Cny,
    /// What the payer paid.
    pub payer_total: Cny,
    /// What the payer gets, less than `refund` where coupons were used.
    pub payer_refund: Cny,
    /// What is taken from the merchant's settlement.
    pub settlement_refund: Cny,
    /// What the merchant was settled.
    pub settlement_total: Cny,
    /// The part of coupons.
    pub discount_refund: Cny,
    /// `CNY`
    pub currency: String,
    /// The fee that goes back.
    pub refund_fee: Option<Cny>,
    /// What a service provider advanced.
    pub advance: Option<Cny>,
}

/// A coupon that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RefundPromotion {
    /// Its number.
    pub promotion_id: String,
    /// `GLOBAL` or `SINGLE`.
    pub scope: String,
    /// `CASH`, `NOCASH`, `COUPON` or `DISCOUNT`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its worth, in fen.
    pub amount: Cny,
    /// The part that goes back, in fen.
    pub refund_amount: Cny,
}

impl WechatPay {
    /// Asks for a refund. The answer is about the amounts and the order that were asked for.
    ///
    /// Any error leaves open what happened but [`ProviderError::Rejected`], and that speaks of this one
    /// request: where an earlier one under this number was left open, it still is. Then query under the
    /// number, and repeat unchanged if it is not known; another number may pay twice.
    ///
    /// # Errors
    /// [`ProviderError`]; a request that the platform would refuse is not sent.
    pub async fn refund(
        &self,
        request: &RefundRequest,
    ) -> Result<Answer<Verified<Refund>>, ProviderError> {
        request.check()?;
        let body = body(&request.wire(self.sub_merchant()?))?;
        let call = Call::post(Operation::Refund, REFUNDS.to_owned(), body);
        let reply = self.account.call(&call).await;
        // Whether the platform refuses other parameters under a known number, or tells of what it
        // knows under it, is not documented for certain.
        read(reply.map_err(Refusal::into_error)?, |refund| {
            let is_order = match &request.order {
                PaidOrder::TransactionId(number) => refund.transaction_id == *number,
                PaidOrder::OutTradeNo(number) => refund.out_trade_no == *number,
            };
            refund.out_refund_no == request.out_refund_no
                && is_order
                && refund.amount.refund == request.refund
                && refund.amount.total == request.total
        })
    }

    /// Asks about a refund. `None`: the platform said that it knows no such number, which is not
    /// signed; it is safe to repeat the request under this number, and not under another.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn query_refund(
        &self,
        out_refund_no: &str,
    ) -> Result<Answer<Option<Verified<Refund>>>, ProviderError> {
        check_out_refund_no(out_refund_no)?;
        let mut target = format!("{REFUNDS}/{}", segment(out_refund_no));
        if let Some(sub) = self.sub_merchant()? {
            target.push_str("?sub_mchid=");
            target.push_str(&sub.merchant_id);
        }
        let call = Call::get(Operation::RefundQuery, target);
        match known(self.account.call(&call).await)? {
            Ok(reply) => read(reply, |refund| refund.out_refund_no == out_refund_no)
                .map(|answer| answer.map(Some)),
            Err(Details { request_id, .. }) => Ok(Answer {
                value: None,
                request_id,
            }),
        }
    }

    /// Sends a refund that its way back refused ([`RefundStatus::Abnormal`]) to a bank card, of the
    /// payer or of the merchant. Whether a repeat is harmless is not documented: query first.
    ///
    /// # Errors
    /// [`ProviderError`]; a request that the platform would refuse is not sent.
    pub async fn abnormal_refund(
        &self,
        request: &AbnormalRefund,
    ) -> Result<Answer<Verified<Refund>>, ProviderError> {
        check_platform_no(&request.refund_id, "refund_id")?;
        check_out_refund_no(&request.out_refund_no)?;
        let (body, serial) = self.abnormal_body(request).await?;
        let target = format!("{REFUNDS}/{}/apply-abnormal-refund", request.refund_id);
        let mut call = Call::post(Operation::AbnormalRefund, target, body);
        call.encrypted_to = serial;
        let reply = self.account.call(&call).await;
        read(reply.map_err(Refusal::into_error)?, |refund| {
            refund.out_refund_no == request.out_refund_no && refund.refund_id == request.refund_id
        })
    }
}

/// An authentic answer about another number is none about ours.
fn read(
    reply: Reply,
    is_ours: impl FnOnce(&Refund) -> bool,
) -> Result<Answer<Verified<Refund>>, ProviderError> {
    reply.read(|json| {
        let refund: Refund = serde_json::from_slice(json)
            .map_err(|error| format!("no refund: {}", place(&error)))?;
        if !is_ours(&refund) {
            return Err("the answer is about another refund".to_owned());
        }
        Ok(refund)
    })
}
