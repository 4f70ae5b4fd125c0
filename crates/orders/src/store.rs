use async_trait::async_trait;
use catalog::ItemKind;
use kernel::{OrderNo, StoreError, UserId};
use paydesk_provider::Channel;
use time::OffsetDateTime;

use crate::{Order, OrderFilter, Purchase};

/// Reading what is committed.
#[async_trait]
pub trait OrderReads: Send {
    /// An order with its current attempt.
    async fn find_purchase(&mut self, order_no: &OrderNo) -> Result<Option<Purchase>, StoreError>;
    /// A user's newest order that waits for money for this item on this channel.
    async fn find_pending(
        &mut self,
        user_id: &UserId,
        kind: ItemKind,
        code: &str,
        channel: Channel,
    ) -> Result<Option<Purchase>, StoreError>;
    /// A user's upgrade that waits for money, to whatever plan and on whatever channel; the newest,
    /// should there be several.
    async fn find_pending_upgrade(
        &mut self,
        user_id: &UserId,
    ) -> Result<Option<Purchase>, StoreError>;
    /// A user's paid upgrade whose goods are owed; the one paid first, should there be several.
    async fn find_owed_upgrade(&mut self, user_id: &UserId) -> Result<Option<Order>, StoreError>;
    /// A user's orders since an instant, newest first, at most so many.
    async fn recent_purchases(
        &mut self,
        user_id: &UserId,
        since: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<Purchase>, StoreError>;
    /// A page of a user's orders, newest first; of the same instant, the highest number first.
    async fn list_purchases(
        &mut self,
        user_id: &UserId,
        filter: &OrderFilter,
    ) -> Result<Vec<Purchase>, StoreError>;
}

/// Writing.
#[async_trait]
pub trait OrderStore: OrderReads {
    /// Stores a new order. Its number must be new.
    async fn insert_order(&mut self, order: &Order) -> Result<(), StoreError>;
    /// An order, locked until the transaction ends.
    async fn lock_order(&mut self, order_no: &OrderNo) -> Result<Option<Order>, StoreError>;
    /// Writes a locked order whose version was raised by one; a conflict when the stored version
    /// is another than the one before.
    async fn save_order(&mut self, order: &Order) -> Result<(), StoreError>;
}
