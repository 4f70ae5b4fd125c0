use std::error::Error;

use futures_util::{StreamExt, stream};
use kernel::{OrderNo, StoreError};
use orders::{CloseReason, OrderState};
use time::Duration;

use crate::conflict::retried;
use crate::{Claim, Closing, Ports, Summary, WorkKind};

/// Platforms asked at the same time.
pub(crate) const AT_ONCE: usize = 8;
/// Pieces of work claimed at a time: few enough to be done within their lease, even when a platform
/// lets every call run into its time-out.
pub(crate) const ROUND: u64 = 40;
/// How long a claim is ours.
pub(crate) const LEASE: Duration = Duration::minutes(3);
/// The pause after a failure of our own.
const AGAIN: Duration = Duration::seconds(30);

/// Ending orders whose time ran out.
#[derive(Clone, Debug)]
pub struct Expiry {
    ports: Ports,
    closing: Closing,
}

impl Expiry {
    /// Expiry through these ports.
    pub const fn new(ports: Ports, closing: Closing) -> Self {
        Self { ports, closing }
    }

    /// Ends what is due, at most so many orders. The platform is asked first, so that an order paid in
    /// its last second is paid; one that nobody can answer for is `closing`, and polling goes on.
    pub async fn run(&self, limit: u64) -> Result<Summary, StoreError> {
        in_rounds(&self.ports, WorkKind::Expire, limit, |claim| {
            self.expire(claim)
        })
        .await
    }

    async fn expire(&self, claim: Claim) -> Result<(), StoreError> {
        if let Ok(order_no) = claim.subject.parse::<OrderNo>() {
            let found = self
                .ports
                .database
                .read()
                .await?
                .find_purchase(&order_no)
                .await?;
            if let Some(purchase) = found
                && purchase.order.state == OrderState::Pending
            {
                self.closing.end(&purchase, CloseReason::Expired).await?;
                // The buyer chose another platform while this one was asked: that is for the next run.
                let now = self
                    .ports
                    .database
                    .read()
                    .await?
                    .find_purchase(&order_no)
                    .await?;
                if now.is_some_and(|now| now.order.state == OrderState::Pending) {
                    return put_off(&self.ports, &claim, Duration::ZERO, "switched").await;
                }
            }
        }
        finish(&self.ports, &claim).await
    }
}

/// Claims work of a kind round by round and does it, several pieces at once. A piece that fails is put
/// off and stops no other.
pub(crate) async fn in_rounds<F>(
    ports: &Ports,
    kind: WorkKind,
    limit: u64,
    work: impl Fn(Claim) -> F + Send + Sync,
) -> Result<Summary, StoreError>
where
    F: Future<Output = Result<(), StoreError>> + Send,
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
                Ok(()) => summary.done += 1,
                Err(error) => {
                    summary.failed += 1;
                    complain(&claim, &error);
                    put_off(ports, &claim, AGAIN, &error.to_string()).await?;
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

fn complain(claim: &Claim, error: &(dyn Error + 'static)) {
    let (kind, subject) = (claim.kind.as_str(), &claim.subject);
    tracing::warn!(subject, error, "{kind} {subject} put off");
}

/// Notes that claimed work is done.
pub(crate) async fn finish(ports: &Ports, claim: &Claim) -> Result<(), StoreError> {
    retried(|| async {
        let mut tx = ports.database.begin().await?;
        tx.finish_work(claim.kind, &claim.subject).await?;
        tx.commit().await
    })
    .await
}

/// Gives claimed work back, due again after `delay`.
pub(crate) async fn put_off(
    ports: &Ports,
    claim: &Claim,
    delay: Duration,
    why: &str,
) -> Result<(), StoreError> {
    retried(|| async {
        let mut tx = ports.database.begin().await?;
        tx.postpone_work(claim, delay, why).await?;
        tx.commit().await
    })
    .await
}
