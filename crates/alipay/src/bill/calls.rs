//! Asking for a bill and fetching it.

use std::fmt;

use paydesk_provider::{Answer, ProviderError};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{BillKind, BillPeriod};
use crate::checks::json;
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
