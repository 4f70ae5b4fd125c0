//! A double of the platform for your own tests. Needs the feature `testing`.
//!
//! It signs as the platform does, so a client takes its answers and notices for true; what it answers is
//! yours to say. For rules and states of the platform's own there is `paydesk-simulator`.
//!
//! ```
//! use paydesk_alipay::testing::FakePlatform;
//! use paydesk_alipay::{Alipay, FoundTrade, NoticeContent, TradeNumber};
//! use serde_json::json;
//! use time::macros::datetime;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let platform = FakePlatform::at(datetime!(2026-01-01 12:00 +8));
//! let client = Alipay::new(platform.config())?;
//! platform.answer(&json!({
//!     "out_trade_no": "PO0001", "trade_no": "2026", "trade_status": "TRADE_SUCCESS",
//!     "total_amount": "9.90", "send_pay_date": "2026-01-01 12:01:05",
//! }));
//! let asked = client.query_trade(&TradeNumber::OutTradeNo("PO0001".to_owned())).await?;
//! let told = client.notices().verify(&platform.notice(&[
//!     ("out_trade_no", "PO0001"), ("trade_no", "2026"), ("trade_status", "TRADE_SUCCESS"),
//!     ("total_amount", "9.90"), ("gmt_payment", "2026-01-01 12:01:05"),
//! ]))?;
//! let (FoundTrade::Trade(asked), NoticeContent::Payment(told)) = (asked.value, &told.content) else {
//!     unreachable!()
//! };
//! assert_eq!((asked.total, asked.paid_at), (told.total, told.paid_at));
//! # Ok(())
//! # }
//! ```

#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a tool for tests: its keys are its own, and a failure is the test's"
)]

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::RawNotice;
use paydesk_provider::http::{Request, Response, Transport, TransportError};
use paydesk_provider::keys::SigningKey;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use url::form_urlencoded::Serializer;

use crate::alipay_keys::AlipayKeys;
use crate::beijing;
use crate::config::{Config, Credentials};
use crate::keys::{ALIPAY_KEY, AppKey};
use crate::signing::{SIGN_TYPE, canonical};

const KEY: &str = include_str!("../testdata/alipay_key.pem");
const PUBLIC_KEY: &str = include_str!("../testdata/alipay_public_key.pem");
const APP_KEY: &str = include_str!("../testdata/app_key.pem");
/// What true notices come with, malformed as it is.
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; text/html; charset=utf-8";

/// A platform that answers what it is told to, truly signed. Its keys are published: no client for real
/// money believes it.
pub struct FakePlatform {
    key: SigningKey,
    now: OffsetDateTime,
    answers: Mutex<VecDeque<Result<Node, TransportError>>>,
    sent: Mutex<Vec<Request>>,
}

/// What stands in an answer's node, and whether it is signed.
struct Node {
    content: Value,
    is_signed: bool,
}

impl FakePlatform {
    /// The app of [`FakePlatform::config`].
    pub const APP_ID: &str = "2021000000000001";
    /// The merchant of [`FakePlatform::config`].
    pub const SELLER_ID: &str = "2088000000000002";

    /// A platform at which it is always this time.
    pub fn at(now: OffsetDateTime) -> Arc<Self> {
        Arc::new(Self {
            key: SigningKey::parse(KEY, &ALIPAY_KEY).unwrap(),
            now,
            answers: Mutex::default(),
            sent: Mutex::default(),
        })
    }

    /// An app's configuration whose requests come here, at this platform's time.
    pub fn config(self: &Arc<Self>) -> Config {
        let now = self.now;
        Config::new(Credentials {
            app_id: Self::APP_ID.to_owned(),
            seller_id: Self::SELLER_ID.to_owned(),
            app_key: AppKey::parse(APP_KEY).unwrap(),
            alipay_keys: AlipayKeys::new(PUBLIC_KEY).unwrap(),
        })
        .clock(move || now)
        .pause(|_| std::future::ready(()))
        .transport(Arc::clone(self) as Arc<dyn Transport>)
    }

    /// The next request succeeds, and its answer's node holds these members beside `code` and `msg`,
    /// signed. Members of those names replace them: a `code` of `10003` says that the payer has to do
    /// something first. Answers are given in the order they were set; after the last, requests find no
    /// connection.
    pub fn answer(&self, members: &Value) {
        let mut node = Map::new();
        node.insert("code".to_owned(), "10000".into());
        node.insert("msg".to_owned(), "Success".into());
        node.extend(members.as_object().cloned().unwrap_or_default());
        self.push(node.into(), true);
    }

