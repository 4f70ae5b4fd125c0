//! From the settings of an account to a client of its platform.

use std::sync::Arc;

use cashier::Merchant;
use kernel::Clock;
use paydesk_provider::{Channel, PaymentProvider};
use paydesk_wechatpay::{
    ApiV3Key, Config, ConfigError, Credentials, MerchantKey, PlatformKeys, WechatPay,
};
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
        Channel::Alipay => {
            let problem = "alipay is not supported yet";
            return Err(SettingsError::new(
                format!("accounts.{name}.channel"),
                problem,
            ));
        }
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
    let setting = |key: &str| format!("accounts.{name}.{key}");
    let wrong = |key: &'static str| {
        move |error: &dyn std::error::Error| SettingsError::new(setting(key), error.to_string())
    };
    let credentials = Credentials {
        merchant_id: account.merchant_id.clone(),
        app_id: account.app_id.clone(),
        certificate_serial: account.certificate_serial.clone(),
        merchant_key: MerchantKey::parse(account.private_key.expose_secret())
            .map_err(|error| wrong("private_key")(&error))?,
        api_v3_key: ApiV3Key::parse(account.api_v3_key.expose_secret())
            .map_err(|error| wrong("api_v3_key")(&error))?,
        platform_keys: PlatformKeys::new(
            &account.platform_public_key_id,
            &account.platform_public_key,
        )
        .map_err(|error| wrong("platform_public_key")(&error))?,
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
        SettingsError::new(setting(key), error.to_string())
    })
}
