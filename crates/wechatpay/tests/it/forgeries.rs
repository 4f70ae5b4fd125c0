//! Forged, altered, replayed and garbled messages: none is believed, none makes anything panic.
//!
//! Each forgery is made of a genuine message, and each genuine message is seen to be accepted just
//! before and after, so that nothing is refused for another reason than the one that is meant.

mod bodies;
mod contents;
mod headers;
mod replays;
mod signatures;
mod statuses;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use paydesk_money::Cny;
use paydesk_provider::{Advice, NoticeError, ProviderError, RawNotice, Untrusted};
use paydesk_wechatpay::{
    NoticeContent, Order, OrderNumber, Request, Response, Transport, TransportError, WechatPay,
};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

use crate::platform::{APP_ID, FakePlatform, MERCHANT_ID, NOW, PLATFORM_KEY, der};
use crate::repeating::a_refund;

/// What a message is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    PaymentNotice,
    RefundNotice,
    Native,
    Query,
    Close,
    Refund,
    RefundQuery,
}

const NOTICES: [Role; 2] = [Role::PaymentNotice, Role::RefundNotice];
const ANSWERS: [Role; 5] = [
    Role::Native,
    Role::Query,
    Role::Close,
    Role::Refund,
    Role::RefundQuery,
];

/// A message as it comes over the wire.
#[derive(Clone, Debug)]
struct Message {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Gives every call this answer.
#[derive(Debug, Default)]
struct Line(Mutex<Option<Response<Bytes>>>);

#[async_trait]
impl Transport for Line {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Ok(self.0.lock().unwrap().clone().unwrap().into())
    }
}

/// Between the platform's double and the client.
struct Forger {
    platform: Arc<FakePlatform>,
    client: WechatPay,
    line: Arc<Line>,
}

/// Makes a forgery of a genuine message; `None` where it cannot be made of this one.
type Alter = Box<dyn Fn(&Forger, Message) -> Option<Message>>;

struct Forgery {
    name: String,
    alter: Alter,
}

fn forgery(
    name: impl Into<String>,
    alter: impl Fn(&Forger, Message) -> Option<Message> + 'static,
) -> Forgery {
    Forgery {
        name: name.into(),
        alter: Box::new(alter),
    }
}

/// With another value in this header, and nothing else changed.
fn header(name: impl Into<String>, header: &'static str, value: impl Into<String>) -> Forgery {
    let value = value.into();
    forgery(name, move |_, message| Some(message.with(header, &value)))
}

const SERIAL: &str = "Wechatpay-Serial";
const SIGNATURE: &str = "Wechatpay-Signature";
const TIMESTAMP: &str = "Wechatpay-Timestamp";
const NONCE: &str = "Wechatpay-Nonce";
const KIND: &str = "Wechatpay-Signature-Type";
/// What a signature rests on.
const SIGNED: [&str; 4] = [SERIAL, SIGNATURE, TIMESTAMP, NONCE];

impl Message {
    fn header(&self, name: &str) -> String {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key == name).unwrap().1.clone()
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| key != name);
        self
    }

    fn with(self, name: &str, value: &str) -> Self {
        let mut message = self.without(name);
        message.headers.push((name.to_owned(), value.to_owned()));
        message
    }

    fn changed(mut self, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        change(&mut self.body);
        self
    }
}

impl Forger {
    fn new() -> Self {
        let platform = FakePlatform::new();
        let line = Arc::new(Line::default());
        let config = platform.config().read_attempts(1);
        Self {
            client: WechatPay::new(config.transport(line.clone())).unwrap(),
            platform,
            line,
        }
    }

    /// Signed by the platform at this time.
    fn signed(&self, status: u16, body: impl Into<Vec<u8>>) -> Message {
        let body = body.into();
        Message {
            status,
            headers: self.platform.headers(NOW, &body),
            body,
        }
    }

    /// The same bytes under a fresh genuine signature of the platform.
    fn signed_again(&self, message: &Message) -> Message {
        self.signed(message.status, message.body.clone())
    }

