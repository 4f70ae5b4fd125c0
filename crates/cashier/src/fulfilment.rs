use catalog::ItemKind;
use kernel::{OrderNo, StoreError};
use orders::{Fulfilment as OrderFulfilment, GrantError, Granted, Order, OrderState, Purchase};
use payments::{Record, RecordKind, RefundReason};
use serde_json::json;
use time::OffsetDateTime;
use tracing::instrument;

use crate::conflict::{MayConflict, retried};
use crate::goods::{GoodsError, hand_over};
use crate::owed::owe;
use crate::rounds::{Worked, in_rounds, pause, put_off};
use crate::{
    Alarm, Claim, EventKind, Exception, ExceptionKind, NewEvent, Policy, Ports, Raised, Summary,
    Transaction, Ungrantable, WorkKind, failpoint,
};

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

/// Whose turn it is.
enum Turn {
    /// This order's.
    Taken(Granted),
    /// First that of an upgrade of the same user.
    After(OrderNo),
}

fn was_paid_first(one: &Order, other: &Order) -> bool {
    let paid_at = |order: &Order| match &order.state {
        OrderState::Paid { paid_at, .. } => Some(*paid_at),
        _ => None,
    };
    other.fulfilment == OrderFulfilment::Pending && paid_at(one) <= paid_at(other)
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
            match this.fulfil(&order_no).await {
                Err(error) if !error.is_final() => {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(order.no = %order_no, error, "left {order_no} to the scheduler");
                }
                _ => {}
            }
        });
    }

    /// Grants what an order sold, once: grant, done mark and event are one transaction. Goods that a
    /// rule forbids to grant are given up at once: trying again would change nothing.
    #[instrument(skip_all, fields(order.no = %order_no))]
    pub async fn fulfil(&self, order_no: &OrderNo) -> Result<Granted, FulfilError> {
        failpoint::hit("fulfil.begin").await;
        let granted = match self.fulfil_in_turn(order_no).await {
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

    /// A membership that is granted changes what an upgrade was quoted for. So an upgrade whose money
    /// came first, and whose grant was held up, goes before it.
    async fn fulfil_in_turn(&self, order_no: &OrderNo) -> Result<Granted, FulfilError> {
        loop {
            match retried(|| self.fulfil_once(order_no)).await? {
                Turn::Taken(granted) => return Ok(granted),
                Turn::After(upgrade) => match Box::pin(self.fulfil(&upgrade)).await {
                    Err(error) if !error.is_final() => return Err(error),
                    _ => {}
                },
            }
        }
    }

    async fn fulfil_once(&self, order_no: &OrderNo) -> Result<Turn, FulfilError> {
        let mut tx = self.ports.database.begin().await?;
        let missing = || FulfilError::NoOrder(order_no.to_string());
        // Whose it is never changes. Their account first: orders of one user are granted in turn.
        let purchase = tx.find_purchase(order_no).await?.ok_or_else(missing)?;
        tx.lock_account(&purchase.order.user_id).await?;
        let mut order = tx.lock_order(order_no).await?.ok_or_else(missing)?;
        if order.item.kind == ItemKind::Membership
            && let Some(upgrade) = tx.find_owed_upgrade(&order.user_id).await?
            && was_paid_first(&upgrade, &order)
        {
            return Ok(Turn::After(upgrade.order_no));
        }
        let granted = order.mark_granted()?;
        if granted == Granted::Now {
            self.grant(&mut *tx, &order).await?;
        }
        tx.finish_work(WorkKind::Fulfil, order_no.as_str()).await?;
        failpoint::hit("fulfil.before_commit").await;
        tx.commit().await?;
        Ok(Turn::Taken(granted))
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
        in_rounds(&self.ports, WorkKind::Fulfil, limit, |claim| {
            self.work_off(claim)
        })
        .await
    }

    async fn work_off(&self, claim: Claim) -> Result<Worked, StoreError> {
        let none = || StoreError::corrupt("granting is asked for, for no order of ours");
        let order_no: OrderNo = claim.subject.parse().map_err(|_| none())?;
        let Err(error) = self.fulfil(&order_no).await else {
            return Ok(Worked::Done);
        };
        match error {
            FulfilError::NoOrder(_) => Err(none()),
            // It was seen to: nothing is left to be tried.
            error if error.is_final() => Ok(Worked::Failed),
            error if claim.failures + 1 >= self.policy.grant_tries => {
                let why = error.to_string();
                retried(|| self.give_up(&order_no, &why)).await?;
                Ok(Worked::Failed)
            }
            error => {
                tracing::warn!(order.no = %order_no, %error, "granting {order_no} put off");
                let (ports, why) = (&self.ports, error.to_string());
                put_off(ports, &claim, pause(claim.failures), Some(&why)).await
            }
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
}
