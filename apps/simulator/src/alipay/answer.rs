//! Answers: one node, and the signature over its exact bytes.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::{Map, Value, json};

use crate::{alipay::refusal::Refusal, exchange::Seal, keys::AlipayMaterial, random};

/// Whether an answer is signed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Signed,
    /// No `sign` member.
    Absent,
    /// `"sign":""`, as before routing.
    Empty,
}

#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Node(Node),
    /// Not the gateway, but something in front of it, with this status.
    Outage(u16),
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    key: String,
    content: Map<String, Value>,
    proof: Proof,
}

impl Answer {
    /// `content` under `10000`.
    pub(crate) fn success(method: &str, mut content: Map<String, Value>) -> Self {
        content.insert("code".to_owned(), json!("10000"));
        content.insert("msg".to_owned(), json!("Success"));
        Self::node(method, content, Proof::Signed)
    }

    pub(crate) fn refusal(method: &str, refusal: &Refusal) -> Self {
        Self::refusal_with(method, refusal, Map::new())
    }

    /// A refusal that repeats something of the request.
    pub(crate) fn refusal_with(method: &str, refusal: &Refusal, extra: Map<String, Value>) -> Self {
        let proof = if refusal.signed {
            Proof::Signed
        } else {
            Proof::Absent
        };
        Self::node(method, error(refusal, extra), proof)
    }

    /// A refusal under `error_response`: the gateway did not get as far as the method.
    pub(crate) fn before_routing(refusal: &Refusal) -> Self {
        Self::Node(Node {
            key: "error_response".to_owned(),
            content: error(refusal, Map::new()),
            proof: Proof::Empty,
        })
    }

    fn node(method: &str, content: Map<String, Value>, proof: Proof) -> Self {
        let key = format!("{}_response", method.replace('.', "_"));
        Self::Node(Node {
            key,
            content,
            proof,
        })
    }

    pub(crate) fn is_success(&self) -> bool {
        matches!(self, Self::Node(node) if node.content.get("code") == Some(&json!("10000")))
    }

    #[cfg(test)]
    pub(crate) fn sub_code(&self) -> &str {
        let Self::Node(node) = self else {
            return "";
        };
        node.content
            .get("sub_code")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn content(&self) -> &Map<String, Value> {
        match self {
            Self::Node(node) => &node.content,
            Self::Outage(status) => panic!("no node: status {status}"),
        }
    }

    pub(crate) fn respond(self, material: &AlipayMaterial, seal: Seal) -> HttpResponse {
        match self {
            Self::Node(node) => HttpResponse::Ok()
                .insert_header(("trace_id", random::digits(32)))
                .content_type("text/html;charset=utf-8")
                .body(node.text(material, seal)),
            Self::Outage(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                HttpResponse::build(status)
                    .content_type("text/html;charset=utf-8")
                    .body("<html><body>gateway error</body></html>")
            }
        }
    }
}

fn error(refusal: &Refusal, mut content: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in [
        ("code", refusal.code),
        ("msg", refusal.msg),
        ("sub_code", &refusal.sub_code),
        ("sub_msg", &refusal.sub_msg),
    ] {
        content.insert(name.to_owned(), json!(value));
    }
    content
}

impl Node {
    /// The body. Alipay escapes slashes, so that whoever verifies anything but the bytes it got
    /// finds out.
    fn text(&self, material: &AlipayMaterial, seal: Seal) -> String {
        let content = Value::Object(self.content.clone()).to_string();
        let content = content.replace('/', "\\/");
        let key = &self.key;
        let sign = match (self.proof, seal) {
            (Proof::Absent, _) | (_, Seal::Missing) => return format!("{{\"{key}\":{content}}}"),
            (Proof::Empty, _) => String::new(),
            (Proof::Signed, Seal::True) => material.platform.sign(content.as_bytes()),
            (Proof::Signed, Seal::Wrong) => material.platform.sign(b"something else"),
        };
        format!("{{\"{key}\":{content},\"sign\":\"{sign}\"}}")
    }
}

#[cfg(test)]
mod tests {
    use rsa::{RsaPrivateKey, pkcs8::DecodePrivateKey};

    use super::*;
    use crate::{keys::AlipayKeys, signature::SigningKey};

    #[test]
    fn the_reference_answer_gets_its_signature() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../testdata/alipay_vectors.json")).unwrap();
        let expected = vectors["answer"].as_str().unwrap();
        let pem = include_str!("../../testdata/alipay_vectors_key.pem");
        let key = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let mut material = AlipayMaterial::parse(&AlipayKeys::throw_away()).unwrap();
        material.platform = SigningKey::new(&key).unwrap();

        let (head, _) = expected.split_once(",\"sign\"").unwrap();
        let content = head
            .strip_prefix("{\"alipay_trade_precreate_response\":")
            .unwrap();
        assert!(content.contains("https:\\/\\/"), "slashes are escaped");
        let signature = material.platform.sign(content.as_bytes());
        assert_eq!(expected, format!("{head},\"sign\":\"{signature}\"}}"));

        let content: Map<String, Value> = serde_json::from_str(content).unwrap();
        let answer = Answer::success("alipay.trade.precreate", content);
        let Answer::Node(node) = answer else {
            panic!("a success is a node");
        };
        let text = node.text(&material, Seal::True);
        let verified: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            verified["alipay_trade_precreate_response"],
            Value::Object(node.content.clone())
        );
    }
}
