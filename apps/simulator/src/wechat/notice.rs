//! Notices: the encrypted envelope and its signature, true or spoilt on request.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    cipher,
    clock::rfc3339,
    deliveries::Parcel,
    keys::Material,
    notice::{self, Notice, Tamper},
    orders::Order,
    random,
    wechat::transaction::transaction,
};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The pauses between tries: one try at once and fifteen more within 24 h 4 min.
#[rustfmt::skip]
pub(crate) const PLAN: [Duration; 15] = [
    s(15), s(15), s(30), s(180), s(600), s(1200), s(1800), s(1800), s(1800), s(3600),
    s(10_800), s(10_800), s(10_800), s(21_600), s(21_600),
];

/// What a notice says, before encryption.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) event_type: String,
    pub(crate) original_type: String,
    pub(crate) summary: String,
    pub(crate) resource: Value,
}

/// The notice of a payment; `None` if the merchant gave no address.
pub(crate) fn payment(order: &Order, material: &Material, now: OffsetDateTime) -> Option<Notice> {
    let content = Content {
        event_type: "TRANSACTION.SUCCESS".to_owned(),
        original_type: "transaction".to_owned(),
        summary: "支付成功".to_owned(),
        resource: transaction(order, &material.keys),
    };
    let url = order.terms.notify_url.as_deref()?;
    Some(seal(&content, url, &material.api_v3_key, now))
}

/// Encrypts once: each try sends the same body under a new signature.
pub(crate) fn seal(
    content: &Content,
    url: &str,
    api_v3_key: &[u8; 32],
    now: OffsetDateTime,
) -> Notice {
    let id = Uuid::new_v4().to_string();
    let nonce = random::alphanumeric(12);
    let plaintext = content.resource.to_string();
    let body = json!({
        "id": id,
        "create_time": rfc3339(now),
        "resource_type": "encrypt-resource",
        "event_type": content.event_type,
        "summary": content.summary,
        "resource": {
            "original_type": content.original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": cipher::seal(api_v3_key, &nonce, &content.original_type, &plaintext),
            "associated_data": content.original_type,
            "nonce": nonce,
        },
    });
    let number = content.resource.get("out_trade_no").and_then(Value::as_str);
    Notice {
        id,
        out_trade_no: number.unwrap_or_default().to_owned(),
        event_type: content.event_type.clone(),
        url: url.to_owned(),
        content: notice::Content::Wechat(body.to_string()),
    }
}

/// The request of one try. `at` is Unix seconds.
pub(crate) fn parcel(body: &str, material: &Material, at: i64, tamper: Option<Tamper>) -> Parcel {
    let at = if tamper == Some(Tamper::Stale) {
        at - 600
    } else {
        at
    };
    let mut signed = Signed::over(body.as_bytes(), material, at);
    let mut body = body.to_owned();
    match tamper {
        Some(Tamper::Signature) => signed.spoil(material),
        Some(Tamper::Body) => body = body.replacen("encrypt-resource", "encrypt-resourcf", 1),
        Some(Tamper::Serial) => signed.serial = format!("PUB_KEY_ID_{}", random::digits(32)),
        Some(Tamper::Probe) => {
            signed.signature = format!("WECHATPAY/SIGNTEST/{}", signed.signature);
        }
        // The last two belong to the other channel and are refused before they come here.
        Some(
            Tamper::Stale | Tamper::Key | Tamper::Unsigned | Tamper::SignType | Tamper::Duplicate,
        )
        | None => {}
    }
    let mut headers = BTreeMap::from([
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Accept".to_owned(), "*/*".to_owned()),
        ("User-Agent".to_owned(), "Mozilla/4.0".to_owned()),
    ]);
    if tamper != Some(Tamper::Unsigned) {
        headers.extend(
            signed
                .headers()
                .map(|(name, value)| (name.to_owned(), value)),
        );
    }
    Parcel { headers, body }
}

/// The signature headers of an answer or a notice.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    serial: String,
    signature: String,
    timestamp: i64,
    nonce: String,
}

impl Signed {
    pub(crate) fn over(body: &[u8], material: &Material, at: i64) -> Self {
        let nonce = random::alphanumeric(32);
        let mut message = format!("{at}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body);
        message.push(b'\n');
        Self {
            serial: material.keys.platform_public_key_id.clone(),
            signature: material.platform.sign(&message),
            timestamp: at,
            nonce,
        }
    }

    /// Replaces the signature by a well-formed one over another message.
    pub(crate) fn spoil(&mut self, material: &Material) {
        self.signature = material.platform.sign(b"something else\n");
    }

    pub(crate) fn headers(self) -> [(&'static str, String); 5] {
        [
            ("Wechatpay-Serial", self.serial),
            ("Wechatpay-Signature", self.signature),
            (
                "Wechatpay-Signature-Type",
                "WECHATPAY2-SHA256-RSA2048".to_owned(),
            ),
            ("Wechatpay-Timestamp", self.timestamp.to_string()),
            ("Wechatpay-Nonce", self.nonce),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_ends_after_a_day_and_four_minutes() {
        let total: Duration = PLAN.iter().sum();
        assert_eq!(total, Duration::from_mins(24 * 60 + 4));
    }
}
