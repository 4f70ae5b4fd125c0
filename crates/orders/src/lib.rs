#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod order;
mod state;
mod store;

pub use order::{GrantError, Granted, LateMoney, NewOrder, Order, Paid, Purchase};
pub use state::{CloseReason, Fulfilment, OrderState};
pub use store::{OrderReads, OrderStore};
