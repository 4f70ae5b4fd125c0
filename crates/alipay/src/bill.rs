//! Bills (对账单).

mod calls;
mod kinds;

pub use calls::BillLink;
pub use kinds::{BillKind, BillPeriod};
