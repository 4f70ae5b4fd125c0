//! The platform's public key, its certificates, and both while a merchant moves from these to that.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::keys::{KeyFiles, SigningKey};
use paydesk_provider::{
    Advice, Found, NoticeError, PaymentProvider, ProviderError, RawNotice, Untrusted,
};
use paydesk_wechatpay::{
    Certificate, Config, Credentials, PlatformCertificates, PlatformKeys, Request, Response,
    Transport, TransportError, WechatPay,
};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::platform::{
    API_V3_KEY, NOW, PLATFORM_KEY, PLATFORM_KEY_ID, PLATFORM_PUBLIC, at, credentials,
};

/// In force until February 2026, signed with [`PLATFORM_KEY`].
const CURRENT: &str = include_str!("../../testdata/certificates/current.pem");
pub(crate) const NEXT: &str = include_str!("../../testdata/certificates/next.pem");
const NEXT_KEY: &str = include_str!("../../testdata/certificates/next_key.pem");
const FILES: KeyFiles = KeyFiles {
    expected: "a key",
    private: "private",
    public: "public",
    certificate: "certificate",
};

/// What the platform signs with at the moment, and what it publishes.
struct Ways {
    serial: String,
    key: &'static str,
    published: Vec<&'static str>,
    certificates_fail: bool,
}

/// A platform that signs with certificates.
pub(crate) struct Certified {
    ways: Mutex<Ways>,
    clock: AtomicI64,
    sent: Mutex<Vec<Request>>,
}

impl std::fmt::Debug for Certified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certified")
    }
}

pub(crate) fn serial(pem: &str) -> String {
    Certificate::parse(pem).unwrap().serial().to_owned()
}

