//! RSA signatures (PKCS#1 v1.5, SHA-256), as both directions of the protocol use them.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use rsa::{RsaPrivateKey, RsaPublicKey, pkcs1::EncodeRsaPublicKey, pkcs8::EncodePrivateKey};

pub(crate) struct SigningKey(RsaKeyPair);

impl SigningKey {
    /// `None` when ring does not take the key, for example because it is shorter than 2048 bits.
    pub(crate) fn new(key: &RsaPrivateKey) -> Option<Self> {
        let der = key.to_pkcs8_der().ok()?;
        RsaKeyPair::from_pkcs8(der.as_bytes()).ok().map(Self)
    }

    /// The signature over `message` in base64.
    pub(crate) fn sign(&self, message: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .expect("a parsed key signs into a buffer of its own length");
        STANDARD.encode(signature)
    }
}

pub(crate) struct VerifyingKey(UnparsedPublicKey<Vec<u8>>);

impl VerifyingKey {
    /// ring wants the PKCS#1 form of the key, not the SPKI found in a `PUBLIC KEY` PEM.
    pub(crate) fn new(key: &RsaPublicKey) -> Option<Self> {
        let der = key.to_pkcs1_der().ok()?;
        Some(Self(UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            der.as_bytes().to_vec(),
        )))
    }

    /// Whether `signature` (base64) was made over `message`. Broken base64 is just a wrong one.
    pub(crate) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        signatures: Vec<Vector>,
        notice: SignedNotice,
    }

    #[derive(Deserialize)]
    struct SignedNotice {
        timestamp: String,
        nonce: String,
        signature: String,
        body: String,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        message: String,
        signature: String,
    }

    fn pair() -> (SigningKey, VerifyingKey) {
        let pem = include_str!("../testdata/vectors_key.pem");
        let key = RsaPrivateKey::from_pkcs8_pem(pem.trim()).unwrap();
        (
            SigningKey::new(&key).unwrap(),
            VerifyingKey::new(&key.to_public_key()).unwrap(),
        )
    }

    fn all() -> Vectors {
        serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap()
    }

    fn vectors() -> Vec<Vector> {
        let vectors = all().signatures;
        assert_eq!(vectors.len(), 6);
        vectors
    }

    #[test]
    fn published_messages_get_their_published_signatures() {
        let (signing, verifying) = pair();
        for vector in vectors() {
            let message = vector.message.as_bytes();
            assert_eq!(signing.sign(message), vector.signature, "{}", vector.name);
            assert!(
                verifying.verifies(message, &vector.signature),
                "{}",
                vector.name
            );
        }
    }

    #[test]
    fn the_reference_notice_gets_its_signature() {
        let SignedNotice {
            timestamp,
            nonce,
            signature,
            body,
        } = all().notice;
        let message = format!("{timestamp}\n{nonce}\n{body}\n");
        assert_eq!(pair().0.sign(message.as_bytes()), signature);
    }

    #[test]
    fn a_changed_message_or_signature_fails() {
        let (_, verifying) = pair();
        for vector in vectors() {
            let mut message = vector.message.clone().into_bytes();
            *message.last_mut().unwrap() ^= 1;
            assert!(
                !verifying.verifies(&message, &vector.signature),
                "{}",
                vector.name
            );
            let longer = format!("{}\n", vector.message);
            assert!(!verifying.verifies(longer.as_bytes(), &vector.signature));
            let probe = format!("WECHATPAY/SIGNTEST/{}", vector.signature);
            assert!(!verifying.verifies(vector.message.as_bytes(), &probe));
        }
    }

    fn alipay() -> serde_json::Value {
        serde_json::from_str(include_str!("../testdata/alipay_vectors.json")).unwrap()
    }

    #[test]
    fn what_alipay_itself_signed_verifies() {
        let vectors = alipay();
        let published = vectors["published"].as_array().unwrap();
        assert_eq!(published.len(), 3);
        for vector in published {
            let text = |name: &str| vector[name].as_str().unwrap();
            let der = STANDARD.decode(text("public_key")).unwrap();
            let key = RsaPublicKey::from_public_key_der(&der).unwrap();
            let key = VerifyingKey::new(&key).unwrap();
            let (message, signature) = (text("message"), text("signature"));
            assert!(
                key.verifies(message.as_bytes(), signature),
                "{}",
                text("name")
            );
            let other = format!("{message} ");
            assert!(!key.verifies(other.as_bytes(), signature));
        }
    }

    #[test]
    fn alipays_reference_messages_get_their_signatures() {
        let pem = include_str!("../testdata/alipay_vectors_key.pem");
        let key = RsaPrivateKey::from_pkcs8_pem(pem).unwrap();
        let key = SigningKey::new(&key).unwrap();
        let vectors = alipay();
        let text = |name: &str, part: &str| vectors[name][part].as_str().unwrap().to_owned();
        let request = key.sign(text("request", "message").as_bytes());
        assert_eq!(request, text("request", "signature"));
        let url = url::Url::parse(&text("page_pay", "url")).unwrap();
        let (_, expected) = url.query_pairs().find(|(name, _)| name == "sign").unwrap();
        let page = key.sign(text("page_pay", "message").as_bytes());
        assert_eq!(page, expected);

        let refusal = vectors["signed_error"].as_str().unwrap();
        let (head, node) = refusal
            .split_once(",\"alipay_trade_query_response\" : ")
            .unwrap();
        let signature = head
            .strip_prefix("{\"sign\":\"")
            .unwrap()
            .trim_end_matches('"');
        assert_eq!(key.sign(&node.as_bytes()[..node.len() - 1]), signature);
    }
}
