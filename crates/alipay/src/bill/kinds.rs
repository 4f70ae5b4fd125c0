//! What can be asked for.

use time::{Date, Month, OffsetDateTime};

use crate::beijing;
use crate::checks::Unsendable;

/// Which of the platform's bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BillKind {
    /// `trade`, 业务账单: payments and refunds, a row each. To compare orders with.
    Trade,
    /// `signcustomer`, 账务账单: what moved on the account, fees and transfers among it. One payment
    /// may be several rows.
    Account,
}

impl BillKind {
    /// The platform's name for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Account => "signcustomer",
        }
    }
}

/// What a bill covers, in China's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BillPeriod {
    /// A day that is over. Its bill is made the next morning, usually before 9 o'clock.
    Day(Date),
    /// A month that is over. Its bill is made around the 3rd of the next.
    Month {
        /// The year.
        year: i32,
        /// The month.
        month: Month,
    },
}

impl BillPeriod {
    /// A time that is over, as the platform writes it.
    pub(super) fn text(self, now: OffsetDateTime) -> Result<String, Unsendable> {
        let today = beijing::date(now);
        let (year, month, is_over) = match self {
            Self::Day(date) => (date.year(), date.month(), date < today),
            Self::Month { year, month } => (
                year,
                month,
                (year, u8::from(month)) < (today.year(), u8::from(today.month())),
            ),
        };
        if !is_over {
            return Err(Unsendable::because(
                "bill_date: a day or month has a bill when it is over, in China",
            ));
        }
        let month = format!("{year:04}-{:02}", u8::from(month));
        Ok(match self {
            Self::Day(date) => format!("{month}-{:02}", date.day()),
            Self::Month { .. } => month,
        })
    }
}
