use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use catalog::{CatalogReads, CatalogStore};
use kernel::{Clock, Numbers, StoreError, UserId};
use membership::{MembershipReads, MembershipStore};
use orders::{OrderReads, OrderStore};
use payments::{PaymentReads, PaymentStore};
use points::{PointReads, PointStore};
use tokio::sync::Notify;

use crate::{
    Alerts, EventReads, EventStore, ExceptionStore, IdempotencyStore, Merchants, RejectionStore,
    Tasks, WorkStore,
};

/// The database as the use cases see it.
#[async_trait]
pub trait Database: Send + Sync + fmt::Debug {
    /// Begins a transaction that writes. Waiting for a turn is bounded.
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError>;
    /// Reads what is committed.
    async fn read(&self) -> Result<Box<dyn Snapshot>, StoreError>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Every read, on committed data.
pub trait Snapshot:
    CatalogReads + OrderReads + PaymentReads + MembershipReads + PointReads + EventReads
{
}

impl<T> Snapshot for T where
    T: CatalogReads + OrderReads + PaymentReads + MembershipReads + PointReads + EventReads
{
}

/// Every write. Dropping it rolls back.
///
/// Rows are locked in one order everywhere: account, order, payment, membership, points, work.
#[async_trait]
pub trait Transaction:
    CatalogStore
    + OrderStore
    + PaymentStore
    + MembershipStore
    + PointStore
    + AccountStore
    + WorkStore
    + EventStore
    + ExceptionStore
    + RejectionStore
    + IdempotencyStore
{
    /// Makes everything durable. After an error it is unknown whether it is.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// The anchor row of a user. What a rule sums or orders per user has no row to lock before it
/// exists, so such rules lock this one.
#[async_trait]
pub trait AccountStore: Send {
    /// Locks the user's anchor row until the transaction ends; makes it when missing.
    async fn lock_account(&mut self, user_id: &UserId) -> Result<(), StoreError>;
}

/// Tells followers of the events that there is something new. Only ever a hint: followers look by
/// themselves, too, so a lost wake-up costs half a second.
pub trait WakeUp: Send + Sync + fmt::Debug {
    /// Something was committed.
    fn wake(&self);
    /// The signal within this process.
    fn signal(&self) -> Arc<Notify>;
}

/// A wake-up that reaches this process only.
#[derive(Debug, Default)]
pub struct LocalWakeUp(Arc<Notify>);

impl WakeUp for LocalWakeUp {
    fn wake(&self) {
        self.0.notify_waiters();
    }

    fn signal(&self) -> Arc<Notify> {
        Arc::clone(&self.0)
    }
}

/// Everything the use cases reach the world by.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Where everything is stored.
    pub database: Arc<dyn Database>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New numbers.
    pub numbers: Arc<dyn Numbers>,
    /// Hints to followers.
    pub wake: Arc<dyn WakeUp>,
    /// Who is told when something needs a person.
    pub alerts: Arc<dyn Alerts>,
    /// The merchant accounts and their platforms.
    pub merchants: Arc<Merchants>,
    /// Work that outlives its caller.
    pub tasks: Tasks,
}
