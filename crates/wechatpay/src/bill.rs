//! The platform's daily bills: what was paid and refunded, and what moved on an account.
//!
//! A bill is downloaded unsigned. What vouches for it is the SHA-1 of its text, which came in a
//! signed answer, so no row is read before the whole file was compared with it. After that, rows are
//! read one by one from the file and never held together.

mod calls;
mod error;
mod file;
mod fund_flow;
mod gzip;
mod kinds;
mod lines;
mod sheet;
pub(crate) mod spool;
mod trade;
mod values;

pub use calls::{BillDownloadError, BillLink};
pub use error::BillError;
pub use file::{BillFile, BillReader};
pub use fund_flow::{FundDirection, FundFlowBill, FundFlowRow, FundFlowTotals};
pub use kinds::{BillPacking, FundAccount, TradeBillKind};
pub use spool::BillLimits;
pub use trade::{BillRefundState, BillTradeState, TradeBill, TradeRow, TradeTotals};
