//! Asking about a trade, closing and cancelling it.

use paydesk_provider::{Answer, Closed, Details, ProviderError, Verified};
use serde::Serialize;
use time::OffsetDateTime;

use crate::checks::{Unsendable, check_given_no, check_trade_no, json};
use crate::client::Alipay;
use crate::codes::Class;
use crate::exchange::{Asked, Call, Reply, answered};
use crate::fields::Fields;
use crate::members::Members;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::trade::{Trade, TradeNumber};

/// What the platform knows under a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundTrade {
    /// A trade.
    Trade(Box<Verified<Trade>>),
    /// No trade yet: a trade begins when somebody scans the code or logs in to pay. This is the usual
    /// answer about an order that waits, and no failure. It is also what is said of an order that
    /// nobody scanned before its deadline, of a wrong number, and of a number of another app or
    /// environment. Until the deadline has passed and this is said again, money can still arrive.
    NotCreated,
}

/// More that a query may ask for. What is not here is asked for with a
/// [`RawCall`](crate::RawCall), which gives the whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TradeDetail {
    /// [`Trade::fund_bills`]
    FundBills,
    /// [`Trade::vouchers`]
    Vouchers,
    /// [`Trade::merchant_discount`]
    MerchantDiscount,
}

impl TradeDetail {
    const fn as_str(self) -> &'static str {
        match self {
            Self::FundBills => "fund_bill_list",
            Self::Vouchers => "voucher_detail_list",
            Self::MerchantDiscount => "mdiscount_amount",
        }
    }
}

/// What cancelling did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cancellation {
    /// The merchant's number.
    pub out_trade_no: String,
    /// Alipay's number, where a trade was closed or given back.
    pub trade_no: Option<String>,
    /// What was done.
    pub action: CancelAction,
    /// When the money went back, where that is told.
    pub refunded_at: Option<OffsetDateTime>,
}

/// What cancelling did to the trade.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelAction {
    /// It was not paid, and nobody can pay it any more.
    Closed,
    /// It was paid: **all of the money went back** to the payer.
    Refunded,
    /// Nothing: there is no trade under this number. A code that nobody scanned may still be scanned.
    NoTrade,
    /// It is not done yet (`retry_flag`): cancel again under the same number.
    Repeat,
    /// Something this version does not know: query.
    Other(String),
}

#[derive(Serialize)]
pub(crate) struct Numbers<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    out_trade_no: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trade_no: Option<&'a str>,
}

impl TradeNumber {
    pub(crate) fn check(&self) -> Result<(), Unsendable> {
        match self {
            Self::OutTradeNo(number) => check_given_no(number, "out_trade_no"),
            Self::TradeNo(number) => check_trade_no(number),
        }
    }

    /// The numbers as they are sent: one of them, for with both the platform would look at its own.
    pub(crate) fn wire(&self) -> Numbers<'_> {
        let (out_trade_no, trade_no) = match self {
            Self::OutTradeNo(number) => (Some(number.as_str()), None),
            Self::TradeNo(number) => (None, Some(number.as_str())),
        };
        Numbers {
            out_trade_no,
            trade_no,
        }
    }

    pub(crate) fn asked(&self) -> Asked {
        let Numbers {
            out_trade_no,
            trade_no,
        } = self.wire();
        Asked {
            out_trade_no: out_trade_no.map(str::to_owned),
            trade_no: trade_no.map(str::to_owned),
            out_request_no: None,
            repeats: true,
        }
    }
}

impl Alipay {
    /// Asks about a trade (`alipay.trade.query`).
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn query_trade(
        &self,
        number: &TradeNumber,
    ) -> Result<Answer<FoundTrade>, ProviderError> {
        self.query_trade_with(number, &[]).await
    }

