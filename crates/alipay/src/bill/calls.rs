//! Asking for a bill and fetching it.

use std::fmt;

use bytes::{Bytes, BytesMut};
use paydesk_provider::{Advice, Answer, Details, ProviderError};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use tokio::task::spawn_blocking;
use url::Url;

use super::spool::Spool;
use super::{BillError, BillFile, BillKind, BillLimits, BillPeriod};
use crate::checks::json;
use crate::client::Alipay;
use crate::codes::Class;
use crate::exchange::{Asked, Call, answered};
use crate::fields::Fields;
use crate::members::Members;
use crate::operation::Operation;
use crate::refusal::{Refusal, details};

const LONGEST_ADDRESS: usize = 2048;
const LINK_LIFE: Duration = Duration::seconds(30);
/// Beside a bill without a single row.
const EMPTY: &str = "EMPTY_DATA_WITH_BILL_FILE";
/// Pieces of the network are gathered up to this size before a thread that may wait for the disk
/// takes them.
const PORTION: usize = 256 * 1024;
/// Where the platform keeps its files, and the sandbox its own.
const DOMAINS: [&str; 2] = ["alipay.com", "alipaydev.com"];

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

/// Why there is no bill's file.
#[derive(Debug, thiserror::Error)]
pub enum BillDownloadError {
    /// The link's 30 seconds are over. Ask for another.
    #[error("the link to the bill has expired: it works for 30 seconds")]
    Expired,
    /// The file was not given out.
    #[error("the bill could not be fetched")]
    Call(#[from] ProviderError),
    /// What was given out is no whole bill, or could not be kept.
    #[error("the bill that was fetched cannot be used")]
    File(#[from] BillError),
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

    /// Fetches a bill's file, always over TLS: what is in it is not signed. It is kept aside, in memory
    /// while small and else in a temporary file without a name, until all of it is there and every
    /// checksum was compared; no row can be read before.
    ///
    /// # Errors
    /// [`BillDownloadError`]. A link to another host than the platform's is refused before anything is
    /// sent. It is asked for once: a link lives too short to try again.
    pub async fn download_bill(&self, link: &BillLink) -> Result<BillFile, BillDownloadError> {
        self.download_bill_within(link, BillLimits::default()).await
    }

    /// The same with other limits of size.
    ///
    /// # Errors
    /// As [`Alipay::download_bill`].
    pub async fn download_bill_within(
        &self,
        link: &BillLink,
        limits: BillLimits,
    ) -> Result<BillFile, BillDownloadError> {
        let address = address(&link.url, &self.account.app.gateway).ok_or_else(|| {
            ProviderError::not_sent("bill_download_url is not on a host of the platform")
        })?;
        if link.expires_at <= self.now() {
            return Err(BillDownloadError::Expired);
        }
        let response = self.account.fetch(Operation::BillFile, &address).await;
        let response = response.map_err(Refusal::into_error)?;
        let details = details(&response);
        let mut body = response.body;
        let mut spool = Spool::new(limits);
        let mut portion = BytesMut::new();
        loop {
            let piece = body.piece().await;
            let piece =
                piece.map_err(|error| Refusal::cut_short(&error, details.clone()).into_error())?;
            let is_last = piece.is_none();
            portion.extend_from_slice(&piece.unwrap_or_default());
            if is_last || portion.len() >= PORTION {
                spool = kept(spool, portion.split().freeze()).await?;
            }
            if is_last {
                return blocking(move || spool.finish()).await;
            }
        }
    }
}

/// Where to fetch a file. Samples of links are of plain `http`, over which anybody on the way could
/// write the bill; the hosts are reached by `https` as well. Those of a gateway elsewhere, a simulator,
/// are reached as it is.
fn address(url: &Url, gateway: &Url) -> Option<Url> {
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    if url.origin() == gateway.origin() {
        return Some(url.clone());
    }
    let host = url.host_str()?;
    let of_the_platform = DOMAINS.iter().any(|domain| {
        let rest = host.strip_suffix(domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    let mut address = url.clone();
    address.set_scheme("https").ok()?;
    (of_the_platform && url.port().is_none()).then_some(address)
}

/// Writes to the disk where waiting holds nobody up.
async fn kept(mut spool: Spool, portion: Bytes) -> Result<Spool, BillDownloadError> {
    blocking(move || {
        spool.push(&portion)?;
        Ok(spool)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BillError> + Send + 'static,
) -> Result<T, BillDownloadError> {
    match spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        // The runtime is ending.
        Err(error) => Err(ProviderError::Unknown {
            details: Details::message(error.to_string()),
            timed_out: false,
            advice: Advice::RetrySame,
        }
        .into()),
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
