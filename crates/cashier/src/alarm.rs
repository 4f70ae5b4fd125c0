use kernel::StoreError;
use time::Duration;

use crate::conflict::retried;
use crate::{Exception, Ports, Summary};

/// The process that raised an exception tells of it at once; others take over after this long.
const HEAD_START: Duration = Duration::seconds(10);

/// Telling people of exceptions: once each if nothing goes wrong, and at least once in any case,
/// because that somebody was told is noted after telling.
#[derive(Clone, Debug)]
pub struct Alarm {
    ports: Ports,
}

impl Alarm {
    /// An alarm through these ports.
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Tells of an exception that was just committed, and notes it on the side. If the process dies
    /// before that, the scheduler does it.
    pub(crate) fn start(&self, exception: Exception) {
        self.ports.alerts.raise(&exception);
        let this = self.clone();
        self.ports.tasks.start(async move {
            if let Err(error) = this.note(&exception).await {
                let key = &exception.key;
                tracing::warn!(%key, %error, "telling of {key} is not noted, so it will be repeated");
            }
        });
    }

    async fn note(&self, exception: &Exception) -> Result<(), StoreError> {
        retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            tx.mark_told(&exception.key, self.ports.clock.now()).await?;
            tx.commit().await
        })
        .await
    }

    /// The backstop: tells of exceptions that nobody was told of.
    pub async fn run(&self, limit: u64) -> Result<Summary, StoreError> {
        let before = self.ports.clock.now() - HEAD_START;
        let mut tx = self.ports.database.begin().await?;
        let untold = tx.find_untold(before, limit).await?;
        drop(tx);
        for exception in &untold {
            self.ports.alerts.raise(exception);
            self.note(exception).await?;
        }
        Ok(Summary {
            claimed: untold.len(),
            done: untold.len(),
            failed: 0,
        })
    }
}
