use time::OffsetDateTime;
use url::Url;

use crate::keys::MerchantKey;
use crate::transport::Method;

/// Who signs requests: the merchant, and which of its certificates belongs to the key.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) merchant_id: String,
    pub(crate) certificate_serial: String,
    pub(crate) key: MerchantKey,
}

impl Signer {
    /// The value of the header `Authorization` for exactly this URL and these bytes.
    pub(crate) fn authorize(
        &self,
        method: Method,
        url: &Url,
        body: &[u8],
        now: OffsetDateTime,
        nonce: &str,
    ) -> String {
        let timestamp = now.unix_timestamp();
        let signature = self.key.sign(&message(method, url, timestamp, nonce, body));
        format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{signature}\",\
             timestamp=\"{timestamp}\",serial_no=\"{}\"",
            self.merchant_id, self.certificate_serial,
        )
    }
}

/// Five lines, each with its end, the empty body's too. The path and query are those of the final
/// URL, as they go over the wire; the host is not covered.
fn message(method: Method, url: &Url, timestamp: i64, nonce: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!("{method}\n{}", url.path()).into_bytes();
    if let Some(query) = url.query() {
        message.push(b'?');
        message.extend_from_slice(query.as_bytes());
    }
    message.extend_from_slice(format!("\n{timestamp}\n{nonce}\n").as_bytes());
    message.extend_from_slice(body);
    message.push(b'\n');
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The five lines of every published and derived request, made from URL, body, clock and nonce.
    #[test]
    fn requests_are_signed_as_in_the_published_vectors() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        let signer = Signer {
            merchant_id: "1900007291".to_owned(),
            certificate_serial: "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB".to_owned(),
            key: MerchantKey::parse(include_str!("../testdata/vectors_key.pem")).unwrap(),
        };
        let vectors = vectors["requests"].as_object().unwrap();
        assert_eq!(vectors.len(), 7);
        for (name, vector) in vectors {
            let expected = vector["message"].as_str().unwrap();
            let lines: Vec<&str> = expected.split('\n').collect();
            let [method, target, timestamp, nonce, body, ""] = lines[..] else {
                panic!("{name} has five lines");
            };
            let method = match method {
                "GET" => Method::Get,
                "POST" => Method::Post,
                other => panic!("{other}"),
            };
            let url = Url::parse("https://api.mch.weixin.qq.com")
                .unwrap()
                .join(target)
                .unwrap();
            let now = OffsetDateTime::from_unix_timestamp(timestamp.parse().unwrap()).unwrap();
            assert_eq!(
                message(method, &url, now.unix_timestamp(), nonce, body.as_bytes()),
                expected.as_bytes(),
                "{name}"
            );
            assert_eq!(
                signer.authorize(method, &url, body.as_bytes(), now, nonce),
                format!(
                    "WECHATPAY2-SHA256-RSA2048 mchid=\"1900007291\",nonce_str=\"{nonce}\",\
                     signature=\"{}\",timestamp=\"{timestamp}\",\
                     serial_no=\"408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB\"",
                    vector["signature"].as_str().unwrap()
                ),
                "{name}"
            );
        }
    }
}
