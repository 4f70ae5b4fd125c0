//! Certificate mode and encrypted content, as the platform's side of them.

use std::collections::BTreeMap;

use aes::Aes128;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use paydesk_alipay::{AlipayCertificates, AlipayKeys, Certificate, ContentKey, Credentials};
use ring::signature::RsaKeyPair;
use serde_json::{Value, json};

use super::der;

macro_rules! pem {
    ($file:literal) => {
        include_str!(concat!("../../../testdata/certificates/", $file, ".pem"))
    };
}

pub(crate) const APP_CERTIFICATE: &str = pem!("app");
pub(crate) const ROOTS: &str = pem!("roots");
pub(crate) const CURRENT: &str = pem!("alipay");
pub(crate) const CHAIN: &str = pem!("alipay_chain");
pub(crate) const NEXT: &str = pem!("next");
pub(crate) const NEXT_KEY: &str = pem!("next_key");
pub(crate) const CONTENT_KEY: &str = "aa4BtZ4tspm2wnXLb1ThQA==";

pub(crate) fn sn(pem: &str) -> String {
    Certificate::parse(pem).unwrap().sn().to_owned()
}

pub(crate) fn certificates() -> AlipayCertificates {
    AlipayCertificates::new(APP_CERTIFICATE, ROOTS, CHAIN).unwrap()
}

/// The credentials of an app in certificate mode.
pub(crate) fn certified() -> Credentials {
    Credentials {
        alipay_keys: AlipayKeys::certificates(certificates()),
        ..super::credentials()
    }
}

pub(crate) fn content_key() -> ContentKey {
    ContentKey::parse(CONTENT_KEY).unwrap()
}

pub(crate) fn key() -> [u8; 16] {
    STANDARD.decode(CONTENT_KEY).unwrap().try_into().unwrap()
}

pub(crate) fn encrypted(content: &[u8], key: [u8; 16]) -> String {
    let cipher = cbc::Encryptor::<Aes128>::new(&key.into(), &[0; 16].into());
    STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(content))
}

pub(crate) fn decrypted(content: &str, key: [u8; 16]) -> String {
    let cipher = cbc::Decryptor::<Aes128>::new(&key.into(), &[0; 16].into());
    let content = STANDARD.decode(content).unwrap();
    String::from_utf8(cipher.decrypt_padded_vec::<Pkcs7>(&content).unwrap()).unwrap()
}

/// In which modes the app is.
#[derive(Default)]
pub(crate) struct Modes {
    /// The number of the certificate that signs, and its key if it is another than the usual one.
    certificate: Option<(String, Option<RsaKeyPair>)>,
    /// Files of certificates by number.
    pub(crate) published: BTreeMap<String, String>,
    content_key: Option<[u8; 16]>,
}

impl Modes {
    /// From now on certificates count, and this one signs.
    pub(crate) fn certify(&mut self, pem: &str, key: Option<&str>) {
        let key = key.map(|key| RsaKeyPair::from_pkcs8(&der(key)).unwrap());
        self.certificate = Some((sn(pem), key));
    }

    pub(crate) fn encrypt(&mut self) {
        self.content_key = Some(key());
    }

    pub(super) fn key(&self) -> Option<&RsaKeyPair> {
        self.certificate.as_ref()?.1.as_ref()
    }

    /// The member beside the node.
    pub(super) fn beside(&self) -> String {
        let certificate = self.certificate.as_ref();
        certificate.map_or_else(String::new, |(sn, _)| {
            format!(",\"alipay_cert_sn\":\"{sn}\"")
        })
    }

    /// Checks what requests name in these modes, and opens their content.
    pub(super) fn open(&self, all: &BTreeMap<String, String>) -> Value {
        let named = |name: &str| all.get(name).map(String::as_str);
        if self.certificate.is_some() {
            let certificates = certificates();
            assert_eq!(named("app_cert_sn"), Some(&*sn(APP_CERTIFICATE)));
            assert_eq!(named("alipay_root_cert_sn"), Some(certificates.root_sn()));
            assert_eq!(certificates.root_sn().len(), 98);
        } else {
            assert_eq!(named("app_cert_sn").or(named("alipay_root_cert_sn")), None);
        }
        let content = named("biz_content").unwrap();
        let download = named("method") == Some("alipay.open.app.alipaycert.download");
        let Some(key) = self.content_key.filter(|_| !download) else {
            assert_eq!(named("encrypt_type"), None);
            return serde_json::from_str(content).unwrap();
        };
        assert_eq!(named("encrypt_type"), Some("AES"));
        serde_json::from_str(&decrypted(content, key)).unwrap()
    }

    /// The node as it is signed and sent.
    pub(super) fn seal(&self, node: &str) -> String {
        let Some(key) = self.content_key else {
            return node.to_owned();
        };
        format!("\"{}\"", encrypted(node.as_bytes(), key))
    }

    /// The answer about a certificate.
    pub(super) fn download(&self, biz: &Value) -> Value {
        match self.published.get(biz["alipay_cert_sn"].as_str().unwrap()) {
            Some(text) => json!({
                "code": "10000", "msg": "Success", "alipay_cert_content": STANDARD.encode(text),
            }),
            None => json!({
                "code": "40004", "msg": "Business Failed", "sub_code": "CERT_NOT_EXIST",
            }),
        }
    }
}
