use kernel::OrderNo;
use paydesk_money::Cny;
use paydesk_provider::Channel;
use serde_json::Value;
use time::OffsetDateTime;

use crate::{AccountKey, Attempt, Fact};

/// One line of the journal. Lines are only added; a repeat of the same thing raises a counter.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// When it happened.
    pub at: OffsetDateTime,
    /// What happened.
    pub kind: RecordKind,
    /// How it ended, a stable word.
    pub outcome: String,
    /// The order it concerns.
    pub order_no: Option<OrderNo>,
    /// The payment number it concerns, as it came.
    pub payment_no: Option<String>,
    /// The platform's number.
    pub transaction_id: Option<String>,
    /// The platform.
    pub channel: Option<Channel>,
    /// The merchant account.
    pub account: Option<AccountKey>,
    /// The amount it speaks of.
    pub amount: Option<Cny>,
    /// How long the exchange took.
    pub duration_ms: Option<i64>,
    /// The platform's id of the exchange, or our own of the request that caused this.
    pub request_id: Option<String>,
    /// What else explains it; no personal data, no keys.
    pub detail: Value,
    /// Names what happened, where it can be told to us more than once: a second line with the same
    /// name is refused by the store, and the first one's counter is raised instead.
    pub once: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordKind {
    /// An order was placed and its attempt stored.
    Placed,
    /// A platform was asked for a code.
    Create,
    /// A platform was asked about a payment.
    Query,
    /// A platform called, and was believed.
    Callback,
    /// A callback was refused.
    CallbackRefused,
    /// A platform was asked to let nobody pay any more.
    Close,
    /// Nobody should pay the order any more.
    Closing,
    /// Nobody can pay the order any more.
    Closed,
    /// The buyer chose another platform.
    Switched,
    /// Goods were granted.
    Granted,
    /// Goods cannot be granted.
    GrantFailed,
    /// Money is owed back.
    RefundDue,
}

impl RecordKind {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Create => "create",
            Self::Query => "query",
            Self::Callback => "callback",
            Self::CallbackRefused => "callback_refused",
            Self::Close => "close",
            Self::Closing => "closing",
            Self::Closed => "closed",
            Self::Switched => "switched",
            Self::Granted => "granted",
            Self::GrantFailed => "grant_failed",
            Self::RefundDue => "refund_due",
        }
    }
}

impl Record {
    /// A line that concerns nothing yet.
    pub fn new(at: OffsetDateTime, kind: RecordKind, outcome: impl Into<String>) -> Self {
        Self {
            at,
            kind,
            outcome: outcome.into(),
            order_no: None,
            payment_no: None,
            transaction_id: None,
            channel: None,
            account: None,
            amount: None,
            duration_ms: None,
            request_id: None,
            detail: Value::Null,
            once: None,
        }
    }

    /// The line concerns this attempt.
    #[must_use]
    pub fn about(mut self, attempt: &Attempt) -> Self {
        self.order_no = Some(attempt.order_no.clone());
        self.payment_no = Some(attempt.payment_no.as_str().to_owned());
        self.transaction_id.clone_from(&attempt.transaction_id);
        self.channel = Some(attempt.channel);
        self.account = Some(attempt.account.clone());
        self.amount = Some(attempt.amount);
        self
    }

    /// The line tells what a platform said.
    #[must_use]
    pub fn of_fact(mut self, fact: &Fact) -> Self {
        let said = &fact.statement;
        self.payment_no = Some(said.payment_no.clone());
        self.transaction_id.clone_from(&said.transaction_id);
        self.channel = Some(fact.channel);
        self.account = Some(fact.account.clone());
        self.amount = said.amount;
        self
    }
}
