use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::http::Method;
use paydesk_provider::keys::SignError;
use time::OffsetDateTime;

use crate::keys::MerchantKey;

/// Who signs requests: the merchant, and which of its certificates belongs to the key.
#[derive(Debug)]
pub(crate) struct Merchant {
    pub(crate) id: String,
    pub(crate) certificate_serial: String,
    pub(crate) key: MerchantKey,
}

impl Merchant {
    /// The value of the header `Authorization` for exactly this target and these bytes.
    pub(crate) async fn authorize(
        &self,
        method: Method,
        target: &str,
        body: &[u8],
        now: OffsetDateTime,
        nonce: &str,
    ) -> Result<String, SignError> {
        let timestamp = now.unix_timestamp();
        let message = message(method, target, timestamp, nonce, body);
        let signature = self.sign(&message).await?;
        Ok(format!(
            "WECHATPAY2-SHA256-RSA2048 mchid=\"{}\",nonce_str=\"{nonce}\",signature=\"{signature}\",\
             timestamp=\"{timestamp}\",serial_no=\"{}\"",
            self.id, self.certificate_serial,
        ))
    }

    /// A signature as it travels: base64.
    pub(crate) async fn sign(&self, message: &[u8]) -> Result<String, SignError> {
        Ok(STANDARD.encode(self.key.sign(message).await?))
    }
}

/// Five lines, each with its end, the empty body's too. The target is the path and query of the final
/// URL, as they go over the wire; the host is not covered.
fn message(method: Method, target: &str, timestamp: i64, nonce: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!("{method}\n{target}\n{timestamp}\n{nonce}\n").into_bytes();
    message.reserve(body.len() + 1);
    message.extend_from_slice(body);
    message.push(b'\n');
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The five lines of every published and derived request, made from target, body, clock and nonce.
    #[tokio::test]
    async fn requests_are_signed_as_in_the_published_vectors() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        let merchant = Merchant {
            id: "1900007291".to_owned(),
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
            let now = OffsetDateTime::from_unix_timestamp(timestamp.parse().unwrap()).unwrap();
            assert_eq!(
                message(method, target, now.unix_timestamp(), nonce, body.as_bytes()),
                expected.as_bytes(),
                "{name}"
            );
            assert_eq!(
                merchant
                    .authorize(method, target, body.as_bytes(), now, nonce)
                    .await
                    .unwrap(),
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