impl Certified {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            ways: Mutex::new(Ways {
                serial: serial(CURRENT),
                key: PLATFORM_KEY,
                published: vec![CURRENT],
                certificates_fail: false,
            }),
            clock: AtomicI64::new(NOW),
            sent: Mutex::default(),
        })
    }

    pub(crate) fn client(self: &Arc<Self>, platform_keys: PlatformKeys) -> WechatPay {
        let clock = Arc::clone(self);
        let config = Config::new(Credentials {
            platform_keys,
            ..credentials()
        });
        WechatPay::new(
            config
                .clock(move || at(clock.clock.load(Ordering::SeqCst)))
                .pause(|_| std::future::ready(()))
                .transport(Arc::clone(self) as Arc<dyn Transport>),
        )
        .unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Ways)) {
        change(&mut self.ways.lock().unwrap());
    }

    pub(crate) fn roll_over(&self) {
        self.change(|ways| {
            ways.serial = serial(NEXT);
            ways.key = NEXT_KEY;
            ways.published = vec![CURRENT, NEXT];
        });
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    fn paths(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|it| it.url.path().to_owned()).collect()
    }

    pub(crate) fn downloads(&self) -> usize {
        let paths = self.paths();
        paths
            .iter()
            .filter(|path| *path == "/v3/certificates")
            .count()
    }

    fn serial_asked_for(&self) -> Option<String> {
        let sent = self.sent.lock().unwrap();
        let headers = &sent.last().unwrap().headers;
        let header = headers.iter().find(|(name, _)| name == "Wechatpay-Serial");
        header.map(|(_, value)| value.clone())
    }

    fn headers(&self, body: &str) -> Vec<(String, String)> {
        let ways = self.ways.lock().unwrap();
        let timestamp = self.clock.load(Ordering::SeqCst).to_string();
        let message = format!("{timestamp}\nnonce\n{body}\n");
        let key = SigningKey::parse(ways.key, &FILES).unwrap();
        let signature = STANDARD.encode(key.sign(message.as_bytes()).unwrap());
        [
            ("Wechatpay-Serial", ways.serial.clone()),
            ("Wechatpay-Signature", signature),
            ("Wechatpay-Timestamp", timestamp),
            ("Wechatpay-Nonce", "nonce".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    pub(crate) fn notice(&self) -> RawNotice {
        let body =
            json!({"id": "1", "create_time": "2026-01-01T10:00:00+08:00", "event_type": "X"})
                .to_string();
        RawNotice {
            headers: self.headers(&body),
            body: body.into(),
        }
    }

    fn published(&self) -> String {
        let seal = |pem: &str| {
            let key: &[u8; 32] = API_V3_KEY.as_bytes().try_into().unwrap();
            let payload = Payload {
                msg: pem.as_bytes(),
                aad: b"certificate",
            };
            let sealed = Aes256Gcm::new(key.into()).encrypt(b"abcdefghijkl".into(), payload);
            STANDARD.encode(sealed.unwrap())
        };
        let entry = |pem: &&str| -> Value {
            let certificate = Certificate::parse(pem).unwrap();
            json!({
                "serial_no": certificate.serial(),
                "effective_time": certificate.not_before().format(&Rfc3339).unwrap(),
                "expire_time": certificate.not_after().format(&Rfc3339).unwrap(),
                "encrypt_certificate": {
                    "algorithm": "AEAD_AES_256_GCM", "nonce": "abcdefghijkl",
                    "associated_data": "certificate", "ciphertext": seal(pem),
                },
            })
        };
        let ways = self.ways.lock().unwrap();
        let data: Vec<Value> = ways.published.iter().map(entry).collect();
        json!({ "data": data }).to_string()
    }
}

#[async_trait]
impl Transport for Certified {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let is_download = request.url.path() == "/v3/certificates";
        let number = request.url.path().rsplit('/').next().unwrap().to_owned();
        self.sent.lock().unwrap().push(request);
        // Others get a chance to come in between.
        tokio::task::yield_now().await;
        let (status, body) = if !is_download {
            let paid = json!({"appid": "wxd678efh567hg6787", "mchid": "1900007291",
                "out_trade_no": number, "trade_state": "NOTPAY"});
            (200, paid.to_string())
        } else if self.ways.lock().unwrap().certificates_fail {
            (500, json!({"code": "SYSTEM_ERROR"}).to_string())
        } else if self.ways.lock().unwrap().published.is_empty() {
            (
                404,
                json!({"code": "RESOURCE_NOT_EXISTS", "message": "无可用的平台证书"}).to_string(),
            )
        } else {
            (200, self.published())
        };
        let headers = if status == 200 {
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

pub(crate) fn fetched() -> PlatformKeys {
    PlatformKeys::certificates(PlatformCertificates::new())
}

pub(crate) async fn query(client: &WechatPay) -> Result<Found, ProviderError> {
    client.query("PO0001").await.map(|answer| answer.value)
}

#[tokio::test]
async fn certificates_are_fetched_when_the_first_call_needs_them() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    assert!(platform.paths().is_empty(), "building asks nobody");
    query(&client).await.unwrap();
    query(&client).await.unwrap();
    assert_eq!(platform.paths()[0], "/v3/certificates");
    assert_eq!((platform.downloads(), platform.paths().len()), (1, 3));
    assert_eq!(platform.serial_asked_for(), Some(serial(CURRENT)));
    let first = &platform.sent.lock().unwrap()[0];
    assert!(
        !first
            .headers
            .iter()
            .any(|(name, _)| name == "Wechatpay-Serial")
    );
    client.verify(&platform.notice()).unwrap();
}

#[tokio::test]
async fn sixty_four_first_calls_fetch_once() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    let calls = (0..64).map(|_| query(&client));
    for found in futures_util::future::join_all(calls).await {
        found.unwrap();
    }
    assert_eq!(platform.downloads(), 1);
}

#[tokio::test]
async fn an_answer_under_a_new_certificate_is_believed_after_fetching_it() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    query(&client).await.unwrap();
    platform.pass(120);
    platform.roll_over();
    query(&client).await.unwrap();
    assert_eq!(platform.downloads(), 2);
    assert_eq!(
        platform.paths().len(),
        4,
        "the answer is judged again, not asked for again"
    );
    query(&client).await.unwrap();
    assert_eq!(
        platform.serial_asked_for(),
        Some(serial(NEXT)),
        "the newest"
    );
    assert_eq!(platform.downloads(), 2);
}

#[tokio::test]
async fn a_notice_under_a_new_certificate_is_believed_after_a_refresh() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    query(&client).await.unwrap();
    platform.pass(120);
    platform.roll_over();
    let notice = platform.notice();
    let unknown = NoticeError::Untrusted(Untrusted::UnknownKey(serial(NEXT)));
    assert_eq!(client.verify(&notice).unwrap_err(), unknown);
    client.refresh_trust().await.unwrap();
    client.verify(&notice).unwrap();
}

