//! A double of the platform: it checks every request's signature with code of its own, keeps
//! trades, and signs as the platform does.

pub(crate) mod modes;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_alipay::{
    Alipay, AlipayKeys, AppKey, Config, Credentials, Request, Response, Transport, TransportError,
};
use paydesk_money::Cny;
use paydesk_provider::testing::Misbehaviour;
use paydesk_provider::{CreatePayment, RawNotice, Scene};
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use serde_json::{Value, json};
use time::macros::{datetime, format_description};
use time::{Duration, OffsetDateTime};
use url::form_urlencoded;

use modes::Modes;

pub(crate) const APP_KEY: &str = include_str!("../../testdata/app_key.pem");
pub(crate) const APP_PUBLIC: &str = include_str!("../../testdata/app_public_key.pem");
pub(crate) const ALIPAY_KEY: &str = include_str!("../../testdata/alipay_key.pem");
pub(crate) const ALIPAY_PUBLIC: &str = include_str!("../../testdata/alipay_public_key.pem");
pub(crate) const APP_ID: &str = "2021000000000001";
pub(crate) const SELLER_ID: &str = "2088000000000002";
pub(crate) const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 +8);

/// The published vectors, and those made for this protocol's documents.
pub(crate) fn vectors() -> Value {
    serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap()
}

pub(crate) fn credentials() -> Credentials {
    Credentials {
        app_id: APP_ID.to_owned(),
        seller_id: SELLER_ID.to_owned(),
        app_key: AppKey::parse(APP_KEY).unwrap(),
        alipay_keys: AlipayKeys::new(ALIPAY_PUBLIC).unwrap(),
    }
}

pub(crate) fn an_order(payment_no: &str) -> CreatePayment {
    CreatePayment {
        payment_no: payment_no.to_owned(),
        scene: Scene::Qr,
        amount: Cny::from_fen(990),
        description: "AI点数包-100点".to_owned(),
        notify_url: "https://pay.example.com/notify/alipay".to_owned(),
        expire_at: NOW + Duration::minutes(30),
    }
}

/// What the next calls get instead of the true answer.
#[derive(Clone, Debug)]
pub(crate) enum Script {
    /// This status and body.
    Body(u16, String),
    /// This node in the call's own member, signed.
    Node(String),
    /// This node in the call's own member, without a signature.
    Unsigned(String),
    /// No answer.
    Fail(TransportError),
}

#[derive(Default)]
struct State {
    trades: BTreeMap<String, Trade>,
    misbehaviour: Option<Misbehaviour>,
    script: Option<Script>,
    sent: Vec<Request>,
    modes: Modes,
}

struct Trade {
    order: Value,
    /// `None` until somebody scans.
    status: Option<&'static str>,
    id: String,
}

pub(crate) struct FakePlatform {
    key: RsaKeyPair,
    app: UnparsedPublicKey<Vec<u8>>,
    serial: AtomicU64,
    /// Since [`NOW`].
    passed_s: AtomicI64,
    /// Whether somebody scans every code at once. A trade exists only from then on.
    pub(crate) scans: AtomicBool,
    state: Mutex<State>,
}

impl std::fmt::Debug for FakePlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakePlatform")
    }
}

fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).unwrap()
}

