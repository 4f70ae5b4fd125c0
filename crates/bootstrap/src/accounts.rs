//! From the settings of an account to a client of its platform.

use std::sync::Arc;

use cashier::Merchant;
use kernel::Clock;
use paydesk_alipay::{
    Alipay, AlipayCertificates, AlipayKeys, AppKey, CertificatesError, ContentKey,
};
use paydesk_provider::http::Transport;
use paydesk_provider::{Channel, PaymentProvider};
use paydesk_wechatpay::{
    ApiV3Key, Certificate, MerchantKey, PlatformCertificates, PlatformKeys, WechatPay,
};
use payments::AccountKey;
use secrecy::ExposeSecret;
use time::OffsetDateTime;

use crate::{AccountSettings, Settings, SettingsError};

/// Where each platform calls us.
const fn callback_path(channel: Channel) -> &'static str {
    match channel {
        Channel::Wechat => "/api/v1/payment/wechat/callback",
        Channel::Alipay => "/api/v1/payment/alipay/callback",
    }
}

/// What every account is built with.
pub(crate) struct Surroundings<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) clock: &'a Arc<dyn Clock>,
    /// One pool of connections for all of them.
    pub(crate) transport: Arc<dyn Transport>,
}

impl Surroundings<'_> {
    fn clock(&self) -> impl Fn() -> OffsetDateTime + Send + Sync + 'static + use<> {
        let clock = Arc::clone(self.clock);
        move || clock.now()
    }
}

pub(crate) fn merchant(
    name: &str,
    account: &AccountSettings,
    around: &Surroundings<'_>,
) -> Result<Merchant, SettingsError> {
    let provider: Arc<dyn PaymentProvider> = match account.channel {
        Channel::Wechat => Arc::new(wechat(name, account, around)?),
        Channel::Alipay => Arc::new(alipay(name, account, around)?),
    };
    Ok(Merchant {
        key: AccountKey::new(name),
        provider,
        notify_url: around.settings.public(callback_path(account.channel)),
    })
}

fn wechat(
    name: &str,
    account: &AccountSettings,
    around: &Surroundings<'_>,
) -> Result<WechatPay, SettingsError> {
    use paydesk_wechatpay::{Config, ConfigError};

    let at = At(name);
    for (key, given) in [
        ("app_certificate", account.app_certificate.is_some()),
        ("root_certificates", account.root_certificates.is_some()),
        ("alipay_certificates", account.alipay_certificates.is_some()),
        ("unchecked_certificates", account.unchecked_certificates),
        ("content_key", account.content_key.is_some()),
    ] {
        at.unwanted(key, given, "channel wechat has no such thing")?;
    }
    let api_v3_key = at.needed("api_v3_key", account.api_v3_key.as_ref())?;
    let serial = at.needed("certificate_serial", account.certificate_serial.as_ref())?;
    let credentials = paydesk_wechatpay::Credentials {
        merchant_id: account.merchant_id.clone(),
        app_id: account.app_id.clone(),
        certificate_serial: serial.clone(),
        merchant_key: MerchantKey::parse(account.private_key.expose_secret())
            .map_err(|error| at.wrong("private_key", &error))?,
        api_v3_key: ApiV3Key::parse(api_v3_key.expose_secret())
            .map_err(|error| at.wrong("api_v3_key", &error))?,
        platform_keys: wechat_keys(&at, account)?,
    };
    let mut config = Config::new(credentials)
        .clock(around.clock())
        .transport(Arc::clone(&around.transport));
    if let Some(base_url) = &account.base_url {
        config = config.base_url(base_url.as_str().trim_end_matches('/'));
    }
    if let Some(key) = &account.previous_api_v3_key {
        let key = ApiV3Key::parse(key.expose_secret())
            .map_err(|error| at.wrong("previous_api_v3_key", &error))?;
        config = config.previous_api_v3_key(key);
    }
    if let Some(certificate) = &account.merchant_certificate {
        let certificate = Certificate::parse(certificate)
            .map_err(|error| at.wrong("merchant_certificate", &error))?;
        config = config.merchant_certificate(certificate);
    }
    WechatPay::new(config).map_err(|error| {
        let key = match error {
            ConfigError::MerchantId => "merchant_id",
            ConfigError::AppId => "app_id",
            ConfigError::CertificateSerial(..) => "certificate_serial",
            ConfigError::CertificateKey { .. } => "private_key",
            ConfigError::OwnKey { .. } => "platform_public_key",
            _ => "base_url",
        };
        at.wrong(key, &error)
    })
}

