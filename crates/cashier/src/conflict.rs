use std::future::Future;
use std::time::Duration;

use kernel::StoreError;

/// Tries of one transaction before its conflict is passed on.
const TRIES: u32 = 3;

/// An error that may be a store's conflict.
pub(crate) trait MayConflict {
    fn is_conflict(&self) -> bool;
}

impl MayConflict for StoreError {
    fn is_conflict(&self) -> bool {
        Self::is_conflict(self)
    }
}

/// Runs a whole transaction again when another one was in its way.
pub(crate) async fn retried<T, E, F, Fut>(mut transaction: F) -> Result<T, E>
where
    E: MayConflict,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let mut tried = 1;
    loop {
        match transaction().await {
            Err(error) if error.is_conflict() && tried < TRIES => {
                tokio::time::sleep(Duration::from_millis(u64::from(tried) * 10)).await;
                tried += 1;
            }
            outcome => return outcome,
        }
    }
}