impl FakePlatform {
    pub(crate) fn new() -> Arc<Self> {
        // An SPKI of a 2048-bit RSA key begins with 24 bytes before the key itself.
        let app = der(APP_PUBLIC)[24..].to_vec();
        Arc::new(Self {
            key: RsaKeyPair::from_pkcs8(&der(ALIPAY_KEY)).unwrap(),
            app: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, app),
            serial: AtomicU64::new(1),
            passed_s: AtomicI64::new(0),
            scans: AtomicBool::new(true),
            state: Mutex::default(),
        })
    }

    pub(crate) fn client(self: &Arc<Self>) -> Alipay {
        Alipay::new(self.config(credentials())).unwrap()
    }

    /// With the platform's clock.
    pub(crate) fn config(self: &Arc<Self>, credentials: Credentials) -> Config {
        let clock = Arc::clone(self);
        Config::new(credentials)
            .clock(move || clock.now())
            .pause(|_| std::future::ready(()))
            .transport(Arc::clone(self) as Arc<dyn Transport>)
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        NOW + Duration::seconds(self.passed_s.load(Ordering::SeqCst))
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.passed_s
            .fetch_add(time.whole_seconds(), Ordering::SeqCst);
    }

    pub(crate) fn modes(&self, change: impl FnOnce(&mut Modes)) {
        change(&mut self.state.lock().unwrap().modes);
    }

    pub(crate) fn next(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::SeqCst)
    }

    /// The last request: its method and its business parameters.
    pub(crate) fn asked(&self) -> (String, String) {
        let sent = self.sent();
        let last = sent.last().unwrap();
        (parameter(last, "method").unwrap(), content(last))
    }

    pub(crate) fn sent(&self) -> Vec<Request> {
        self.state.lock().unwrap().sent.clone()
    }

    pub(crate) fn script(&self, script: Script) {
        self.state.lock().unwrap().script = Some(script);
    }

    pub(crate) fn misbehave(&self, how: Option<Misbehaviour>) {
        self.state.lock().unwrap().misbehaviour = how;
    }

    pub(crate) fn sign(&self, message: &str) -> String {
        self.sign_bytes(message.as_bytes())
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> String {
        let state = self.state.lock().unwrap();
        let key = state.modes.key().unwrap_or(&self.key);
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message,
            &mut signature,
        )
        .unwrap();
        STANDARD.encode(signature)
    }

    /// A notice with these fields, signed as payment notices are.
    pub(crate) fn notice(&self, fields: &[(&str, &str)]) -> RawNotice {
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let pairs: Vec<String> = sorted
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let sign = self.sign(&pairs.join("&"));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .append_pair("sign_type", "RSA2")
            .append_pair("sign", &sign)
            .finish();
        raw(&body)
    }

    /// A form with these fields, signed with `sign_type` in the text as messages of the application
    /// gateway are.
    pub(crate) fn message(&self, fields: &[(&str, &str)]) -> RawNotice {
        let mut sorted = fields.to_vec();
        sorted.push(("sign_type", "RSA2"));
        sorted.sort_unstable();
        let pairs: Vec<String> = sorted
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let sign = self.sign(&pairs.join("&"));
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&sorted)
            .append_pair("sign", &sign)
            .finish();
        raw(&body)
    }

    /// The payer pays; the platform tells.
    pub(crate) fn pay(&self, payment_no: &str) -> RawNotice {
        let (trade_no, order) = {
            let mut state = self.state.lock().unwrap();
            let trade = state.trades.get_mut(payment_no).unwrap();
            trade.status = Some("TRADE_SUCCESS");
            (trade.id.clone(), trade.order.clone())
        };
        self.notice(&[
            ("app_id", APP_ID),
            ("auth_app_id", APP_ID),
            ("buyer_id", "2088102169481075"),
            ("buyer_logon_id", "csq***@sandbox.com"),
            ("charset", "utf-8"),
            (
                "fund_bill_list",
                r#"[{"amount":"9.90","fundChannel":"ALIPAYACCOUNT"}]"#,
            ),
            ("gmt_create", "2026-01-01 12:01:00"),
            ("gmt_payment", "2026-01-01 12:01:05"),
            ("notify_id", &format!("20260101002221{:020}", self.next())),
            ("notify_time", "2026-01-01 12:01:06"),
            ("notify_type", "trade_status_sync"),
            ("out_trade_no", payment_no),
            ("receipt_amount", "9.80"),
            ("refund_fee", "0.00"),
            ("seller_id", SELLER_ID),
            ("subject", order["subject"].as_str().unwrap()),
            ("total_amount", order["total_amount"].as_str().unwrap()),
            ("trade_no", &trade_no),
            ("trade_status", "TRADE_SUCCESS"),
            ("version", "1.0"),
        ])
    }

    /// Checks a request as the gateway does; gives its method and business parameters.
    fn check(&self, request: &Request) -> (String, Value) {
        assert!(
            request
                .url
                .as_str()
                .starts_with("https://openapi.alipay.com/gateway.do?")
        );
        let kind = "application/x-www-form-urlencoded;charset=utf-8";
        let header = ("Content-Type".to_owned(), kind.to_owned());
        assert!(request.headers.contains(&header));
        let mut all: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        assert_eq!(all["charset"], "utf-8", "in the query");
        let body = form_urlencoded::parse(&request.body).into_owned();
        for (name, value) in body {
            assert!(all.insert(name, value).is_none());
        }
        let sign = STANDARD.decode(all.remove("sign").unwrap()).unwrap();
        let pairs: Vec<_> = all
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.app.verify(pairs.join("&").as_bytes(), &sign).unwrap();
        for (name, value) in [
            ("app_id", APP_ID),
            ("format", "JSON"),
            ("sign_type", "RSA2"),
            ("version", "1.0"),
        ] {
            assert_eq!(all[name], value);
        }
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        assert_eq!(all["timestamp"], self.now().format(format).unwrap());
        let biz_content = self.state.lock().unwrap().modes.open(&all);
        (all["method"].clone(), biz_content)
    }

    fn answer(&self, status: u16, body: String) -> Response {
        Response {
            status,
            headers: vec![("Trace_ID".to_owned(), format!("0be7{:04}", self.next()))],
            body: body.into(),
        }
    }

    fn route(&self, method: &str, biz: &Value) -> Value {
        let mut state = self.state.lock().unwrap();
        if method == "alipay.open.app.alipaycert.download" {
            return state.modes.download(biz);
        }
        let number = biz["out_trade_no"].as_str().unwrap();
        match method {
            "alipay.trade.precreate" => {
                let scanned = self.scans.load(Ordering::SeqCst);
                let trade = state
                    .trades
                    .entry(number.to_owned())
                    .or_insert_with(|| Trade {
                        order: biz.clone(),
                        status: scanned.then_some("WAIT_BUYER_PAY"),
                        id: format!("2026010122001400{:012}", self.next()),
                    });
                if trade.order != *biz {
                    return failed("ACQ.CONTEXT_INCONSISTENT", number);
                }
                let code = format!("https://qr.alipay.com/bax{:08}", self.next());
                json!({"code": "10000", "msg": "Success", "out_trade_no": number, "qr_code": code})
            }
            "alipay.trade.query" => match state.trades.get(number) {
                Some(trade) if trade.status.is_some() => trade.described(number),
                _ => failed("ACQ.TRADE_NOT_EXIST", number),
            },
            "alipay.trade.close" => match state.trades.get_mut(number) {
                Some(Trade {
                    status: Some(status @ "WAIT_BUYER_PAY"),
                    id,
                    ..
                }) => {
                    *status = "TRADE_CLOSED";
                    json!({
                        "code": "10000", "msg": "Success", "out_trade_no": number,
                        "trade_no": id,
                    })
                }
                Some(Trade {
                    status: Some(_), ..
                }) => failed("ACQ.TRADE_STATUS_ERROR", number),
                _ => failed("ACQ.TRADE_NOT_EXIST", number),
            },
            other => panic!("no such method: {other}"),
        }
    }
}

