//! Taking money by the code that the payer shows (条码支付).

use paydesk_money::Cny;
use paydesk_provider::{Answer, Personal, ProviderError, Verified};
use serde::Serialize;
use time::OffsetDateTime;

use crate::checks::{Unsendable, refuse};
use crate::client::Alipay;
use crate::exchange::{Asked, Call, answered};
use crate::fields::Fields;
use crate::funds::{FundBill, Voucher};
use crate::members::Members;
use crate::operation::Operation;
use crate::order::{Order, PayChannels, Product};
use crate::refusal::Refusal;

/// What came of asking for money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayOutcome {
    /// It is paid.
    Paid(Box<Verified<BarCodePayment>>),
    /// It is not known yet: the payer has to enter a password (`10003`), or pays later. Ask about the
    /// number every 3 to 5 seconds; when the payer has not paid after a minute, cancel the trade.
    Pending {
        /// Alipay's number, if there is a trade already.
        trade_no: Option<String>,
    },
}

/// A payment by the payer's code, as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BarCodePayment {
    /// The merchant's number.
    pub out_trade_no: String,
    /// Alipay's number.
    pub trade_no: String,
    /// What was ordered: this is to be compared with the order
    /// ([`BarCodePayment::match_order`]).
    pub total: Option<Cny>,
    /// When it was paid.
    pub paid_at: OffsetDateTime,
    /// What the payer paid, less than the total where coupons were used.
    pub buyer_pay_amount: Option<Cny>,
    /// What the merchant receives.
    pub receipt_amount: Option<Cny>,
    /// What may be invoiced.
    pub invoice_amount: Option<Cny>,
    /// What was paid with points (集分宝).
    pub point_amount: Option<Cny>,
    /// The payer's account, masked.
    pub buyer_logon_id: Option<Personal>,
    /// The payer's number, of older apps.
    pub buyer_user_id: Option<Personal>,
    /// The payer under this app, of newer apps.
    pub buyer_open_id: Option<Personal>,
    /// What it was paid with.
    pub fund_bills: Vec<FundBill>,
    /// Coupons that were used.
    pub vouchers: Vec<Voucher>,
}

#[derive(Serialize)]
struct Shown<'a> {
    scene: &'static str,
    auth_code: &'a str,
}

impl<'a> Shown<'a> {
    fn read(code: &'a str) -> Result<Self, Unsendable> {
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        let of_a_payer = code
            .get(..2)
            .and_then(|prefix| prefix.parse().ok())
            .is_some_and(|prefix: u8| (25..=30).contains(&prefix));
        let scene = if digits && of_a_payer && (16..=24).contains(&code.len()) {
            "bar_code"
        } else if code.starts_with("fp")
            && code.len() == 35
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            "security_code"
        } else {
            return Err(Unsendable::because(
                "auth_code is no payer's code: 16 to 24 digits that begin with 25 to 30, or 35 \
                 characters that begin with fp",
            ));
        };
        Ok(Self {
            scene,
            auth_code: code,
        })
    }
}

impl Alipay {
    /// Asks for money by the code that the payer shows, scanned or from a face terminal
    /// (`alipay.trade.pay`). A code works once, for about a minute.
    ///
    /// Payments without such a code (agreements, pre-authorised money) are made with a
    /// [`RawCall`](crate::RawCall).
    ///
    /// [`ProviderError::Rejected`] speaks of this request alone. After any other error it may have been
    /// paid: ask about the number, and never send the request again under another one.
    ///
    /// # Errors
    /// [`ProviderError`]; a request that the platform would refuse is not sent.
    pub async fn pay(
        &self,
        order: &Order,
        auth_code: &str,
    ) -> Result<Answer<PayOutcome>, ProviderError> {
        order.check(self.now())?;
        if matches!(order.channels, Some(PayChannels::Only(_))) {
            refuse("enable_pay_channels is not taken with the payer's own code")?;
        }
        let shown = Shown::read(auth_code)?;
        let call = Call {
            operation: Operation::Pay,
            method: "alipay.trade.pay".into(),
            notify_url: order.notify_url.clone(),
            biz_content: order.content(Product::FaceToFace.as_str(), shown)?,
            asked: Asked::out_trade_no(&order.out_trade_no),
        };
        let reply = self.account.call(&call).await;
        let reply = reply.map_err(Refusal::into_error)?;
        if reply.head.is_in_process() || !reply.says(BarCodePayment::is_whole) {
            let trade_no = reply.head.trade_no;
            return Ok(answered(PayOutcome::Pending { trade_no }, reply.details));
        }
        let paid = reply.read(BarCodePayment::read)?;
        Ok(paid.map(|paid| PayOutcome::Paid(Box::new(paid))))
    }
}

impl BarCodePayment {
    /// Whether a success says that money was taken now: not on credit, not later, and when.
    fn is_whole(node: &Members<'_>) -> bool {
        let is_said = |name: &str| !matches!(node.text(name), Ok(None));
        is_said("trade_no")
            && is_said("gmt_payment")
            && !is_said("credit_pay_mode")
            && !is_said("async_payment_mode")
    }

    fn read(node: &Members<'_>) -> Result<Self, String> {
        Ok(Self {
            out_trade_no: node.needed("out_trade_no")?,
            trade_no: node.needed("trade_no")?,
            total: node.yuan("total_amount")?,
            paid_at: node
                .time("gmt_payment")?
                .ok_or_else(|| "gmt_payment is missing".to_owned())?,
            buyer_pay_amount: node.loose_yuan("buyer_pay_amount"),
            receipt_amount: node.loose_yuan("receipt_amount"),
            invoice_amount: node.loose_yuan("invoice_amount"),
            point_amount: node.loose_yuan("point_amount"),
            buyer_logon_id: node.person("buyer_logon_id"),
            buyer_user_id: node.person("buyer_user_id"),
            buyer_open_id: node.person("buyer_open_id"),
            fund_bills: FundBill::list(node.list("fund_bill_list")),
            vouchers: Voucher::list(node.list("voucher_detail_list")),
        })
    }
}
