use std::future::Future;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Runs what must not end because its caller hung up, and lets a graceful stop wait for it.
///
/// The tasks live on one runtime, whatever thread they are started from: a web server's worker
/// threads have runtimes of their own, which end before the work may.
#[derive(Clone, Debug)]
pub struct Tasks {
    tracker: TaskTracker,
    runtime: Handle,
}

/// The task ended without a result: it panicked, or the process is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted before the outcome was known")]
pub struct Interrupted;

impl Tasks {
    /// Tasks on this runtime.
    pub fn on(runtime: Handle) -> Self {
        Self {
            tracker: TaskTracker::new(),
            runtime,
        }
    }

    /// Runs a use case in a task of its own and waits for it. Dropping the returned future stops
    /// the waiting, not the work.
    pub async fn run<F>(&self, work: F) -> Result<F::Output, Interrupted>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker
            .spawn_on(work.in_current_span(), &self.runtime)
            .await
            .map_err(|error| {
                tracing::error!(%error, "a use case ended without a result");
                Interrupted
            })
    }

    /// Starts work that nobody waits for.
    pub fn start<F>(&self, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn_on(work.in_current_span(), &self.runtime);
    }

    /// Waits until everything that was started has ended.
    pub async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
