use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aes::Aes128;
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use cbc::{Decryptor, Encryptor};
use paydesk_provider::keys::{KeyError, from_env, from_file};
use zeroize::Zeroizing;

const NAME: &str = "the content key (接口内容加密密钥)";
const LENGTH: usize = 16;
/// The platform knows no other. So equal contents look equal: this keeps them from those who read logs,
/// and the signature keeps them from being changed.
const VECTOR: [u8; 16] = [0; 16];
/// A key copied by hand often loses its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What encrypts the content of requests and answers (接口内容加密方式, AES), where the console shows
/// one. Payments do not need it.
#[derive(Clone)]
pub struct ContentKey(Arc<Zeroizing<[u8; LENGTH]>>);

impl ContentKey {
    /// Reads the key as the console shows it: base64 of 16 bytes.
    ///
    /// # Errors
    /// [`KeyError::NotEncoded`], [`KeyError::Length`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(
            LENIENT
                .decode(text.trim())
                .map_err(|_| KeyError::NotEncoded { expected: NAME })?,
        );
        let key = <[u8; LENGTH]>::try_from(&bytes[..]).map_err(|_| KeyError::Length {
            name: NAME,
            expected: LENGTH,
            length: bytes.len(),
            cause: "was it cut off, or is it another key?",
        })?;
        Ok(Self(Arc::new(Zeroizing::new(key))))
    }

    /// Reads a file that holds what [`ContentKey::parse`] takes.
    ///
    /// # Errors
    /// As [`ContentKey::parse`], and [`KeyError::Unreadable`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        Self::parse(&from_file(path)?)
    }

    /// Reads an environment variable that holds what [`ContentKey::parse`] takes.
    ///
    /// # Errors
    /// As [`ContentKey::parse`], and [`KeyError::Unreadable`].
    pub fn from_env(name: &str) -> Result<Self, KeyError> {
        Self::parse(&from_env(name)?)
    }

    /// The content as it travels.
    pub(crate) fn encrypt(&self, content: &str) -> String {
        let cipher = Encryptor::<Aes128>::new((&**self.0).into(), &VECTOR.into());
        STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(content.as_bytes()))
    }

    /// The content of what travelled. Whatever is wrong with it is one and the same: only who may sign
    /// gets this far, and learns nothing from it.
    pub(crate) fn decrypt(&self, travelled: &str) -> Option<String> {
        let bytes = STANDARD.decode(travelled).ok()?;
        let cipher = Decryptor::<Aes128>::new((&**self.0).into(), &VECTOR.into());
        let content = cipher.decrypt_padded_vec::<Pkcs7>(&bytes).ok()?;
        String::from_utf8(content).ok()
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "aa4BtZ4tspm2wnXLb1ThQA==";

    #[test]
    fn the_published_contents_are_encrypted_as_published() {
        for (key, content, travelled) in [
            (KEY, "test1234567", "ILpoMowjIQjfYMR847rnFQ=="),
            (
                "vEARwBsVE8dBrk0tiaNQtQ==",
                "test1234567你好",
                "Xg5Qdr1jGhRugqAdBHYgl94KzwIqcaA37/dMvR1PeSc=",
            ),
            (
                KEY,
                r#"{"out_trade_no":"T20260101000001"}"#,
                "v9xEJGtFY9vW2Ge//P1+YKCuioERPryDCDhZ3ni0K8ftq5X/6x/LqJKGwjQ3RuVM",
            ),
        ] {
            let key = ContentKey::parse(key).unwrap();
            assert_eq!(key.encrypt(content), travelled);
            assert_eq!(key.decrypt(travelled).as_deref(), Some(content));
        }
    }

    #[test]
    fn a_key_is_read_as_the_console_shows_it() {
        for text in [
            KEY,
            "aa4BtZ4tspm2wnXLb1ThQA",
            " aa4BtZ4tspm2wnXLb1ThQA==\r\n",
        ] {
            let key = ContentKey::parse(text).unwrap();
            assert_eq!(key.encrypt("test1234567"), "ILpoMowjIQjfYMR847rnFQ==");
            assert_eq!(format!("{key:?}"), "ContentKey(redacted)");
        }
        for text in ["", "aa4BtZ4tspm2wnXLb1Q=", &"A".repeat(32), &"A".repeat(43)] {
            let error = ContentKey::parse(text).unwrap_err();
            assert!(matches!(error, KeyError::Length { .. }), "{text}: {error}");
        }
        for text in ["no key", "aa4B-Z4tspm2wnXLb1ThQA=="] {
            let error = ContentKey::parse(text).unwrap_err();
            assert!(matches!(error, KeyError::NotEncoded { .. }), "{error}");
            assert!(!error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn whatever_was_not_encrypted_for_this_key_is_one_and_the_same() {
        let key = ContentKey::parse(KEY).unwrap();
        let other = ContentKey::parse("vEARwBsVE8dBrk0tiaNQtQ==").unwrap();
        // The last block holds the wrong padding, then none; then no block, half a one, no base64.
        for travelled in [
            &other.encrypt("test1234567"),
            "ILpoMowjIQjfYMR847rnFA==",
            "",
            "ILpoMowjIQg=",
            "{}",
        ] {
            assert_eq!(key.decrypt(travelled), None, "{travelled}");
        }
        let cipher = Encryptor::<Aes128>::new((&**key.0).into(), &VECTOR.into());
        let no_text = STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(&[0xFF; 3]));
        assert_eq!(key.decrypt(&no_text), None);
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_decrypted(content in ".*") {
            let key = ContentKey::parse(KEY).unwrap();
            prop_assert_eq!(key.decrypt(&key.encrypt(&content)), Some(content));
        }

        #[test]
        fn no_input_panics(travelled in ".*", bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let key = ContentKey::parse(KEY).unwrap();
            key.decrypt(&travelled);
            key.decrypt(&STANDARD.encode(bytes));
        }
    }
}
