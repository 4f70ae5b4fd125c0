use paydesk_provider::{Notice, NoticeBody, NoticeError, Untrusted};
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::cipher;
use crate::keys::ApiV3Key;
use crate::transaction::{Transaction, place};

const PAID: &str = "TRANSACTION.SUCCESS";
const ALGORITHM: &str = "AEAD_AES_256_GCM";

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
pub(crate) fn open(key: &ApiV3Key, body: &[u8]) -> Result<Notice, NoticeError> {
    let envelope: Envelope = serde_json::from_slice(body)
        .map_err(|error| malformed(format!("no notice: {}", place(&error))))?;
    let created_at = OffsetDateTime::parse(&envelope.create_time, &Rfc3339)
        .map_err(|_| malformed("create_time is no date"))?;
    let content = match &envelope.resource {
        Some(resource) => Some(decrypt(key, resource)?),
        None => None,
    };
    let body = match (envelope.event_type.as_str(), content) {
        (PAID, None) => return Err(malformed("a payment without its content")),
        (PAID, Some(content)) => paid(&envelope.id, &content)?,
        (event, content) => NoticeBody::Other {
            event: event.to_owned(),
            payment_no: content.and_then(|content| mentioned(&content)),
        },
    };
    Ok(Notice {
        id: envelope.id,
        created_at,
        body,
    })
}

fn decrypt(key: &ApiV3Key, resource: &Resource) -> Result<Zeroizing<Vec<u8>>, NoticeError> {
    if resource.algorithm != ALGORITHM {
        return Err(malformed("encrypted in another way than AEAD_AES_256_GCM"));
    }
    let associated_data = resource.associated_data.as_deref().unwrap_or_default();
    cipher::open(key, &resource.nonce, associated_data, &resource.ciphertext)
        .ok_or(NoticeError::Untrusted(Untrusted::Undecryptable))
}

/// Combined orders are announced under the same name; they hold several payments and none of ours.
fn paid(notice_id: &str, content: &[u8]) -> Result<NoticeBody, NoticeError> {
    if is_combined(content) {
        return Ok(NoticeBody::Other {
            event: PAID.to_owned(),
            payment_no: None,
        });
    }
    Transaction::read(content)
        .and_then(|transaction| transaction.into_statement(Some(notice_id)))
        .map(NoticeBody::Payment)
        .map_err(malformed)
}

fn is_combined(content: &[u8]) -> bool {
    serde_json::from_slice::<Value>(content).is_ok_and(|content| {
        content.get("combine_out_trade_no").is_some() && content.get("out_trade_no").is_none()
    })
}

/// The payment number in a message of another kind, a refund's for example.
fn mentioned(content: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Mention {
        out_trade_no: String,
    }
    serde_json::from_slice::<Mention>(content)
        .ok()
        .map(|mention| mention.out_trade_no)
}

fn malformed(why: impl Into<String>) -> NoticeError {
    NoticeError::Malformed(why.into())
}
