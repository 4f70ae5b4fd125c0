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
use crate::certificates::AlipayCertificates;
use crate::content_key::ContentKey;
use crate::keys::AppKey;
use crate::renewal;

pub(crate) const USER_AGENT: &str =
    concat!("paydesk-alipay/", env!("CARGO_PKG_VERSION"), " (Rust)");
/// RSA with SHA-256. Neither side's messages choose another.
pub(crate) const SIGN_TYPE: &str = "RSA2";
/// What is ordered. It travels in the body.
const CONTENT: &str = "biz_content";
/// Methods whose content the platform does not take encrypted.
const IN_THE_CLEAR: [&str; 2] = ["alipay.trade.app.pay", renewal::METHOD];

/// Signs for one app and sends to one gateway.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) key: AppKey,
    pub(crate) gateway: Url,
    /// In certificate mode, what every request names.
    pub(crate) certificates: Option<AlipayCertificates>,
    pub(crate) content_key: Option<ContentKey>,
}

/// What differs between requests. `biz_content` is made once: what is signed is what is sent.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a> {
    pub(crate) method: &'a str,
    pub(crate) notify_url: Option<&'a str>,
    pub(crate) return_url: Option<&'a str>,
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
pub(crate) struct Signed {
    gateway: Url,
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
    ) -> Result<Signed, Unsigned> {
        let timestamp = beijing::write(at).ok_or(Unsigned::Clock)?;
        let key = self.content_key.as_ref();
        let key = key.filter(|_| !IN_THE_CLEAR.contains(&parameters.method));
        let mut all = vec![
            ("app_id", self.id.clone()),
            (
                CONTENT,
                key.map_or_else(
                    || parameters.biz_content.to_owned(),
                    |key| key.encrypt(parameters.biz_content),
                ),
            ),
            ("charset", "utf-8".to_owned()),
            ("format", "JSON".to_owned()),
            ("method", parameters.method.to_owned()),
            ("sign_type", SIGN_TYPE.to_owned()),
            ("timestamp", timestamp),
            ("version", "1.0".to_owned()),
        ];
        let more = [
            ("notify_url", parameters.notify_url),
            ("return_url", parameters.return_url),
            ("encrypt_type", key.map(|_| "AES")),
            (
                "app_cert_sn",
                self.certificates.as_ref().map(|mode| mode.app().sn()),
            ),
            (
                "alipay_root_cert_sn",
                self.certificates.as_ref().map(AlipayCertificates::root_sn),
            ),
        ];
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
            gateway: self.gateway.clone(),
            parameters: all,
            sign: STANDARD.encode(signature),
        })
    }
}

impl Signed {
    /// The request of a server.
    pub(crate) fn request(&self, timeout: Duration) -> Request {
        let headers = [
            (
                "Content-Type",
                "application/x-www-form-urlencoded;charset=utf-8",
            ),
            ("Accept", "application/json"),
            ("User-Agent", USER_AGENT),
        ];
        let mut url = self.gateway.clone();
        url.set_query(Some(&self.common()));
        Request {
            method: Method::Post,
            url,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: Bytes::from(pair(CONTENT, self.content())),
            timeout,
        }
    }

    /// What is ordered, as it was signed.
    pub(crate) fn content(&self) -> &str {
        let content = self.parameters.iter().find(|(name, _)| *name == CONTENT);
        content.map_or("", |(_, value)| value)
    }

    /// The whole request as an address.
    pub(crate) fn url(&self) -> String {
        format!("{}?{}", self.gateway, self.order_string())
    }

    /// The address for a form that holds what is ordered.
    pub(crate) fn common_url(&self) -> String {
        format!("{}?{}", self.gateway, self.common())
    }

    /// Every parameter, the signature last.
    pub(crate) fn order_string(&self) -> String {
        self.encoded(|_| true)
    }

    /// The common parameters, which travel in the query as the platform's own library has it: without
    /// `charset` there the gateway reads GBK. What is ordered travels in the body and stays out of the
    /// logs of whoever logs addresses.
    fn common(&self) -> String {
        self.encoded(|name| name != CONTENT)
    }

    fn encoded(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        let wanted = self.parameters.iter().filter(|(name, _)| is_wanted(name));
        let mut text = String::new();
        for (name, value) in wanted {
            text.push_str(&pair(name, value));
            text.push('&');
        }
        text + &pair("sign", &self.sign)
    }
}

fn pair(name: &str, value: &str) -> String {
    format!("{name}={}", escape(value))
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