    /// The next request is refused with this `sub_code`, under the gateway's code that belongs to it,
    /// and the refusal is signed.
    pub fn refuse(&self, sub_code: &str) {
        self.push(refusal(sub_code), true);
    }

    /// The next request is refused as the gateway does when it does not know who asks: without a
    /// signature, so that it proves nothing.
    pub fn refuse_unsigned(&self, sub_code: &str) {
        self.push(refusal(sub_code), false);
    }

    /// The next request gets no answer in time: it may have happened.
    pub fn time_out(&self) {
        let timeout = TransportError::Timeout("told to".to_owned());
        self.answers.lock().unwrap().push_back(Err(timeout));
    }

    fn push(&self, content: Value, is_signed: bool) {
        let node = Node { content, is_signed };
        self.answers.lock().unwrap().push_back(Ok(node));
    }

    /// What was asked so far, in order.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap().clone()
    }

    /// A notice about a trade that says this, as the platform would send it now. What every notice says
    /// is filled in; an empty value leaves a field out.
    pub fn notice(&self, fields: &[(&str, &str)]) -> RawNotice {
        let now = self.written_now();
        let mut all = BTreeMap::from([
            ("app_id", Self::APP_ID),
            ("charset", "utf-8"),
            ("notify_id", "2026010100222120105000000000000001"),
            ("notify_time", &now),
            ("notify_type", "trade_status_sync"),
            ("seller_id", Self::SELLER_ID),
            ("version", "1.0"),
        ]);
        all.extend(fields.iter().copied());
        let sign = self.sign(&all);
        all.insert("sign_type", SIGN_TYPE);
        received(form(&all, &sign))
    }

    /// A message to the application gateway of this method (`msg_method`) about this.
    pub fn message(&self, method: &str, biz_content: &Value) -> RawNotice {
        let milliseconds = (self.now.unix_timestamp_nanos() / 1_000_000).to_string();
        let biz_content = biz_content.to_string();
        let all = BTreeMap::from([
            ("app_id", Self::APP_ID),
            ("biz_content", &biz_content),
            ("charset", "utf-8"),
            ("msg_method", method),
            ("notify_id", "2026010100262120105000000000000001"),
            ("sign_type", SIGN_TYPE),
            ("utc_timestamp", &milliseconds),
            ("version", "1.1"),
        ]);
        let sign = self.sign(&all);
        received(form(&all, &sign))
    }

    /// The query with which a payer's browser comes to the return address after paying this order on a
    /// page, in yuan.
    pub fn page_return(&self, out_trade_no: &str, total_amount: &str) -> String {
        let now = self.written_now();
        let mut all = BTreeMap::from([
            ("app_id", Self::APP_ID),
            ("auth_app_id", Self::APP_ID),
            ("charset", "utf-8"),
            ("method", "alipay.trade.page.pay.return"),
            ("out_trade_no", out_trade_no),
            ("seller_id", Self::SELLER_ID),
            ("timestamp", &now),
            ("total_amount", total_amount),
            ("trade_no", "2026010122001400000000000001"),
            ("version", "1.0"),
        ]);
        let sign = self.sign(&all);
        all.insert("sign_type", SIGN_TYPE);
        form(&all, &sign)
    }

    fn written_now(&self) -> String {
        beijing::write(self.now).unwrap()
    }

    /// The signature over these fields.
    fn sign(&self, fields: &BTreeMap<&str, &str>) -> String {
        let fields = fields.iter();
        self.sign_bytes(&canonical(
            fields.map(|(name, value)| (name.as_bytes(), value.as_bytes())),
        ))
    }

    fn sign_bytes(&self, message: &[u8]) -> String {
        STANDARD.encode(self.key.sign(message).unwrap())
    }
}

