use catalog::ItemKind;
use kernel::{OrderNo, PaymentNo, StoreError, UserId};
use orders::{CloseReason, Order, Purchase};
use paydesk_provider::{Channel, Scene};
use payments::{Attempt, AttemptState};
use time::{Duration, OffsetDateTime};

use crate::code::Codes;
use crate::{Asked, Closing, Inquiry, Merchant, Ports, Transaction, WorkKind};

mod cancel;
mod place;
mod resume;
mod switch;

pub use cancel::CancelError;
pub use place::{PlaceError, PlaceOrder, Placed};
pub use switch::SwitchError;

/// How far back an order is "recent" for its buyer.
const RECENT: Duration = Duration::days(1);

/// Everything that a buyer does with an order: placing it, looking at it, paying it through another
/// platform, cancelling it.
#[derive(Clone, Debug)]
pub struct Checkout {
    ports: Ports,
    inquiry: Inquiry,
    closing: Closing,
    codes: Codes,
    terms: Terms,
}

/// What every order is placed on.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long a buyer has to pay for points.
    pub points_within: Duration,
    /// The same for a membership.
    pub membership_within: Duration,
    /// The same for an upgrade, whose price is frozen as long.
    pub upgrade_within: Duration,
    /// How long after it was made an attempt is asked about for the first time.
    pub first_poll_after: Duration,
}

impl Terms {
    const fn pay_within(&self, kind: ItemKind) -> Duration {
        match kind {
            ItemKind::Points => self.points_within,
            ItemKind::MembershipUpgrade => self.upgrade_within,
            _ => self.membership_within,
        }
    }
}

/// Why an order is not shown.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// There is none of this number, or it is another user's: the two are not told apart.
    #[error("no such order")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Checkout {
    /// A checkout on these terms.
    pub fn new(ports: Ports, inquiry: Inquiry, closing: Closing, terms: Terms) -> Self {
        Self {
            codes: Codes::new(ports.clone()),
            ports,
            inquiry,
            closing,
            terms,
        }
    }

    /// The account that takes new payments of this kind.
    fn merchant(&self, channel: Channel, scene: Scene) -> Option<&Merchant> {
        let merchant = self.ports.merchants.active(channel)?;
        let offered = merchant.provider.capabilities().scenes;
        offered.contains(&scene).then_some(merchant)
    }

    /// Stores an attempt before its request leaves, with the work of asking about it.
    async fn insert_attempt(
        &self,
        tx: &mut dyn Transaction,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        tx.insert_attempt(attempt).await?;
        let (number, delay) = (attempt.payment_no.as_str(), self.terms.first_poll_after);
        tx.add_work(WorkKind::Poll, number, delay).await
    }

    /// An order of this user's. With `refresh` the platform is asked first, when the order still
    /// waits, and asked again for a code that never came; if it cannot be asked, what we know is
    /// shown.
    pub async fn status(
        &self,
        user_id: &UserId,
        order_no: &OrderNo,
        refresh: bool,
    ) -> Result<Purchase, StatusError> {
        let found = self.find(user_id, order_no).await?;
        let purchase = found.ok_or(StatusError::NotFound)?;
        if !refresh {
            return Ok(purchase);
        }
        match self.inquiry.ask(&purchase).await? {
            Asked::Changed => {}
            Asked::Over => {
                let reason = reason_of(&purchase, self.ports.clock.now());
                let attempt = &purchase.attempt;
                self.closing.conclude(attempt, true, Some(reason)).await?;
            }
            Asked::Unpaid if self.codes.is_missing(&purchase) => {
                return Ok(self.codes.repeat(purchase).await?);
            }
            Asked::Unpaid | Asked::NotNow | Asked::SaidPaid => return Ok(purchase),
        }
        let found = self.find(user_id, order_no).await?;
        found.ok_or(StatusError::NotFound)
    }

    /// An order of this user's; another user's is none.
    async fn find(
        &self,
        user_id: &UserId,
        order_no: &OrderNo,
    ) -> Result<Option<Purchase>, StoreError> {
        let found = self.show(order_no).await?;
        Ok(found.filter(|purchase| purchase.order.user_id == *user_id))
    }

    /// An order of whatever user, for a caller who has proven by other means that it may see it.
    pub async fn show(&self, order_no: &OrderNo) -> Result<Option<Purchase>, StoreError> {
        let mut snapshot = self.ports.database.read().await?;
        snapshot.find_purchase(order_no).await
    }

    /// A user's orders of the last day, newest first, at most so many.
    pub async fn recent(&self, user_id: &UserId, limit: u64) -> Result<Vec<Purchase>, StoreError> {
        let since = self.ports.clock.now() - RECENT;
        self.ports
            .database
            .read()
            .await?
            .recent_purchases(user_id, since, limit)
            .await
    }
}

/// A try at paying an order under a number of its own.
fn new_attempt(
    order: &Order,
    payment_no: &PaymentNo,
    merchant: &Merchant,
    scene: Scene,
    now: OffsetDateTime,
) -> Attempt {
    let identity = merchant.provider.identity();
    Attempt {
        payment_no: payment_no.clone(),
        order_no: order.order_no.clone(),
        account: merchant.key.clone(),
        channel: identity.channel,
        scene,
        merchant_id: identity.merchant_id.clone(),
        app_id: identity.app_id.clone(),
        amount: order.amount,
        description: order.item.title.zh.clone(),
        notify_url: merchant.notify_url.clone(),
        expire_at: order.expire_at,
        state: AttemptState::Unknown,
        code_url: None,
        code_expires_at: None,
        transaction_id: None,
        retry_count: 0,
        created_at: now,
    }
}

/// Why an order ends whose attempt the platform closed without our asking: its time ran out, or
/// somebody closed it at the platform.
pub(crate) fn reason_of(purchase: &Purchase, now: OffsetDateTime) -> CloseReason {
    if now < purchase.order.expire_at {
        CloseReason::Cancelled
    } else {
        CloseReason::Expired
    }
}