/// A parameter that travels in the query.
pub(crate) fn parameter(request: &Request, name: &str) -> Option<String> {
    let mut query = request.url.query_pairs().into_owned();
    query.find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The text of the business parameters.
pub(crate) fn content(request: &Request) -> String {
    let mut body = form_urlencoded::parse(&request.body).into_owned();
    let (name, value) = body.next().unwrap();
    assert_eq!((name.as_str(), body.next()), ("biz_content", None));
    value
}

/// A notice with this body and the header of a form.
pub(crate) fn raw(body: &str) -> RawNotice {
    let kind = "application/x-www-form-urlencoded; text/html; charset=utf-8";
    RawNotice {
        headers: vec![("Content-Type".to_owned(), kind.to_owned())],
        body: body.to_owned().into(),
    }
}

fn failed(sub_code: &str, number: &str) -> Value {
    json!({
        "code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": "失败",
        "out_trade_no": number, "receipt_amount": "0.00",
    })
}

impl Trade {
    fn described(&self, number: &str) -> Value {
        let mut node = json!({
            "code": "10000", "msg": "Success", "out_trade_no": number,
            "trade_no": self.id, "trade_status": self.status,
            "total_amount": self.order["total_amount"], "buyer_logon_id": "csq***@sandbox.com",
            "buyer_user_id": "2088102169481075",
        });
        if self.status == Some("TRADE_SUCCESS") {
            node["send_pay_date"] = json!("2026-01-01 12:01:05");
            node["receipt_amount"] = json!("9.80");
            node["buyer_pay_amount"] = json!("9.00");
        }
        node
    }
}

#[async_trait]
impl Transport for FakePlatform {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (method, biz) = self.check(&request);
        let (misbehaviour, script, beside) = {
            let mut state = self.state.lock().unwrap();
            state.sent.push(request);
            let beside = state.modes.beside();
            (state.misbehaviour, state.script.clone(), beside)
        };
        let name = format!("{}_response", method.replace('.', "_"));
        let signed = |node: &str| {
            let node = self.state.lock().unwrap().modes.seal(node);
            let sign = self.sign(&node);
            let body = format!("{{\"{name}\":{node}{beside},\"sign\":\"{sign}\"}}");
            self.answer(200, body)
        };
        let unsigned = |node: &str| self.answer(200, format!("{{\"{name}\":{node}}}"));
        match script {
            // What a certificate is asked for with is answered all the same.
            _ if method == "alipay.open.app.alipaycert.download" => {
                return Ok(unsigned(&self.route(&method, &biz).to_string()));
            }
            Some(Script::Fail(error)) => return Err(error),
            Some(Script::Body(status, body)) => return Ok(self.answer(status, body)),
            Some(Script::Node(node)) => return Ok(signed(&node)),
            Some(Script::Unsigned(node)) => return Ok(unsigned(&node)),
            None => {}
        }
        let node = self.route(&method, &biz).to_string();
        Ok(match misbehaviour {
            Some(Misbehaviour::HangUp) => {
                return Err(TransportError::Broken("the connection ended".to_owned()));
            }
            Some(Misbehaviour::ServerError) => self.answer(500, String::new()),
            Some(Misbehaviour::BadSignature) => {
                let sign = self.sign("{}");
                let body = format!("{{\"{name}\":{node}{beside},\"sign\":\"{sign}\"}}");
                self.answer(200, body)
            }
            Some(Misbehaviour::Unsigned) => unsigned(&node),
            Some(Misbehaviour::Gibberish) => signed("{\"hello\":[1]}"),
            None => signed(&node),
        })
    }
}
