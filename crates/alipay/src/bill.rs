//! Bills (对账单).

use std::fmt;

use paydesk_provider::{Answer, ProviderError};
use serde::Serialize;
use time::{Date, Duration, Month, OffsetDateTime};
use url::Url;

use crate::beijing;
use crate::checks::{Unsendable, json};
use crate::client::Alipay;
use crate::codes::Class;
use crate::exchange::{Asked, Call, answered};
use crate::fields::Fields;
use crate::members::Members;
use crate::operation::Operation;
use crate::refusal::Refusal;

const LONGEST_ADDRESS: usize = 2048;
const LINK_LIFE: Duration = Duration::seconds(30);
/// Beside a bill without a single row.
const EMPTY: &str = "EMPTY_DATA_WITH_BILL_FILE";

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

/// Where a bill's file is, for 30 seconds.
#[derive(Clone, PartialEq, Eq)]
pub struct BillLink {
    pub(crate) url: Url,
    expires_at: OffsetDateTime,
    is_empty: bool,
}

impl BillLink {
    /// The address. It holds what is needed to fetch the file, and the account's number: not to be
    /// logged.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// When the address stops working. Then ask for another.
    pub const fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }

    /// Whether the platform says that nothing happened, and the file has no rows.
    pub const fn is_empty(&self) -> bool {
        self.is_empty
    }
}

impl fmt::Debug for BillLink {
    /// Without the query, which is all that is needed to fetch it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillLink")
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("expires_at", &self.expires_at)
            .field("is_empty", &self.is_empty)
            .finish_non_exhaustive()
    }
}

impl Alipay {
    /// Asks where a bill's file is (`alipay.data.dataservice.bill.downloadurl.query`). `None`: nothing
    /// happened in that time (`NO_BILL_DATA`).
    ///
    /// # Errors
    /// [`ProviderError`]; one that does not exist (`BILL_NOT_EXIST`: not made yet, or never) is
    /// [`ProviderError::Rejected`] with the advice to ask again in an hour.
    pub async fn bill(
        &self,
        kind: BillKind,
        period: BillPeriod,
    ) -> Result<Answer<Option<BillLink>>, ProviderError> {
        #[derive(Serialize)]
        struct Wire {
            bill_type: &'static str,
            bill_date: String,
        }
        let now = self.now();
        let call = Call {
            operation: Operation::Bill,
            method: "alipay.data.dataservice.bill.downloadurl.query".into(),
            notify_url: None,
            biz_content: json(&Wire {
                bill_type: kind.as_str(),
                bill_date: period.text(now)?,
            })?,
            asked: Asked::default(),
        };
        let reply = match self.account.call(&call).await {
            Ok(reply) => reply,
            Err(Refusal::Told {
                class: Class::NoStatement,
                details,
                ..
            }) => return Ok(answered(None, details)),
            Err(refusal) => return Err(refusal.into_error()),
        };
        let expires_at = now + LINK_LIFE;
        reply.value(|node| link(node, expires_at).map(Some))
    }
}

impl BillPeriod {
    /// A time that is over, as the platform writes it.
    fn text(self, now: OffsetDateTime) -> Result<String, Unsendable> {
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

fn link(node: &Members<'_>, expires_at: OffsetDateTime) -> Result<BillLink, String> {
    let address = node.needed("bill_download_url")?;
    let url = Some(address)
        .filter(|address| address.len() <= LONGEST_ADDRESS)
        .and_then(|address| Url::parse(&address).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or("bill_download_url is no address")?;
    Ok(BillLink {
        url,
        expires_at,
        is_empty: node.loose("bill_file_code").as_deref() == Some(EMPTY),
    })
}
