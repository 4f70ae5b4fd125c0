use kernel::OrderNo;
use time::OffsetDateTime;

use crate::{Order, OrderStatus};

/// Which of a user's orders a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only those that stand there.
    pub status: Option<OrderStatus>,
    /// Only those after this one in the list, which are older.
    pub after: Option<OrderPlace>,
    /// At most so many.
    pub limit: u64,
}

/// Where an order stands in a list. It stays there, whatever happens to the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderPlace {
    /// When it was placed.
    pub created_at: OffsetDateTime,
    /// Its number.
    pub order_no: OrderNo,
}

impl From<&Order> for OrderPlace {
    fn from(order: &Order) -> Self {
        Self {
            created_at: order.created_at,
            order_no: order.order_no.clone(),
        }
    }
}
