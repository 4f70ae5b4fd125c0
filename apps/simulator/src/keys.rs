//! The key material that merchant and platform share, and its life in a folder.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
    thread,
};

use rsa::{
    RsaPrivateKey, RsaPublicKey,
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding},
    rand_core::OsRng,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    random,
    signature::{SigningKey, VerifyingKey},
};

mod alipay;

pub use alipay::AlipayKeys;
pub(crate) use alipay::AlipayMaterial;

const RSA_BITS: usize = 2048;

/// Everything a merchant needs to talk to the simulator, and what the simulator needs to answer.
///
/// A plain structure, so that a test can build one, keep one or change one field.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// 商户号, ten digits.
    pub merchant_id: String,
    /// The application bound to that merchant, `wx` and 16 characters.
    pub app_id: String,
    /// Serial number of the merchant's API certificate, 40 upper-case hexadecimal digits.
    pub certificate_serial: String,
    /// The merchant's private key, PKCS#8 PEM.
    pub private_key: String,
    /// 32 letters and digits; their ASCII bytes are the AES key of notices.
    pub api_v3_key: String,
    /// `PUB_KEY_ID_` and 32 digits: names the platform's key in `Wechatpay-Serial`.
    pub platform_public_key_id: String,
    /// The platform's public key, SPKI PEM.
    pub platform_public_key: String,
    /// The platform's private key, PKCS#8 PEM. On the real platform no merchant ever sees it.
    pub platform_private_key: String,
    /// The same for Alipay. All other fields are `WeChat` Pay's.
    pub alipay: AlipayKeys,
}

