#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod alarm;
mod alerts;
mod catalogue;
mod checkout;
mod closing;
mod code;
mod conflict;
mod events;
mod exceptions;
mod expiry;
pub mod failpoint;
mod fulfilment;
mod goods;
mod idempotency;
mod inquiry;
mod merchants;
mod notices;
mod offer;
mod owed;
mod policy;
mod polling;
mod ports;
mod rejections;
mod rounds;
mod settlement;
mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod work;

pub use alarm::Alarm;
pub use alerts::{Alerts, LogAlerts};
pub use catalogue::{Catalogue, PublishError, Quote};
pub use checkout::{
    CancelError, Checkout, PlaceError, PlaceOrder, Placed, StatusError, SwitchError, Terms,
};
pub use closing::Closing;
pub use events::{Event, EventHead, EventKind, EventReads, EventStore, NewEvent};
pub use exceptions::{Exception, ExceptionKind, ExceptionStore, Raised};
pub use expiry::Expiry;
pub use fulfilment::{FulfilError, Fulfilment};
pub use goods::GoodsError;
pub use idempotency::{
    Idempotency, IdempotencyKey, IdempotencyStore, KeptAnswer, KeyRun, KnownKey, Taken,
};
pub use inquiry::{Asked, Inquiry};
pub use merchants::{Merchant, Merchants};
pub use notices::{Notices, Received, Refusal};
pub use offer::OfferError;
pub use orders::LateMoney;
pub use policy::{Policy, Ungrantable};
pub use polling::{PollPlan, Polling};
pub use ports::{AccountStore, Database, LocalWakeUp, Ports, Snapshot, Transaction, WakeUp};
pub use rejections::{RejectionCount, RejectionStore, Rejections};
pub use rounds::Summary;
pub use settlement::{SettleError, Settled, Settlement};
pub use tasks::{Interrupted, Tasks};
pub use work::{Claim, WorkKind, WorkStore};
