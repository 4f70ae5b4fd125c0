use std::sync::Arc;
use std::time::Duration;

use kernel::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// So many may wait; one more would only be told later that there was no room.
const WAITING: usize = 1024;
/// So long does one wait. A platform's callback has to be answered within seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Who may write now. SQLite takes one writer at a time; queueing here is fair and bounded, which
/// its own busy handler is not.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    waiting: Arc<Semaphore>,
    turn: Arc<Semaphore>,
}

/// The turn to write, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Turns {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(WAITING)),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Waits for the turn, first come, first served.
    pub(crate) async fn next(&self) -> Result<Turn, StoreError> {
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_| StoreError::busy("too many wait for their turn to write"))?;
        match timeout(PATIENCE, Arc::clone(&self.turn).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn(permit)),
            Ok(Err(closed)) => Err(StoreError::failed(closed)),
            Err(_) => Err(StoreError::busy("the turn to write did not come in time")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_after_two_seconds() {
        let turns = Turns::new();
        let held = turns.next().await.unwrap();
        let before = tokio::time::Instant::now();
        assert!(turns.next().await.unwrap_err().is_busy());
        assert_eq!(before.elapsed(), PATIENCE);
        drop(held);
        assert!(turns.next().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_more_than_may_wait_is_told_at_once() {
        let turns = Turns::new();
        let held = turns.next().await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING {
            let turns = turns.clone();
            waiting.spawn(async move { turns.next().await.map(drop) });
        }
        while turns.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let before = tokio::time::Instant::now();
        assert!(turns.next().await.unwrap_err().is_busy());
        assert!(before.elapsed().is_zero());
        drop(held);
        while let Some(outcome) = waiting.join_next().await {
            assert!(outcome.unwrap().is_ok());
        }
    }
}