/// Codes of the gateway itself and of failures behind it have families of their own.
fn refusal(sub_code: &str) -> Value {
    let (code, msg) = if sub_code.ends_with(".unknow-error") {
        ("20000", "Service Currently Unavailable")
    } else if sub_code.starts_with("isv.") {
        ("40002", "Invalid Arguments")
    } else {
        ("40004", "Business Failed")
    };
    json!({ "code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_code })
}

fn form(fields: &BTreeMap<&str, &str>, sign: &str) -> String {
    let filled = fields.iter().filter(|(_, value)| !value.is_empty());
    Serializer::new(String::new())
        .extend_pairs(filled)
        .append_pair("sign", sign)
        .finish()
}

fn received(body: String) -> RawNotice {
    RawNotice::new([("Content-Type", CONTENT_TYPE)], body)
}

#[async_trait]
impl Transport for FakePlatform {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut query = request.url.query_pairs();
        let method = query.find(|(name, _)| name == "method").unwrap().1;
        let name = format!("{}_response", method.replace('.', "_"));
        self.sent.lock().unwrap().push(request);
        let unset = || Err(TransportError::NotSent("no answer was set".to_owned()));
        let answer = self.answers.lock().unwrap().pop_front();
        let Node { content, is_signed } = answer.unwrap_or_else(unset)?;
        let node = content.to_string();
        let sign = if is_signed {
            self.sign_bytes(node.as_bytes())
        } else {
            String::new()
        };
        Ok(Response {
            status: 200,
            headers: vec![("trace_id".to_owned(), "0be7f0".to_owned())],
            body: format!("{{\"{name}\":{node},\"sign\":\"{sign}\"}}").into(),
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
    use paydesk_provider::{Advice, NoticeError};
    use time::macros::datetime;

    use super::*;
    use crate::{Alipay, MessageContent, NoticeContent, Order, PayOutcome};

    fn platform() -> (Arc<FakePlatform>, Alipay) {
        let platform = FakePlatform::at(datetime!(2026-01-01 12:00 +8));
        let client = Alipay::new(platform.config()).unwrap();
        (platform, client)
    }

    #[tokio::test]
    async fn it_answers_what_it_was_told_in_order() {
        let (platform, client) = platform();
        let order = Order::new("PO1", "点数", Cny::from_fen(1), "https://a.example/notify");
        platform.time_out();
        platform.refuse_unsigned("isv.invalid-app-id");
        platform.refuse("isv.invalid-signature");
        platform.refuse("ACQ.TOTAL_FEE_EXCEED");
        platform.refuse("isp.unknow-error");
        platform.answer(&json!({ "out_trade_no": "PO1", "qr_code": "https://qr" }));
        for is_certain in [false, false, true, true, false] {
            let error = client.precreate(&order).await.unwrap_err();
            assert_eq!(error.did_not_happen(), is_certain, "{error}");
        }
        let code = client.precreate(&order).await.unwrap();
        assert_eq!(code.value.content, "https://qr");
        assert_eq!(code.request_id.as_deref(), Some("0be7f0"));
        let none = client.precreate(&order).await.unwrap_err();
        assert!(none.did_not_happen() && !none.is_verdict(), "{none}");
        assert_ne!(none.advice(), Advice::Never);
        assert_eq!(platform.sent().len(), 7);
    }

    #[tokio::test]
    async fn a_payment_can_be_made_to_wait() {
        let (platform, client) = platform();
        let order = Order::new("PO1", "点数", Cny::from_fen(1), "https://a.example/notify");
        platform.answer(&json!({ "code": "10003", "out_trade_no": "PO1", "trade_no": "2026" }));
        let paid = client.pay(&order, "281234567890123456").await.unwrap();
        assert!(matches!(paid.value, PayOutcome::Pending { .. }));
    }

    #[test]
    fn its_notices_messages_and_returns_are_believed_each_in_its_place() {
        let (platform, client) = platform();
        let verifier = client.notices();
        let notice = platform.notice(&[
            ("out_trade_no", "PO1"),
            ("trade_status", "WAIT_BUYER_PAY"),
            ("version", ""),
        ]);
        let opened = verifier.verify(&notice).unwrap();
        assert!(matches!(opened.content, NoticeContent::Pending(_)));
        let message = platform.message("alipay.a.b", &json!({ "a": "会" }));
        let opened = verifier.verify_message(&message).unwrap();
        let json = MessageContent::Json(r#"{"a":"会"}"#.to_owned());
        assert_eq!(opened.content, json);
        assert_eq!(opened.sent_at, Some(datetime!(2026-01-01 12:00 +8)));
        let back = platform.page_return("PO1", "9.90");
        let opened = verifier.verify_return(&back).unwrap();
        assert_eq!(opened.total, Some(Cny::from_fen(990)));
        for refused in [
            verifier.verify(&message).err(),
            verifier.verify_message(&notice).err(),
        ] {
            assert!(
                matches!(refused, Some(NoticeError::Untrusted(_))),
                "{refused:?}"
            );
        }
    }
}
