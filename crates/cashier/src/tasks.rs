use std::future::Future;

use tokio_util::task::TaskTracker;

/// Runs what must not end because its caller hung up, and lets a graceful stop wait for it.
#[derive(Clone, Debug, Default)]
pub struct Tasks(TaskTracker);

/// The task ended without a result: it panicked, or the process is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted before the outcome was known")]
pub struct Interrupted;

impl Tasks {
    /// Runs a use case in a task of its own and waits for it. Dropping the returned future stops
    /// the waiting, not the work.
    pub async fn run<F>(&self, work: F) -> Result<F::Output, Interrupted>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.0.spawn(work).await.map_err(|error| {
            tracing::error!(%error, "a use case ended without a result");
            Interrupted
        })
    }

    /// Starts work that nobody waits for.
    pub fn start<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.spawn(work);
    }

    /// Waits until everything that was started has ended.
    pub async fn finish(&self) {
        self.0.close();
        self.0.wait().await;
    }
}
