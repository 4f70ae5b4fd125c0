#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod attempt;
mod fact;
mod payment;
mod record;
mod refund;
mod store;

pub use attempt::{AccountKey, Attempt, AttemptState};
pub use fact::{Admitted, Fact, Mismatch, Source};
pub use payment::{Payment, Verdict};
pub use record::{Record, RecordKind};
pub use refund::{Refund, RefundReason, RefundState};
pub use store::{PaymentReads, PaymentStore};