    fn genuine(&self, role: Role) -> Message {
        let notice = |notice: RawNotice| Message {
            status: 200,
            headers: notice.headers,
            body: notice.body.to_vec(),
        };
        match role {
            Role::PaymentNotice => {
                let paid = paid().to_string();
                notice(
                    self.platform
                        .notice("TRANSACTION.SUCCESS", "transaction", &paid),
                )
            }
            Role::RefundNotice => {
                let told = refunded_notice().to_string();
                notice(self.platform.notice("REFUND.SUCCESS", "refund", &told))
            }
            Role::Native => {
                let code = json!({"code_url": "weixin://wxpay/bizpayurl?pr=1"});
                self.signed(200, code.to_string())
            }
            Role::Query => self.signed(200, paid().to_string()),
            Role::Close => self.signed(204, ""),
            Role::Refund | Role::RefundQuery => self.signed(200, refunded().to_string()),
        }
    }

    /// Takes the message for what its role says. An error is a refusal; which one, is for the caller.
    async fn take(&self, role: Role, message: &Message) -> Result<(), Refused> {
        let notice = RawNotice {
            headers: message.headers.clone(),
            body: message.body.clone().into(),
        };
        let response = Response {
            status: message.status,
            headers: message.headers.clone(),
            body: message.body.clone().into(),
        };
        *self.line.0.lock().unwrap() = Some(response);
        let client = &self.client;
        let number = OrderNumber::OutTradeNo("PO0001");
        match role {
            Role::PaymentNotice => match client.notices().verify(&notice)?.into_inner().content {
                NoticeContent::Payment(_) => Ok(()),
                _ => Err(Refused::Notice(NoticeError::Malformed("other".to_owned()))),
            },
            Role::RefundNotice => match client.notices().verify(&notice)?.into_inner().content {
                NoticeContent::Refund(_) => Ok(()),
                _ => Err(Refused::Notice(NoticeError::Malformed("other".to_owned()))),
            },
            Role::Native => Ok(client.native(&order()).await.map(drop)?),
            Role::Query => match client.query_order(number).await?.value {
                Some(_) => Ok(()),
                None => panic!("a forgery that says it is not known"),
            },
            Role::Close => Ok(client.close_order("PO0001").await.map(drop)?),
            Role::Refund => Ok(client.refund(&a_refund()).await.map(drop)?),
            Role::RefundQuery => match client.query_refund("RF0001").await?.value {
                Some(_) => Ok(()),
                None => panic!("a forgery that says it is not known"),
            },
        }
    }

    async fn assert_genuine(&self, role: Role) {
        let genuine = self.genuine(role);
        if let Err(refused) = self.take(role, &genuine).await {
            panic!("{role:?}: the genuine one was refused: {refused:?}");
        }
    }

    /// Every forgery of every genuine message is refused, and none by a certain "it did not happen".
    async fn assert_refused(
        &self,
        roles: &[Role],
        forgeries: &[Forgery],
    ) -> BTreeSet<(Role, String)> {
        let mut refused = BTreeSet::new();
        for &role in roles {
            self.assert_genuine(role).await;
            for Forgery { name, alter } in forgeries {
                let Some(forged) = alter(self, self.genuine(role)) else {
                    continue;
                };
                let Err(why) = self.take(role, &forged).await else {
                    panic!("{role:?} {name}: believed: {forged:?}");
                };
                assert!(!why.did_not_happen(), "{role:?} {name}: {why:?}");
                why.assert_silent(name);
                assert!(
                    refused.insert((role, name.clone())),
                    "{name} is there twice"
                );
            }
            self.assert_genuine(role).await;
        }
        for Forgery { name, .. } in forgeries {
            let made = refused.iter().any(|(_, made)| made == name);
            assert!(made, "{name} was made of no message");
        }
        refused
    }
}

#[derive(Debug)]
enum Refused {
    Notice(NoticeError),
    Answer(ProviderError),
}

