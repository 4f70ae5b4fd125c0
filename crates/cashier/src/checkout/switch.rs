use kernel::{OrderNo, PaymentNo, StoreError, UserId};
use orders::{OrderState, Purchase};
use paydesk_provider::{Channel, ProviderError};
use payments::{Attempt, Record, RecordKind};
use time::Duration;
use tracing::instrument;

use super::{Checkout, new_attempt};
use crate::Asked;
use crate::code::{CodeError, lock};
use crate::conflict::{MayConflict, retried};

/// Platforms take no deadline closer than a minute, and closing the other attempt takes its time.
const TIME_LEFT: Duration = Duration::seconds(90);

/// Why an order is not paid through another platform.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// There is none of this number, or it is another user's.
    #[error("no such order")]
    NotFound,
    /// It is paid, perhaps since a moment ago.
    #[error("order {0} is paid")]
    Paid(OrderNo),
    /// Nobody should pay it any more, or its time is as good as up.
    #[error("order {0} can no longer be paid")]
    Ended(OrderNo),
    /// No account takes payments through this platform.
    #[error("no account takes payments by {0}")]
    Unsupported(Channel),
    /// The order waits on the other platform now, but that gave no code yet.
    #[error("order {order_no} has no code yet")]
    Provider {
        /// The order that stands.
        order_no: OrderNo,
        /// What the platform did.
        source: ProviderError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CodeError> for SwitchError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Provider { order_no, source } => Self::Provider { order_no, source },
            CodeError::Store(error) => Self::Store(error),
        }
    }
}

impl MayConflict for SwitchError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// What the first transaction did.
struct Step {
    /// The order with the attempt that it shows now.
    purchase: Purchase,
    /// The attempt that was left for it; none when it was shown already.
    left: Option<Attempt>,
}

impl Checkout {
    /// Lets the buyer pay through another platform, under a new payment number. The attempt that is
    /// left is closed at its platform; should it turn out to be paid, that pays the order. Whatever
    /// happens in between, at most one of the two pays it, and the other's money goes back.
    #[instrument(skip_all, fields(order.no = %order_no, channel = %channel))]
    pub async fn switch_channel(
        &self,
        user_id: &UserId,
        order_no: &OrderNo,
        channel: Channel,
    ) -> Result<Purchase, SwitchError> {
        let found = self.find(user_id, order_no).await?;
        let purchase = found.ok_or(SwitchError::NotFound)?;
        let payment_no = &self.ports.numbers.payment_no();
        let step = retried(|| self.switch_once(&purchase, channel, payment_no)).await?;
        let Step { purchase, left } = step;
        if let Some(left) = left {
            // Closed before the new code is shown: nobody should see two that work.
            if self.closing.wind_up(&left).await? == Asked::SaidPaid {
                return Err(SwitchError::Paid(order_no.clone()));
            }
            let now = self.find(user_id, order_no).await?;
            let now = now.ok_or(SwitchError::NotFound)?;
            match now.order.state {
                OrderState::Paid { .. } => {
                    self.closing.start(purchase.attempt);
                    return Err(SwitchError::Paid(order_no.clone()));
                }
                OrderState::Pending if now.order.payment_no == *payment_no => {}
                // The buyer chose once more meanwhile: that is what counts.
                OrderState::Pending => return Ok(now),
                _ => return Err(SwitchError::Ended(order_no.clone())),
            }
            return Ok(self.codes.ask(purchase).await?);
        }
        // Shown already, and perhaps asked for at this moment: asking again is a repeat.
        if self.codes.is_missing(&purchase) {
            return Ok(self.codes.ask_again(&purchase).await?);
        }
        Ok(purchase)
    }

    async fn switch_once(
        &self,
        purchase: &Purchase,
        channel: Channel,
        payment_no: &PaymentNo,
    ) -> Result<Step, SwitchError> {
        let mut tx = self.ports.database.begin().await?;
        let mut purchase = lock(&mut *tx, purchase).await?;
        let (now, order_no) = (self.ports.clock.now(), &purchase.order.order_no);
        match purchase.order.state {
            OrderState::Pending if purchase.attempt.channel == channel => {
                // What this answer rests on may still be waiting for its commit.
                tx.commit().await?;
                let left = None;
                return Ok(Step { purchase, left });
            }
            OrderState::Pending if purchase.order.expire_at - now >= TIME_LEFT => {}
            OrderState::Paid { .. } => return Err(SwitchError::Paid(order_no.clone())),
            _ => return Err(SwitchError::Ended(order_no.clone())),
        }
        let scene = purchase.attempt.scene;
        let merchant = self.merchant(channel, scene);
        let merchant = merchant.ok_or(SwitchError::Unsupported(channel))?;
        let attempt = new_attempt(&purchase.order, payment_no, merchant, scene, now);
        purchase.order.show_attempt(payment_no.clone());
        self.insert_attempt(&mut *tx, &attempt).await?;
        tx.save_order(&purchase.order).await?;
        tx.append_record(&Record::new(now, RecordKind::Switched, channel.as_str()).about(&attempt))
            .await?;
        tx.commit().await?;
        let left = Some(std::mem::replace(&mut purchase.attempt, attempt));
        Ok(Step { purchase, left })
    }
}
