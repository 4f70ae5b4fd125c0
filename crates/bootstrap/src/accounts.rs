//! From the settings of an account to a client of its platform.

use std::sync::Arc;

use cashier::Merchant;
use kernel::Clock;
use paydesk_alipay::{Alipay, AlipayKeys, AppKey};
use paydesk_provider::{Channel, PaymentProvider};
use paydesk_wechatpay::{ApiV3Key, MerchantKey, PlatformKeys, WechatPay};
use payments::AccountKey;
use secrecy::ExposeSecret;

use crate::{AccountSettings, Settings, SettingsError};

/// Where each platform calls us.
const fn callback_path(channel: Channel) -> &'static str {
    match channel {
        Channel::Wechat => "/api/v1/payment/wechat/callback",
        Channel::Alipay => "/api/v1/payment/alipay/callback",
    }
}

pub(crate) fn merchant(
    name: &str,
    account: &AccountSettings,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
) -> Result<Merchant, SettingsError> {
    let provider: Arc<dyn PaymentProvider> = match account.channel {
        Channel::Wechat => Arc::new(wechat(name, account, clock)?),
        Channel::Alipay => Arc::new(alipay(name, account, clock)?),
    };
    Ok(Merchant {
        key: AccountKey::new(name),
        provider,
        notify_url: settings.public(callback_path(account.channel)),
    })
}

fn wechat(
    name: &str,
    account: &AccountSettings,
    clock: &Arc<dyn Clock>,
) -> Result<WechatPay, SettingsError> {
    use paydesk_wechatpay::{Config, ConfigError};

    let at = At(name);
    let api_v3_key = at.needed("api_v3_key", account.api_v3_key.as_ref())?;
    let key_id = at.needed(
        "platform_public_key_id",
        account.platform_public_key_id.as_ref(),
    )?;
    let serial = at.needed("certificate_serial", account.certificate_serial.as_ref())?;
    let credentials = paydesk_wechatpay::Credentials {
        merchant_id: account.merchant_id.clone(),
        app_id: account.app_id.clone(),
        certificate_serial: serial.clone(),
        merchant_key: MerchantKey::parse(account.private_key.expose_secret())
            .map_err(|error| at.wrong("private_key", &error))?,
        api_v3_key: ApiV3Key::parse(api_v3_key.expose_secret())
            .map_err(|error| at.wrong("api_v3_key", &error))?,
        platform_keys: PlatformKeys::new(key_id, &account.platform_public_key)
            .map_err(|error| at.wrong("platform_public_key", &error))?,
    };
    let clock = Arc::clone(clock);
    let mut config = Config::new(credentials).clock(move || clock.now());
    if let Some(base_url) = &account.base_url {
        config = config.base_url(base_url.as_str().trim_end_matches('/'));
    }
    WechatPay::new(config).map_err(|error| {
        let key = match error {
            ConfigError::MerchantId => "merchant_id",
            ConfigError::AppId => "app_id",
            ConfigError::CertificateSerial(..) => "certificate_serial",
            ConfigError::OwnKey { .. } => "platform_public_key",
            _ => "base_url",
        };
        at.wrong(key, &error)
    })
}

fn alipay(
    name: &str,
    account: &AccountSettings,
    clock: &Arc<dyn Clock>,
) -> Result<Alipay, SettingsError> {
    use paydesk_alipay::{Config, ConfigError};

    let at = At(name);
    at.unwanted("api_v3_key", account.api_v3_key.is_some())?;
    at.unwanted(
        "platform_public_key_id",
        account.platform_public_key_id.is_some(),
    )?;
    at.unwanted("certificate_serial", account.certificate_serial.is_some())?;
    let credentials = paydesk_alipay::Credentials {
        app_id: account.app_id.clone(),
        seller_id: account.merchant_id.clone(),
        app_key: AppKey::parse(account.private_key.expose_secret())
            .map_err(|error| at.wrong("private_key", &error))?,
        alipay_keys: AlipayKeys::new(&account.platform_public_key)
            .map_err(|error| at.wrong("platform_public_key", &error))?,
    };
    let clock = Arc::clone(clock);
    let mut config = Config::new(credentials).clock(move || clock.now());
    if let Some(base_url) = &account.base_url {
        config = config.base_url(base_url.as_str());
    }
    Alipay::new(config).map_err(|error| {
        let key = match error {
            ConfigError::AppId => "app_id",
            ConfigError::SellerId => "merchant_id",
            ConfigError::OwnKey => "platform_public_key",
            _ => "base_url",
        };
        at.wrong(key, &error)
    })
}

/// Where in the settings an account stands.
struct At<'a>(&'a str);

impl At<'_> {
    fn error(&self, key: &str, problem: &str) -> SettingsError {
        SettingsError::new(format!("accounts.{}.{key}", self.0), problem)
    }

    fn wrong(&self, key: &str, error: &dyn std::error::Error) -> SettingsError {
        self.error(key, &error.to_string())
    }

    fn needed<'v, T>(&self, key: &str, value: Option<&'v T>) -> Result<&'v T, SettingsError> {
        value.ok_or_else(|| self.error(key, "missing: channel wechat needs it"))
    }

    fn unwanted(&self, key: &str, given: bool) -> Result<(), SettingsError> {
        if given {
            return Err(self.error(key, "contradicts channel alipay, which has no such thing"));
        }
        Ok(())
    }
}
