use std::collections::BTreeMap;

use catalog::{ItemKind, Sold};
use kernel::{OrderNo, StoreError, UserId};
use membership::NotAnUpgrade;
use orders::{NewOrder, Order, OrderState, Purchase};
use paydesk_provider::{Advice, Answer, Channel, Created, ProviderError, Scene};
use payments::{Attempt, AttemptState, Record, RecordKind};
use serde_json::{Value, json};
use time::Duration;
use tracing::instrument;

use crate::conflict::{MayConflict, retried};
use crate::offer::{OfferError, offer};
use crate::{Asked, EventKind, Inquiry, Merchant, NewEvent, Ports, Transaction};

/// An order that is still waiting is offered again only when the buyer has this long left to pay.
const REUSE_LEFT: Duration = Duration::seconds(60);
/// How far back an order is "recent" for its buyer.
const RECENT: Duration = Duration::days(1);

/// Placing orders and showing them to their buyers.
#[derive(Clone, Debug)]
pub struct Checkout {
    ports: Ports,
    inquiry: Inquiry,
    terms: Terms,
}

/// What every order is placed on.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long a buyer has to pay.
    pub pay_within: Duration,
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
}

/// An order that can be paid.
#[derive(Clone, Debug)]
pub enum Placed {
    /// Placed just now.
    New(Purchase),
    /// The buyer had placed the same one, and it is still waiting.
    Waiting(Purchase),
}

/// Why there is no order that can be paid.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// Nothing of this name is for sale.
    #[error("{kind} {code:?} is not for sale")]
    UnknownItem {
        /// What kind of goods.
        kind: ItemKind,
        /// Which name.
        code: String,
    },
    /// A lower tier of membership is held: an upgrade is what has to be ordered.
    #[error("a lower tier is held: order an upgrade")]
    UpgradeNeeded,
    /// There is nothing to upgrade from.
    #[error("not an upgrade: {0}")]
    NotAnUpgrade(NotAnUpgrade),
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

impl From<OfferError> for PlaceError {
    fn from(error: OfferError) -> Self {
        match error {
            OfferError::UnknownItem { kind, code } => Self::UnknownItem { kind, code },
            OfferError::UpgradeNeeded => Self::UpgradeNeeded,
            OfferError::NotAnUpgrade(reason) => Self::NotAnUpgrade(reason),
            OfferError::Store(error) => Self::Store(error),
        }
    }
}

