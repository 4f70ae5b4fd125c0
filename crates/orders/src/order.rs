use std::collections::BTreeMap;

use catalog::Sold;
use kernel::{OrderNo, PaymentNo, UserId};
use paydesk_money::Cny;
use payments::{Admitted, Attempt};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{CloseReason, Fulfilment, OrderState};

/// A purchase: who buys what at which price, and how far it got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Names the purchase.
    pub order_no: OrderNo,
    /// Who buys.
    pub user_id: UserId,
    /// What is sold, as it was when the order was placed.
    pub item: Sold,
    /// What is to be paid.
    pub amount: Cny,
    /// What was paid for it; money that came twice is not counted here.
    pub paid: Cny,
    /// What was given back of it.
    pub refunded: Cny,
    /// Where it stands.
    pub state: OrderState,
    /// How far the goods are.
    pub fulfilment: Fulfilment,
    /// The attempt that the buyer sees.
    pub payment_no: PaymentNo,
    /// What the caller wanted to remember with it.
    pub metadata: BTreeMap<String, String>,
    /// Counts the changes, from 1; receivers of events drop a lower one.
    pub version: i64,
    /// When it was placed.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Until when it can be paid.
    #[serde(with = "time::serde::rfc3339")]
    pub expire_at: OffsetDateTime,
}

/// What is needed to place an order.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Its number.
    pub order_no: OrderNo,
    /// The number of its first attempt.
    pub payment_no: PaymentNo,
    /// Who buys.
    pub user_id: UserId,
    /// What.
    pub item: Sold,
    /// The caller's own notes.
    pub metadata: BTreeMap<String, String>,
    /// Now.
    pub created_at: OffsetDateTime,
    /// Until when it can be paid.
    pub expire_at: OffsetDateTime,
}

/// An order with the attempt that the buyer sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// The order.
    pub order: Order,
    /// Its current attempt.
    pub attempt: Attempt,
}

/// What money did to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// It paid the order.
    Now,
    /// The same money had paid it before.
    Already,
    /// It paid an order that nobody should have paid any more.
    Late,
    /// Other money had paid it before; this is too much.
    Twice,
}

impl Paid {
    /// Whether this money made the order paid.
    pub const fn pays_the_order(self) -> bool {
        matches!(self, Self::Now | Self::Late)
    }
}

/// What happens with money for an order that nobody should have paid any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateMoney {
    /// It goes back in full.
    Refund,
    /// Its goods are granted after all.
    Grant,
}

/// What became of a wish to grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granted {
    /// The goods are to be written in this transaction.
    Now,
    /// They were granted before.
    Already,
}

/// Goods cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// Nobody paid.
    #[error("order {0} is not paid")]
    NotPaid(OrderNo),
    /// It was decided not to grant them.
    #[error("the goods of order {0} are not to be granted")]
    Refused(OrderNo),
}

impl Order {
    /// A new order, waiting for money.
    pub fn place(new: NewOrder) -> Self {
        Self {
            order_no: new.order_no,
            user_id: new.user_id,
            amount: new.item.price,
            item: new.item,
            paid: Cny::ZERO,
            refunded: Cny::ZERO,
            state: OrderState::Pending,
            fulfilment: Fulfilment::None,
            payment_no: new.payment_no,
            metadata: new.metadata,
            version: 1,
            created_at: new.created_at,
            expire_at: new.expire_at,
        }
    }

    /// Takes money that passed the gate. Nothing else makes an order paid.
    ///
    /// Never refuses: the money was taken, and the answer says what it means here. Late money makes
    /// the order paid as well; `late` says whether its goods are still granted.
    pub fn mark_paid(&mut self, money: &Admitted, late: LateMoney) -> Paid {
        let outcome = match &self.state {
            OrderState::Paid { transaction_id, .. } => {
                let same = transaction_id == money.transaction_id();
                return if same { Paid::Already } else { Paid::Twice };
            }
            OrderState::Pending => Paid::Now,
            OrderState::Closing { .. } | OrderState::Closed { .. } => Paid::Late,
        };
        self.state = OrderState::Paid {
            paid_at: money.paid_at(),
            payment_no: money.payment_no().clone(),
            transaction_id: money.transaction_id().to_owned(),
        };
        self.paid = money.amount();
        self.payment_no = money.payment_no().clone();
        let goes_back = outcome == Paid::Late && late == LateMoney::Refund;
        // Goods are not granted for money that went back by another way than ours: a person decides.
        self.fulfilment = if money.given_back() || goes_back {
            Fulfilment::Revoked
        } else {
            Fulfilment::Pending
        };
        self.version += 1;
        outcome
    }

    /// Notes that the goods are written in the same transaction.
    ///
    /// # Errors
    /// Refuses an order that is not paid, or whose goods were decided against.
    pub fn mark_granted(&mut self) -> Result<Granted, GrantError> {
        match self.fulfilment {
            Fulfilment::Granted => Ok(Granted::Already),
            Fulfilment::Pending => {
                self.fulfilment = Fulfilment::Granted;
                self.version += 1;
                Ok(Granted::Now)
            }
            Fulfilment::None => Err(GrantError::NotPaid(self.order_no.clone())),
            Fulfilment::Failed | Fulfilment::Revoked => {
                Err(GrantError::Refused(self.order_no.clone()))
            }
        }
    }

    /// Notes that the goods cannot be granted: a rule forbids it, or it failed too often. Nothing
    /// happens unless they are owed, so that a grant and this exclude each other. Whether it is news.
    pub fn mark_failed(&mut self) -> bool {
        let owed = self.fulfilment == Fulfilment::Pending;
        if owed {
            self.fulfilment = Fulfilment::Failed;
            self.version += 1;
        }
        owed
    }

    /// Ends an order that nobody should pay any more. `all_over` says that no attempt at it can bring
    /// money any more: only then is it closed, and until then it is closing and accepts money. An
    /// order that is closing already keeps its reason; one that is paid or closed is left alone.
    ///
    /// Whether anything changed.
    pub fn end(&mut self, reason: CloseReason, all_over: bool, now: OffsetDateTime) -> bool {
        let reason = match &self.state {
            OrderState::Pending => reason,
            OrderState::Closing { reason } if all_over => *reason,
            _ => return false,
        };
        self.state = if all_over {
            let closed_at = now;
            OrderState::Closed { reason, closed_at }
        } else {
            OrderState::Closing { reason }
        };
        self.version += 1;
        true
    }

    /// Shows the buyer another attempt, while the order waits. Whether it does.
    pub fn show_attempt(&mut self, payment_no: PaymentNo) -> bool {
        let waiting = self.state == OrderState::Pending;
        if waiting {
            self.payment_no = payment_no;
            self.version += 1;
        }
        waiting
    }
}

#[cfg(test)]
mod tests;
