use async_trait::async_trait;
use kernel::{StoreError, UserId};

use crate::Segment;

/// Reading what is committed.
#[async_trait]
pub trait MembershipReads: Send {
    /// Every segment that a user was ever granted, by beginning, then by id.
    async fn find_segments(&mut self, user_id: &UserId) -> Result<Vec<Segment>, StoreError>;
}

/// Writing.
#[async_trait]
pub trait MembershipStore: MembershipReads {
    /// The same as [`MembershipReads::find_segments`], as they are now, locked until the transaction
    /// ends. A segment that does not exist yet cannot be locked: the user's account is, before.
    async fn lock_segments(&mut self, user_id: &UserId) -> Result<Vec<Segment>, StoreError>;
    /// Stores a new segment; `false`, changing nothing, when the order has granted one.
    async fn insert_segment(&mut self, segment: &Segment) -> Result<bool, StoreError>;
    /// Writes a segment whose version was raised by one; a conflict when the stored version is
    /// another than the one before.
    async fn save_segment(&mut self, segment: &Segment) -> Result<(), StoreError>;
}
