#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod china;
mod clock;
mod ids;
mod numbers;
mod store;

pub use clock::{Clock, FixedClock};
pub use ids::{InvalidId, OrderNo, PaymentNo, RefundNo, Tag, UserId};
pub use numbers::{Numbers, UuidNumbers};
pub use store::StoreError;