    /// The same, with more of what is known.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn query_trade_with(
        &self,
        number: &TradeNumber,
        details: &[TradeDetail],
    ) -> Result<Answer<FoundTrade>, ProviderError> {
        let found = self.ask(number, details, Trade::read).await?;
        Ok(found.map(|found| match found {
            Some(trade) => FoundTrade::Trade(Box::new(trade)),
            None => FoundTrade::NotCreated,
        }))
    }

    /// What `read` makes of the answer to a query, under its signature.
    pub(crate) async fn ask<T>(
        &self,
        number: &TradeNumber,
        details: &[TradeDetail],
        read: impl FnOnce(&Members<'_>) -> Result<T, String>,
    ) -> Result<Answer<Option<Verified<T>>>, ProviderError> {
        #[derive(Serialize)]
        struct Wire<'a> {
            #[serde(flatten)]
            number: Numbers<'a>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            query_options: Vec<&'static str>,
        }
        number.check()?;
        let call = Call {
            operation: Operation::Query,
            method: "alipay.trade.query".into(),
            notify_url: None,
            biz_content: json(&Wire {
                number: number.wire(),
                query_options: details.iter().map(|detail| detail.as_str()).collect(),
            })?,
            asked: number.asked(),
        };
        let reply = match known(self.account.call(&call).await)? {
            Ok(reply) => reply,
            Err(details) => return Ok(answered(None, details)),
        };
        Ok(reply.read(read)?.map(Some))
    }

    /// Closes a trade that nobody paid (`alipay.trade.close`). It never moves money. A code that nobody
    /// scanned has no trade to close ([`Closed::NoSuchPayment`]) and may still be scanned and paid until
    /// its deadline; some merchants report that the number is blocked all the same. So the number is
    /// burnt whatever the answer was: take a new one for the next try, and go on asking about this one
    /// until its deadline has passed.
    ///
    /// # Errors
    /// [`ProviderError`]. A trade that is in no state to be closed is as likely paid as closed: query.
    pub async fn close_trade(&self, number: &TradeNumber) -> Result<Answer<Closed>, ProviderError> {
        number.check()?;
        let call = Call {
            operation: Operation::Close,
            method: "alipay.trade.close".into(),
            notify_url: None,
            biz_content: json(&number.wire())?,
            asked: number.asked(),
        };
        match self.account.call(&call).await {
            Ok(reply) => Ok(answered(Closed::Accepted, reply.details)),
            Err(Refusal::Told {
                class: Class::AlreadyPaid,
                details,
                ..
            }) => Ok(answered(Closed::AlreadyPaid, details)),
            Err(Refusal::Told {
                class: Class::NoSuchTrade,
                details,
                ..
            }) => Ok(answered(Closed::NoSuchPayment, details)),
            Err(refusal) => Err(refusal.into_error()),
        }
    }

    /// Cancels a trade (`alipay.trade.cancel`): closes it if it is not paid, and **gives all money back
    /// if it is**. Meant for the end of a payment at a cash desk whose outcome is unknown, within a day;
    /// [`close_trade`](Self::close_trade) never moves money, and refunds have their own call.
    ///
    /// # Errors
    /// [`ProviderError`]. After an unknown outcome the same again does no harm.
    pub async fn cancel_trade(
        &self,
        number: &TradeNumber,
    ) -> Result<Answer<Verified<Cancellation>>, ProviderError> {
        number.check()?;
        let call = Call {
            operation: Operation::Cancel,
            method: "alipay.trade.cancel".into(),
            notify_url: None,
            biz_content: json(&number.wire())?,
            asked: number.asked(),
        };
        let reply = self.account.call(&call).await;
        reply.map_err(Refusal::into_error)?.read(Cancellation::read)
    }
}

impl Cancellation {
    fn read(node: &Members<'_>) -> Result<Self, String> {
        Ok(Self {
            out_trade_no: node.needed("out_trade_no")?,
            trade_no: node.text("trade_no")?,
            action: CancelAction::read(node)?,
            refunded_at: node.time("gmt_refund_pay").ok().flatten(),
        })
    }
}

impl CancelAction {
    /// What is to be repeated is not done, whatever else is said of it.
    fn read(node: &Members<'_>) -> Result<Self, String> {
        match node.needed("retry_flag")?.as_str() {
            "Y" => return Ok(Self::Repeat),
            "N" => {}
            _ => return Err("retry_flag is neither Y nor N".to_owned()),
        }
        Ok(match node.text("action")? {
            None => Self::NoTrade,
            Some(name) => match name.as_str() {
                "close" => Self::Closed,
                "refund" => Self::Refunded,
                _ => Self::Other(name),
            },
        })
    }
}

/// `Err` with details where the platform said that it knows no such trade.
pub(crate) fn known(
    result: Result<Reply, Refusal>,
) -> Result<Result<Reply, Details>, ProviderError> {
    match result {
        Ok(reply) => Ok(Ok(reply)),
        Err(Refusal::Told {
            class: Class::NoSuchTrade,
            details,
            ..
        }) => Ok(Err(details)),
        Err(refusal) => Err(refusal.into_error()),
    }
}
