use kernel::{OrderNo, StoreError};
use orders::{GrantError, Granted, Order, Purchase};
use payments::{Record, RecordKind};
use time::Duration;
use tracing::instrument;

use crate::conflict::{MayConflict, retried};
use crate::goods::{GoodsError, hand_over};
use crate::{
    Alarm, Claim, EventKind, Exception, ExceptionKind, NewEvent, Ports, Raised, Transaction,
    WorkKind, failpoint,
};

/// How long a claim is ours; granting takes milliseconds.
const LEASE: Duration = Duration::seconds(30);
/// After so many tries a person is told; trying goes on.
const TRIES_BEFORE_ALARM: i32 = 10;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::hours(1);

/// Granting what was paid for.
#[derive(Clone, Debug)]
pub struct Fulfilment {
    ports: Ports,
    alarm: Alarm,
}

/// Why goods were not granted this time.
#[derive(Debug, thiserror::Error)]
pub enum FulfilError {
    /// The work names no order of ours.
    #[error("there is no order {0}")]
    NoOrder(String),
    /// The order does not allow it.
    #[error(transparent)]
    Refused(#[from] GrantError),
    /// The goods were not written.
    #[error(transparent)]
    Goods(#[from] GoodsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MayConflict for FulfilError {
    fn is_conflict(&self) -> bool {
        match self {
            Self::Store(error) => error.is_conflict(),
            Self::Goods(error) => error.is_conflict(),
            _ => false,
        }
    }
}

/// What one run of a job did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pieces of work found due.
    pub claimed: usize,
    /// Of these, done.
    pub done: usize,
    /// Of these, put off.
    pub failed: usize,
}

impl Fulfilment {
    /// Grants through these ports.
    pub fn new(ports: Ports) -> Self {
        let alarm = Alarm::new(ports.clone());
        Self { ports, alarm }
    }

    /// Starts granting at once, waiting for nothing: if it fails or the process dies, the work row
    /// that was committed with the payment remains, and the scheduler does it.
    pub fn start(&self, order_no: OrderNo) {
        let this = self.clone();
        self.ports.tasks.start(async move {
            if let Err(error) = this.fulfil(&order_no).await {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(order.no = %order_no, error, "left order {order_no} to the scheduler");
            }
        });
    }

    /// Grants what an order sold, once: grant, done mark and event are one transaction.
    #[instrument(skip_all, fields(order.no = %order_no))]
    pub async fn fulfil(&self, order_no: &OrderNo) -> Result<Granted, FulfilError> {
        failpoint::hit("fulfil.begin").await;
        let granted = retried(|| self.fulfil_once(order_no)).await?;
        failpoint::hit("fulfil.committed").await;
        if granted == Granted::Now {
            tracing::info!("order {order_no} is granted");
        }
        self.ports.wake.wake();
        Ok(granted)
    }

    async fn fulfil_once(&self, order_no: &OrderNo) -> Result<Granted, FulfilError> {
        let mut tx = self.ports.database.begin().await?;
        let missing = || FulfilError::NoOrder(order_no.to_string());
        // Whose it is never changes. Their account first: orders of one user are granted in turn.
        let purchase = tx.find_purchase(order_no).await?.ok_or_else(missing)?;
        tx.lock_account(&purchase.order.user_id).await?;
        let mut order = tx.lock_order(order_no).await?.ok_or_else(missing)?;
        let granted = order.mark_granted()?;
        if granted == Granted::Now {
            self.grant(&mut *tx, &order).await?;
        }
        tx.finish_work(WorkKind::Fulfil, order_no.as_str()).await?;
        failpoint::hit("fulfil.before_commit").await;
        tx.commit().await?;
        Ok(granted)
    }

    async fn grant(&self, tx: &mut dyn Transaction, order: &Order) -> Result<(), FulfilError> {
        let now = self.ports.clock.now();
        tx.save_order(order).await?;
        hand_over(tx, order, &*self.ports.numbers, now).await?;
        let gone = || StoreError::lost_update("a paid order without its attempt");
        let attempt = tx.find_attempt(&order.payment_no).await?.ok_or_else(gone)?;
        let purchase = Purchase {
            order: order.clone(),
            attempt,
        };
        tx.append_record(
            &Record::new(now, RecordKind::Granted, "granted").about(&purchase.attempt),
        )
        .await?;
        tx.append_event(&NewEvent {
            kind: EventKind::Fulfilled,
            purchase: &purchase,
            at: now,
        })
        .await?;
        Ok(())
    }

    /// The backstop: claims granting that is due and does it. One that fails is put off, and blocks
    /// no other.
    pub async fn run(&self, limit: u64) -> Result<Summary, StoreError> {
        let claims = retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let claims = tx.claim_work(WorkKind::Fulfil, limit, LEASE).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(claims)
        })
        .await?;
        let mut summary = Summary {
            claimed: claims.len(),
            ..Summary::default()
        };
        for claim in &claims {
            let outcome = match claim.subject.parse::<OrderNo>() {
                Ok(order_no) => self.fulfil(&order_no).await.map(|_| ()),
                Err(_) => Err(FulfilError::NoOrder(claim.subject.clone())),
            };
            match outcome {
                Ok(()) => {
                    summary.done += 1;
                    if claim.tries > TRIES_BEFORE_ALARM {
                        retried(|| self.stand_down(claim)).await?;
                    }
                }
                Err(error) => {
                    summary.failed += 1;
                    retried(|| self.put_off(claim, &error)).await?;
                }
            }
        }
        Ok(summary)
    }

    /// What was stuck was granted after all.
    async fn stand_down(&self, claim: &Claim) -> Result<(), StoreError> {
        let mut tx = self.ports.database.begin().await?;
        let now = self.ports.clock.now();
        tx.resolve_exception(&stuck_key(claim), "granted", now)
            .await?;
        tx.commit().await
    }

    async fn put_off(&self, claim: &Claim, error: &FulfilError) -> Result<(), StoreError> {
        let mut tx = self.ports.database.begin().await?;
        let ours = tx
            .postpone_work(claim, pause(claim.tries), &error.to_string())
            .await?;
        let mut raised = None;
        if ours && claim.tries >= TRIES_BEFORE_ALARM {
            let exception = Exception {
                kind: ExceptionKind::StuckGrant,
                key: stuck_key(claim),
                order_no: claim.subject.parse().ok(),
                payment_no: None,
                transaction_id: None,
                amount: None,
                detail: serde_json::json!({ "tries": claim.tries, "error": error.to_string() }),
                at: self.ports.clock.now(),
            };
            if tx.raise_exception(&exception).await? == Raised::New {
                raised = Some(exception);
            }
        }
        tx.commit().await?;
        tracing::warn!(subject = %claim.subject, tries = claim.tries, %error, "granting put off");
        if let Some(exception) = raised {
            self.alarm.start(exception);
        }
        Ok(())
    }
}

fn stuck_key(claim: &Claim) -> String {
    format!("{}:{}", ExceptionKind::StuckGrant.as_str(), claim.subject)
}

/// 2 s after the first try, doubling, at most an hour.
fn pause(tries: i32) -> Duration {
    let doublings = u32::try_from(tries.clamp(1, 12)).unwrap_or(1);
    Duration::seconds(1 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_no_further() {
        assert_eq!(pause(1), Duration::seconds(2));
        assert_eq!(pause(5), Duration::seconds(32));
        assert_eq!(pause(12), LONGEST_PAUSE);
        assert_eq!(pause(i32::MAX), LONGEST_PAUSE);
        assert_eq!(pause(i32::MIN), Duration::seconds(2));
    }
}
