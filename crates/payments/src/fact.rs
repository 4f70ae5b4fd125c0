use kernel::{OrderNo, PaymentNo};
use paydesk_money::Cny;
use paydesk_provider::{Channel, Identity, PaymentStatement, TradeState, Verified};
use time::OffsetDateTime;

use crate::{AccountKey, Attempt, AttemptState};

/// Renminbi, the one currency that is sold in.
const CURRENCY: &str = "CNY";

/// What a platform verifiably said about a payment, and how we learnt of it.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The statement; there is no fact without a checked signature.
    pub statement: Verified<PaymentStatement>,
    /// Through which platform it came.
    pub channel: Channel,
    /// Through which merchant account.
    pub account: AccountKey,
    /// In what way.
    pub source: Source,
    /// When we learnt of it.
    pub learnt_at: OffsetDateTime,
}

/// In what way a fact came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The platform called us.
    Callback,
    /// We asked.
    Query,
}

impl Source {
    /// The name used in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Query => "query",
        }
    }
}

/// Money that passed the gate. [`Attempt::admit`] is its only constructor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    order_no: OrderNo,
    payment_no: PaymentNo,
    transaction_id: String,
    amount: Cny,
    paid_at: OffsetDateTime,
    given_back: bool,
}

impl Admitted {
    /// The order it pays.
    pub const fn order_no(&self) -> &OrderNo {
        &self.order_no
    }

    /// The attempt it came through.
    pub const fn payment_no(&self) -> &PaymentNo {
        &self.payment_no
    }

    /// The platform's number.
    pub fn transaction_id(&self) -> &str {
        &self.transaction_id
    }

    /// How much.
    pub const fn amount(&self) -> Cny {
        self.amount
    }

    /// When the payer paid, by the platform's clock.
    pub const fn paid_at(&self) -> OffsetDateTime {
        self.paid_at
    }

    /// Whether the platform says that some or all of it has been given back since.
    pub const fn given_back(&self) -> bool {
        self.given_back
    }
}

/// Why a fact does not fit an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// It is about another merchant.
    #[error("the fact is about another merchant")]
    Merchant,
    /// It is about another app.
    #[error("the fact is about another app")]
    App,
    /// Its number was made by another environment.
    #[error("the payment number carries another environment's tag")]
    Tag,
    /// No attempt has this number.
    #[error("no attempt has this payment number")]
    UnknownPayment,
    /// The attempt has another number: a mix-up on our side.
    #[error("the fact is about another payment number")]
    Number,
    /// The attempt went to another platform.
    #[error("the attempt went to another platform")]
    Channel,
    /// It is in another currency.
    #[error("the fact is in another currency")]
    Currency,
    /// The amount is not the one that we asked for.
    #[error("the amount differs from the one asked for")]
    Amount,
    /// It does not say that money was taken.
    #[error("the fact does not say that money was taken")]
    NotPaid,
    /// It says that money was taken, but not under which number of the platform.
    #[error("the platform's transaction number is missing")]
    NoTransaction,
    /// Its money has paid another order.
    #[error("the transaction has paid another order")]
    Spent,
}

impl Mismatch {
    /// A stable name for counters and records.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Merchant => "wrong_merchant",
            Self::App => "wrong_app",
            Self::Tag => "foreign_tag",
            Self::UnknownPayment => "unknown_payment",
            Self::Number => "wrong_number",
            Self::Channel => "wrong_channel",
            Self::Currency => "wrong_currency",
            Self::Amount => "wrong_amount",
            Self::NotPaid => "not_paid",
            Self::NoTransaction => "no_transaction",
            Self::Spent => "spent",
        }
    }
}

impl Fact {
    /// Whether the fact is about this merchant and app at all.
    pub fn concerns(&self, identity: &Identity) -> Result<(), Mismatch> {
        same_party(&self.statement, &identity.merchant_id, &identity.app_id)
    }
}

impl Attempt {
    /// The gate. Compares all that the platform says with all that we sent.
    ///
    /// The amount compared is the order's total as the platform repeats it, never what remained for
    /// the payer after coupons.
    ///
    /// # Errors
    /// Names the first thing that differs.
    pub fn admit(&self, fact: &Fact) -> Result<Admitted, Mismatch> {
        let said = &fact.statement;
        ensure(fact.channel == self.channel, Mismatch::Channel)?;
        same_party(said, &self.merchant_id, &self.app_id)?;
        ensure(
            said.payment_no == self.payment_no.as_str(),
            Mismatch::Number,
        )?;
        ensure(said.state.was_paid(), Mismatch::NotPaid)?;
        ensure(said.currency == CURRENCY, Mismatch::Currency)?;
        ensure(said.amount == Some(self.amount), Mismatch::Amount)?;
        let transaction_id = said.transaction_id.clone().ok_or(Mismatch::NoTransaction)?;
        Ok(Admitted {
            order_no: self.order_no.clone(),
            payment_no: self.payment_no.clone(),
            transaction_id,
            amount: self.amount,
            paid_at: said.paid_at.unwrap_or(fact.learnt_at),
            given_back: said.state == TradeState::Refunded,
        })
    }

    /// Notes that money was received. Accepted in every state: money is a fact.
    pub fn received(&mut self, money: &Admitted) {
        self.state = AttemptState::Paid;
        self.transaction_id
            .get_or_insert_with(|| money.transaction_id.clone());
    }
}

fn same_party(said: &PaymentStatement, merchant_id: &str, app_id: &str) -> Result<(), Mismatch> {
    ensure(said.merchant_id == merchant_id, Mismatch::Merchant)?;
    ensure(said.app_id == app_id, Mismatch::App)
}

fn ensure(holds: bool, otherwise: Mismatch) -> Result<(), Mismatch> {
    if holds { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests;
