//! What merchant and platform share on Alipay's side.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{KeyError, new_pairs, parse_pair, parse_private};
use crate::{
    random,
    signature::{SigningKey, VerifyingKey},
};

/// Alipay's half of [`Keys`](super::Keys): key mode, RSA2.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlipayKeys {
    /// The application, 16 digits.
    pub app_id: String,
    /// The seller (PID), `2088` and twelve digits.
    pub merchant_id: String,
    /// The application's private key (应用私钥), PKCS#8 PEM.
    pub private_key: String,
    /// The platform's public key (支付宝公钥), SPKI PEM.
    pub platform_public_key: String,
    /// The platform's private key, PKCS#8 PEM. On the real platform no merchant ever sees it.
    pub platform_private_key: String,
}

impl AlipayKeys {
    /// Makes new keys; takes as long as [`Keys::generate`](super::Keys::generate).
    pub fn generate() -> Result<Self, KeyError> {
        let ((private_key, _), (platform_private_key, platform_public_key)) = new_pairs()?;
        Ok(Self {
            app_id: format!("2021{}", random::digits(12)),
            merchant_id: format!("2088{}", random::digits(12)),
            private_key,
            platform_public_key,
            platform_private_key,
        })
    }

    /// Fixed keys for tests and demonstrations. **They are public** and protect nothing.
    pub fn throw_away() -> Self {
        Self {
            app_id: "2021000199999999".to_owned(),
            merchant_id: "2088000199999999".to_owned(),
            private_key: include_str!("../../testdata/alipay_app_key.pem").to_owned(),
            platform_public_key: include_str!("../../testdata/alipay_platform_public_key.pem")
                .to_owned(),
            platform_private_key: include_str!("../../testdata/alipay_platform_key.pem").to_owned(),
        }
    }
}

impl fmt::Debug for AlipayKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlipayKeys")
            .field("app_id", &self.app_id)
            .field("merchant_id", &self.merchant_id)
            .finish_non_exhaustive()
    }
}

/// `AlipayKeys` after parsing.
pub(crate) struct AlipayMaterial {
    /// Checks what the application sends.
    pub(crate) app: VerifyingKey,
    /// Signs what the platform sends.
    pub(crate) platform: SigningKey,
}

impl AlipayMaterial {
    pub(crate) fn parse(keys: &AlipayKeys) -> Result<Self, KeyError> {
        let app = parse_private(&keys.private_key, "the application's private key")?;
        let platform = parse_pair(
            &keys.platform_private_key,
            &keys.platform_public_key,
            ["Alipay's private key", "Alipay's public key"],
        )?;
        Ok(Self {
            app: VerifyingKey::new(&app.to_public_key())
                .ok_or(KeyError::NotAKey("the application's private key"))?,
            platform: SigningKey::new(&platform)
                .ok_or(KeyError::NotAKey("Alipay's private key"))?,
        })
    }
}
