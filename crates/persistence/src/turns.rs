use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// So many may wait; one more would only be told later that there was no room.
const WAITING: usize = 1024;
/// So long does one wait. A platform's callback has to be answered within seconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// When a process that writes leaves the file free for another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    /// After so much unbroken writing.
    unbroken: Duration,
    /// For so long. Processes that wait look more often than that.
    gap: Duration,
}

impl Manners {
    /// Of a process whose callers wait for an answer.
    pub(crate) const SERVING: Self = Self {
        unbroken: Duration::from_millis(100),
        gap: Duration::from_millis(4),
    };
    /// Of a process for which nobody waits: half of the time is the others'.
    pub(crate) const DEFERRING: Self = Self {
        unbroken: Duration::from_millis(10),
        gap: Duration::from_millis(10),
    };
}

/// Who may write now. SQLite takes one writer at a time; queueing here is fair and bounded, which
/// its own busy handler is not: a process that writes without a pause would shut out every other.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    waiting: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    pace: Arc<Mutex<Pace>>,
    manners: Manners,
}

/// How long this process has been writing without a gap that another one could have used.
#[derive(Debug, Default)]
struct Pace {
    writing_since: Option<Instant>,
    last_end: Option<Instant>,
}

/// The turn to write, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    pace: Arc<Mutex<Pace>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.pace).last_end = Some(Instant::now());
    }
}

impl Pace {
    /// Whether to leave the file free before writing now.
    fn is_due(&mut self, manners: Manners, now: Instant) -> bool {
        let unbroken = self.last_end.is_some_and(|end| now - end < manners.gap);
        let since = match self.writing_since {
            Some(since) if unbroken => since,
            _ => {
                self.writing_since = Some(now);
                return false;
            }
        };
        now - since >= manners.unbroken
    }
}

fn lock(pace: &Mutex<Pace>) -> MutexGuard<'_, Pace> {
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turns {
    pub(crate) fn new(manners: Manners) -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(WAITING)),
            turn: Arc::new(Semaphore::new(1)),
            pace: Arc::default(),
            manners,
        }
    }

    /// Waits for the turn, first come, first served.
    pub(crate) async fn next(&self) -> Result<Turn, StoreError> {
        let _place = self
            .waiting
            .try_acquire()
            .map_err(|_| StoreError::busy("too many wait for their turn to write"))?;
        let permit = match timeout(PATIENCE, Arc::clone(&self.turn).acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(closed)) => return Err(StoreError::failed(closed)),
            Err(_) => return Err(StoreError::busy("the turn to write did not come in time")),
        };
        let is_due = lock(&self.pace).is_due(self.manners, Instant::now());
        if is_due {
            tokio::time::sleep(self.manners.gap).await;
            lock(&self.pace).writing_since = Some(Instant::now());
        }
        Ok(Turn {
            pace: Arc::clone(&self.pace),
            _permit: permit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_after_two_seconds() {
        let turns = Turns::new(Manners::SERVING);
        let held = turns.next().await.unwrap();
        let before = Instant::now();
        assert!(turns.next().await.unwrap_err().is_busy());
        assert_eq!(before.elapsed(), PATIENCE);
        drop(held);
        assert!(turns.next().await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn unbroken_writing_leaves_gaps_for_other_processes() {
        for (manners, expected) in [(Manners::SERVING, 4), (Manners::DEFERRING, 49)] {
            let turns = Turns::new(manners);
            let mut gaps = 0;
            for _ in 0..250 {
                let before = Instant::now();
                let turn = turns.next().await.unwrap();
                gaps += u32::from(before.elapsed() >= manners.gap);
                tokio::time::sleep(Duration::from_millis(2)).await;
                drop(turn);
            }
            assert_eq!(gaps, expected, "{manners:?}: in 500 ms of writing");
            for _ in 0..100 {
                tokio::time::sleep(manners.gap).await;
                let before = Instant::now();
                let turn = turns.next().await.unwrap();
                assert!(before.elapsed().is_zero(), "whoever pauses is let be");
                tokio::time::sleep(Duration::from_millis(2)).await;
                drop(turn);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_more_than_may_wait_is_told_at_once() {
        let turns = Turns::new(Manners::SERVING);
        let held = turns.next().await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING {
            let turns = turns.clone();
            waiting.spawn(async move { turns.next().await.map(drop) });
        }
        while turns.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let before = Instant::now();
        assert!(turns.next().await.unwrap_err().is_busy());
        assert!(before.elapsed().is_zero());
        drop(held);
        while let Some(outcome) = waiting.join_next().await {
            assert!(outcome.unwrap().is_ok());
        }
    }
}