impl MayConflict for PlaceError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
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
    pub const fn new(ports: Ports, inquiry: Inquiry, terms: Terms) -> Self {
        Self {
            ports,
            inquiry,
            terms,
        }
    }

    /// Places an order and asks the platform for a code to pay with.
    ///
    /// Order, attempt and record are committed before the request leaves, so that a callback that
    /// overtakes the answer finds its attempt. A buyer who asks again for the same goods gets the
    /// order that is still waiting.
    #[instrument(skip_all, fields(item.code = %wish.code, channel = %wish.channel))]
    pub async fn place(&self, wish: &PlaceOrder) -> Result<Placed, PlaceError> {
        let unsupported = || PlaceError::Unsupported {
            channel: wish.channel,
            scene: wish.scene,
        };
        let merchant = self
            .ports
            .merchants
            .active(wish.channel)
            .ok_or_else(unsupported)?;
        if !merchant
            .provider
            .capabilities()
            .scenes
            .contains(&wish.scene)
        {
            return Err(unsupported());
        }
        let placed = retried(|| self.place_once(wish, merchant)).await?;
        let (is_new, purchase) = match placed {
            Placed::New(purchase) => (true, purchase),
            Placed::Waiting(purchase) => (false, purchase),
        };
        // A waiting order whose code never came is asked for again: same number, same parameters.
        let purchase = if purchase.attempt.state == AttemptState::Unknown {
            self.ask_for_code(purchase).await?
        } else {
            purchase
        };
        Ok(if is_new {
            Placed::New(purchase)
        } else {
            Placed::Waiting(purchase)
        })
    }

    async fn place_once(
        &self,
        wish: &PlaceOrder,
        merchant: &Merchant,
    ) -> Result<Placed, PlaceError> {
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
            let reusable = purchase.order.item.same_offer(&item)
                && purchase.order.expire_at - now >= REUSE_LEFT
                && purchase.attempt.account == merchant.key;
            if reusable {
                if purchase.attempt.state == AttemptState::Unknown {
                    note_repeat(&mut *tx, &mut purchase.attempt).await?;
                }
                tx.commit().await?;
                return Ok(Placed::Waiting(purchase));
            }
            // Nobody should pay both.
            if purchase.order.replace() {
                tx.save_order(&purchase.order).await?;
            }
        }
        let purchase = self.new_purchase(wish, merchant, item);
        tx.insert_order(&purchase.order).await?;
        tx.insert_attempt(&purchase.attempt).await?;
        tx.append_record(&Record::new(now, RecordKind::Placed, "pending").about(&purchase.attempt))
            .await?;
        tx.commit().await?;
        Ok(Placed::New(purchase))
    }

    fn new_purchase(&self, wish: &PlaceOrder, merchant: &Merchant, item: Sold) -> Purchase {
        let now = self.ports.clock.now();
        let expire_at = now + self.terms.pay_within;
        let identity = merchant.provider.identity();
        let order = Order::place(NewOrder {
            order_no: self.ports.numbers.order_no(),
            payment_no: self.ports.numbers.payment_no(),
            user_id: wish.user_id.clone(),
            item,
            metadata: wish.metadata.clone(),
            created_at: now,
            expire_at,
        });
        let attempt = Attempt {
            payment_no: order.payment_no.clone(),
            order_no: order.order_no.clone(),
            account: merchant.key.clone(),
            channel: identity.channel,
            scene: wish.scene,
            merchant_id: identity.merchant_id.clone(),
            app_id: identity.app_id.clone(),
            amount: order.amount,
            description: order.item.title.zh.clone(),
            notify_url: merchant.notify_url.clone(),
            expire_at,
            state: AttemptState::Unknown,
            code_url: None,
            code_expires_at: None,
            transaction_id: None,
            retry_count: 0,
            created_at: now,
        };
        Purchase { order, attempt }
    }

    /// Asks the platform and notes what it said, whatever it said.
    async fn ask_for_code(&self, purchase: Purchase) -> Result<Purchase, PlaceError> {
        let order_no = purchase.order.order_no.clone();
        let attempt = &purchase.attempt;
        let Some(merchant) = self.ports.merchants.get(&attempt.account) else {
            return Err(PlaceError::Provider {
                order_no,
                source: ProviderError::not_sent("the account is no longer configured"),
            });
        };
        let asked_at = self.ports.clock.now();
        let answer = merchant.provider.create(&attempt.request()).await;
        let took = self.ports.clock.now() - asked_at;
        let record = record_of(attempt, &answer, asked_at, took);
        let noted = retried(|| self.note_answer(&purchase, &answer, &record)).await?;
        match answer {
            Err(source) if noted.attempt.state != AttemptState::Paid => {
                Err(PlaceError::Provider { order_no, source })
            }
            _ => Ok(noted),
        }
    }

    async fn note_answer(
        &self,
        asked: &Purchase,
        answer: &Result<Answer<Created>, ProviderError>,
        record: &Record,
    ) -> Result<Purchase, StoreError> {
        let gone = || StoreError::lost_update("the order that was just placed is missing");
        let mut tx = self.ports.database.begin().await?;
        let mut order = tx
            .lock_order(&asked.order.order_no)
            .await?
            .ok_or_else(gone)?;
        let mut attempt = tx
            .lock_attempt(&asked.attempt.payment_no)
            .await?
            .ok_or_else(gone)?;
        let mut closed = false;
        match answer {
            Ok(created) => attempt.opened(&asked.attempt, &created.value),
            // A request that could not be sent is worth another try; a refusal is final.
            Err(error)
                if error.did_not_happen()
                    && error.advice() == Advice::Never
                    && attempt.refused() =>
            {
                closed = order.close_rejected(record.at);
            }
            Err(_) => {}
        }
        tx.save_attempt(&attempt).await?;
        if closed {
            tx.save_order(&order).await?;
        }
        let purchase = Purchase { order, attempt };
        if closed {
            let event = NewEvent {
                kind: EventKind::OrderClosed,
                purchase: &purchase,
                at: record.at,
            };
            tx.append_event(&event).await?;
        }
        tx.append_record(record).await?;
        tx.commit().await?;
        if closed {
            self.ports.wake.wake();
        }
        Ok(purchase)
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
        let purchase = self.find(user_id, order_no).await?;
        if !refresh {
            return Ok(purchase);
        }
        match self.inquiry.ask(&purchase).await? {
            Asked::Changed => self.find(user_id, order_no).await,
            Asked::Unpaid if self.lacks_code(&purchase) => Ok(self.repeat(purchase).await?),
            Asked::Unpaid | Asked::NotNow => Ok(purchase),
        }
    }

    /// Whether the buyer waits for a code whose request had no known outcome.
    fn lacks_code(&self, purchase: &Purchase) -> bool {
        purchase.attempt.state == AttemptState::Unknown
            && purchase.order.state == OrderState::Pending
            && self.ports.clock.now() < purchase.order.expire_at
    }

    /// Repeats the request for a code, and shows what came of it.
    async fn repeat(&self, purchase: Purchase) -> Result<Purchase, StoreError> {
        let noted = retried(|| async {
            let mut tx = self.ports.database.begin().await?;
            let mut purchase = lock(&mut *tx, &purchase).await?;
            let again = self.lacks_code(&purchase);
            if again {
                note_repeat(&mut *tx, &mut purchase.attempt).await?;
            }
            tx.commit().await?;
            Ok::<_, StoreError>((again, purchase))
        });
        let (again, purchase) = noted.await?;
        if !again {
            return Ok(purchase);
        }
        match self.ask_for_code(purchase.clone()).await {
            Ok(purchase) => Ok(purchase),
            Err(PlaceError::Store(error)) => Err(error),
            // Noted in the journal; the order is shown as it is.
            Err(_) => Ok(purchase),
        }
    }

    async fn find(&self, user_id: &UserId, order_no: &OrderNo) -> Result<Purchase, StatusError> {
        let found = self
            .ports
            .database
            .read()
            .await?
            .find_purchase(order_no)
            .await?;
        found
            .filter(|purchase| purchase.order.user_id == *user_id)
            .ok_or(StatusError::NotFound)
    }

    /// An order of whatever user, for a caller who has proven by other means that it may see it.
    pub async fn show(&self, order_no: &OrderNo) -> Result<Purchase, StatusError> {
        let found = self
            .ports
            .database
            .read()
            .await?
            .find_purchase(order_no)
            .await?;
        found.ok_or(StatusError::NotFound)
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

/// The order that a new one is not placed beside: of an upgrade there is one at a time, whatever the
/// plan and channel, because the second to be paid would find its segments gone.
async fn waiting(
    tx: &mut dyn Transaction,
    wish: &PlaceOrder,
) -> Result<Option<Purchase>, StoreError> {
    if wish.kind == ItemKind::MembershipUpgrade {
        return tx.find_pending_upgrade(&wish.user_id).await;
    }
    tx.find_pending(&wish.user_id, wish.kind, &wish.code, wish.channel)
        .await
}

/// Reads a purchase again, locked.
async fn lock(tx: &mut dyn Transaction, purchase: &Purchase) -> Result<Purchase, StoreError> {
    let gone = || StoreError::lost_update("an order is missing");
    let order = tx
        .lock_order(&purchase.order.order_no)
        .await?
        .ok_or_else(gone)?;
    let attempt = tx.lock_attempt(&order.payment_no).await?.ok_or_else(gone)?;
    Ok(Purchase { order, attempt })
}

/// Notes a repeat before it leaves: from here on a refusal proves nothing.
async fn note_repeat(tx: &mut dyn Transaction, attempt: &mut Attempt) -> Result<(), StoreError> {
    attempt.retry_count += 1;
    tx.save_attempt(attempt).await
}

fn record_of(
    attempt: &Attempt,
    answer: &Result<Answer<Created>, ProviderError>,
    at: time::OffsetDateTime,
    took: Duration,
) -> Record {
    let (outcome, request_id, detail) = match answer {
        Ok(answer) => ("opened", answer.request_id.clone(), Value::Null),
        Err(error) => (
            error.kind(),
            error.details().request_id.clone(),
            detail_of(error),
        ),
    };
    let mut record = Record::new(at, RecordKind::Create, outcome).about(attempt);
    record.duration_ms = i64::try_from(took.whole_milliseconds()).ok();
    record.request_id = request_id;
    record.detail = detail;
    record
}

/// What is worth keeping of a failed exchange.
pub(crate) fn detail_of(error: &ProviderError) -> Value {
    let details = error.details();
    json!({ "status": details.status, "code": details.code, "message": details.message })
}