/// Why key material cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A PEM text is not the key it should be.
    #[error("{0} is not a usable RSA key of at least 2048 bits")]
    NotAKey(&'static str),
    /// The `APIv3` key must have exactly 32 letters or digits.
    #[error("the APIv3 key must be 32 letters or digits")]
    ApiV3Key,
    /// The platform's two halves belong to different pairs.
    #[error("the platform's public key does not belong to its private key")]
    Mismatch,
    /// The folder could not be read or written.
    #[error("the key folder cannot be used")]
    Folder(#[from] io::Error),
    /// The file in the folder is not ours.
    #[error("keys.json in the key folder cannot be read")]
    File(#[from] serde_json::Error),
}

impl Keys {
    /// Makes new keys. RSA keys are searched in parallel, which takes a second or two; call it
    /// outside of async code.
    pub fn generate() -> Result<Self, KeyError> {
        let ((private_key, _), (platform_private_key, platform_public_key)) = new_pairs()?;
        Ok(Self {
            alipay: AlipayKeys::generate()?,
            merchant_id: format!("19{}", random::digits(8)),
            app_id: format!("wx{}", random::upper_hex(16).to_ascii_lowercase()),
            certificate_serial: random::upper_hex(40),
            private_key,
            api_v3_key: random::alphanumeric(32),
            platform_public_key_id: format!("PUB_KEY_ID_{}", random::digits(32)),
            platform_public_key,
            platform_private_key,
        })
    }

    /// Reads the keys kept in `folder`, or makes them there at the first call.
    ///
    /// `keys.json` holds everything; the PEM files beside it are copies under the names the
    /// platforms give these files. All are readable by their owner only. A folder from the time
    /// before Alipay gets Alipay's keys and keeps the others.
    pub fn load_or_create(folder: &Path) -> Result<Self, KeyError> {
        let path = folder.join("keys.json");
        let keys = match fs::read(&path) {
            Ok(bytes) => {
                let mut kept: Map<String, Value> = serde_json::from_slice(&bytes)?;
                let complete = kept.contains_key("alipay");
                if !complete {
                    let alipay = serde_json::to_value(AlipayKeys::generate()?)?;
                    kept.insert("alipay".to_owned(), alipay);
                }
                let keys = serde_json::from_value(Value::Object(kept))?;
                if complete {
                    return Ok(keys);
                }
                keys
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::generate()?,
            Err(error) => return Err(error.into()),
        };
        make_private_folder(folder)?;
        for (name, content) in [
            ("apiclient_key.pem", &keys.private_key),
            ("pub_key.pem", &keys.platform_public_key),
            ("alipay_app_private_key.pem", &keys.alipay.private_key),
            ("alipay_public_key.pem", &keys.alipay.platform_public_key),
        ] {
            write_private(&folder.join(name), content.as_bytes())?;
        }
        write_private(&path, &serde_json::to_vec_pretty(&keys)?)?;
        Ok(keys)
    }

    /// Fixed keys for tests and demonstrations. **They are public**: anybody can read them in the
    /// source, so they protect nothing. With them a simulator starts at once.
    pub fn throw_away() -> Self {
        Self {
            merchant_id: "1900009999".to_owned(),
            app_id: "wx0123456789abcdef".to_owned(),
            certificate_serial: "5157F09EFDC096DE15EBE81A47057A7232F1B8E1".to_owned(),
            private_key: include_str!("../testdata/merchant_key.pem").to_owned(),
            api_v3_key: "ThrowAwayApiV3KeyForTestsOnly000".to_owned(),
            platform_public_key_id: "PUB_KEY_ID_01190000999920261101000000000001".to_owned(),
            platform_public_key: include_str!("../testdata/platform_public_key.pem").to_owned(),
            platform_private_key: include_str!("../testdata/platform_key.pem").to_owned(),
            alipay: AlipayKeys::throw_away(),
        }
    }
}

impl fmt::Debug for Keys {
    /// Names only: a key that reaches a log is no longer a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("merchant_id", &self.merchant_id)
            .field("app_id", &self.app_id)
            .field("certificate_serial", &self.certificate_serial)
            .field("platform_public_key_id", &self.platform_public_key_id)
            .field("alipay", &self.alipay)
            .finish_non_exhaustive()
    }
}

/// `Keys` after parsing: what the platform's side works with.
pub(crate) struct Material {
    pub(crate) keys: Keys,
    /// Checks what the merchant sends.
    pub(crate) merchant: VerifyingKey,
    /// Signs what the platform sends.
    pub(crate) platform: SigningKey,
    /// Encrypts what notices carry.
    pub(crate) api_v3_key: [u8; 32],
    pub(crate) alipay: AlipayMaterial,
}

impl Material {
    pub(crate) fn parse(keys: Keys) -> Result<Self, KeyError> {
        let merchant = parse_private(&keys.private_key, "the merchant's private key")?;
        let platform = parse_pair(
            &keys.platform_private_key,
            &keys.platform_public_key,
            ["the platform's private key", "the platform's public key"],
        )?;
        if !keys
            .api_v3_key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(KeyError::ApiV3Key);
        }
        Ok(Self {
            merchant: VerifyingKey::new(&merchant.to_public_key())
                .ok_or(KeyError::NotAKey("the merchant's private key"))?,
            platform: SigningKey::new(&platform)
                .ok_or(KeyError::NotAKey("the platform's private key"))?,
            alipay: AlipayMaterial::parse(&keys.alipay)?,
            api_v3_key: keys
                .api_v3_key
                .as_bytes()
                .try_into()
                .map_err(|_| KeyError::ApiV3Key)?,
            keys,
        })
    }
}

fn parse_private(pem: &str, name: &'static str) -> Result<RsaPrivateKey, KeyError> {
    RsaPrivateKey::from_pkcs8_pem(pem.trim()).map_err(|_| KeyError::NotAKey(name))
}

fn parse_pair(
    private: &str,
    public: &str,
    [private_name, public_name]: [&'static str; 2],
) -> Result<RsaPrivateKey, KeyError> {
    let private = parse_private(private, private_name)?;
    let public = RsaPublicKey::from_public_key_pem(public.trim())
        .map_err(|_| KeyError::NotAKey(public_name))?;
    if public != private.to_public_key() {
        return Err(KeyError::Mismatch);
    }
    Ok(private)
}

/// A private key and its public half, both PEM.
type Pair = (String, String);

/// The merchant's and the platform's pair, made in parallel.
fn new_pairs() -> Result<(Pair, Pair), KeyError> {
    let (merchant, platform) = thread::scope(|scope| {
        let merchant = scope.spawn(new_pair);
        let platform = new_pair();
        (merchant.join(), platform)
    });
    let merchant = merchant.unwrap_or(Err(KeyError::NotAKey("the merchant's key")))?;
    Ok((merchant, platform?))
}

fn new_pair() -> Result<Pair, KeyError> {
    let broken = || KeyError::NotAKey("a new key");
    let key = RsaPrivateKey::new(&mut OsRng, RSA_BITS).map_err(|_| broken())?;
    let private = key.to_pkcs8_pem(LineEnding::LF).map_err(|_| broken())?;
    let public = key
        .to_public_key()
        .to_public_key_pem(LineEnding::LF)
        .map_err(|_| broken())?;
    Ok((private.as_str().to_owned(), public))
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Written beside and renamed, so that a reader never meets half a file.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("{}.draft", random::alphanumeric(8)));
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throw_away_keys_are_usable() {
        let keys = Keys::throw_away();
        assert_eq!(keys.merchant_id.len(), 10);
        assert_eq!(keys.certificate_serial.len(), 40);
        assert_eq!(keys.platform_public_key_id.len(), "PUB_KEY_ID_".len() + 32);
        assert!(Material::parse(keys).is_ok());
    }

    #[test]
    fn keys_are_made_once_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("keys");
        let made = Keys::load_or_create(&folder).unwrap();
        assert_eq!(Keys::load_or_create(&folder).unwrap(), made);
        let material = Material::parse(made).unwrap();
        assert_eq!(material.keys.api_v3_key.len(), 32);
        assert_eq!(material.keys.merchant_id.len(), 10);

        #[cfg(unix)]
        for entry in fs::read_dir(&folder).unwrap() {
            use std::os::unix::fs::PermissionsExt;
            let permissions = entry.unwrap().metadata().unwrap().permissions();
            assert_eq!(permissions.mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_folder_from_before_alipay_is_completed_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut old = serde_json::to_value(Keys::throw_away()).unwrap();
        old.as_object_mut().unwrap().remove("alipay");
        let path = folder.path().join("keys.json");
        fs::write(&path, old.to_string()).unwrap();
        let completed = Keys::load_or_create(folder.path()).unwrap();
        assert_eq!(completed.api_v3_key, Keys::throw_away().api_v3_key);
        assert_ne!(completed.alipay, AlipayKeys::throw_away());
        assert_eq!(Keys::load_or_create(folder.path()).unwrap(), completed);
        assert!(Material::parse(completed).is_ok());
    }

    #[test]
    fn unusable_material_is_refused_with_its_name() {
        let mut keys = Keys::throw_away();
        keys.api_v3_key.pop();
        assert!(matches!(Material::parse(keys), Err(KeyError::ApiV3Key)));

        let mut keys = Keys::throw_away();
        keys.platform_private_key = keys.private_key.clone();
        assert!(matches!(Material::parse(keys), Err(KeyError::Mismatch)));

        let mut keys = Keys::throw_away();
        keys.alipay.platform_private_key = keys.alipay.private_key.clone();
        assert!(matches!(Material::parse(keys), Err(KeyError::Mismatch)));

        let mut keys = Keys::throw_away();
        keys.private_key = keys.platform_public_key.clone();
        assert!(matches!(Material::parse(keys), Err(KeyError::NotAKey(_))));
    }

    #[test]
    fn debug_shows_no_secret() {
        let keys = Keys::throw_away();
        let shown = format!("{keys:?}");
        assert!(!shown.contains("PRIVATE") && !shown.contains(&keys.api_v3_key));
    }
}
