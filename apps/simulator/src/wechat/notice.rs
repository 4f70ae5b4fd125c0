//! Notices: the encrypted envelope and its signature, true or spoilt on request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    cipher,
    deliveries::Parcel,
    keys::Material,
    orders::Order,
    random,
    wechat::transaction::{rfc3339, transaction},
};

/// How a notice is spoilt, so that a merchant can show that it notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tamper {
    /// A well-formed signature over something else.
    Signature,
    /// The body changed after signing.
    Body,
    /// A serial that names no known key.
    Serial,
    /// Truly signed, ten minutes ago.
    Stale,
    /// The platform's own probe, which begins with `WECHATPAY/SIGNTEST/`.
    Probe,
    /// Truly signed, but encrypted with another `APIv3` key.
    Key,
    /// No signature headers at all.
    Unsigned,
}

/// What a notice says, before encryption.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) event_type: String,
    pub(crate) original_type: String,
    pub(crate) summary: String,
    pub(crate) resource: Value,
}

/// A sealed notice: each try sends the same body under a new signature.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) id: String,
    pub(crate) out_trade_no: String,
    pub(crate) event_type: String,
    pub(crate) url: String,
    pub(crate) body: String,
}

impl Notice {
    /// The notice of a payment.
    pub(crate) fn payment(order: &Order, material: &Material, now: OffsetDateTime) -> Self {
        let content = Content {
            event_type: "TRANSACTION.SUCCESS".to_owned(),
            original_type: "transaction".to_owned(),
            summary: "支付成功".to_owned(),
            resource: transaction(order, &material.keys),
        };
        Self::seal(&content, &order.terms.notify_url, &material.api_v3_key, now)
    }

    pub(crate) fn seal(
        content: &Content,
        url: &str,
        api_v3_key: &[u8; 32],
        now: OffsetDateTime,
    ) -> Self {
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
        Self {
            id,
            out_trade_no: number.unwrap_or_default().to_owned(),
            event_type: content.event_type.clone(),
            url: url.to_owned(),
            body: body.to_string(),
        }
    }

    /// The request of one try. `at` is Unix seconds.
    pub(crate) fn parcel(&self, material: &Material, at: i64, tamper: Option<Tamper>) -> Parcel {
        let at = if tamper == Some(Tamper::Stale) {
            at - 600
        } else {
            at
        };
        let mut signed = Signed::over(self.body.as_bytes(), material, at);
        let mut body = self.body.clone();
        match tamper {
            Some(Tamper::Signature) => signed.spoil(material),
            Some(Tamper::Body) => body = body.replacen("encrypt-resource", "encrypt-resourcf", 1),
            Some(Tamper::Serial) => signed.serial = format!("PUB_KEY_ID_{}", random::digits(32)),
            Some(Tamper::Probe) => {
                signed.signature = format!("WECHATPAY/SIGNTEST/{}", signed.signature);
            }
            Some(Tamper::Stale | Tamper::Key | Tamper::Unsigned) | None => {}
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
