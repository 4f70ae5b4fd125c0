//! Asking for a bill and fetching it.

use std::fmt;

use bytes::{Bytes, BytesMut};
use paydesk_provider::{Answer, Details, ProviderError};
use serde::Deserialize;
use time::{Date, OffsetDateTime, UtcOffset};
use url::Url;

use super::spool::Spool;
use super::{BillError, BillFile, BillLimits, BillPacking, FundAccount, TradeBillKind};
use crate::client::WechatPay;
use crate::codes::Class;
use crate::exchange::{Call, answered};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::transaction::place;

/// Pieces of the network are gathered up to this size before a thread that may wait for the disk
/// takes them.
const PORTION: usize = 256 * 1024;

/// Where a bill's file is, for five minutes, and what vouches for it.
#[derive(Clone, PartialEq, Eq)]
pub struct BillLink {
    url: Url,
    sha1: String,
    packing: BillPacking,
}

impl BillLink {
    /// The SHA-1 of the unpacked file, in hex, as the platform signed it: to be kept beside a file that
    /// is kept.
    pub fn sha1(&self) -> &str {
        &self.sha1
    }

    /// How the file is packed.
    pub const fn packing(&self) -> BillPacking {
        self.packing
    }
}

impl fmt::Debug for BillLink {
    /// Without the query, which is all that is needed to fetch it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BillLink")
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("sha1", &self.sha1)
            .finish_non_exhaustive()
    }
}

/// Why there is no bill's file.
#[derive(Debug, thiserror::Error)]
pub enum BillDownloadError {
    /// The call failed. An expired link is refused with `INVALID_REQUEST`: ask for another.
    #[error("the bill could not be fetched")]
    Call(#[from] ProviderError),
    /// The file is not the one that was announced, or could not be kept.
    #[error("the bill that was fetched cannot be used")]
    File(#[from] BillError),
}

impl WechatPay {
    /// Asks for the bill of what was paid and refunded on a day in China, packed by gzip. `None`: there
    /// was nothing on that day. It is made from 9 o'clock on the next day; ask after 10.
    ///
    /// # Errors
    /// [`ProviderError`]; one that is still being made is [`ProviderError::Rejected`] with the advice
    /// to ask again in half an hour.
    pub async fn trade_bill(
        &self,
        date: Date,
        kind: TradeBillKind,
    ) -> Result<Answer<Option<BillLink>>, ProviderError> {
        let mut target = format!(
            "/v3/bill/tradebill?bill_date={}&bill_type={}",
            self.day(date)?,
            kind.as_str()
        );
        if let Some(sub) = self.sub_merchant()? {
            target.push_str("&sub_mchid=");
            target.push_str(&sub.merchant_id);
        }
        self.bill(target).await
    }

    /// Asks for the bill of what moved on one of the merchant's accounts on a day in China. Otherwise
    /// as [`WechatPay::trade_bill`], but no more than 3 times a second.
    ///
    /// # Errors
    /// As [`WechatPay::trade_bill`]. A service provider asks for its own: there is no such bill of a
    /// sub-merchant here.
    pub async fn fund_flow_bill(
        &self,
        date: Date,
        account: FundAccount,
    ) -> Result<Answer<Option<BillLink>>, ProviderError> {
        if self.sub_merchant()?.is_some() {
            return Err(ProviderError::not_sent(
                "sub_mchid: this bill is of the service provider's own account",
            ));
        }
        let date = self.day(date)?;
        let account = account.as_str();
        self.bill(format!(
            "/v3/bill/fundflowbill?bill_date={date}&account_type={account}"
        ))
        .await
    }

    /// Fetches a bill's file. It is kept aside, in memory while small and else in a temporary file
    /// without a name, until its hash was compared; no row can be read before.
    ///
    /// # Errors
    /// [`BillDownloadError`].
    pub async fn download_bill(&self, link: &BillLink) -> Result<BillFile, BillDownloadError> {
        self.download_bill_within(link, BillLimits::default()).await
    }

    /// The same with other limits of size.
    ///
    /// # Errors
    /// As [`WechatPay::download_bill`].
    pub async fn download_bill_within(
        &self,
        link: &BillLink,
        limits: BillLimits,
    ) -> Result<BillFile, BillDownloadError> {
        let mut body = self
            .account
            .file(&link.url)
            .await
            .map_err(Refusal::into_error)?;
        let mut spool = Spool::new(link.packing, limits);
        let mut portion = BytesMut::new();
        loop {
            let piece = body
                .piece()
                .await
                .map_err(|error| Refusal::from(error).into_error())?;
            let is_last = piece.is_none();
            portion.extend_from_slice(&piece.unwrap_or_default());
            if is_last || portion.len() >= PORTION {
                spool = kept(spool, portion.split().freeze()).await?;
            }
            if is_last {
                return Ok(spool.finish(&link.sha1)?);
            }
        }
    }

    async fn bill(&self, target: String) -> Result<Answer<Option<BillLink>>, ProviderError> {
        let packing = BillPacking::default();
        let target = match packing.as_str() {
            Some(packing) => format!("{target}&tar_type={packing}"),
            None => target,
        };
        let reply = match self.account.call(&Call::get(Operation::Bill, target)).await {
            Ok(reply) => reply,
            Err(Refusal::Told {
                class: Class::NoStatement,
                details,
            }) => return Ok(answered(None, details)),
            Err(refusal) => return Err(refusal.into_error()),
        };
        reply.value(|json| link(json, packing).map(Some))
    }

    /// A day that has a bill, as the platform writes it.
    fn day(&self, date: Date) -> Result<String, ProviderError> {
        if date >= today(self.now()) {
            return Err(ProviderError::not_sent(
                "bill_date: a day has a bill when it is over, in China",
            ));
        }
        let (year, month, day) = date.to_calendar_date();
        Ok(format!("{year:04}-{:02}-{day:02}", u8::from(month)))
    }
}

/// Writes to the disk where waiting holds nobody up.
async fn kept(mut spool: Spool, portion: Bytes) -> Result<Spool, BillDownloadError> {
    let keeping = tokio::task::spawn_blocking(move || {
        spool.push(&portion)?;
        Ok::<_, BillError>(spool)
    });
    match keeping.await {
        Ok(kept) => Ok(kept?),
        // The runtime is ending.
        Err(error) => Err(ProviderError::Unknown {
            details: Details::message(error.to_string()),
            timed_out: false,
            advice: paydesk_provider::Advice::RetrySame,
        }
        .into()),
    }
}

fn link(json: &[u8], packing: BillPacking) -> Result<BillLink, String> {
    #[derive(Deserialize)]
    struct Wire {
        hash_type: String,
        hash_value: String,
        download_url: String,
    }
    let wire: Wire =
        serde_json::from_slice(json).map_err(|error| format!("no bill: {}", place(&error)))?;
    if wire.hash_type != "SHA1" {
        return Err("hash_type is not SHA1".to_owned());
    }
    let is_hash = |byte: u8| byte.is_ascii_hexdigit();
    if wire.hash_value.len() != 40 || !wire.hash_value.bytes().all(is_hash) {
        return Err("hash_value is no SHA-1".to_owned());
    }
    let url = Url::parse(&wire.download_url).map_err(|_| "download_url is no URL".to_owned())?;
    Ok(BillLink {
        url,
        sha1: wire.hash_value,
        packing,
    })
}

fn today(now: OffsetDateTime) -> Date {
    let china = UtcOffset::from_hms(8, 0, 0).unwrap_or(UtcOffset::UTC);
    now.checked_to_offset(china).unwrap_or(now).date()
}
