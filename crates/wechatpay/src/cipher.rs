use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::keys::ApiV3Key;

/// Opens `AEAD_AES_256_GCM`. `None` for whatever was not sealed with this key, nonce and associated
/// data; no length makes it panic.
pub(crate) fn open(
    key: &ApiV3Key,
    nonce: &str,
    associated_data: &str,
    ciphertext: &str,
) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: &[u8; 12] = nonce.as_bytes().try_into().ok()?;
    let sealed = STANDARD.decode(ciphertext).ok()?;
    let payload = Payload {
        msg: &sealed,
        aad: associated_data.as_bytes(),
    };
    Aes256Gcm::new(key.bytes().into())
        .decrypt(nonce.into(), payload)
        .map(Zeroizing::new)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUV";

    #[test]
    fn small_vectors_open() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        let key = ApiV3Key::parse(KEY).unwrap();
        let sealed = vectors["sealed"].as_array().unwrap();
        assert_eq!(sealed.len(), 3);
        for vector in sealed {
            let of = |field: &str| vector[field].as_str().unwrap();
            let opened = open(&key, of("nonce"), of("associated_data"), of("ciphertext"));
            assert_eq!(opened.unwrap().as_slice(), of("plaintext").as_bytes());
        }
    }

    #[test]
    fn nothing_else_opens() {
        let key = ApiV3Key::parse(KEY).unwrap();
        let other = ApiV3Key::parse("0123456789ABCDEFGHIJKLMNOPQRSTUW").unwrap();
        let good = "otxzQNtHtxed48eULD+6vn/8alvs";
        assert!(open(&key, "000000000001", "certificate", good).is_some());
        for (why, key, nonce, data, sealed) in [
            ("another key", &other, "000000000001", "certificate", good),
            ("another nonce", &key, "000000000002", "certificate", good),
            (
                "11 bytes of nonce",
                &key,
                "00000000001",
                "certificate",
                good,
            ),
            (
                "16 bytes of nonce",
                &key,
                "0000000000000001",
                "certificate",
                good,
            ),
            ("no nonce", &key, "", "certificate", good),
            ("other data", &key, "000000000001", "Certificate", good),
            ("no data", &key, "000000000001", "", good),
            ("no base64", &key, "000000000001", "certificate", "*"),
            ("nothing", &key, "000000000001", "certificate", ""),
            (
                "less than a tag",
                &key,
                "000000000001",
                "certificate",
                "otxzQNtHtxc=",
            ),
            (
                "one bit",
                &key,
                "000000000001",
                "certificate",
                "otxzQNtHtxed48eULD+6vn/8alvt",
            ),
        ] {
            assert!(open(key, nonce, data, sealed).is_none(), "{why}");
        }
    }
}
