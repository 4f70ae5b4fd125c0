//! Fields that only the platform may read: names, card numbers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_provider::ProviderError;
use paydesk_provider::keys::PublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::rand_core::OsRng;
use rsa::{Oaep, RsaPublicKey};
use sha1::Sha1;

/// Encrypts fields of one request (RSAES-OAEP with SHA-1, as the platform asks) to one key of the
/// platform, whose serial the request must name in `Wechatpay-Serial`.
///
/// What the platform encrypts for the merchant is not decrypted here: the one library that could do
/// it does not do it in constant time, and no call of this crate answers with such a field.
#[derive(Clone, Debug)]
pub struct Sealer {
    serial: String,
    key: PublicKey,
}

impl Sealer {
    pub(crate) const fn new(serial: String, key: PublicKey) -> Self {
        Self { serial, key }
    }

    /// The id of the key that is encrypted to.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// A field's value, encrypted and in base64.
    ///
    /// # Errors
    /// [`ProviderError::Rejected`], naming the field, for an empty text or one of more than 214 bytes
    /// (with a key of 2048 bits).
    pub fn seal(&self, field: &str, text: &str) -> Result<String, ProviderError> {
        if text.is_empty() {
            return Err(ProviderError::not_sent(format!("{field} is empty")));
        }
        let sealed = RsaPublicKey::from_pkcs1_der(self.key.der())
            .ok()
            .and_then(|key| {
                key.encrypt(&mut OsRng, Oaep::new::<Sha1>(), text.as_bytes())
                    .ok()
            });
        sealed.map(|sealed| STANDARD.encode(sealed)).ok_or_else(|| {
            ProviderError::not_sent(format!("{field} cannot be encrypted: is it too long?"))
        })
    }
}

#[cfg(test)]
mod tests {
    use rsa::RsaPrivateKey;
    use rsa::pkcs8::DecodePrivateKey;

    use super::*;
    use crate::keys::MerchantKey;

    const KEY: &str = include_str!("../testdata/vectors_key.pem");

    #[expect(
        clippy::disallowed_methods,
        reason = "a test may decrypt: nobody measures its time"
    )]
    fn opened(sealed: &str) -> String {
        let key = RsaPrivateKey::from_pkcs8_pem(KEY).unwrap();
        let sealed = STANDARD.decode(sealed).unwrap();
        String::from_utf8(key.decrypt(Oaep::new::<Sha1>(), &sealed).unwrap()).unwrap()
    }

    #[test]
    fn fields_are_encrypted_as_in_the_vector() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../testdata/vectors.json")).unwrap();
        let vector = &vectors["oaep"]["D10"];
        let plain = vector["plaintext"].as_str().unwrap();
        assert_eq!(opened(vector["ciphertext"].as_str().unwrap()), plain);
        let key = MerchantKey::parse(KEY).unwrap();
        let sealer = Sealer::new("PUB_KEY_ID_1".to_owned(), key.public_key().unwrap().clone());
        let (one, other) = (
            sealer.seal("name", plain).unwrap(),
            sealer.seal("name", plain).unwrap(),
        );
        assert_ne!(one, other, "encryption is randomised");
        assert_eq!(
            (opened(&one), opened(&other)),
            (plain.to_owned(), plain.to_owned())
        );
        assert_eq!(
            opened(&sealer.seal("x", &"a".repeat(214)).unwrap()).len(),
            214
        );
        for text in [String::new(), "a".repeat(215)] {
            let error = sealer.seal("real_name", &text).unwrap_err().to_string();
            assert!(error.contains("real_name"), "{error}");
        }
    }
}
