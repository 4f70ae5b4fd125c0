//! A double of the platform for your own tests. Needs the feature `testing`.
//!
//! It signs and encrypts as the platform does, so a client takes its answers and notices for true; what
//! it answers is yours to say. For rules and states of the platform's own there is `paydesk-simulator`.
//!
//! ```
//! use paydesk_wechatpay::testing::FakePlatform;
//! use paydesk_wechatpay::{NoticeContent, OrderNumber, WechatPay};
//! use serde_json::json;
//! use time::macros::datetime;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let platform = FakePlatform::at(datetime!(2026-01-01 10:00 +8));
//! let client = WechatPay::new(platform.config())?;
//! let paid = json!({
//!     "mchid": FakePlatform::MERCHANT_ID, "appid": FakePlatform::APP_ID, "out_trade_no": "PO0001",
//!     "trade_state": "SUCCESS", "transaction_id": "42", "amount": {"total": 990, "currency": "CNY"},
//! });
//! platform.answer(200, &paid);
//! let asked = client.query_order(OrderNumber::OutTradeNo("PO0001")).await?;
//! let told = client.notices().verify(&platform.notice("TRANSACTION.SUCCESS", &paid))?;
//! let NoticeContent::Payment(told) = &told.content else { unreachable!() };
//! assert_eq!(asked.value.as_ref(), Some(&**told));
//! # Ok(())
//! # }
//! ```

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a tool for tests: its keys are its own, and a failure is the test's"
)]

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::RawNotice;
use paydesk_provider::http::{Request, Response, Transport, TransportError};
use paydesk_provider::keys::SigningKey;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::config::{Config, Credentials};
use crate::keys::{ApiV3Key, MerchantKey, PLATFORM_KEY};
use crate::platform_keys::PlatformKeys;

const KEY: &str = include_str!("../testdata/platform_key.pem");
const PUBLIC_KEY: &str = include_str!("../testdata/platform_public_key.pem");
const MERCHANT_KEY: &str = include_str!("../testdata/merchant_key.pem");
const KEY_ID: &str = "PUB_KEY_ID_0119000072912026010100000000";
const API_V3_KEY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
const NONCE: &[u8; 12] = b"abcdefghijkl";

/// A platform that answers what it is told to, truly signed. Its keys are published: no client for real
/// money believes it.
pub struct FakePlatform {
    key: SigningKey,
    now: OffsetDateTime,
    answers: Mutex<VecDeque<Result<(u16, String), TransportError>>>,
    sent: Mutex<Vec<Request>>,
}

impl FakePlatform {
    /// The merchant of [`FakePlatform::config`].
    pub const MERCHANT_ID: &str = "1900007291";
    /// The app of [`FakePlatform::config`].
    pub const APP_ID: &str = "wxd678efh567hg6787";

    /// A platform at which it is always this time.
    pub fn at(now: OffsetDateTime) -> Arc<Self> {
        Arc::new(Self {
            key: SigningKey::parse(KEY, &PLATFORM_KEY).unwrap(),
            now,
            answers: Mutex::default(),
            sent: Mutex::default(),
        })
    }

    /// A merchant's configuration whose requests come here, at this platform's time.
    pub fn config(self: &Arc<Self>) -> Config {
        let now = self.now;
        Config::new(Credentials {
            merchant_id: Self::MERCHANT_ID.to_owned(),
            app_id: Self::APP_ID.to_owned(),
            certificate_serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB".to_owned(),
            merchant_key: MerchantKey::parse(MERCHANT_KEY).unwrap(),
            api_v3_key: ApiV3Key::parse(API_V3_KEY).unwrap(),
            platform_keys: PlatformKeys::new(KEY_ID, PUBLIC_KEY).unwrap(),
        })
        .clock(move || now)
        .pause(|_| std::future::ready(()))
        .transport(Arc::clone(self) as Arc<dyn Transport>)
    }

