use kernel::{OrderNo, StoreError};
use orders::{CloseReason, OrderState};
use time::Duration;

use crate::rounds::{Worked, finish, in_rounds, put_off};
use crate::{Asked, Claim, Closing, Ports, Summary, WorkKind};

/// The pause before an order is looked at again that the platform calls paid without proving it.
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

    async fn expire(&self, claim: Claim) -> Result<Worked, StoreError> {
        let Ok(order_no) = claim.subject.parse::<OrderNo>() else {
            return Err(StoreError::corrupt("an order number that is none"));
        };
        let mut snapshot = self.ports.database.read().await?;
        let found = snapshot.find_purchase(&order_no).await?;
        drop(snapshot);
        if let Some(purchase) = found
            && purchase.order.state == OrderState::Pending
        {
            let asked = self.closing.end(&purchase, CloseReason::Expired).await?;
            if asked == Asked::SaidPaid {
                return put_off(&self.ports, &claim, AGAIN, None).await;
            }
            let mut snapshot = self.ports.database.read().await?;
            let now = snapshot.find_purchase(&order_no).await?;
            if now.is_some_and(|now| now.order.state == OrderState::Pending) {
                // The buyer chose another platform while this one was asked.
                return put_off(&self.ports, &claim, Duration::ZERO, None).await;
            }
        }
        finish(&self.ports, &claim).await
    }
}