impl From<NoticeError> for Refused {
    fn from(error: NoticeError) -> Self {
        Self::Notice(error)
    }
}

impl From<ProviderError> for Refused {
    fn from(error: ProviderError) -> Self {
        Self::Answer(error)
    }
}

impl Refused {
    fn did_not_happen(&self) -> bool {
        matches!(self, Self::Answer(error) if error.did_not_happen())
    }

    fn untrusted(&self) -> Option<&Untrusted> {
        match self {
            Self::Notice(NoticeError::Untrusted(reason))
            | Self::Answer(ProviderError::Untrusted { reason, .. }) => Some(reason),
            _ => None,
        }
    }

    /// Nothing of what came is repeated, for it may be anybody's.
    fn assert_silent(&self, name: &str) {
        let said = match self {
            Self::Notice(error) => error.to_string(),
            Self::Answer(error) => {
                assert_ne!(error.advice(), Advice::Never, "{name}: {error}");
                error.to_string()
            }
        };
        for told in ["PO0001", "weixin://", "oUpF8uMu", "evil"] {
            assert!(!said.contains(told), "{name}: {said}");
        }
    }
}

/// A signature as it travels.
fn sign_with(key: &str, way: &'static dyn RsaEncoding, message: &[u8]) -> String {
    let key = RsaKeyPair::from_pkcs8(&der(key)).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(way, &SystemRandom::new(), message, &mut signature)
        .unwrap();
    STANDARD.encode(signature)
}

fn sign(message: &[u8]) -> String {
    sign_with(PLATFORM_KEY, &RSA_PKCS1_SHA256, message)
}

fn order() -> Order {
    let fen = Cny::from_fen(990);
    Order::new("PO0001", "点数", fen, "https://pay.example.com/n")
}

fn paid() -> Value {
    json!({
        "appid": APP_ID, "mchid": MERCHANT_ID, "out_trade_no": "PO0001",
        "trade_state": "SUCCESS", "trade_state_desc": "", "transaction_id": "42000001",
        "success_time": "2026-01-01T10:00:00+08:00", "payer": {"openid": "oUpF8uMu"},
        "amount": {"total": 990, "payer_total": 990, "currency": "CNY"},
    })
}

fn refunded() -> Value {
    json!({
        "refund_id": "503001", "out_refund_no": "RF0001", "transaction_id": "42000001",
        "out_trade_no": "PO0001", "channel": "ORIGINAL", "user_received_account": "x",
        "create_time": "2026-01-01T10:00:00+08:00", "status": "SUCCESS",
        "amount": {"total": 990, "refund": 990, "payer_total": 990, "payer_refund": 990,
            "settlement_refund": 990, "settlement_total": 990, "discount_refund": 0,
            "currency": "CNY"},
    })
}

fn refunded_notice() -> Value {
    json!({
        "mchid": MERCHANT_ID, "out_trade_no": "PO0001", "transaction_id": "42000001",
        "out_refund_no": "RF0001", "refund_id": "503001", "refund_status": "SUCCESS",
        "amount": {"total": 990, "refund": 990, "payer_total": 990, "payer_refund": 990},
    })
}

/// What can be made of any message is tried on each.
#[tokio::test]
async fn r18_no_forgery_is_believed_whatever_it_is_made_of() {
    let forger = Forger::new();
    let roles = [&NOTICES[..], &ANSWERS[..]].concat();
    let anywhere: Vec<Forgery> = [headers::all(), signatures::all()]
        .into_iter()
        .flatten()
        .collect();
    let refused = forger.assert_refused(&roles, &anywhere).await;
    assert_eq!(refused.len(), anywhere.len() * roles.len());
    let refused = forger.assert_refused(&roles, &bodies::all()).await;
    assert!(refused.len() >= 150, "{}", refused.len());
    let counts = [
        headers::all().len(),
        signatures::all().len(),
        bodies::all().len(),
        contents::all().len(),
        statuses::all().len(),
    ];
    assert_eq!(counts, [70, 46, 34, 64, 45], "none was lost");
}
