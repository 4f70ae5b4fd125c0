//! A merchant that signs, verifies and decrypts with its own few lines, and a shop that receives
//! notices.

use std::{
    collections::VecDeque,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use paydesk_simulator::{Keys, Options, Running, start};
use reqwest::{Method, header::HeaderMap};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use rsa::{
    RsaPublicKey,
    pkcs1::EncodeRsaPublicKey,
    pkcs8::{DecodePublicKey, Document, SecretDocument},
};
use serde_json::{Value, json};

pub(crate) const NATIVE: &str = "/v3/pay/transactions/native";

pub(crate) struct Merchant {
    pub(crate) keys: Keys,
    pub(crate) base_url: String,
    pub(crate) http: reqwest::Client,
}

/// A request that can be spoilt before it is sent.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Draft {
    pub(crate) fn header(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.retain(|(it, _)| *it != name);
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    pub(crate) fn value(&self, name: &str) -> String {
        self.headers
            .iter()
            .find(|(it, _)| *it == name)
            .unwrap()
            .1
            .clone()
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn refusal(&self) -> (u16, String) {
        (
            self.status,
            self.json()["code"].as_str().unwrap().to_owned(),
        )
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Merchant {
    /// A simulator with throw-away keys, and a merchant that knows it.
    pub(crate) async fn start(options: Options) -> (Running, Self) {
        let running = start(options).await.unwrap();
        let merchant = Self::of(&running);
        (running, merchant)
    }

    pub(crate) fn of(running: &Running) -> Self {
        Self::new(running.keys().clone(), running.url().to_owned())
    }

    pub(crate) fn new(keys: Keys, base_url: String) -> Self {
        Self {
            keys,
            base_url,
            http: client(),
        }
    }

    pub(crate) fn order(&self, number: &str, notify_url: &str) -> Value {
        json!({
            "appid": self.keys.app_id,
            "mchid": self.keys.merchant_id,
            "description": "AI点数包-100点",
            "out_trade_no": number,
            "attach": "pkg=100",
            "notify_url": notify_url,
            "amount": {"total": 990, "currency": "CNY"},
        })
    }

    pub(crate) fn draft(&self, method: Method, target: &str, body: &str) -> Draft {
        self.draft_at(method, target, body, now())
    }

    pub(crate) fn draft_at(&self, method: Method, target: &str, body: &str, at: i64) -> Draft {
        let nonce = "593BEC0C930BF1AFEB40B4A08C8FB242";
        let message = format!("{method}\n{target}\n{at}\n{nonce}\n{body}\n");
        let signature = sign(&self.keys.private_key, &message);
        let authorization = format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",\
             signature=\"{signature}\",timestamp=\"{at}\",serial_no=\"{}\"",
            self.keys.merchant_id, self.keys.certificate_serial
        );
        let draft = Draft {
            method,
            target: target.to_owned(),
            body: body.to_owned(),
            headers: vec![],
        }
        .header("Authorization", Some(authorization))
        .header("Accept", Some("application/json".to_owned()))
        .header("User-Agent", Some("hand-made/1".to_owned()))
        .header(
            "Wechatpay-Serial",
            Some(self.keys.platform_public_key_id.clone()),
        );
        if body.is_empty() {
            return draft;
        }
        draft.header("Content-Type", Some("application/json".to_owned()))
    }

    pub(crate) async fn try_send(&self, draft: &Draft) -> reqwest::Result<Answer> {
        let url = format!("{}{}", self.base_url, draft.target);
        let mut request = self
            .http
            .request(draft.method.clone(), url)
            .body(draft.body.clone());
        for (name, value) in &draft.headers {
            request = request.header(*name, value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer {
            status,
            headers,
            body: response.text().await?,
        })
    }

    pub(crate) async fn send(&self, draft: &Draft) -> Answer {
        self.try_send(draft).await.unwrap()
    }

    pub(crate) async fn place(&self, order: &Value) -> Answer {
        self.send(&self.draft(Method::POST, NATIVE, &order.to_string()))
            .await
    }

    pub(crate) fn query_target(&self, number: &str) -> String {
        format!(
            "/v3/pay/transactions/out-trade-no/{number}?mchid={}",
            self.keys.merchant_id
        )
    }

    pub(crate) async fn query(&self, number: &str) -> Answer {
        self.send(&self.draft(Method::GET, &self.query_target(number), ""))
            .await
    }

    pub(crate) async fn close(&self, number: &str) -> Answer {
        let target = format!("/v3/pay/transactions/out-trade-no/{number}/close");
        let body = json!({"mchid": self.keys.merchant_id}).to_string();
        self.send(&self.draft(Method::POST, &target, &body)).await
    }

    /// Whether the platform signed this answer.
    pub(crate) fn verifies(&self, answer: &Answer) -> bool {
        let header = |name| answer.header(name).map(str::to_owned);
        self.verifies_message(header, &answer.body)
    }

    pub(crate) fn verifies_message(
        &self,
        header: impl Fn(&'static str) -> Option<String>,
        body: &str,
    ) -> bool {
        let (Some(timestamp), Some(nonce), Some(signature), Some(serial)) = (
            header("Wechatpay-Timestamp"),
            header("Wechatpay-Nonce"),
            header("Wechatpay-Signature"),
            header("Wechatpay-Serial"),
        ) else {
            return false;
        };
        let fresh = timestamp.parse::<i64>().unwrap().abs_diff(now()) < 300;
        let message = format!("{timestamp}\n{nonce}\n{body}\n");
        let known = serial == self.keys.platform_public_key_id;
        fresh && known && verify(&self.keys.platform_public_key, &message, &signature)
    }

    /// The content of a notice, or `None` if it was not encrypted for us.
    pub(crate) fn decrypt(&self, body: &str) -> Option<Value> {
        let notice: Value = serde_json::from_str(body).unwrap();
        let resource = &notice["resource"];
        let field = |name: &str| resource[name].as_str().unwrap();
        let key: &[u8; 32] = self.keys.api_v3_key.as_bytes().try_into().unwrap();
        let nonce: &[u8; 12] = field("nonce").as_bytes().try_into().unwrap();
        let sealed = STANDARD.decode(field("ciphertext")).unwrap();
        let payload = Payload {
            msg: &sealed,
            aad: field("associated_data").as_bytes(),
        };
        let plain = Aes256Gcm::new(key.into())
            .decrypt(nonce.into(), payload)
            .ok()?;
        Some(serde_json::from_slice(&plain).unwrap())
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.base_url);
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.base_url);
        let response = self.http.post(url).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn pay(&self, number: &str) {
        let (status, _) = self
            .post(&format!("/sim/orders/{number}/pay"), &json!({}))
            .await;
        assert_eq!(status, 200);
    }

    pub(crate) async fn fault(&self, fault: Value) {
        assert_eq!(self.post("/sim/faults", &json!([fault])).await.0, 200);
    }
}

/// The signature over `message` in base64.
pub(crate) fn sign(private_key: &str, message: &str) -> String {
    let (_, der) = SecretDocument::from_pem(private_key.trim()).unwrap();
    let key = RsaKeyPair::from_pkcs8(der.as_bytes()).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    let message = message.as_bytes();
    let random = SystemRandom::new();
    key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
        .unwrap();
    STANDARD.encode(signature)
}

pub(crate) fn verify(public_key: &str, message: &str, signature: &str) -> bool {
    let Ok(signature) = STANDARD.decode(signature) else {
        return false;
    };
    let key = RsaPublicKey::from_public_key_pem(public_key.trim()).unwrap();
    let der: Document = key.to_pkcs1_der().unwrap();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_bytes());
    key.verify(message.as_bytes(), &signature).is_ok()
}

/// In a shop's script: an answer that takes longer than the platform waits.
pub(crate) const SLOW: u16 = 999;

/// A client that needs no TLS provider in the process.
pub(crate) fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the merchant's own clock")]
pub(crate) fn now() -> i64 {
    time::OffsetDateTime::now_utc().unix_timestamp()
}

/// Polls until `probe` gives something, at most half a minute.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(probe: impl Fn() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "it never happened"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self
            .headers
            .iter()
            .find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }
}

/// Status and body of an answer.
type Reply = (u16, &'static str);

struct Desk {
    received: Vec<Received>,
    /// The next answers.
    script: VecDeque<Reply>,
    afterwards: Reply,
}

/// A shop's notice address.
pub(crate) struct Shop {
    pub(crate) url: String,
    desk: Arc<Mutex<Desk>>,
    handle: ServerHandle,
}

impl Shop {
    /// Answers with these statuses, afterwards with 204.
    pub(crate) fn open(script: &[u16]) -> Self {
        let script: Vec<Reply> = script.iter().map(|status| (*status, "")).collect();
        Self::answering(&script, (204, ""))
    }

    pub(crate) fn answering(script: &[Reply], afterwards: Reply) -> Self {
        let desk = Arc::new(Mutex::new(Desk {
            received: Vec::new(),
            script: script.iter().copied().collect(),
            afterwards,
        }));
        let data = web::Data::from(Arc::clone(&desk));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/notify", listener.local_addr().unwrap());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .route("/notify", web::post().to(receive))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, desk, handle }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.desk.lock().unwrap().received.clone()
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually(|| async { Some(self.received()).filter(|all| all.len() >= count) }).await
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn receive(
    desk: web::Data<Mutex<Desk>>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().unwrap().to_owned();
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    let (status, said) = {
        let mut desk = desk.lock().unwrap();
        desk.received.push(Received { headers, body });
        let next = desk.script.pop_front();
        next.unwrap_or(desk.afterwards)
    };
    if status == SLOW {
        tokio::time::sleep(Duration::from_secs(8)).await;
        return HttpResponse::NoContent().finish();
    }
    let mut answer = HttpResponse::build(status.try_into().unwrap());
    if status == 302 {
        answer.insert_header(("Location", "/notify"));
    }
    answer.body(said)
}
