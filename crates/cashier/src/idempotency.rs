use async_trait::async_trait;
use kernel::{OrderNo, StoreError, UserId};
use time::Duration;

use crate::Ports;
use crate::conflict::retried;

/// How long a key is remembered after it was last worked under.
const LIFE: Duration = Duration::hours(24);
/// A run whose process died holds its key for so long. One that lives renews its hold.
const LEASE: Duration = Duration::seconds(30);

/// A caller's own name for one request, under which it may be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who calls.
    pub caller: UserId,
    /// What is called.
    pub path: String,
    /// The name.
    pub key: String,
    /// Stands for what was asked: the same under the same key, or the key is used twice.
    pub digest: String,
}

/// One run of a request under its key. It ends when its lease does and another run begins: nothing
/// that it writes under the key counts from then on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRun {
    /// The key.
    pub key: IdempotencyKey,
    /// Names the run.
    pub run: String,
}

/// A final answer, kept to be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// Stands for what was asked.
    pub digest: String,
    /// The run that held it last.
    pub run: String,
    /// Whether that run still holds it.
    pub leased: bool,
    /// Whether it was remembered for long enough.
    pub over: bool,
    /// The order that was made under it.
    pub order_no: Option<OrderNo>,
    /// The final answer.
    pub answer: Option<KeptAnswer>,
}

/// What a request under a key comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nothing was made under this key: to be worked on from the beginning.
    New(KeyRun),
    /// An earlier run made an order and came to no final answer: to be gone on with.
    Continue(KeyRun, OrderNo),
    /// It was answered.
    Replay(KeptAnswer),
    /// Something else was asked under the same key.
    Reused,
    /// Another run holds the key.
    InProgress,
}

/// Storing keys. Leases and ages use the database's clock, whatever the process's shows.
#[async_trait]
pub trait IdempotencyStore: Send {
    /// Stores a new key, held by this run; `false`, changing nothing, when it is there.
    async fn insert_key(&mut self, run: &KeyRun, lease: Duration) -> Result<bool, StoreError>;
    /// What is stored under a key, locked until the transaction ends. It is over when nothing was
    /// written under it for `life`.
    async fn lock_key(
        &mut self,
        key: &IdempotencyKey,
        life: Duration,
    ) -> Result<Option<KnownKey>, StoreError>;
    /// Hands a key to its next run; a conflict when it is no longer the last run's.
    async fn pass_key(
        &mut self,
        last: &str,
        next: &KeyRun,
        lease: Duration,
    ) -> Result<(), StoreError>;
    /// Notes the order that the run makes in this transaction; a conflict when the run no longer
    /// holds the key, so that the transaction must not be committed.
    async fn bind_key(&mut self, run: &KeyRun, order_no: &OrderNo) -> Result<(), StoreError>;
    /// Keeps the final answer; `false`, changing nothing, when the run no longer holds the key.
    async fn finish_key(&mut self, run: &KeyRun, answer: &KeptAnswer) -> Result<bool, StoreError>;
    /// Holds the key for another `lease`; `false`, changing nothing, when the run no longer holds it.
    async fn hold_key(&mut self, run: &KeyRun, lease: Duration) -> Result<bool, StoreError>;
    /// Gives the key back without an answer; `false`, changing nothing, when the run no longer
    /// holds it.
    async fn release_key(&mut self, run: &KeyRun) -> Result<bool, StoreError>;
    /// Forgets one key.
    async fn forget_key(&mut self, key: &IdempotencyKey) -> Result<(), StoreError>;
    /// Forgets keys under which nothing was written for `life`, oldest first, at most so many; how
    /// many.
    async fn forget_keys(&mut self, life: Duration, limit: u64) -> Result<u64, StoreError>;
}

/// Requests that may be sent again under the same key.
#[derive(Clone, Debug)]
pub struct Idempotency {
    ports: Ports,
}

impl Idempotency {
    /// Keys in this database.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Takes a key for one run, unless it is answered, held, or somebody's other request.
    pub async fn take(&self, key: &IdempotencyKey) -> Result<Taken, StoreError> {
        retried(|| self.take_once(key)).await
    }

    async fn take_once(&self, key: &IdempotencyKey) -> Result<Taken, StoreError> {
        let run = KeyRun {
            key: key.clone(),
            run: self.ports.numbers.row_id(),
        };
        let mut tx = self.ports.database.begin().await?;
        if tx.insert_key(&run, LEASE).await? {
            tx.commit().await?;
            return Ok(Taken::New(run));
        }
        let gone = || StoreError::lost_update("the key was forgotten meanwhile");
        let known = tx.lock_key(key, LIFE).await?.ok_or_else(gone)?;
        let taken = if known.over {
            tx.forget_key(key).await?;
            if !tx.insert_key(&run, LEASE).await? {
                return Err(gone());
            }
            Taken::New(run)
        } else if known.digest != key.digest {
            Taken::Reused
        } else if let Some(answer) = known.answer {
            Taken::Replay(answer)
        } else if known.leased {
            Taken::InProgress
        } else {
            tx.pass_key(&known.run, &run, LEASE).await?;
            match known.order_no {
                Some(order_no) => Taken::Continue(run, order_no),
                None => Taken::New(run),
            }
        };
        tx.commit().await?;
        Ok(taken)
    }

    /// Keeps a run's final answer; `false` when another run holds the key by now.
    pub async fn finish(&self, run: &KeyRun, answer: &KeptAnswer) -> Result<bool, StoreError> {
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let kept = tx.finish_key(run, answer).await?;
            tx.commit().await?;
            Ok(kept)
        })
        .await
    }

    /// Goes on holding a key, for a run that takes its time: several calls to slow platforms take longer
    /// than a lease. To be called well within 30 s. `false` when another run holds it by now.
    pub async fn hold(&self, run: &KeyRun) -> Result<bool, StoreError> {
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let held = tx.hold_key(run, LEASE).await?;
            tx.commit().await?;
            Ok(held)
        })
        .await
    }

    /// Gives a key back at once: the run came to no final answer, and the next one goes on.
    pub async fn release(&self, run: &KeyRun) -> Result<bool, StoreError> {
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let released = tx.release_key(run).await?;
            tx.commit().await?;
            Ok(released)
        })
        .await
    }

    /// Forgets keys that are over, at most so many; how many.
    pub async fn forget(&self, limit: u64) -> Result<u64, StoreError> {
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let forgotten = tx.forget_keys(LIFE, limit).await?;
            tx.commit().await?;
            Ok(forgotten)
        })
        .await
    }
}
