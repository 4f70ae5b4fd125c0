use paydesk_money::Cny;
use paydesk_provider::{NoticeError, Personal, Verified};
use time::OffsetDateTime;

use crate::fields::Fields;
use crate::form::{self, Form, charset};
use crate::funds::{FundBill, Voucher};
use crate::members::Members;
use crate::record::Record;
use crate::trade::TradeStatus;
use crate::trust::Authentic;

/// What tells of a payment's state. Agreements and other things have names of their own.
pub(super) const ABOUT_A_TRADE: &str = "trade_status_sync";

/// An opened notice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlipayNotice {
    /// The platform's id of the notice, the same when it is sent again.
    pub notify_id: String,
    /// When it was sent this time.
    pub notify_time: OffsetDateTime,
    /// `trade_status_sync` for everything about trades.
    pub notify_type: String,
    /// What it says.
    pub content: NoticeContent,
}

impl AlipayNotice {
    /// No notice has more bytes than these 64 KiB. What is longer need not be read.
    pub const LONGEST: usize = form::LONGEST;
}

/// What a notice says. Neither kind of message expires, and each may come again: what is done on one
/// must be harmless to do twice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeContent {
    /// `TRADE_SUCCESS`: an order was paid. Compare it with the order ([`TradeNotice::match_paid`])
    /// before believing that it is about yours.
    Payment(Box<Verified<TradeNotice>>),
    /// `TRADE_FINISHED`: a paid trade can be refunded no more. It may come a year after the payment,
    /// which is booked then already; of contracts without refunds it is the first and only word of a
    /// payment. So book it if it is not booked.
    Finished(Box<Verified<TradeNotice>>),
    /// Money went back: a part of it, under the name `TRADE_SUCCESS`, or all of it. No payment. Never
    /// to be relied on: not every refund is told.
    Refund(Box<Verified<RefundNotice>>),
    /// `TRADE_CLOSED`: nobody can pay any more, and nobody did, as far as this message knows.
    Closed(Box<Verified<TradeNotice>>),
    /// A trade that nobody has paid yet, or in a state this version does not know.
    Pending(Box<Verified<TradeNotice>>),
    /// Anything else that is sent to the same address: to be recorded and acknowledged.
    Other {
        /// The order it mentions, if any.
        out_trade_no: Option<String>,
    },
}

/// What a notice says about a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TradeNotice {
    /// The app; empty if it is not named.
    pub app_id: String,
    /// The app of the merchant for whom a service provider acts; the same as `app_id` otherwise.
    pub auth_app_id: Option<String>,
    /// The merchant, also called pid; empty if it is not named.
    pub seller_id: String,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// Alipay's number of the trade.
    pub trade_no: Option<String>,
    /// Where it stands.
    pub status: TradeStatus,
    /// What was ordered: this is to be compared with the order.
    pub total: Option<Cny>,
    /// The order's currency, if it is not CNY.
    pub trans_currency: Option<String>,
    /// When the trade began.
    pub created_at: Option<OffsetDateTime>,
    /// When it was paid.
    pub paid_at: Option<OffsetDateTime>,
    /// When it was closed.
    pub closed_at: Option<OffsetDateTime>,
    /// Everything given back so far; 0.00 stands for nothing.
    pub refunded_so_far: Option<Cny>,
    /// What the payer paid, less than the total where coupons were used.
    pub buyer_pay_amount: Option<Cny>,
    /// What the merchant receives.
    pub receipt_amount: Option<Cny>,
    /// What may be invoiced.
    pub invoice_amount: Option<Cny>,
    /// What was paid with points (集分宝).
    pub point_amount: Option<Cny>,
    /// The payer's number, of older apps.
    pub buyer_id: Option<Personal>,
    /// The payer under this app, of newer apps.
    pub buyer_open_id: Option<Personal>,
    /// The payer's account, masked.
    pub buyer_logon_id: Option<Personal>,
    /// What was bought, in the words that were sent.
    pub subject: Option<String>,
    /// More words about it.
    pub body: Option<String>,
    /// What was sent along with the order.
    pub passback_params: Option<String>,
    /// What it was paid with.
    pub fund_bills: Vec<FundBill>,
    /// Coupons that were used.
    pub vouchers: Vec<Voucher>,
}

/// What a notice says about money given back. It says less than a query: confirm with
/// [`Alipay::query_refund`](crate::Alipay::query_refund).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefundNotice {
    /// The trade, with everything given back so far.
    pub trade: TradeNotice,
    /// The merchant's number of the refund, where it is told.
    pub out_request_no: Option<String>,
    /// What went back by this refund, where it is told; usually only [`TradeNotice::refunded_so_far`] is.
    pub refund_amount: Option<Cny>,
    /// When the money went back.
    pub refunded_at: Option<OffsetDateTime>,
    /// What the merchant really gave, where it is told.
    pub send_back_fee: Option<Cny>,
}

