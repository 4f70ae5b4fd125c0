#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod list;
mod order;
mod state;
mod store;

pub use list::{OrderFilter, OrderPlace};
pub use order::{GrantError, Granted, LateMoney, NewOrder, Order, Paid, Purchase};
pub use state::{CloseReason, Fulfilment, OrderState, OrderStatus};
pub use store::{OrderReads, OrderStore};
