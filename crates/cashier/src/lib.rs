#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod alarm;
mod alerts;
mod catalogue;
mod checkout;
mod conflict;
mod events;
mod exceptions;
pub mod failpoint;
mod fulfilment;
mod goods;
mod inquiry;
mod merchants;
mod notices;
mod offer;
mod ports;
mod rejections;
mod settlement;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod work;

pub use alarm::Alarm;
pub use alerts::{Alerts, LogAlerts};
pub use catalogue::{Catalogue, PublishError};
pub use checkout::{Checkout, PlaceError, PlaceOrder, Placed, StatusError, Terms};
pub use events::{Event, EventHead, EventKind, EventReads, EventStore, NewEvent};
pub use exceptions::{Exception, ExceptionKind, ExceptionStore, Raised};
pub use fulfilment::{FulfilError, Fulfilment, Summary};
pub use goods::GoodsError;
pub use inquiry::{Asked, Inquiry};
pub use merchants::{Merchant, Merchants};
pub use notices::{Notices, Received, Refusal};
pub use offer::OfferError;
pub use ports::{AccountStore, Database, LocalWakeUp, Ports, Snapshot, Transaction, WakeUp};
pub use rejections::{RejectionCount, RejectionStore, Rejections};
pub use settlement::{SettleError, Settled, Settlement};
pub use tasks::{Interrupted, Tasks};
pub use work::{Claim, WorkKind, WorkStore};
