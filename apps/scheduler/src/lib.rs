#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

use std::str::FromStr;
use std::time::Duration;

use bootstrap::{SchedulerSettings, Service};
use cashier::Summary;
use kernel::StoreError;
use tokio_util::sync::CancellationToken;

/// Rows that one run of a job handles; where there are more, the next run follows at once.
const BATCH: u64 = 200;

/// How long a stop waits for a run that is under way.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Grants what was paid for and not granted.
    Fulfil,
    /// Ends orders whose time ran out.
    Expire,
    /// Asks platforms about what is not over, and repeats requests whose outcome is unknown.
    Poll,
    /// Tells people of exceptions that nobody was told of.
    Alert,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 4] = [Self::Fulfil, Self::Expire, Self::Poll, Self::Alert];

    /// The name used on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fulfil => "fulfil",
            Self::Expire => "expire",
            Self::Poll => "poll",
            Self::Alert => "alert",
        }
    }

    /// Pause between two runs.
    pub fn cadence(self, settings: &SchedulerSettings) -> Duration {
        let seconds = match self {
            Self::Fulfil => settings.fulfil_every_seconds,
            Self::Expire => settings.expire_every_seconds,
            Self::Poll => settings.poll_every_seconds,
            Self::Alert => settings.alert_every_seconds,
        };
        Duration::from_secs(seconds.into())
    }

    /// Runs the job once.
    ///
    /// # Errors
    /// The store failed; what was done is done, the rest is left for the next run.
    pub async fn run(self, service: &Service) -> Result<Summary, StoreError> {
        match self {
            Self::Fulfil => service.fulfilment.run(BATCH).await,
            // What asks several platforms at once is large, and is kept off the stack.
            Self::Expire => Box::pin(service.expiry.run(BATCH)).await,
            Self::Poll => Box::pin(service.polling.run(BATCH)).await,
            Self::Alert => service.alarm.run(BATCH).await,
        }
    }
}

impl FromStr for Job {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|job| job.as_str() == name)
            .ok_or_else(|| format!("no job is called {name:?}; there are: {known}"))
    }
}

/// Runs every job on its cadence until `stop` is cancelled. A run that fails is logged, and the
/// next one tries again.
pub async fn run(service: &Service, settings: &SchedulerSettings, stop: CancellationToken) {
    let jobs = Job::ALL.map(|job| keep_running(job, service, job.cadence(settings), &stop));
    futures_util::future::join_all(jobs).await;
}

/// Ends some time after a stop was asked for: a platform that lets every call run into its time-out must
/// not hold up a stop for minutes. Every job can be ended at any point.
async fn overdue(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(STOP_WITHIN).await;
}

async fn keep_running(job: Job, service: &Service, pause: Duration, stop: &CancellationToken) {
    while !stop.is_cancelled() {
        let outcome = tokio::select! {
            outcome = job.run(service) => outcome,
            () = overdue(stop) => {
                tracing::warn!("job {} is left as it is: what it had claimed is taken over", job.as_str());
                return;
            }
        };
        let more = matches!(&outcome, Ok(summary) if summary.claimed as u64 >= BATCH);
        match outcome {
            Ok(Summary { claimed: 0, .. }) => {}
            Ok(Summary {
                claimed,
                done,
                failed,
            }) => tracing::info!(claimed, done, failed, "job {}", job.as_str()),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(job = job.as_str(), error, "job {} failed", job.as_str());
            }
        }
        if more {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}
