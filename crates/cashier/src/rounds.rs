//! How jobs work off what is due.

use std::error::Error;

use futures_util::{StreamExt, stream};
use kernel::StoreError;
use serde_json::json;
use time::Duration;

use crate::conflict::retried;
use crate::{Alarm, Claim, Exception, ExceptionKind, Ports, Raised, WorkKind};

/// Pieces worked on at the same time, most of which wait for a platform.
const AT_ONCE: usize = 8;
/// Pieces claimed at a time: few enough to be done within their lease, even when a platform lets every
/// call run into its time-out.
const ROUND: u64 = 40;
/// How long a claim is ours.
const LEASE: Duration = Duration::minutes(3);
/// After so many failures of our own a person is told; trying goes on.
const FAILURES_BEFORE_ALARM: i32 = 10;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::hours(1);

/// What one run of a job did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pieces of work found due.
    pub claimed: usize,
    /// Of these, done.
    pub done: usize,
    /// Of these, put off or given up.
    pub failed: usize,
}

/// How a piece of work ended that its worker has seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worked {
    /// As it should.
    Done,
    /// It was put off, or given up.
    Failed,
}

/// Claims work of a kind round by round and does it, several pieces at once. A piece that fails on our
/// side is put off for longer and longer, and stops no other.
pub(crate) async fn in_rounds<F>(
    ports: &Ports,
    kind: WorkKind,
    limit: u64,
    work: impl Fn(Claim) -> F + Send + Sync,
) -> Result<Summary, StoreError>
where
    F: Future<Output = Result<Worked, StoreError>> + Send,
{
    let mut summary = Summary::default();
    let mut left = limit;
    while left > 0 {
        let round = left.min(ROUND);
        let claims = retried(|| async {
            let mut tx = ports.database.begin().await?;
            let claims = tx.claim_work(kind, round, LEASE).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(claims)
        })
        .await?;
        let found = claims.len() as u64;
        summary.claimed += claims.len();
        let outcomes = stream::iter(claims).map(|claim| async {
            let outcome = work(claim.clone()).await;
            (claim, outcome)
        });
        let outcomes: Vec<_> = outcomes.buffer_unordered(AT_ONCE).collect().await;
        for (claim, outcome) in outcomes {
            match outcome {
                Ok(Worked::Done) => summary.done += 1,
                Ok(Worked::Failed) => summary.failed += 1,
                Err(error) => {
                    summary.failed += 1;
                    failed(ports, &claim, &error).await;
                }
            }
        }
        left -= round;
        if found < round {
            break;
        }
    }
    Ok(summary)
}

/// Puts off what failed on our side. Should that fail, too, the lease ends by itself.
async fn failed(ports: &Ports, claim: &Claim, error: &(dyn Error + Send + Sync + 'static)) {
    let (kind, subject) = (claim.kind.as_str(), &claim.subject);
    tracing::warn!(
        subject,
        error = error as &dyn Error,
        "{kind} {subject} put off"
    );
    let why = error.to_string();
    let noted = retried(|| async {
        let mut tx = ports.database.begin().await?;
        let delay = pause(claim.failures);
        tx.postpone_work(claim, delay, Some(&why)).await?;
        let mut raised = None;
        if claim.failures + 1 >= FAILURES_BEFORE_ALARM {
            let exception = stuck(claim, &why, ports.clock.now());
            let new = tx.raise_exception(&exception).await? == Raised::New;
            raised = new.then_some(exception);
        }
        tx.commit().await?;
        Ok::<_, StoreError>(raised)
    });
    match noted.await {
        Ok(Some(exception)) => Alarm::new(ports.clone()).start(exception),
        Ok(None) => {}
        Err(error) => {
            let error: &dyn Error = &error;
            tracing::error!(
                subject,
                error,
                "{kind} {subject} waits for its lease to end"
            );
        }
    }
}

fn stuck(claim: &Claim, why: &str, at: time::OffsetDateTime) -> Exception {
    let kind = ExceptionKind::StuckWork;
    Exception {
        kind,
        key: format!(
            "{}:{}:{}",
            kind.as_str(),
            claim.kind.as_str(),
            claim.subject
        ),
        order_no: claim.subject.parse().ok(),
        payment_no: None,
        transaction_id: None,
        amount: None,
        detail: json!({ "work": claim.kind.as_str(), "failures": claim.failures + 1, "error": why }),
        at,
    }
}

/// Notes that claimed work is done.
pub(crate) async fn finish(ports: &Ports, claim: &Claim) -> Result<Worked, StoreError> {
    retried(|| async {
        let mut tx = ports.database.begin().await?;
        tx.finish_work(claim.kind, &claim.subject).await?;
        tx.commit().await
    })
    .await?;
    Ok(Worked::Done)
}

/// Gives claimed work back, due again after `delay`; with what went wrong, if anything did.
pub(crate) async fn put_off(
    ports: &Ports,
    claim: &Claim,
    delay: Duration,
    error: Option<&str>,
) -> Result<Worked, StoreError> {
    retried(|| async {
        let mut tx = ports.database.begin().await?;
        tx.postpone_work(claim, delay, error).await?;
        tx.commit().await
    })
    .await?;
    Ok(match error {
        Some(_) => Worked::Failed,
        None => Worked::Done,
    })
}

/// 2 s after the first failure, doubling, at most an hour.
pub(crate) fn pause(failures: i32) -> Duration {
    let doublings = u32::try_from(failures.clamp(0, 11)).unwrap_or(0) + 1;
    Duration::seconds(1 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_no_further() {
        assert_eq!(pause(0), Duration::seconds(2));
        assert_eq!(pause(4), Duration::seconds(32));
        assert_eq!(pause(11), LONGEST_PAUSE);
        assert_eq!(pause(i32::MAX), LONGEST_PAUSE);
        assert_eq!(pause(i32::MIN), Duration::seconds(2));
    }
}
