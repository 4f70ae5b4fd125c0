//! The account that the examples use, from the environment. `paydesk-simulator --print-environment`
//! prints one that costs nothing; the variables' names are no part of the crate.

use std::error::Error;

use paydesk_wechatpay::{ApiV3Key, Config, Credentials, MerchantKey, PlatformKeys, WechatPay};

/// A client for it. Nothing is sent yet.
pub(crate) fn client() -> Result<WechatPay, Box<dyn Error>> {
    let credentials = Credentials {
        merchant_id: variable("WECHATPAY_MERCHANT_ID")?,
        app_id: variable("WECHATPAY_APP_ID")?,
        certificate_serial: variable("WECHATPAY_CERTIFICATE_SERIAL")?,
        // PKCS#8 or PKCS#1, PEM or bare base64, also with `\n` written out. From a file:
        // MerchantKey::from_file("apiclient_key.pem").
        merchant_key: MerchantKey::from_env("WECHATPAY_MERCHANT_KEY")?,
        api_v3_key: ApiV3Key::from_env("WECHATPAY_API_V3_KEY")?,
        platform_keys: PlatformKeys::new(
            &variable("WECHATPAY_PUBLIC_KEY_ID")?,
            &variable("WECHATPAY_PUBLIC_KEY")?,
        )?,
    };
    let mut config = Config::new(credentials);
    if let Ok(base_url) = variable("WECHATPAY_BASE_URL") {
        config = config.base_url(base_url);
    }
    Ok(WechatPay::new(config)?)
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example reads its settings where it is"
)]
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}
