use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::OnceCell;

use crate::Description;

/// Signs the test houses' tokens.
pub(crate) const SECRET: &str = "a secret of test houses, thirty-two bytes or more";

/// A front end, or anybody else who speaks HTTP.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    key: Option<String>,
    description: Option<Arc<OnceCell<Description>>>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A good token for a user.
pub fn token(user: &str) -> String {
    token_with(&json!({ "sub": user, "exp": now() + 3600 }), SECRET)
}

/// A token with whatever claims, signed with whatever secret.
pub fn token_with(claims: &Value, secret: &str) -> String {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::default(), claims, &key).expect("claims can be signed")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test plays the issuer of tokens"
)]
fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

impl Client {
    /// A client of the service at this address.
    pub fn new(base: &str) -> Self {
        let tls = rustls::ClientConfig::builder_with_provider(
            rustls::crypto::ring::default_provider().into(),
        )
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions")
        .with_root_certificates(rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })
        .with_no_client_auth();
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a client can be built");
        Self {
            http,
            base: base.to_owned(),
            token: None,
            key: None,
            description: None,
        }
    }

    /// The same client with a user's token.
    #[must_use]
    pub fn as_user(&self, user: &str) -> Self {
        self.with_token(&token(user))
    }

    /// The same client with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same client, whose requests have this idempotency key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: Some(key.to_owned()),
            ..self.clone()
        }
    }

    /// The same client, that holds every answer against the description which the service gives of
    /// itself.
    #[must_use]
    pub fn checked(&self) -> Self {
        Self {
            description: Some(Arc::default()),
            ..self.clone()
        }
    }

    /// The same client, that takes every answer.
    #[must_use]
    pub fn unchecked(&self) -> Self {
        Self {
            description: None,
            ..self.clone()
        }
    }

    /// What the service says about itself.
    pub async fn description(&self) -> Description {
        let answer = self.http.get(self.url("/api/v1/openapi.json")).send().await;
        let text = answer.expect("the service answers").text().await;
        let text = text.expect("an answer can be read");
        Description::new(serde_json::from_str(&text).expect("a description is JSON"))
    }

    /// Where it sends to.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(self.url(path))).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self
            .http
            .post(self.url(path))
            .header("content-type", "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// Any request with raw headers and bytes.
    pub async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
    ) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, self.url(path)).body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.send(request).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", key);
        }
        let request = request.build().expect("a request");
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let response = self
            .http
            .execute(request)
            .await
            .expect("the service answers");
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
            .collect();
        let status = response.status().as_u16();
        let answer = Answer {
            status,
            headers,
            text: response.text().await.unwrap_or_default(),
        };
        if let Some(cell) = &self.description {
            let description = cell.get_or_init(|| self.description()).await;
            if let Err(why) = description.check(method.as_str(), &path, &answer) {
                panic!("{method} {path} is answered as it is not described: {why}\n{answer:?}");
            }
        }
        answer
    }

    /// Places an order for 1,000 points, which must succeed.
    pub async fn order(&self) -> Value {
        let answer = self
            .post("/api/v1/payment/create-order", &wish("points-1000"))
            .await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.json()
    }

    /// An order as its buyer sees it.
    pub async fn order_status(&self, order_no: &str) -> Value {
        self.get(&format!("/api/v1/payment/order-status?order_no={order_no}"))
            .await
            .json()
    }

    /// The buyer's points.
    pub async fn points(&self) -> Value {
        self.get("/api/v1/account/points").await.json()
    }
}

fn wish(code: &str) -> Value {
    json!({ "item": { "kind": "points", "code": code }, "channel": "wechat", "scene": "qr" })
}