/// What every notice says.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) sent_at: OffsetDateTime,
    pub(super) kind: String,
}

impl Head {
    pub(super) fn read(form: &Form) -> Result<Self, NoticeError> {
        let needed = |name: &str| {
            form.get(name)
                .map(str::to_owned)
                .ok_or_else(|| malformed(format!("{name} is missing")))
        };
        if charset(&needed("charset")?).is_none() {
            return Err(malformed("written in an unknown character set"));
        }
        let notify_time = form.time("notify_time").map_err(malformed)?;
        Ok(Self {
            sent_at: notify_time.ok_or_else(|| malformed("notify_time is missing"))?,
            id: needed("notify_id")?,
            kind: needed("notify_type")?,
        })
    }
}

/// Reads the fields of an authentic notice.
pub(super) fn open(form: &Authentic<Form>) -> Result<AlipayNotice, NoticeError> {
    let head = Head::read(form.get())?;
    let content = if head.kind == ABOUT_A_TRADE {
        about_a_trade(form).map_err(malformed)?
    } else {
        NoticeContent::Other {
            out_trade_no: form.get().get("out_trade_no").map(str::to_owned),
        }
    };
    Ok(AlipayNotice {
        notify_id: head.id,
        notify_time: head.sent_at,
        notify_type: head.kind,
        content,
    })
}

/// What a message carries beside the state decides: refunds are told under the state of a success.
/// The end of a trade may repeat what was given back before, and is no refund.
fn about_a_trade(form: &Authentic<Form>) -> Result<NoticeContent, String> {
    let record = Record::read(form.get())?;
    let status = record.status();
    let is_refund = match status {
        TradeStatus::Success => record.is_refunded(),
        TradeStatus::ClosedRefunded => true,
        _ => false,
    };
    if is_refund {
        let refund = form.attest(|form| RefundNotice::read(form, &record))?;
        return Ok(NoticeContent::Refund(Box::new(refund)));
    }
    let trade = Box::new(form.attest(|form| TradeNotice::read(form, &record))?);
    Ok(match status {
        TradeStatus::Success => NoticeContent::Payment(trade),
        TradeStatus::Finished => NoticeContent::Finished(trade),
        TradeStatus::ClosedUnpaid => NoticeContent::Closed(trade),
        _ => NoticeContent::Pending(trade),
    })
}

impl TradeNotice {
    fn read(form: &Form, record: &Record) -> Result<Self, String> {
        let fund_bills = form.words("fund_bill_list");
        let vouchers = form.words("voucher_detail_list");
        Ok(Self {
            app_id: form.text("app_id")?.unwrap_or_default(),
            auth_app_id: form.text("auth_app_id")?,
            seller_id: form.text("seller_id")?.unwrap_or_default(),
            out_trade_no: form.needed("out_trade_no")?,
            trade_no: form.text("trade_no")?,
            status: record.status(),
            total: form.yuan("total_amount")?,
            trans_currency: form.text("trans_currency")?,
            created_at: form.time("gmt_create").ok().flatten(),
            paid_at: form.time("gmt_payment")?,
            closed_at: form.time("gmt_close").ok().flatten(),
            refunded_so_far: form.yuan("refund_fee")?,
            buyer_pay_amount: form.loose_yuan("buyer_pay_amount"),
            receipt_amount: form.loose_yuan("receipt_amount"),
            invoice_amount: form.loose_yuan("invoice_amount"),
            point_amount: form.loose_yuan("point_amount"),
            buyer_id: form.person("buyer_id"),
            buyer_open_id: form.person("buyer_open_id"),
            buyer_logon_id: form.words("buyer_logon_id").map(Personal::from),
            subject: form.words("subject"),
            body: form.words("body"),
            passback_params: form.words("passback_params"),
            fund_bills: FundBill::list(fund_bills.as_deref().and_then(Members::read_list)),
            vouchers: Voucher::list(vouchers.as_deref().and_then(Members::read_list)),
        })
    }
}

impl RefundNotice {
    fn read(form: &Form, record: &Record) -> Result<Self, String> {
        Ok(Self {
            trade: TradeNotice::read(form, record)?,
            out_request_no: form.text("out_biz_no")?.or(form.text("out_request_no")?),
            refund_amount: form.yuan("refund_amount")?,
            refunded_at: form.time("gmt_refund").ok().flatten(),
            send_back_fee: form.loose_yuan("send_back_fee"),
        })
    }
}

pub(super) fn malformed(why: impl Into<String>) -> NoticeError {
    NoticeError::Malformed(why.into())
}
