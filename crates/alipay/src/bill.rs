//! Bills (对账单): what was paid and refunded, and what moved on the account.
//!
//! The platform signs where a bill is, and nothing of what is in it. So it is fetched over an encrypted
//! connection from the platform's own hosts only, its archive's checksums are compared before a row is
//! read, and rows are compared at the end with the totals that the bill states in two places. Rows are
//! read one by one from the file and never held together.

mod account;
mod archive;
mod calls;
mod cells;
mod error;
mod file;
mod fit;
mod footers;
mod kinds;
mod lines;
mod sheet;
mod spool;
mod summary;
mod trade;
mod values;

pub use account::{AccountBill, AccountRow, AccountTotals};
pub use calls::{BillDownloadError, BillLink};
pub use error::BillError;
pub use file::{BillFile, BillReader};
pub use kinds::{BillKind, BillPeriod};
pub use spool::BillLimits;
pub use trade::{BillTradeKind, TradeBill, TradeRow, TradeTotals};
