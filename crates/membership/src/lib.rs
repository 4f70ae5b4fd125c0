#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod grant;
mod quote;
mod segment;
mod store;

pub use grant::{Grant, MembershipError, grant, grant_upgrade};
pub use quote::{NotAnUpgrade, can_upgrade, quote};
pub use segment::{Current, Segment, SegmentState, current};
pub use store::{MembershipReads, MembershipStore};
