//! A merchant's application that signs and verifies with its own few lines.

use std::collections::BTreeMap;

use paydesk_simulator::{AlipayKeys, Options, Running};
use reqwest::Method;
use serde_json::{Value, json};
use time::{OffsetDateTime, UtcOffset, macros::format_description};
use url::form_urlencoded;

use crate::merchant::{Merchant, Received, Shop, now, sign, verify};

pub(crate) const PRECREATE: &str = "alipay.trade.precreate";
pub(crate) const QUERY: &str = "alipay.trade.query";
pub(crate) const CLOSE: &str = "alipay.trade.close";

pub(crate) type Pairs = BTreeMap<String, String>;

pub(crate) struct App {
    pub(crate) keys: AlipayKeys,
    /// Reaches the control API.
    pub(crate) desk: Merchant,
    pub(crate) gateway: String,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Reply {
    /// The node's name, its exact text, and `sign`.
    pub(crate) fn parts(&self) -> (&str, &str, Option<&str>) {
        let inner = self.body.strip_prefix("{\"").unwrap();
        let (key, rest) = inner.split_once("\":").unwrap();
        match rest.rsplit_once(",\"sign\":\"") {
            Some((node, sign)) => (key, node, Some(sign.strip_suffix("\"}").unwrap())),
            None => (key, rest.strip_suffix('}').unwrap(), None),
        }
    }

    pub(crate) fn node(&self) -> Value {
        serde_json::from_str(self.parts().1).unwrap()
    }

    pub(crate) fn sub_code(&self) -> String {
        self.node()["sub_code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn is_success(&self) -> bool {
        self.node()["code"] == "10000"
    }
}

/// The string that is signed: what a signer of this protocol would write from the document.
fn message(pairs: &Pairs) -> String {
    let parts: Vec<String> = pairs
        .iter()
        .filter(|(name, value)| *name != "sign" && !value.is_empty())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.join("&")
}

pub(crate) fn form(pairs: &Pairs) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

pub(crate) fn beijing(at: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at).unwrap();
    let at = at.to_offset(UtcOffset::from_hms(8, 0, 0).unwrap());
    at.format(format_description!(
        "[year]-[month]-[day] [hour]:[minute]:[second]"
    ))
    .unwrap()
}

impl App {
    pub(crate) async fn start(options: Options) -> (Running, Self) {
        let (running, desk) = Merchant::start(options).await;
        let app = Self {
            keys: running.keys().alipay.clone(),
            gateway: format!("{}/gateway.do", running.url()),
            desk,
        };
        (running, app)
    }

    pub(crate) fn order(number: &str) -> Value {
        json!({
            "out_trade_no": number,
            "total_amount": "9.90",
            "subject": "AI点数包-100点 100%+1",
            "product_code": "FACE_TO_FACE_PAYMENT",
            "passback_params": "pkg%3D100",
        })
    }

    /// Everything but the signature.
    pub(crate) fn unsigned(&self, method: &str, content: &Value, notify_url: &str) -> Pairs {
        [
            ("app_id", self.keys.app_id.as_str()),
            ("method", method),
            ("format", "JSON"),
            ("charset", "utf-8"),
            ("sign_type", "RSA2"),
            ("timestamp", &beijing(now())),
            ("version", "1.0"),
            ("notify_url", notify_url),
            ("biz_content", &content.to_string()),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
    }

    pub(crate) fn sign(&self, mut pairs: Pairs) -> Pairs {
        let signature = sign(&self.keys.private_key, &message(&pairs));
        pairs.insert("sign".to_owned(), signature);
        pairs
    }

    /// Common parameters in the query, the business in the body, as the official clients do.
    pub(crate) async fn try_send(&self, mut pairs: Pairs) -> reqwest::Result<Reply> {
        let content = pairs.remove_entry("biz_content");
        self.post(&form(&pairs), &form(&content.into_iter().collect()))
            .await
    }

    pub(crate) async fn post(&self, query: &str, body: &str) -> reqwest::Result<Reply> {
        let content_type = "application/x-www-form-urlencoded;charset=utf-8";
        self.request(Method::POST, query, content_type, body).await
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        query: &str,
        content_type: &str,
        body: &str,
    ) -> reqwest::Result<Reply> {
        let response = self
            .desk
            .http
            .request(method, format!("{}?{query}", self.gateway))
            .header("Content-Type", content_type)
            .body(body.to_owned())
            .send()
            .await?;
        let status = response.status().as_u16();
        let body = response.text().await?;
        Ok(Reply { status, body })
    }

    pub(crate) async fn send(&self, pairs: Pairs) -> Reply {
        self.try_send(pairs).await.unwrap()
    }

    pub(crate) async fn call(&self, method: &str, content: &Value) -> Reply {
        self.send(self.sign(self.unsigned(method, content, "")))
            .await
    }

    pub(crate) async fn try_precreate(
        &self,
        order: &Value,
        notify_url: &str,
    ) -> reqwest::Result<Reply> {
        let pairs = self.sign(self.unsigned(PRECREATE, order, notify_url));
        self.try_send(pairs).await
    }

    pub(crate) async fn precreate(&self, number: &str, notify_url: &str) -> Reply {
        let order = Self::order(number);
        self.try_precreate(&order, notify_url).await.unwrap()
    }

    pub(crate) async fn query(&self, number: &str) -> Reply {
        self.call(QUERY, &json!({"out_trade_no": number})).await
    }

    pub(crate) async fn close(&self, number: &str) -> Reply {
        self.call(CLOSE, &json!({"out_trade_no": number})).await
    }

    /// `trade_status`, or the code of the refusal.
    pub(crate) async fn status(&self, number: &str) -> String {
        let reply = self.query(number).await;
        assert!(self.verifies(&reply), "{}", reply.body);
        let node = reply.node();
        let status = node["trade_status"].as_str();
        status.map_or_else(|| reply.sub_code(), str::to_owned)
    }

    pub(crate) async fn scan(&self, number: &str) -> Value {
        let path = format!("/sim/orders/{number}/scan");
        let (status, order) = self.desk.post(&path, &json!({})).await;
        assert_eq!(status, 200);
        order
    }

    /// Whether Alipay signed exactly this node.
    pub(crate) fn verifies(&self, reply: &Reply) -> bool {
        let (_, node, sign) = reply.parts();
        sign.is_some_and(|sign| verify(&self.keys.platform_public_key, node, sign))
    }

    /// The notice's parameters, if Alipay signed them, and each came once.
    pub(crate) fn open(&self, body: &str) -> Option<Pairs> {
        let mut pairs = Pairs::new();
        for (name, value) in form_urlencoded::parse(body.as_bytes()) {
            if pairs
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return None;
            }
        }
        let sign = pairs.remove("sign")?;
        let sign_type = pairs.remove("sign_type")?;
        let genuine = verify(&self.keys.platform_public_key, &message(&pairs), &sign);
        (genuine && sign_type == "RSA2").then_some(pairs)
    }

    pub(crate) fn opened(&self, received: &Received) -> Pairs {
        self.open(&received.body).expect("a genuine notice")
    }
}

/// A shop that answers as Alipay wants it, after these other answers.
pub(crate) fn shop(script: &[(u16, &'static str)]) -> Shop {
    Shop::answering(script, (200, "success"))
}
