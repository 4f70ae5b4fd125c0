use kernel::{OrderNo, StoreError, UserId};
use orders::{CloseReason, OrderState, Purchase};
use tracing::instrument;

use super::Checkout;
use crate::Asked;

/// The buyer may choose another platform while we ask one to close, but not for ever.
const ROUNDS: usize = 3;

/// Why an order is not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is none of this number, or it is another user's.
    #[error("no such order")]
    NotFound,
    /// It is paid, perhaps since a moment ago.
    #[error("order {0} is paid")]
    Paid(OrderNo),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Checkout {
    /// Cancels an order that waits. The platform is asked to close first: an order that turns out to
    /// be paid stays paid; one that the platform cannot answer for is `closing`, and polling goes on.
    /// An order that has ended already is shown as it is.
    #[instrument(skip_all, fields(order.no = %order_no))]
    pub async fn cancel(
        &self,
        user_id: &UserId,
        order_no: &OrderNo,
    ) -> Result<Purchase, CancelError> {
        for _ in 0..ROUNDS {
            let found = self.find(user_id, order_no).await?;
            let purchase = found.ok_or(CancelError::NotFound)?;
            match purchase.order.state {
                OrderState::Paid { .. } => return Err(CancelError::Paid(order_no.clone())),
                OrderState::Pending => {
                    let reason = CloseReason::Cancelled;
                    if self.closing.end(&purchase, reason).await? == Asked::SaidPaid {
                        return Err(CancelError::Paid(order_no.clone()));
                    }
                }
                _ => return Ok(purchase),
            }
        }
        let found = self.find(user_id, order_no).await?;
        let purchase = found.ok_or(CancelError::NotFound)?;
        match purchase.order.state {
            OrderState::Paid { .. } => Err(CancelError::Paid(order_no.clone())),
            OrderState::Pending => Err(StoreError::lost_update("the order keeps changing").into()),
            _ => Ok(purchase),
        }
    }
}
