use bytes::Bytes;
use paydesk_money::Cny;
use paydesk_provider::ProviderError;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::client::WechatPay;
use crate::fields::{
    Unsendable, at_least_one, body, check_notify_url, check_out_refund_no, check_out_trade_no,
    check_platform_no, not_negative, optional, refuse, text,
};
use crate::payee::SubMerchant;

/// The order that is refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaidOrder {
    /// By WeChat Pay's number: the surer way.
    TransactionId(String),
    /// By the merchant's number.
    OutTradeNo(String),
}

/// A request for a refund. Store it before it is sent (it serialises): a repeat takes the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefundRequest {
    /// Which order.
    pub order: PaidOrder,
    /// The merchant's number for the refund: 1 to 64 letters, digits, `_`, `-`, `*`, `|` or `@`. It is
    /// what makes a repeat a repeat.
    pub out_refund_no: String,
    /// What goes back, in fen.
    pub refund: Cny,
    /// The order's total, in fen, also where only a part goes back.
    pub total: Cny,
    /// Where notices go. Without it and with an address set in the merchant platform, notices come in
    /// the form of the old protocol, which nobody reads: so it is asked for.
    pub notify_url: String,
    /// Shown to the payer, at most 80 bytes.
    pub reason: Option<String>,
    /// Only for merchants under the old flow of funds: take it from the available balance.
    #[serde(default)]
    pub from_available_balance: bool,
    /// Which funds it is taken from, in parts; by special permission. The parts' sum is `refund`.
    #[serde(default)]
    pub from: Vec<FundSource>,
    /// The goods that are given back.
    #[serde(default)]
    pub goods_detail: Vec<RefundGoods>,
}

/// A part of a refund's funds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundSource {
    /// `AVAILABLE` or `UNAVAILABLE`.
    pub account: String,
    /// How much, in fen.
    pub amount: Cny,
}

/// Goods that are given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundGoods {
    /// The merchant's number of it.
    pub merchant_goods_id: String,
    /// WeChat Pay's number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wechatpay_goods_id: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods_name: Option<String>,
    /// The price of one, in fen.
    pub unit_price: Cny,
    /// What goes back for it, in fen.
    pub refund_amount: Cny,
    /// How many.
    pub refund_quantity: u32,
}

impl RefundRequest {
    /// A refund with what every refund needs.
    pub fn new(
        order: PaidOrder,
        out_refund_no: impl Into<String>,
        refund: Cny,
        total: Cny,
        notify_url: impl Into<String>,
    ) -> Self {
        Self {
            order,
            out_refund_no: out_refund_no.into(),
            refund,
            total,
            notify_url: notify_url.into(),
            reason: None,
            from_available_balance: false,
            from: Vec::new(),
            goods_detail: Vec::new(),
        }
    }

    pub(super) fn check(&self) -> Result<(), Unsendable> {
        match &self.order {
            PaidOrder::TransactionId(number) => check_platform_no(number, "transaction_id")?,
            PaidOrder::OutTradeNo(number) => check_out_trade_no(number)?,
        }
        check_out_refund_no(&self.out_refund_no)?;
        if !self.refund.is_positive() {
            return refuse("amount.refund is not more than nothing");
        }
        if self.refund > self.total {
            return refuse("amount.refund is more than amount.total");
        }
        check_notify_url(&self.notify_url, 256)?;
        optional(self.reason.as_deref(), "reason", 80)?;
        self.check_funds()?;
        self.goods_detail.iter().try_for_each(RefundGoods::check)
    }

    fn check_funds(&self) -> Result<(), Unsendable> {
        let mut sum = Some(Cny::ZERO);
        for part in &self.from {
            text(&part.account, "amount.from.account", 32)?;
            if !part.amount.is_positive() {
                return refuse("amount.from.amount is not more than nothing");
            }
            sum = sum.and_then(|sum| sum.checked_add(part.amount));
        }
        if !self.from.is_empty() && sum != Some(self.refund) {
            return refuse("amount.from does not add up to amount.refund");
        }
        Ok(())
    }

