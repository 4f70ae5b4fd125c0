//! A double of the platform: it checks every request's signature with code of its own, keeps
//! payments, and signs and encrypts as the platform does.

mod desk;
mod script;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use paydesk_money::Cny;
use paydesk_provider::testing::Misbehaviour;
use paydesk_provider::{CreatePayment, RawNotice, Scene};
use paydesk_wechatpay::{
    ApiV3Key, Config, Credentials, MerchantKey, PlatformKeys, Request, Response, Transport,
    TransportError, WechatPay,
};
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use desk::Desk;
pub(crate) use script::Script;

pub(crate) const MERCHANT_KEY: &str = include_str!("../../testdata/merchant_key.pem");
pub(crate) const MERCHANT_PUBLIC: &str = include_str!("../../testdata/merchant_public_key.pem");
pub(crate) const PLATFORM_KEY: &str = include_str!("../../testdata/platform_key.pem");
pub(crate) const PLATFORM_PUBLIC: &str = include_str!("../../testdata/platform_public_key.pem");
pub(crate) const PLATFORM_KEY_ID: &str = "PUB_KEY_ID_0119000072912026010100000000";
pub(crate) const SERIAL: &str = "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB";
pub(crate) const MERCHANT_ID: &str = "1900007291";
pub(crate) const APP_ID: &str = "wxd678efh567hg6787";
pub(crate) const API_V3_KEY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
/// 2026-01-01T10:00:00+08:00
pub(crate) const NOW: i64 = 1_767_232_800;

/// The published vectors.
pub(crate) fn vectors() -> Value {
    serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap()
}

pub(crate) fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

pub(crate) fn credentials() -> Credentials {
    Credentials {
        merchant_id: MERCHANT_ID.to_owned(),
        app_id: APP_ID.to_owned(),
        certificate_serial: SERIAL.to_owned(),
        merchant_key: MerchantKey::parse(MERCHANT_KEY).unwrap(),
        api_v3_key: ApiV3Key::parse(API_V3_KEY).unwrap(),
        platform_keys: PlatformKeys::new(PLATFORM_KEY_ID, PLATFORM_PUBLIC).unwrap(),
    }
}

pub(crate) fn an_order(payment_no: &str) -> CreatePayment {
    CreatePayment {
        payment_no: payment_no.to_owned(),
        scene: Scene::Qr,
        amount: Cny::from_fen(990),
        description: "AI点数包-100点".to_owned(),
        notify_url: "https://pay.example.com/notify/wechat".to_owned(),
        expire_at: at(NOW) + Duration::minutes(30),
    }
}

#[derive(Default)]
struct State {
    desk: Desk,
    misbehaviour: Option<Misbehaviour>,
    /// Once each, in this order.
    scripts: VecDeque<Script>,
    /// Then again and again.
    script: Option<Script>,
    unreachable: BTreeSet<String>,
    sent: Vec<Request>,
}

pub(crate) struct FakePlatform {
    key: RsaKeyPair,
    merchant: UnparsedPublicKey<Vec<u8>>,
    pub(crate) clock: AtomicI64,
    serial: AtomicU64,
    state: Mutex<State>,
}

impl std::fmt::Debug for FakePlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakePlatform")
    }
}

pub(crate) fn der(pem: &str) -> Vec<u8> {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(text).unwrap()
}

