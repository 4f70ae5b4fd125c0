use async_trait::async_trait;
use kernel::{OrderNo, StoreError};
use paydesk_money::Cny;
use serde_json::Value;
use time::OffsetDateTime;

/// Something that a person has to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// What sort of thing.
    pub kind: ExceptionKind,
    /// Names it: the same thing raised again is the same exception.
    pub key: String,
    /// The order it concerns, if any.
    pub order_no: Option<OrderNo>,
    /// The payment number it concerns, as it came.
    pub payment_no: Option<String>,
    /// The platform's number.
    pub transaction_id: Option<String>,
    /// The amount it speaks of.
    pub amount: Option<Cny>,
    /// What explains it.
    pub detail: Value,
    /// When it was raised.
    pub at: OffsetDateTime,
}

/// What sort of thing needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExceptionKind {
    /// Our money, but in a wrong amount, for no order of ours, or on another channel.
    UnexpectedPayment,
    /// Money for an order that nobody should have paid any more.
    LatePayment,
    /// Money for an order that other money had paid.
    DoublePayment,
    /// Money for an order that went back by another way than ours; its goods are withheld.
    RefundedElsewhere,
    /// Goods that cannot be granted: a rule forbids it, or it failed too often.
    GrantFailed,
    /// Work that keeps failing on our side.
    StuckWork,
}

impl ExceptionKind {
    const ALL: [Self; 6] = [
        Self::UnexpectedPayment,
        Self::LatePayment,
        Self::DoublePayment,
        Self::RefundedElsewhere,
        Self::GrantFailed,
        Self::StuckWork,
    ];

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The name used in the database and in alerts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnexpectedPayment => "unexpected_payment",
            Self::LatePayment => "late_payment",
            Self::DoublePayment => "double_payment",
            Self::RefundedElsewhere => "refunded_elsewhere",
            Self::GrantFailed => "grant_failed",
            Self::StuckWork => "stuck_work",
        }
    }
}

/// What raising did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raised {
    /// It is new.
    New,
    /// It was raised before and waits for a person.
    Open,
    /// It was raised before, and a person has dealt with it.
    Settled,
}

/// Storing exceptions.
#[async_trait]
pub trait ExceptionStore: Send {
    /// Raises an exception, once for its key.
    async fn raise_exception(&mut self, exception: &Exception) -> Result<Raised, StoreError>;
    /// Notes that an open exception needs nobody any more, and why; `false`, changing nothing, when
    /// there is none, or somebody has dealt with it.
    async fn resolve_exception(
        &mut self,
        key: &str,
        resolution: &str,
        at: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Exceptions raised before an instant that nobody was told of, oldest first, at most so many.
    async fn find_untold(
        &mut self,
        before: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<Exception>, StoreError>;
    /// Notes that somebody was told of an exception.
    async fn mark_told(&mut self, key: &str, at: OffsetDateTime) -> Result<(), StoreError>;
}