#[tokio::test]
async fn forged_serials_do_not_make_us_hammer_the_platform() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    query(&client).await.unwrap();
    platform.pass(120);
    for number in 0..200 {
        let serial = format!("{number:040X}");
        let mut notice = platform.notice();
        notice.headers[0].1.clone_from(&serial);
        client.verify(&notice).unwrap_err();
        client.learn_key(&serial).await.unwrap();
        client.refresh_trust().await.unwrap();
    }
    assert_eq!(platform.downloads(), 2);
    client.verify(&platform.notice()).unwrap();
}

#[tokio::test]
async fn no_call_fails_for_a_refresh_that_fails() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    query(&client).await.unwrap();
    platform.change(|ways| ways.certificates_fail = true);
    platform.pass(11 * 3600);
    query(&client).await.unwrap();
    assert_eq!(platform.downloads(), 2, "it was due");
    query(&client).await.unwrap();
    assert_eq!(platform.downloads(), 2, "and is not tried again at once");
}

#[tokio::test]
async fn without_any_certificate_no_call_is_made() {
    let platform = Certified::new();
    platform.change(|ways| ways.published.clear());
    let client = platform.client(fetched());
    let error = query(&client).await.unwrap_err();
    assert!(error.did_not_happen(), "{error}");
    assert_eq!(error.advice(), Advice::Never);
    assert!(error.to_string().contains("pub_key.pem"), "{error}");
    assert_eq!(platform.paths(), ["/v3/certificates"]);
    let again = query(&client).await.unwrap_err();
    assert!(again.to_string().contains("pub_key.pem"), "{again}");
    assert_eq!(platform.paths().len(), 1, "nor asked for again at once");
}

#[tokio::test]
async fn a_list_of_certificates_that_the_platform_did_not_sign_is_not_taken() {
    let platform = Certified::new();
    // Encrypted for us, and signed by another key than any in it: an old list under a new signature.
    platform.change(|ways| ways.key = NEXT_KEY);
    let client = platform.client(fetched());
    let error = query(&client).await.unwrap_err();
    assert!(error.to_string().contains("signature"), "{error}");
    assert_eq!(platform.paths(), ["/v3/certificates"]);
}

#[tokio::test]
async fn both_are_believed_while_a_merchant_moves() {
    let platform = Certified::new();
    let both = PlatformKeys::new(PLATFORM_KEY_ID, PLATFORM_PUBLIC)
        .unwrap()
        .and_certificates(PlatformCertificates::new());
    let client = platform.client(both);
    // The switch is not on yet: the answer comes under a certificate although the key was named.
    query(&client).await.unwrap();
    assert!(platform.sent.lock().unwrap().iter().all(|request| {
        request
            .headers
            .iter()
            .any(|(_, value)| value == PLATFORM_KEY_ID)
    }));
    client.verify(&platform.notice()).unwrap();
    // Then more and more under the public key.
    platform.change(|ways| ways.serial = PLATFORM_KEY_ID.to_owned());
    client.verify(&platform.notice()).unwrap();
    query(&client).await.unwrap();
    assert_eq!(platform.downloads(), 1);
    // In the end there are no certificates any more, and nobody minds.
    platform.change(|ways| ways.published.clear());
    platform.pass(24 * 3600);
    query(&client).await.unwrap();
    client.verify(&platform.notice()).unwrap();
}

#[tokio::test]
async fn fields_are_encrypted_to_the_newest_certificate() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    assert_eq!(client.sealer().await.unwrap().serial(), serial(CURRENT));
    platform.pass(120);
    platform.roll_over();
    client.learn_key(&serial(NEXT)).await.unwrap();
    assert_eq!(client.sealer().await.unwrap().serial(), serial(NEXT));
    // An expired certificate is used for nothing.
    platform.pass(40 * 24 * 3600);
    platform.change(|ways| {
        ways.serial = serial(CURRENT);
        ways.key = PLATFORM_KEY;
    });
    let error = client.verify(&platform.notice()).unwrap_err();
    assert!(
        matches!(error, NoticeError::Untrusted(Untrusted::UnknownKey(_))),
        "{error}"
    );
}
