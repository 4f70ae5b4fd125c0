use async_trait::async_trait;
use kernel::StoreError;
use time::Duration;

/// Work that must be done once, sooner or later, by somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WorkKind {
    /// Granting what an order sold; the subject is its number.
    Fulfil,
    /// Ending an order whose time ran out; the subject is its number.
    Expire,
    /// Asking a platform about an attempt until it is over; the subject is the payment's number.
    Poll,
    /// Sending a refund that is due; the subject is its number.
    Refund,
}

impl WorkKind {
    /// The name used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fulfil => "fulfil",
            Self::Expire => "expire",
            Self::Poll => "poll",
            Self::Refund => "refund",
        }
    }
}

/// A piece of work that is ours until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What sort of work.
    pub kind: WorkKind,
    /// What it is about.
    pub subject: String,
    /// How often it was claimed, this time included. Raised by every claim, so that the holder of
    /// an expired lease can no longer postpone what somebody else works on.
    pub tries: i32,
    /// How often it has failed. Claims of processes that died are not failures.
    pub failures: i32,
}

/// Storing work. Leases and due times use the database's clock, whatever the process's shows.
///
/// A lease is for economy: what makes work happen once is the unique key under which it writes.
#[async_trait]
pub trait WorkStore: Send {
    /// Adds work, due after `delay`. Nothing happens when it is there already.
    async fn add_work(
        &mut self,
        kind: WorkKind,
        subject: &str,
        delay: Duration,
    ) -> Result<(), StoreError>;
    /// Makes work due after `delay`, should it be due later; nothing happens to what is done.
    async fn hasten_work(
        &mut self,
        kind: WorkKind,
        subject: &str,
        delay: Duration,
    ) -> Result<(), StoreError>;
    /// Takes what is due and not leased, oldest first, at most so many.
    async fn claim_work(
        &mut self,
        kind: WorkKind,
        limit: u64,
        lease: Duration,
    ) -> Result<Vec<Claim>, StoreError>;
    /// Notes that work is done.
    async fn finish_work(&mut self, kind: WorkKind, subject: &str) -> Result<(), StoreError>;
    /// Gives claimed work back, due after `delay`, and counts a failure where there is an error; `false`,
    /// changing nothing, when somebody else has claimed it since.
    async fn postpone_work(
        &mut self,
        claim: &Claim,
        delay: Duration,
        error: Option<&str>,
    ) -> Result<bool, StoreError>;
}
