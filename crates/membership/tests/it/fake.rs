use async_trait::async_trait;
use kernel::{StoreError, UserId};
use membership::{MembershipReads, MembershipStore, Segment};

/// Segments of one user in memory, under the same keys and conditions as in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FakeStore(pub(crate) Vec<Segment>);

#[async_trait]
impl MembershipReads for FakeStore {
    async fn find_segments(&mut self, _user_id: &UserId) -> Result<Vec<Segment>, StoreError> {
        let mut found = self.0.clone();
        found.sort_by(|a, b| (a.from, &a.segment_id).cmp(&(b.from, &b.segment_id)));
        Ok(found)
    }
}

#[async_trait]
impl MembershipStore for FakeStore {
    async fn lock_segments(&mut self, user_id: &UserId) -> Result<Vec<Segment>, StoreError> {
        self.find_segments(user_id).await
    }

    async fn insert_segment(&mut self, segment: &Segment) -> Result<bool, StoreError> {
        let taken = self.0.iter().any(|kept| kept.order_no == segment.order_no);
        if !taken {
            self.0.push(segment.clone());
        }
        Ok(!taken)
    }

    async fn save_segment(&mut self, segment: &Segment) -> Result<(), StoreError> {
        let before = self.0.iter_mut().find(|kept| {
            kept.segment_id == segment.segment_id && kept.version == segment.version - 1
        });
        *before.ok_or_else(|| StoreError::lost_update("another version"))? = segment.clone();
        Ok(())
    }
}
