//! Requests: what is signed, and where each parameter travels.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use paydesk_provider::http::{Method, Request};
use time::OffsetDateTime;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::beijing;
use crate::codes::Operation;
use crate::keys::AppKey;
use crate::order::Unsendable;

const USER_AGENT: &str = concat!("paydesk-alipay/", env!("CARGO_PKG_VERSION"), " (Rust)");
/// For a whole exchange.
const TIMEOUT: Duration = Duration::from_secs(10);
/// RSA with SHA-256. Neither side's messages choose another.
pub(crate) const SIGN_TYPE: &str = "RSA2";

/// Signs for one app and sends to one gateway.
pub(crate) struct Signer {
    pub(crate) app_id: String,
    pub(crate) key: AppKey,
    pub(crate) gateway: Url,
}

impl Signer {
    /// A request, signed at this time. `biz_content` is made once: what is signed is what is sent.
    ///
    /// The common parameters travel in the query, as the platform's own library has it: without
    /// `charset` there the gateway reads GBK. What is ordered travels in the body and stays out of
    /// the logs of whoever logs addresses.
    pub(crate) async fn request(
        &self,
        operation: Operation,
        at: OffsetDateTime,
        notify_url: Option<&str>,
        biz_content: &str,
    ) -> Result<Request, Unsendable> {
        let timestamp = beijing::write(at)
            .ok_or_else(|| Unsendable::because("the clock's time cannot be written as a date"))?;
        let mut common = vec![
            ("app_id", self.app_id.as_str()),
            ("charset", "utf-8"),
            ("format", "JSON"),
            ("method", operation.method()),
            ("sign_type", SIGN_TYPE),
            ("timestamp", &timestamp),
            ("version", "1.0"),
        ];
        common.extend(notify_url.map(|url| ("notify_url", url)));
        let body = ("biz_content", biz_content);
        let all = common.iter().chain([&body]);
        let text = canonical(all.map(|(name, value)| (name.as_bytes(), value.as_bytes())));
        let signature = self
            .key
            .sign(&text)
            .await
            .map_err(|error| Unsendable::because(error.to_string()))?;
        let mut url = self.gateway.clone();
        url.query_pairs_mut()
            .extend_pairs(&common)
            .append_pair("sign", &STANDARD.encode(signature));
        let body = Serializer::new(String::new())
            .append_pair(body.0, body.1)
            .finish();
        let headers = [
            (
                "Content-Type",
                "application/x-www-form-urlencoded;charset=utf-8",
            ),
            ("Accept", "application/json"),
            ("User-Agent", USER_AGENT),
        ];
        Ok(Request {
            method: Method::Post,
            url,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: Bytes::from(body),
            timeout: TIMEOUT,
        })
    }
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
