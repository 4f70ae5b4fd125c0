use std::collections::BTreeMap;

use catalog::{ItemKind, Sold};
use kernel::{OrderNo, PaymentNo, StoreError, UserId};
use orders::{CloseReason, NewOrder, Order, OrderState, Purchase};
use paydesk_provider::{Channel, ProviderError, Scene};
use payments::{Attempt, AttemptState, Record, RecordKind};
use time::{Duration, OffsetDateTime};
use tracing::instrument;

use crate::code::{CodeError, Codes, lock, note_repeat};
use crate::conflict::{MayConflict, retried};
use crate::offer::{OfferError, offer};
use crate::{Asked, Closing, Inquiry, KeyRun, Merchant, Ports, Transaction, WorkKind};

mod cancel;
mod resume;
mod switch;

pub use cancel::CancelError;
pub use switch::SwitchError;

/// An order that is still waiting is offered again only when the buyer has this long left to pay.
const REUSE_LEFT: Duration = Duration::seconds(60);
/// An order in the way may change while it is ended, but not for ever.
const ROUNDS: usize = 3;
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

/// What a buyer wants.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    /// Who buys.
    pub user_id: UserId,
    /// What kind of goods.
    pub kind: ItemKind,
    /// Which of them.
    pub code: String,
    /// Through which platform.
    pub channel: Channel,
    /// Through which of its products.
    pub scene: Scene,
    /// The caller's own notes.
    pub metadata: BTreeMap<String, String>,
    /// The request that this is a run of, when its caller named it.
    pub key: Option<KeyRun>,
}

/// An order that can be paid.
#[derive(Clone, Debug)]
pub enum Placed {
    /// Placed just now.
    New(Purchase),
    /// The buyer had placed the same one, and it is still waiting.
    Waiting(Purchase),
}

/// What one transaction came to.
enum Step {
    /// A new order was placed.
    Placed(Purchase),
    /// The same order waits already.
    Reused(Purchase),
    /// Nothing was written: this order waits on other terms, and has to end first.
    InTheWay(Purchase),
}

/// Why there is no order that can be paid.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// It is not offered to this buyer.
    #[error(transparent)]
    Offer(#[from] OfferError),
    /// No account takes payments of this kind.
    #[error("no account takes payments by {channel} in scene {scene}")]
    Unsupported {
        /// Which platform.
        channel: Channel,
        /// Which of its products.
        scene: Scene,
    },
    /// The order stands, but the platform gave no code. Unless the platform refused, the code may
    /// come later.
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

impl From<CodeError> for PlaceError {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Provider { order_no, source } => Self::Provider { order_no, source },
            CodeError::Store(error) => Self::Store(error),
        }
    }
}

