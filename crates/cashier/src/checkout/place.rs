use std::collections::BTreeMap;

use catalog::{ItemKind, Sold};
use kernel::{OrderNo, StoreError, UserId};
use orders::{CloseReason, NewOrder, Order, OrderState, Purchase};
use paydesk_provider::{Channel, ProviderError, Scene};
use payments::{AttemptState, Record, RecordKind};
use time::Duration;
use tracing::instrument;

use super::{Checkout, new_attempt};
use crate::code::{CodeError, lock, note_repeat};
use crate::conflict::{MayConflict, retried};
use crate::offer::{OfferError, offer};
use crate::{Asked, KeyRun, Merchant, Transaction, WorkKind};

/// An order that is still waiting is offered again only when the buyer has this long left to pay.
const REUSE_LEFT: Duration = Duration::seconds(60);
/// An order in the way may change while it is ended, but not for ever.
const ROUNDS: usize = 3;

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

impl Checkout {
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
