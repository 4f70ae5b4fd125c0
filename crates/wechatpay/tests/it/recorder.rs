//! A merchant whose clock and nonce stand still, and what it sends.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use paydesk_wechatpay::{
    Config, Credentials, MerchantKey, Request, Response, Transport, TransportError, WechatPay,
};

use crate::platform::{MERCHANT_ID, PLATFORM_KEY_ID, SERIAL, at, credentials, vectors};

/// Keeps the request and does not answer.
#[derive(Debug)]
pub(crate) struct Recorder {
    now: i64,
    nonce: &'static str,
    request: Mutex<Option<Request>>,
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        *self.request.lock().unwrap() = Some(request);
        Err(TransportError::Timeout("recorded".to_owned()))
    }
}

/// The merchant of the published vectors.
pub(crate) fn published() -> Credentials {
    let key = include_str!("../../testdata/vectors_key.pem");
    Credentials {
        merchant_key: MerchantKey::parse(key).unwrap(),
        // As some write it; it is sent in upper case.
        certificate_serial: SERIAL.to_ascii_lowercase(),
        ..credentials()
    }
}

impl Recorder {
    pub(crate) fn at(now: i64, nonce: &'static str) -> Arc<Self> {
        Arc::new(Self {
            now,
            nonce,
            request: Mutex::default(),
        })
    }

    pub(crate) fn client(self: &Arc<Self>, credentials: Credentials) -> WechatPay {
        let (now, nonce) = (self.now, self.nonce);
        let config = Config::new(credentials)
            .clock(move || at(now))
            .nonce(|| nonce.to_owned())
            .transport(Arc::clone(self) as Arc<dyn Transport>);
        WechatPay::new(config).unwrap()
    }

    /// What was sent.
    pub(crate) fn taken(&self) -> Request {
        self.request.lock().unwrap().take().unwrap()
    }

    /// What was sent is this vector, byte for byte, and has the headers that every request has.
    pub(crate) fn assert_vector(&self, name: &str) {
        let request = self.taken();
        let vector = &vectors()["requests"][name];
        let lines: Vec<&str> = vector["message"].as_str().unwrap().split('\n').collect();
        let [method, target, timestamp, nonce, body, ""] = lines[..] else {
            panic!("{name} has five lines");
        };
        assert_eq!(request.method.as_str(), method, "{name}");
        let url = format!("https://api.mch.weixin.qq.com{target}");
        assert_eq!(request.url.as_str(), url, "{name}");
        assert_eq!(request.body, body.as_bytes(), "{name}");
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{MERCHANT_ID}\",nonce_str=\"{nonce}\",\
             signature=\"{}\",timestamp=\"{timestamp}\",serial_no=\"{SERIAL}\"",
            vector["signature"].as_str().unwrap()
        );
        let agent = format!("paydesk-wechatpay/{} (Rust)", env!("CARGO_PKG_VERSION"));
        let expected = [
            ("Authorization", authorization.as_str()),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
            ("User-Agent", agent.as_str()),
            ("Wechatpay-Serial", PLATFORM_KEY_ID),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(request.headers, expected, "{name}");
    }
}