    /// The next request is answered like this, signed if it is a success. Answers are given in the order
    /// they were set; after the last, requests find no connection.
    pub fn answer(&self, status: u16, body: &Value) {
        let body = if status == 204 {
            String::new()
        } else {
            body.to_string()
        };
        self.answers.lock().unwrap().push_back(Ok((status, body)));
    }

    /// The next request is refused with this code.
    pub fn refuse(&self, status: u16, code: &str) {
        self.answer(status, &json!({ "code": code, "message": code }));
    }

    /// The next request gets no answer in time: it may have happened.
    pub fn time_out(&self) {
        let timeout = TransportError::Timeout("told to".to_owned());
        self.answers.lock().unwrap().push_back(Err(timeout));
    }

    /// What was asked so far, in order.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap().clone()
    }

    /// A notice of this event about this, as the platform would send it now.
    pub fn notice(&self, event_type: &str, content: &Value) -> RawNotice {
        let original_type = match event_type.split('.').next() {
            Some("REFUND") => "refund",
            _ => "transaction",
        };
        let key: &[u8; 32] = API_V3_KEY.as_bytes().try_into().unwrap();
        let content = content.to_string();
        let payload = Payload {
            msg: content.as_bytes(),
            aad: original_type.as_bytes(),
        };
        let sealed = Aes256Gcm::new(key.into()).encrypt(NONCE.into(), payload);
        let body = json!({
            "id": "EV-1",
            "create_time": self.now.format(&Rfc3339).unwrap(),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": event_type,
            "resource": {
                "original_type": original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": STANDARD.encode(sealed.unwrap()),
                "associated_data": original_type,
                "nonce": std::str::from_utf8(NONCE).unwrap(),
            },
        })
        .to_string();
        RawNotice::new(self.headers(&body), body)
    }

    fn headers(&self, body: &str) -> Vec<(String, String)> {
        let timestamp = self.now.unix_timestamp().to_string();
        let message = format!("{timestamp}\nnonce\n{body}\n");
        let signature = STANDARD.encode(self.key.sign(message.as_bytes()).unwrap());
        [
            ("Wechatpay-Serial", KEY_ID.to_owned()),
            ("Wechatpay-Signature", signature),
            ("Wechatpay-Timestamp", timestamp),
            ("Wechatpay-Nonce", "nonce".to_owned()),
            ("Request-ID", "08F7-0".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

#[async_trait]
impl Transport for FakePlatform {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.sent.lock().unwrap().push(request);
        let none = || Err(TransportError::NotSent("no answer was set".to_owned()));
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, body) = answer.unwrap_or_else(none)?;
        let headers = if (200..300).contains(&status) {
            self.headers(&body)
        } else {
            Vec::new()
        };
        Ok(Response {
            status,
            headers,
            body: body.into(),
        })
    }
}

impl fmt::Debug for FakePlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakePlatform")
    }
}

#[cfg(test)]
mod tests {
    use paydesk_money::Cny;
    use time::macros::datetime;

    use super::*;
    use crate::{Order, WechatPay};

    #[tokio::test]
    async fn it_answers_what_it_was_told_in_order() {
        let platform = FakePlatform::at(datetime!(2026-01-01 10:00 +8));
        let client = WechatPay::new(platform.config()).unwrap();
        let order = Order::new(
            "PO0001",
            "点数",
            Cny::from_fen(1),
            "https://a.example/notify",
        );
        platform.time_out();
        platform.refuse(400, "PARAM_ERROR");
        platform.answer(200, &json!({ "code_url": "weixin://x" }));
        let unknown = client.native(&order).await.unwrap_err();
        assert!(!unknown.did_not_happen(), "{unknown}");
        let refused = client.native(&order).await.unwrap_err();
        assert!(refused.is_verdict(), "{refused}");
        assert_eq!(client.native(&order).await.unwrap().value, "weixin://x");
        platform.answer(204, &Value::Null);
        client.close_order("PO0001").await.unwrap();
        let none = client.native(&order).await.unwrap_err();
        assert!(none.did_not_happen() && !none.is_verdict(), "{none}");
        // The last one tried the backup host, too.
        assert_eq!(platform.sent().len(), 6);
    }
}
