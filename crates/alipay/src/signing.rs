//! Requests: what is signed, and where each parameter travels.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use paydesk_provider::http::{Method, Request};
use paydesk_provider::keys::SignError;
use time::OffsetDateTime;
use url::Url;

use crate::beijing;
use crate::keys::AppKey;

const USER_AGENT: &str = concat!("paydesk-alipay/", env!("CARGO_PKG_VERSION"), " (Rust)");
/// RSA with SHA-256. Neither side's messages choose another.
pub(crate) const SIGN_TYPE: &str = "RSA2";
/// What is ordered. It travels in the body.
const CONTENT: &str = "biz_content";

/// Signs for one app and sends to one gateway.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) key: AppKey,
    pub(crate) gateway: Url,
}

/// What differs between requests. `biz_content` is made once: what is signed is what is sent.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a> {
    pub(crate) method: &'a str,
    pub(crate) notify_url: Option<&'a str>,
    pub(crate) biz_content: &'a str,
}

/// Why there is no signature.
#[derive(Debug)]
pub(crate) enum Unsigned {
    /// The clock tells no time that can be sent.
    Clock,
    /// The signer failed.
    Signer(SignError),
}

/// A signed request, by whatever way it travels.
pub(crate) struct Signed<'a> {
    gateway: &'a Url,
    /// Sorted by name, none of them empty.
    parameters: Vec<(&'static str, String)>,
    sign: String,
}

impl App {
    /// Signs a request as of this time.
    pub(crate) async fn sign(
        &self,
        parameters: Parameters<'_>,
        at: OffsetDateTime,
    ) -> Result<Signed<'_>, Unsigned> {
        let timestamp = beijing::write(at).ok_or(Unsigned::Clock)?;
        let mut all = vec![
            ("app_id", self.id.clone()),
            (CONTENT, parameters.biz_content.to_owned()),
            ("charset", "utf-8".to_owned()),
            ("format", "JSON".to_owned()),
            ("method", parameters.method.to_owned()),
            ("sign_type", SIGN_TYPE.to_owned()),
            ("timestamp", timestamp),
            ("version", "1.0".to_owned()),
        ];
        let more = [("notify_url", parameters.notify_url)];
        all.extend(
            more.into_iter()
                .filter_map(|(name, value)| Some((name, value?.to_owned()))),
        );
        all.retain(|(_, value)| !value.is_empty());
        all.sort_unstable();
        let text = canonical(
            all.iter()
                .map(|(name, value)| (name.as_bytes(), value.as_bytes())),
        );
        let signature = self.key.sign(&text).await.map_err(Unsigned::Signer)?;
        Ok(Signed {
            gateway: &self.gateway,
            parameters: all,
            sign: STANDARD.encode(signature),
        })
    }
}

impl Signed<'_> {
    /// The request of a server.
    ///
    /// The common parameters travel in the query, as the platform's own library has it: without
    /// `charset` there the gateway reads GBK. What is ordered travels in the body and stays out of
    /// the logs of whoever logs addresses.
    pub(crate) fn request(&self, timeout: Duration) -> Request {
        let (body, common): (Vec<_>, Vec<_>) = self
            .parameters
            .iter()
            .partition(|(name, _)| *name == CONTENT);
        let mut url = self.gateway.clone();
        url.set_query(Some(&self.encoded(&common)));
        let headers = [
            (
                "Content-Type",
                "application/x-www-form-urlencoded;charset=utf-8",
            ),
            ("Accept", "application/json"),
            ("User-Agent", USER_AGENT),
        ];
        Request {
            method: Method::Post,
            url,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: Bytes::from(pairs(&body)),
            timeout,
        }
    }

    /// These parameters and the signature behind them.
    fn encoded(&self, parameters: &[&(&'static str, String)]) -> String {
        let sign = ("sign", self.sign.clone());
        let mut all = parameters.to_vec();
        all.push(&sign);
        pairs(&all)
    }
}

fn pairs(parameters: &[&(&'static str, String)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", escape(value)))
        .collect();
    pairs.join("&")
}

/// As the platform's examples have it: `%` and two digits for all but the plainest characters, a
/// space among them, which every reader of forms and of addresses understands alike.
fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&hex::encode_upper([byte]));
        }
    }
    escaped
}

/// The text that is signed: without empty values, sorted by name, joined as they are. Nothing is
/// escaped at this stage.
pub(crate) fn canonical<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    let mut fields: Vec<_> = fields.filter(|(_, value)| !value.is_empty()).collect();
    fields.sort_unstable();
    let mut text = Vec::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push(b'&');
        }
        text.extend_from_slice(name);
        text.push(b'=');
        text.extend_from_slice(value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fields: &[(&str, &str)]) -> String {
        let fields = fields
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        String::from_utf8(canonical(fields)).unwrap()
    }

    #[test]
    fn fields_are_sorted_by_name_and_empty_ones_left_out() {
        assert_eq!(
            text(&[
                ("b", "2"),
                ("app_auth_token", ""),
                ("a", "1=&%+ 会"),
                ("sign_type", "RSA2")
            ]),
            "a=1=&%+ 会&b=2&sign_type=RSA2"
        );
        // By name, not by the joined text: `=` sorts after `1`.
        assert_eq!(text(&[("a1", "x"), ("a", "y")]), "a=y&a1=x");
        assert_eq!(text(&[]), "");
    }

    #[tokio::test]
    async fn the_published_texts_get_the_published_signatures() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        let key = AppKey::parse(vectors["key"]["private"].as_str().unwrap()).unwrap();
        for name in ["request", "aes_request"] {
            let vector = &vectors[name];
            let signed = vector["signed"].as_str().unwrap();
            let signature = key.sign(signed.as_bytes()).await.unwrap();
            assert_eq!(
                STANDARD.encode(signature),
                vector["sign"].as_str().unwrap(),
                "{name}"
            );
        }
        // The page's address holds every parameter; sorted and joined they are the signed text.
        let vector = &vectors["page_pay"];
        let url = Url::parse(vector["url"].as_str().unwrap()).unwrap();
        let pairs: Vec<_> = url.query_pairs().collect();
        let (sign, fields): (Vec<_>, Vec<_>) = pairs.iter().partition(|(name, _)| name == "sign");
        let signed = canonical(
            fields
                .iter()
                .map(|(name, value)| (name.as_bytes(), value.as_bytes())),
        );
        assert_eq!(signed, vector["signed"].as_str().unwrap().as_bytes());
        assert_eq!(STANDARD.encode(key.sign(&signed).await.unwrap()), sign[0].1);
    }
}