impl FakePlatform {
    pub(crate) fn new() -> Arc<Self> {
        // An SPKI of a 2048-bit RSA key begins with 24 bytes before the key itself.
        let merchant = der(MERCHANT_PUBLIC)[24..].to_vec();
        Arc::new(Self {
            key: RsaKeyPair::from_pkcs8(&der(PLATFORM_KEY)).unwrap(),
            merchant: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, merchant),
            clock: AtomicI64::new(NOW),
            serial: AtomicU64::new(0),
            state: Mutex::default(),
        })
    }

    /// A client whose clock is the platform's.
    pub(crate) fn client(self: &Arc<Self>) -> WechatPay {
        WechatPay::new(self.config()).unwrap()
    }

    pub(crate) fn config(self: &Arc<Self>) -> Config {
        let (clock, serial) = (Arc::clone(self), Arc::clone(self));
        Config::new(credentials())
            .clock(move || at(clock.clock.load(Ordering::SeqCst)))
            .nonce(move || format!("N{:031}", serial.next()))
            .pause(|_| std::future::ready(()))
            .transport(Arc::clone(self) as Arc<dyn Transport>)
    }

    pub(crate) fn next(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn sent(&self) -> Vec<Request> {
        self.state.lock().unwrap().sent.clone()
    }

    pub(crate) fn script(&self, script: Script) {
        self.state.lock().unwrap().script = Some(script);
    }

    /// Each for one call; afterwards the true answers, or the one that was set for all.
    pub(crate) fn scripts(&self, scripts: impl IntoIterator<Item = Script>) {
        self.state.lock().unwrap().scripts = scripts.into_iter().collect();
    }

    /// Back to true answers, with nothing recorded.
    pub(crate) fn forget(&self) {
        let mut state = self.state.lock().unwrap();
        state.scripts.clear();
        state.script = None;
        state.sent.clear();
    }

    /// From now on no connection to these hosts comes about.
    pub(crate) fn unreachable(&self, hosts: &[&str]) {
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        self.state.lock().unwrap().unreachable = hosts;
    }

    pub(crate) fn misbehave(&self, how: Option<Misbehaviour>) {
        self.state.lock().unwrap().misbehaviour = how;
    }

    pub(crate) fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .unwrap();
        STANDARD.encode(signature)
    }

    /// The headers of a signed message, made at this time.
    pub(crate) fn headers(
        &self,
        timestamp: i64,
        body: &(impl AsRef<[u8]> + ?Sized),
    ) -> Vec<(String, String)> {
        let nonce = format!("P{:031}", self.next());
        let mut message = format!("{timestamp}\n{nonce}\n").into_bytes();
        message.extend_from_slice(body.as_ref());
        message.push(b'\n');
        let signature = self.sign(&message);
        [
            ("Content-Type", "application/json".to_owned()),
            ("Wechatpay-Serial", PLATFORM_KEY_ID.to_owned()),
            ("Wechatpay-Signature", signature),
            ("Wechatpay-Timestamp", timestamp.to_string()),
            ("Wechatpay-Nonce", nonce),
            (
                "Wechatpay-Signature-Type",
                "WECHATPAY2-SHA256-RSA2048".to_owned(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// A notice about this content, as it would be sent now.
    pub(crate) fn notice(&self, event: &str, kind: &str, content: &str) -> RawNotice {
        let nonce = b"abcdefghijkl";
        let key: &[u8; 32] = API_V3_KEY.as_bytes().try_into().unwrap();
        let payload = Payload {
            msg: content.as_bytes(),
            aad: kind.as_bytes(),
        };
        let sealed = Aes256Gcm::new(key.into())
            .encrypt(nonce.into(), payload)
            .unwrap();
        let body = json!({
            "id": format!("EV-{}", self.next()),
            "create_time": "2026-01-01T10:00:00+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "支付成功",
            "resource": {
                "original_type": kind,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": STANDARD.encode(sealed),
                "associated_data": kind,
                "nonce": "abcdefghijkl",
            },
        });
        self.raw(&body.to_string())
    }

    /// A signed notice with this body.
    pub(crate) fn raw(&self, body: &(impl AsRef<[u8]> + ?Sized)) -> RawNotice {
        RawNotice {
            headers: self.headers(self.clock.load(Ordering::SeqCst), body),
            body: body.as_ref().to_vec().into(),
        }
    }

    /// The payer pays; the platform tells.
    pub(crate) fn pay(&self, payment_no: &str) -> RawNotice {
        let id = format!("42000000002026{:014}", self.next());
        let content = self.state.lock().unwrap().desk.pay(payment_no, id);
        self.notice("TRANSACTION.SUCCESS", "transaction", &content.to_string())
    }

    /// The refund comes to this state; the platform tells.
    pub(crate) fn end_refund(&self, out_refund_no: &str, state: &str) -> RawNotice {
        let told = self
            .state
            .lock()
            .unwrap()
            .desk
            .end_refund(out_refund_no, state);
        self.notice(&format!("REFUND.{state}"), "refund", &told.to_string())
    }

    fn check(&self, request: &Request) {
        let header = |name: &str| {
            let mut found = request.headers.iter().filter(|(key, _)| key == name);
            let value = found
                .next()
                .unwrap_or_else(|| panic!("no {name}"))
                .1
                .clone();
            assert!(found.next().is_none(), "{name} once");
            value
        };
        assert_eq!(header("Accept"), "application/json");
        assert_eq!(header("Content-Type"), "application/json");
        // Only the first request for certificates knows no key.
        if request.url.path() != "/v3/certificates" {
            assert_eq!(header("Wechatpay-Serial"), PLATFORM_KEY_ID);
        }
        assert!(header("User-Agent").starts_with("paydesk-wechatpay/"));
        let authorization = header("Authorization");
        let pairs: BTreeMap<&str, &str> = authorization
            .strip_prefix("WECHATPAY2-SHA256-RSA2048 ")
            .unwrap()
            .split(',')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        assert_eq!(pairs["mchid"], MERCHANT_ID);
        assert_eq!(pairs["serial_no"], SERIAL);
        let (_, address) = request.url.as_str().split_once("//").unwrap();
        let (_, target) = address.split_once('/').unwrap();
        let message = format!(
            "{}\n/{target}\n{}\n{}\n{}\n",
            request.method,
            pairs["timestamp"],
            pairs["nonce_str"],
            std::str::from_utf8(&request.body).unwrap(),
        );
        // The value itself may end in padding, so it is cut out of the header, not out of the pairs.
        let (_, signature) = authorization.split_once("signature=\"").unwrap();
        let signature = STANDARD
            .decode(signature.split_once('"').unwrap().0)
            .unwrap();
        self.merchant
            .verify(message.as_bytes(), &signature)
            .unwrap();
    }

    fn answer(&self, status: u16, body: impl Into<Bytes>, signed: bool) -> Response {
        let body = body.into();
        let mut headers = vec![("Request-ID".to_owned(), format!("08F7-{}", self.next()))];
        if signed {
            headers.extend(self.headers(self.clock.load(Ordering::SeqCst), &body));
        }
        Response {
            status,
            headers,
            body: body.into(),
        }
    }
}

#[async_trait]
impl Transport for FakePlatform {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.check(&request);
        let (misbehaviour, script) = {
            let mut state = self.state.lock().unwrap();
            if state
                .unreachable
                .contains(request.url.host_str().unwrap_or_default())
            {
                return Err(TransportError::NotSent("refused".to_owned()));
            }
            state.sent.push(request.clone());
            let next = state.scripts.pop_front();
            (state.misbehaviour, next.or_else(|| state.script.clone()))
        };
        match script {
            Some(Script::Fail(error)) => return Err(error),
            Some(Script::Answer {
                status,
                body,
                headers,
                signed,
            }) => {
                let mut response = self.answer(status, body, signed);
                let more = headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                response.headers.extend(more);
                return Ok(response);
            }
            Some(Script::True) | None => {}
        }
        let (status, body) = {
            let desk = &mut self.state.lock().unwrap().desk;
            desk.answer(&request, || self.next())
        };
        Ok(match misbehaviour {
            Some(Misbehaviour::HangUp) => {
                return Err(TransportError::Broken("the connection ended".to_owned()));
            }
            Some(Misbehaviour::ServerError) => self.answer(500, "", false),
            Some(Misbehaviour::BadSignature) => {
                let mut response = self.answer(200, "{}", true);
                response.status = status;
                response.body = body.into();
                response
            }
            Some(Misbehaviour::Unsigned) => self.answer(status, body, false),
            Some(Misbehaviour::Gibberish) => self.answer(200, "{\"hello\":[1]}", true),
            None => self.answer(status, body, (200..300).contains(&status)),
        })
    }
}
