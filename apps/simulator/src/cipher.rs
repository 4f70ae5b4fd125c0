//! `AEAD_AES_256_GCM`: how the platform wraps the content of a notice.

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Encrypts `plaintext` and gives base64 of ciphertext and tag. The nonce travels as text, so its
/// 12 ASCII bytes are the nonce.
pub(crate) fn seal(key: &[u8; 32], nonce: &str, associated_data: &str, plaintext: &str) -> String {
    let cipher = Aes256Gcm::new(key.into());
    let nonce: &[u8; 12] = nonce
        .as_bytes()
        .try_into()
        .expect("nonces are made 12 bytes long");
    let payload = Payload {
        msg: plaintext.as_bytes(),
        aad: associated_data.as_bytes(),
    };
    let sealed = cipher
        .encrypt(nonce.into(), payload)
        .expect("a notice is far below GCM's limit");
    STANDARD.encode(sealed)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_reference_notice_is_sealed_to_the_same_bytes() {
        let vectors: Value =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        let notice = &vectors["notice"];
        let body: Value = serde_json::from_str(notice["body"].as_str().unwrap()).unwrap();
        let resource = &body["resource"];
        let key = notice["api_v3_key"]
            .as_str()
            .unwrap()
            .as_bytes()
            .try_into()
            .unwrap();
        let sealed = seal(
            key,
            resource["nonce"].as_str().unwrap(),
            resource["associated_data"].as_str().unwrap(),
            notice["plaintext"].as_str().unwrap(),
        );
        assert_eq!(sealed, resource["ciphertext"].as_str().unwrap());
    }
}
