use std::fmt;

use paydesk_money::Cny;
use paydesk_provider::{NoticeError, Personal, Untrusted, Verified};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::cipher;
use crate::keys::ApiV3Keys;
use crate::refund::RefundStatus;
use crate::transaction::{Transaction, filled, instant, or_empty, place, readable};
use crate::trust::Authentic;

const PAID: &str = "TRANSACTION.SUCCESS";
/// Refunds are announced under `REFUND.SUCCESS`, `.ABNORMAL` and `.CLOSED`.
const REFUND: &str = "REFUND.";
const ALGORITHM: &str = "AEAD_AES_256_GCM";

/// An opened notice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WechatNotice {
    /// The platform's id of the notice. Not proven to stay the same when it is sent again, so it is
    /// for logs; idempotency rests on the numbers inside.
    pub id: String,
    /// When the platform made it.
    pub create_time: OffsetDateTime,
    /// `TRANSACTION.SUCCESS`, `REFUND.SUCCESS`, `REFUND.ABNORMAL`, `REFUND.CLOSED`, or another.
    pub event_type: String,
    /// What it says.
    pub content: NoticeContent,
}

/// What a notice says.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoticeContent {
    /// An order was paid. Compare it with the order ([`Transaction::match_paid`]) before believing
    /// that it is about yours.
    Payment(Box<Verified<Transaction>>),
    /// A refund ended, or got stuck.
    Refund(Box<Verified<RefundNotice>>),
    /// Anything else that is sent to the same address: to be recorded and acknowledged.
    Other {
        /// The order it mentions, if any.
        out_trade_no: Option<String>,
        /// Its decrypted content, if it is JSON. It may hold personal data.
        resource: Option<Value>,
    },
}

impl fmt::Debug for NoticeContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Payment(transaction) => f.debug_tuple("Payment").field(transaction).finish(),
            Self::Refund(refund) => f.debug_tuple("Refund").field(refund).finish(),
            Self::Other { out_trade_no, .. } => f
                .debug_struct("Other")
                .field("out_trade_no", out_trade_no)
                .finish_non_exhaustive(),
        }
    }
}

/// What a notice says about a refund. Its state has another name here than in an answer, and less is
/// told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RefundNotice {
    /// The merchant, `mchid`; of a service provider `sp_mchid` where that is told.
    #[serde(default, rename = "mchid", deserialize_with = "or_empty")]
    pub merchant_id: String,
    #[serde(default, deserialize_with = "filled")]
    sp_mchid: Option<String>,
    /// The sub-merchant of a service provider, where it is told.
    #[serde(default, rename = "sub_mchid", deserialize_with = "filled")]
    pub sub_merchant_id: Option<String>,
    /// The merchant's number of the order.
    pub out_trade_no: String,
    /// WeChat Pay's number of the order.
    pub transaction_id: String,
    /// The merchant's number of the refund.
    pub out_refund_no: String,
    /// WeChat Pay's number of the refund.
    pub refund_id: String,
    /// How far it is.
    pub refund_status: RefundStatus,
    /// When the money arrived.
    #[serde(default, deserialize_with = "instant")]
    pub success_time: Option<OffsetDateTime>,
    /// Where it went, in words.
    #[serde(default, deserialize_with = "readable")]
    pub user_received_account: Option<Personal>,
    /// How much.
    pub amount: RefundNoticeAmount,
}

/// Amounts in a notice about a refund, in fen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RefundNoticeAmount {
    /// The order's total.
    pub total: Cny,
    /// What goes back.
    pub refund: Cny,
    /// What the payer paid.
    pub payer_total: Cny,
    /// What the payer gets.
    pub payer_refund: Cny,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    create_time: String,
    event_type: String,
    resource: Option<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    algorithm: String,
    ciphertext: String,
    associated_data: Option<String>,
    nonce: String,
}

/// Opens the body of a notice whose signature was checked before.
pub(super) fn open(keys: &ApiV3Keys, body: &Authentic) -> Result<WechatNotice, NoticeError> {
    let envelope: Envelope = serde_json::from_slice(body.bytes())
        .map_err(|error| malformed(format!("no notice: {}", place(&error))))?;
    let create_time = OffsetDateTime::parse(&envelope.create_time, &Rfc3339)
        .map_err(|_| malformed("create_time is no date"))?;
    let plain = match &envelope.resource {
        Some(resource) => Some(decrypt(keys, resource)?),
        None => None,
    };
    let event = envelope.event_type.as_str();
    let content = match plain {
        None if event == PAID => return Err(malformed("a payment without its content")),
        None if event.starts_with(REFUND) => {
            return Err(malformed("a refund without its content"));
        }
        None => NoticeContent::Other {
            out_trade_no: None,
            resource: None,
        },
        Some(plain) if event == PAID => paid(body, &plain)?,
        Some(plain) if event.starts_with(REFUND) => refund(body, &plain)?,
        Some(plain) => other(&plain),
    };
    Ok(WechatNotice {
        id: envelope.id,
        create_time,
        event_type: envelope.event_type,
        content,
    })
}

fn decrypt(keys: &ApiV3Keys, resource: &Resource) -> Result<Zeroizing<Vec<u8>>, NoticeError> {
    if resource.algorithm != ALGORITHM {
        return Err(malformed("encrypted in another way than AEAD_AES_256_GCM"));
    }
    let associated_data = resource.associated_data.as_deref().unwrap_or_default();
    keys.find(|key| cipher::open(key, &resource.nonce, associated_data, &resource.ciphertext))
        .ok_or(NoticeError::Untrusted(Untrusted::Undecryptable))
}

/// Combined orders are announced under the same name; they hold several payments and none of ours.
fn paid(body: &Authentic, plain: &[u8]) -> Result<NoticeContent, NoticeError> {
    match body.attest(|_| Transaction::read(plain)) {
        Ok(transaction) => Ok(NoticeContent::Payment(Box::new(transaction))),
        Err(_) if is_combined(plain) => Ok(other(plain)),
        Err(why) => Err(malformed(why)),
    }
}

fn is_combined(plain: &[u8]) -> bool {
    serde_json::from_slice::<Value>(plain).is_ok_and(|content| {
        content.get("combine_out_trade_no").is_some() && content.get("out_trade_no").is_none()
    })
}

fn refund(body: &Authentic, plain: &[u8]) -> Result<NoticeContent, NoticeError> {
    let read = |_: &[u8]| -> Result<RefundNotice, serde_json::Error> {
        let mut refund: RefundNotice = serde_json::from_slice(plain)?;
        if let Some(id) = refund.sp_mchid.take() {
            refund.merchant_id = id;
        }
        Ok(refund)
    };
    body.attest(read)
        .map(|refund| NoticeContent::Refund(Box::new(refund)))
        .map_err(|error| malformed(format!("no refund: {}", place(&error))))
}

fn other(plain: &[u8]) -> NoticeContent {
    let resource: Option<Value> = serde_json::from_slice(plain).ok();
    let mentioned = resource
        .as_ref()
        .and_then(|content| content.get("out_trade_no")?.as_str())
        .map(str::to_owned);
    NoticeContent::Other {
        out_trade_no: mentioned,
        resource,
    }
}

fn malformed(why: impl Into<String>) -> NoticeError {
    NoticeError::Malformed(why.into())
}