impl MayConflict for PlaceError {
    fn is_conflict(&self) -> bool {
        match self {
            Self::Store(error) | Self::Offer(OfferError::Store(error)) => error.is_conflict(),
            _ => false,
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

    /// Places an order and asks the platform for a code to pay with.
    ///
    /// Order, attempt and record are committed before the request leaves, so that a callback that
    /// overtakes the answer finds its attempt. A buyer who asks again for the same goods gets the
    /// order that is still waiting, unless each request has a name of its own.
    #[instrument(skip_all, fields(item.code = %wish.code, channel = %wish.channel))]
    pub async fn place(&self, wish: &PlaceOrder) -> Result<Placed, PlaceError> {
        let unsupported = || PlaceError::Unsupported {
            channel: wish.channel,
            scene: wish.scene,
        };
        let merchant = self.merchant(wish.channel, wish.scene);
        let merchant = merchant.ok_or_else(unsupported)?;
        for _ in 0..ROUNDS {
            match retried(|| self.place_once(wish, merchant)).await? {
                Step::Placed(purchase) => return Ok(Placed::New(self.codes.ask(purchase).await?)),
                // A code that never came is asked for again: same number, same parameters.
                Step::Reused(purchase) if purchase.attempt.state == AttemptState::Unknown => {
                    return Ok(Placed::Waiting(self.codes.ask(purchase).await?));
                }
                Step::Reused(purchase) => return Ok(Placed::Waiting(purchase)),
                Step::InTheWay(purchase) => {
                    if let Some(paid) = self.make_way(&purchase).await? {
                        return Ok(Placed::Waiting(paid));
                    }
                }
            }
        }
        Err(StoreError::lost_update("the order in the way keeps changing").into())
    }

    /// Ends an order that a new one is not placed beside: nobody should pay both. The platform is asked
    /// first; an order that turns out to be paid is what the buyer gets instead of a new one.
    async fn make_way(&self, purchase: &Purchase) -> Result<Option<Purchase>, PlaceError> {
        let asked = self.closing.end(purchase, CloseReason::Cancelled).await?;
        let mut snapshot = self.ports.database.read().await?;
        let now = snapshot.find_purchase(&purchase.order.order_no).await?;
        Ok(now.filter(|now| {
            asked == Asked::SaidPaid || matches!(now.order.state, OrderState::Paid { .. })
        }))
    }

    /// The account that takes new payments of this kind.
    fn merchant(&self, channel: Channel, scene: Scene) -> Option<&Merchant> {
        let merchant = self.ports.merchants.active(channel)?;
        let offered = merchant.provider.capabilities().scenes;
        offered.contains(&scene).then_some(merchant)
    }

    async fn place_once(&self, wish: &PlaceOrder, merchant: &Merchant) -> Result<Step, PlaceError> {
        let now = self.ports.clock.now();
        let mut tx = self.ports.database.begin().await?;
        tx.lock_account(&wish.user_id).await?;
        let wanted = (wish.kind, wish.code.as_str());
        let item = offer(&mut *tx, &wish.user_id, wanted, now).await?;
        let waiting = waiting(&mut *tx, wish).await?;
        if let Some(waiting) = waiting {
            // Read again under locks: the order may have been paid since, and what is written then
            // must not be undone.
            let mut purchase = lock(&mut *tx, &waiting).await?;
            let reusable = wish.key.is_none()
                && purchase.order.item.same_offer(&item)
                && purchase.order.expire_at - now >= REUSE_LEFT
                && purchase.attempt.account == merchant.key;
            if reusable {
                if purchase.attempt.state == AttemptState::Unknown {
                    note_repeat(&mut *tx, &mut purchase.attempt).await?;
                }
                tx.commit().await?;
                return Ok(Step::Reused(purchase));
            }
            if purchase.order.state == OrderState::Pending {
                return Ok(Step::InTheWay(purchase));
            }
        }
        let purchase = self.new_purchase(wish, merchant, item);
        tx.insert_order(&purchase.order).await?;
        if let Some(run) = &wish.key {
            tx.bind_key(run, &purchase.order.order_no).await?;
        }
        let within = purchase.order.expire_at - now;
        tx.add_work(WorkKind::Expire, purchase.order.order_no.as_str(), within)
            .await?;
        self.insert_attempt(&mut *tx, &purchase.attempt).await?;
        tx.append_record(&Record::new(now, RecordKind::Placed, "pending").about(&purchase.attempt))
            .await?;
        tx.commit().await?;
        Ok(Step::Placed(purchase))
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

    fn new_purchase(&self, wish: &PlaceOrder, merchant: &Merchant, item: Sold) -> Purchase {
        let now = self.ports.clock.now();
        let expire_at = now + self.terms.pay_within(wish.kind);
        let order = Order::place(NewOrder {
            order_no: self.ports.numbers.order_no(),
            payment_no: self.ports.numbers.payment_no(),
            user_id: wish.user_id.clone(),
            item,
            metadata: wish.metadata.clone(),
            created_at: now,
            expire_at,
        });
        let attempt = new_attempt(&order, &order.payment_no, merchant, wish.scene, now);
        Purchase { order, attempt }
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

/// The order that a new one is not placed beside. Of an upgrade there is one at a time, whatever the
/// plan and channel, because the second to be paid would find its segments gone; of anything else,
/// who names a request means an order of its own by each name.
async fn waiting(
    tx: &mut dyn Transaction,
    wish: &PlaceOrder,
) -> Result<Option<Purchase>, StoreError> {
    match wish.kind {
        ItemKind::MembershipUpgrade => tx.find_pending_upgrade(&wish.user_id).await,
        _ if wish.key.is_some() => Ok(None),
        kind => {
            tx.find_pending(&wish.user_id, kind, &wish.code, wish.channel)
                .await
        }
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