    pub(super) fn wire<'a>(&'a self, sub: Option<&'a SubMerchant>) -> WireRefund<'a> {
        let (transaction_id, out_trade_no) = match &self.order {
            PaidOrder::TransactionId(number) => (Some(number.as_str()), None),
            PaidOrder::OutTradeNo(number) => (None, Some(number.as_str())),
        };
        WireRefund {
            sub_mchid: sub.map(|sub| sub.merchant_id.as_str()),
            transaction_id,
            out_trade_no,
            out_refund_no: &self.out_refund_no,
            reason: self.reason.as_deref(),
            notify_url: &self.notify_url,
            funds_account: self.from_available_balance.then_some("AVAILABLE"),
            amount: WireAmount {
                refund: self.refund,
                total: self.total,
                currency: "CNY",
                from: &self.from,
            },
            goods_detail: &self.goods_detail,
        }
    }
}

impl RefundGoods {
    fn check(&self) -> Result<(), Unsendable> {
        text(&self.merchant_goods_id, "merchant_goods_id", 32)?;
        let other = self.wechatpay_goods_id.as_deref();
        optional(other, "wechatpay_goods_id", 32)?;
        optional(self.goods_name.as_deref(), "goods_name", 256)?;
        at_least_one(self.refund_quantity, "refund_quantity")?;
        not_negative(self.unit_price, "unit_price")?;
        not_negative(self.refund_amount, "refund_amount")
    }
}

#[derive(Serialize)]
pub(super) struct WireRefund<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_mchid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_trade_no: Option<&'a str>,
    out_refund_no: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    notify_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    funds_account: Option<&'static str>,
    amount: WireAmount<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    goods_detail: &'a [RefundGoods],
}

#[derive(Serialize)]
struct WireAmount<'a> {
    refund: Cny,
    total: Cny,
    currency: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    from: &'a [FundSource],
}

/// A refund that is sent elsewhere.
#[derive(Clone, Debug)]
pub struct AbnormalRefund {
    /// WeChat Pay's number of the refund.
    pub refund_id: String,
    /// The merchant's number of the refund.
    pub out_refund_no: String,
    /// Where to.
    pub to: RefundTo,
}

/// Where a refund is sent instead.
#[derive(Clone)]
pub enum RefundTo {
    /// The payer's debit card. Account and name are encrypted on the way; our copies are erased.
    UserCard {
        /// The bank, `ICBC_DEBIT` for example.
        bank_type: String,
        /// The card's number.
        account: Zeroizing<String>,
        /// The holder's name.
        name: Zeroizing<String>,
    },
    /// The merchant's own bank account; paying the payer is then up to the merchant.
    MerchantAccount,
}

impl std::fmt::Debug for RefundTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::UserCard { .. } => "UserCard(redacted)",
            Self::MerchantAccount => "MerchantAccount",
        })
    }
}

impl WechatPay {
    /// The body, and the key that its fields are encrypted to.
    pub(super) async fn abnormal_body(
        &self,
        request: &AbnormalRefund,
    ) -> Result<(Bytes, Option<String>), ProviderError> {
        #[derive(Serialize)]
        struct Wire<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            sub_mchid: Option<&'a str>,
            out_refund_no: &'a str,
            #[serde(rename = "type")]
            kind: &'static str,
            #[serde(skip_serializing_if = "Option::is_none")]
            bank_type: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            bank_account: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            real_name: Option<String>,
        }
        let mut wire = Wire {
            sub_mchid: self.sub_merchant()?.map(|sub| sub.merchant_id.as_str()),
            out_refund_no: &request.out_refund_no,
            kind: "MERCHANT_BANK_CARD",
            bank_type: None,
            bank_account: None,
            real_name: None,
        };
        let mut serial = None;
        if let RefundTo::UserCard {
            bank_type,
            account,
            name,
        } = &request.to
        {
            text(bank_type, "bank_type", 16)?;
            let sealer = self.sealer().await?;
            wire.kind = "USER_BANK_CARD";
            wire.bank_type = Some(bank_type);
            wire.bank_account = Some(sealer.seal("bank_account", account)?);
            wire.real_name = Some(sealer.seal("real_name", name)?);
            serial = Some(sealer.serial().to_owned());
        }
        Ok((body(&wire)?, serial))
    }
}
