use kernel::{OrderNo, StoreError};
use orders::{GrantError, Granted, Order, OrderState, Purchase};
use payments::{Record, RecordKind, RefundReason};
use serde_json::json;
use time::{Duration, OffsetDateTime};
use tracing::instrument;

use crate::conflict::{MayConflict, retried};
use crate::goods::{GoodsError, hand_over};
use crate::owed::owe;
use crate::{
    Alarm, Claim, EventKind, Exception, ExceptionKind, NewEvent, Policy, Ports, Raised,
    Transaction, Ungrantable, WorkKind, failpoint,
};

/// How long a claim is ours; granting takes milliseconds.
const LEASE: Duration = Duration::seconds(30);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::hours(1);

/// Granting what was paid for.
#[derive(Clone, Debug)]
pub struct Fulfilment {
    ports: Ports,
    alarm: Alarm,
    policy: Policy,
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

impl FulfilError {
    /// Whether trying again would change nothing: a rule forbids what the order sold, or it was
    /// decided against.
    const fn is_final(&self) -> bool {
        match self {
            Self::Goods(error) => error.is_refusal(),
            Self::Refused(GrantError::Refused(_)) => true,
            _ => false,
        }
    }
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
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let alarm = Alarm::new(ports.clone());
        Self {
            ports,
            alarm,
            policy,
        }
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

    /// Grants what an order sold, once: grant, done mark and event are one transaction. Goods that a
    /// rule forbids to grant are given up at once: trying again would change nothing.
    #[instrument(skip_all, fields(order.no = %order_no))]
    pub async fn fulfil(&self, order_no: &OrderNo) -> Result<Granted, FulfilError> {
        failpoint::hit("fulfil.begin").await;
        let granted = match retried(|| self.fulfil_once(order_no)).await {
            Ok(granted) => granted,
            Err(error) => {
                if error.is_final() {
                    let why = error.to_string();
                    retried(|| self.give_up(order_no, &why)).await?;
                }
                return Err(error);
            }
        };
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
                Ok(()) => summary.done += 1,
                Err(error) => {
                    summary.failed += 1;
                    self.put_off(claim, &error).await?;
                }
            }
        }
        Ok(summary)
    }

    /// What failed is tried again later, until it has failed too often.
    async fn put_off(&self, claim: &Claim, error: &FulfilError) -> Result<(), StoreError> {
        let subject = &claim.subject;
        tracing::warn!(%subject, tries = claim.tries, %error, "granting put off");
        let why = error.to_string();
        if claim.tries < self.policy.grant_tries {
            return retried(|| async {
                let mut tx = self.ports.database.begin().await?;
                tx.postpone_work(claim, pause(claim.tries), &why).await?;
                tx.commit().await
            })
            .await;
        }
        match (error, subject.parse()) {
            (FulfilError::NoOrder(_), _) | (_, Err(_)) => {
                retried(|| self.raise_stuck(claim, error)).await
            }
            (_, Ok(order_no)) => retried(|| self.give_up(&order_no, &why)).await,
        }
    }

    /// Notes that the goods of an order cannot be granted, and by the policy owes the money back. A
    /// grant that came first stays: the two exclude each other by the state of the order, which is
    /// locked.
    async fn give_up(&self, order_no: &OrderNo, why: &str) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        let mut tx = self.ports.database.begin().await?;
        let found = tx.lock_order(order_no).await?;
        let mut raised = None;
        if let Some(mut order) = found
            && order.mark_failed()
        {
            let exception = self.write_failure(&mut *tx, &order, why, now).await?;
            if tx.raise_exception(&exception).await? == Raised::New {
                raised = Some(exception);
            }
        }
        tx.finish_work(WorkKind::Fulfil, order_no.as_str()).await?;
        tx.commit().await?;
        self.ports.wake.wake();
        if let Some(exception) = raised {
            tracing::error!(order.no = %order_no, why, "the goods of {order_no} cannot be granted");
            self.alarm.start(exception);
        }
        Ok(())
    }

    async fn write_failure(
        &self,
        tx: &mut dyn Transaction,
        order: &Order,
        why: &str,
        now: OffsetDateTime,
    ) -> Result<Exception, StoreError> {
        tx.save_order(order).await?;
        let gone = || StoreError::corrupt("a paid order without its payment");
        let OrderState::Paid { transaction_id, .. } = &order.state else {
            return Err(gone());
        };
        let attempt = tx.find_attempt(&order.payment_no).await?.ok_or_else(gone)?;
        let refund = match self.policy.ungrantable {
            Ungrantable::Refund => {
                let reason = RefundReason::GrantFailed;
                Some(owe(tx, &attempt, transaction_id, reason, now).await?)
            }
            Ungrantable::Hold => None,
        };
        let refund_no = refund.map(|refund| refund.refund_no);
        let detail = json!({ "error": why, "refund_no": refund_no });
        let mut record = Record::new(now, RecordKind::GrantFailed, "failed").about(&attempt);
        record.detail = detail.clone();
        tx.append_record(&record).await?;
        let purchase = Purchase {
            order: order.clone(),
            attempt,
        };
        tx.append_event(&NewEvent {
            kind: EventKind::FulfilmentFailed,
            purchase: &purchase,
            at: now,
        })
        .await?;
        let kind = ExceptionKind::GrantFailed;
        Ok(Exception {
            kind,
            key: format!("{}:{}", kind.as_str(), order.order_no),
            order_no: Some(order.order_no.clone()),
            payment_no: Some(order.payment_no.to_string()),
            transaction_id: Some(transaction_id.clone()),
            amount: Some(order.paid),
            detail,
            at: now,
        })
    }

    /// Work that names no order of ours is a mix-up that a person has to look at.
    async fn raise_stuck(&self, claim: &Claim, error: &FulfilError) -> Result<(), StoreError> {
        let kind = ExceptionKind::StuckGrant;
        let exception = Exception {
            kind,
            key: format!("{}:{}", kind.as_str(), claim.subject),
            order_no: claim.subject.parse().ok(),
            payment_no: None,
            transaction_id: None,
            amount: None,
            detail: json!({ "tries": claim.tries, "error": error.to_string() }),
            at: self.ports.clock.now(),
        };
        let mut tx = self.ports.database.begin().await?;
        let raised = tx.raise_exception(&exception).await?;
        tx.finish_work(claim.kind, &claim.subject).await?;
        tx.commit().await?;
        if raised == Raised::New {
            self.alarm.start(exception);
        }
        Ok(())
    }
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