/// The public key, the certificates, or both while a merchant moves from these to that.
fn wechat_keys(at: &At<'_>, account: &AccountSettings) -> Result<PlatformKeys, SettingsError> {
    let certificates = account
        .platform_certificates
        .then(PlatformCertificates::new);
    let keys = match (&account.platform_public_key, certificates) {
        (None, Some(certificates)) => {
            let id = account.platform_public_key_id.is_some();
            at.unwanted(
                "platform_public_key_id",
                id,
                "there is no platform_public_key beside it",
            )?;
            return Ok(PlatformKeys::certificates(certificates));
        }
        (key, certificates) => {
            let key = at.needed("platform_public_key", key.as_ref())?;
            let id = at.needed(
                "platform_public_key_id",
                account.platform_public_key_id.as_ref(),
            )?;
            (PlatformKeys::new(id, key), certificates)
        }
    };
    let (keys, certificates) = keys;
    let keys = keys.map_err(|error| at.wrong("platform_public_key", &error))?;
    Ok(match certificates {
        Some(certificates) => keys.and_certificates(certificates),
        None => keys,
    })
}

fn alipay(
    name: &str,
    account: &AccountSettings,
    around: &Surroundings<'_>,
) -> Result<Alipay, SettingsError> {
    use paydesk_alipay::{Config, ConfigError};

    let at = At(name);
    for (key, given) in [
        ("api_v3_key", account.api_v3_key.is_some()),
        ("previous_api_v3_key", account.previous_api_v3_key.is_some()),
        (
            "platform_public_key_id",
            account.platform_public_key_id.is_some(),
        ),
        ("platform_certificates", account.platform_certificates),
        ("certificate_serial", account.certificate_serial.is_some()),
        (
            "merchant_certificate",
            account.merchant_certificate.is_some(),
        ),
    ] {
        at.unwanted(key, given, "channel alipay has no such thing")?;
    }
    let credentials = paydesk_alipay::Credentials {
        app_id: account.app_id.clone(),
        seller_id: account.merchant_id.clone(),
        app_key: AppKey::parse(account.private_key.expose_secret())
            .map_err(|error| at.wrong("private_key", &error))?,
        alipay_keys: alipay_keys(&at, account)?,
    };
    let mut config = Config::new(credentials)
        .clock(around.clock())
        .transport(Arc::clone(&around.transport));
    if let Some(base_url) = &account.base_url {
        config = config.base_url(base_url.as_str());
    }
    if let Some(key) = &account.content_key {
        let key = ContentKey::parse(key.expose_secret())
            .map_err(|error| at.wrong("content_key", &error))?;
        config = config.content_key(key);
    }
    Alipay::new(config).map_err(|error| {
        let key = match error {
            ConfigError::AppId => "app_id",
            ConfigError::SellerId => "merchant_id",
            ConfigError::OwnKey => "platform_public_key",
            ConfigError::OwnCertificate => "alipay_certificates",
            ConfigError::AppCertificate { .. } => "private_key",
            _ => "base_url",
        };
        at.wrong(key, &error)
    })
}

/// The public key, or certificates; then perhaps the key of before.
fn alipay_keys(at: &At<'_>, account: &AccountSettings) -> Result<AlipayKeys, SettingsError> {
    let public_key = account.platform_public_key.as_ref();
    let wrong_key = |error| at.wrong("platform_public_key", &error);
    let files = [
        ("app_certificate", account.app_certificate.as_ref()),
        ("root_certificates", account.root_certificates.as_ref()),
        ("alipay_certificates", account.alipay_certificates.as_ref()),
    ];
    if files.iter().all(|(_, file)| file.is_none()) {
        at.unwanted(
            "unchecked_certificates",
            account.unchecked_certificates,
            "there are no certificates beside it",
        )?;
        let key = at.needed("platform_public_key", public_key)?;
        return AlipayKeys::new(key).map_err(wrong_key);
    }
    let [app, roots, alipay] = files.map(|(key, file)| {
        file.ok_or_else(|| {
            at.error(
                key,
                "missing: certificate mode needs all three of its files",
            )
        })
    });
    let read = if account.unchecked_certificates {
        AlipayCertificates::unchecked_and_never_renewed
    } else {
        AlipayCertificates::new
    };
    let certificates = read(app?, roots?, alipay?).map_err(|error| {
        let key = match error {
            CertificatesError::App(_) => "app_certificate",
            CertificatesError::Roots(_) => "root_certificates",
            _ => "alipay_certificates",
        };
        at.wrong(key, &error)
    })?;
    let keys = AlipayKeys::certificates(certificates);
    match public_key {
        Some(key) => keys.and(key).map_err(wrong_key),
        None => Ok(keys),
    }
}

/// Where in the settings an account stands.
struct At<'a>(&'a str);

impl At<'_> {
    fn error(&self, key: &str, problem: &str) -> SettingsError {
        SettingsError::new(format!("accounts.{}.{key}", self.0), problem)
    }

    fn wrong(&self, key: &str, error: &dyn std::error::Error) -> SettingsError {
        SettingsError::caused(&format!("accounts.{}.{key}", self.0), error)
    }

    fn needed<'v, T>(&self, key: &str, value: Option<&'v T>) -> Result<&'v T, SettingsError> {
        value.ok_or_else(|| self.error(key, "missing: the account's channel needs it"))
    }

    fn unwanted(&self, key: &str, given: bool, why: &str) -> Result<(), SettingsError> {
        if given {
            return Err(self.error(key, &format!("has no place here: {why}")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
