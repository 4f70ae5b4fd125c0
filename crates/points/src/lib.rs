#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

use std::str::FromStr;

use async_trait::async_trait;
use kernel::{OrderNo, StoreError, UserId, china};
use time::OffsetDateTime;

/// Points from one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// Names the lot.
    pub lot_id: String,
    /// Whose points.
    pub user_id: UserId,
    /// The order they were bought with; an order grants one lot.
    pub order_no: OrderNo,
    /// How many were granted.
    pub granted: i64,
    /// How many are left.
    pub remaining: i64,
    /// When they were granted.
    pub granted_at: OffsetDateTime,
    /// From when on they are no longer valid; never when absent.
    pub expires_at: Option<OffsetDateTime>,
}

impl Lot {
    /// What of this lot can be spent at that instant.
    pub fn spendable(&self, now: OffsetDateTime) -> i64 {
        if self.expires_at.is_none_or(|end| now < end) {
            self.remaining
        } else {
            0
        }
    }
}

/// One line of a user's ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names the line.
    pub entry_id: String,
    /// Whose points.
    pub user_id: UserId,
    /// Which lot.
    pub lot_id: String,
    /// Why.
    pub kind: EntryKind,
    /// How many, negative when they left.
    pub points: i64,
    /// When.
    pub at: OffsetDateTime,
}

/// Why points came or left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    /// Bought.
    Grant,
}

impl EntryKind {
    /// The name used in the database and in the HTTP API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
        }
    }
}

impl FromStr for EntryKind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "grant" => Ok(Self::Grant),
            _ => Err(format!("unknown kind of entry {word:?}")),
        }
    }
}

/// Where a line stands in a ledger that is read from its newest line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPlace {
    /// When it was written.
    pub at: OffsetDateTime,
    /// Its name.
    pub entry_id: String,
}

impl From<&Entry> for EntryPlace {
    fn from(entry: &Entry) -> Self {
        Self {
            at: entry.at,
            entry_id: entry.entry_id.clone(),
        }
    }
}

/// Points to be granted for an order.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Name of the new lot.
    pub lot_id: String,
    /// Name of the new line.
    pub entry_id: String,
    /// To whom.
    pub user_id: UserId,
    /// For which order.
    pub order_no: OrderNo,
    /// How many.
    pub points: i64,
    /// For how many whole days after today.
    pub valid_days: Option<u32>,
    /// Now.
    pub at: OffsetDateTime,
}

/// Reading what is committed.
#[async_trait]
pub trait PointReads: Send {
    /// A user's lots that have something left, soonest expiry first, never-expiring last, then oldest.
    async fn find_lots(&mut self, user_id: &UserId) -> Result<Vec<Lot>, StoreError>;
    /// A page of a user's ledger, newest first: the lines after this place, at most so many. Of the
    /// same instant, the highest name comes first.
    async fn find_entries(
        &mut self,
        user_id: &UserId,
        after: Option<&EntryPlace>,
        limit: u64,
    ) -> Result<Vec<Entry>, StoreError>;
}

/// Writing.
#[async_trait]
pub trait PointStore: PointReads {
    /// Stores a new lot; `false`, changing nothing, when the order has granted one.
    async fn insert_lot(&mut self, lot: &Lot) -> Result<bool, StoreError>;
    /// Stores a new line of the ledger.
    async fn insert_entry(&mut self, entry: &Entry) -> Result<(), StoreError>;
}

/// Why points could not be granted.
#[derive(Debug, thiserror::Error)]
pub enum PointsError {
    /// The validity lies outside the calendar.
    #[error("points cannot be valid for {0} days")]
    Validity(u32),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Grants points for an order, once: a second grant for the same order changes nothing.
pub async fn grant(store: &mut dyn PointStore, grant: Grant) -> Result<(), PointsError> {
    let expires_at = match grant.valid_days {
        Some(days) => {
            Some(china::end_of_validity(grant.at, days).ok_or(PointsError::Validity(days))?)
        }
        None => None,
    };
    let lot = Lot {
        lot_id: grant.lot_id,
        user_id: grant.user_id,
        order_no: grant.order_no,
        granted: grant.points,
        remaining: grant.points,
        granted_at: grant.at,
        expires_at,
    };
    if store.insert_lot(&lot).await? {
        let entry = Entry {
            entry_id: grant.entry_id,
            user_id: lot.user_id,
            lot_id: lot.lot_id,
            kind: EntryKind::Grant,
            points: lot.granted,
            at: grant.at,
        };
        store.insert_entry(&entry).await?;
    }
    Ok(())
}

/// What can be spent at that instant: the rest of every lot that has not expired.
pub fn spendable(lots: &[Lot], now: OffsetDateTime) -> i64 {
    lots.iter().map(|lot| lot.spendable(now)).sum()
}
