use kernel::StoreError;
use orders::{CloseReason, Order, OrderState, Purchase};
use payments::{Attempt, Record, RecordKind};
use time::OffsetDateTime;
use tracing::instrument;

use crate::conflict::retried;
use crate::{Asked, EventKind, Inquiry, NewEvent, Ports, Transaction};

/// Ending what nobody should pay any more. The platform is asked first, always: an order that was
/// paid in the last second is a paid order, and one that nobody can answer for is `closing`.
#[derive(Clone, Debug)]
pub struct Closing {
    ports: Ports,
    inquiry: Inquiry,
}

impl Closing {
    /// Closing through these ports.
    pub const fn new(ports: Ports, inquiry: Inquiry) -> Self {
        Self { ports, inquiry }
    }

    /// Ends an order that waits, for this reason. Afterwards it is closed, closing, or paid; unless the
    /// platform said that it is paid and could not prove it, which leaves it waiting.
    #[instrument(skip_all, fields(order.no = %purchase.order.order_no))]
    pub async fn end(&self, purchase: &Purchase, reason: CloseReason) -> Result<Asked, StoreError> {
        let attempt = &purchase.attempt;
        let asked = self.inquiry.close(attempt).await?;
        match asked {
            Asked::Changed | Asked::SaidPaid => {}
            Asked::Over => self.conclude(attempt, true, Some(reason)).await?,
            Asked::Unpaid | Asked::NotNow => self.conclude(attempt, false, Some(reason)).await?,
        }
        Ok(asked)
    }

    /// Goes on with an attempt that nobody should pay any more, although the platform has not
    /// promised it yet.
    pub(crate) async fn wind_up(&self, attempt: &Attempt) -> Result<Asked, StoreError> {
        let asked = self.inquiry.close(attempt).await?;
        if asked == Asked::Over {
            self.conclude(attempt, true, None).await?;
        }
        Ok(asked)
    }

    /// The same on the side, for an attempt that the buyer or other money has overtaken. If the process
    /// dies, the scheduler's polling does it.
    pub fn start(&self, attempt: Attempt) {
        let this = self.clone();
        self.ports.tasks.start(async move {
            if let Err(error) = this.wind_up(&attempt).await {
                let error: &dyn std::error::Error = &error;
                let number = &attempt.payment_no;
                tracing::warn!(payment.no = %number, error, "left {number} to the scheduler");
            }
        });
    }

    /// Writes what was learnt of an attempt, and what it means for its order: one that is closing is
    /// closed when this was the last attempt; one that waits ends for the `reason`, if there is one
    /// and this is the attempt that it shows.
    pub(crate) async fn conclude(
        &self,
        attempt: &Attempt,
        over: bool,
        reason: Option<CloseReason>,
    ) -> Result<(), StoreError> {
        let changed = retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let gone = || StoreError::corrupt("an attempt without its order");
            let mut order = tx.lock_order(&attempt.order_no).await?.ok_or_else(gone)?;
            if over {
                close_attempt(&mut *tx, attempt).await?;
            }
            let reason = match order.state {
                OrderState::Closing { reason } => Some(reason),
                _ => reason.filter(|_| order.payment_no == attempt.payment_no),
            };
            let changed = match reason {
                Some(reason) => end(&mut *tx, &mut order, reason, self.ports.clock.now()).await?,
                None => false,
            };
            tx.commit().await?;
            Ok::<_, StoreError>(changed)
        });
        if changed.await? {
            self.ports.wake.wake();
        }
        Ok(())
    }
}

async fn close_attempt(tx: &mut dyn Transaction, attempt: &Attempt) -> Result<(), StoreError> {
    let gone = || StoreError::corrupt("an attempt that was just read is missing");
    let mut attempt = tx
        .lock_attempt(&attempt.payment_no)
        .await?
        .ok_or_else(gone)?;
    // Money that came meanwhile stays what it is.
    if attempt.close() {
        tx.save_attempt(&attempt).await?;
    }
    Ok(())
}

/// Ends a locked order in this transaction: closed when no attempt can bring money any more, closing
/// otherwise; with its record and its event. Whether anything changed.
pub(crate) async fn end(
    tx: &mut dyn Transaction,
    order: &mut Order,
    reason: CloseReason,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let all_over = tx.live_attempts(&order.order_no).await?.is_empty();
    if !order.end(reason, all_over, now) {
        return Ok(false);
    }
    tx.save_order(order).await?;
    let gone = || StoreError::corrupt("an order without its attempt");
    let attempt = tx.find_attempt(&order.payment_no).await?.ok_or_else(gone)?;
    let kind = if all_over {
        RecordKind::Closed
    } else {
        RecordKind::Closing
    };
    let why = order.state.close_reason().unwrap_or(reason);
    tx.append_record(&Record::new(now, kind, why.as_str()).about(&attempt))
        .await?;
    let purchase = Purchase {
        order: order.clone(),
        attempt,
    };
    tx.append_event(&NewEvent {
        kind: EventKind::OrderClosed,
        purchase: &purchase,
        at: now,
    })
    .await?;
    Ok(true)
}
