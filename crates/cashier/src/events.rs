use async_trait::async_trait;
use kernel::{StoreError, UserId};
use orders::Purchase;
use time::OffsetDateTime;

/// What happened to an order, as told to its buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// It was paid.
    PaymentSuccess,
    /// Nobody should pay it any more, or, later, nobody can.
    OrderClosed,
    /// Its goods were granted.
    Fulfilled,
    /// Its goods cannot be granted.
    FulfilmentFailed,
}

impl EventKind {
    const ALL: [Self; 4] = [
        Self::PaymentSuccess,
        Self::OrderClosed,
        Self::Fulfilled,
        Self::FulfilmentFailed,
    ];

    /// The name used in the database and on the WebSocket.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaymentSuccess => "payment_success",
            Self::OrderClosed => "order_closed",
            Self::Fulfilled => "fulfilled",
            Self::FulfilmentFailed => "fulfilment_failed",
        }
    }

    /// The event of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An event to be written with the fact that it tells of.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    /// What happened.
    pub kind: EventKind,
    /// The whole order as it is now; its version is the event's `seq`.
    pub purchase: &'a Purchase,
    /// When.
    pub at: OffsetDateTime,
}

/// A stored event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Counts upward in the order of writing, not of committing.
    pub id: i64,
    /// What happened.
    pub kind: EventKind,
    /// The whole order as it was then.
    pub purchase: Purchase,
}

/// Enough of an event to know whether anyone here cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventHead {
    /// The event.
    pub id: i64,
    /// Whose order.
    pub user_id: UserId,
}

/// Following the events.
#[async_trait]
pub trait EventReads: Send {
    /// The highest id committed so far, 0 when there is none.
    async fn newest_event_id(&mut self) -> Result<i64, StoreError>;
    /// Committed events with a higher id, ascending, at most so many.
    async fn event_heads(&mut self, after: i64, limit: u64) -> Result<Vec<EventHead>, StoreError>;
    /// These events, ascending.
    async fn load_events(&mut self, ids: &[i64]) -> Result<Vec<Event>, StoreError>;
}

/// Writing events.
#[async_trait]
pub trait EventStore: Send {
    /// Adds an event, in the transaction of the fact that it tells of.
    async fn append_event(&mut self, event: &NewEvent<'_>) -> Result<(), StoreError>;
}
