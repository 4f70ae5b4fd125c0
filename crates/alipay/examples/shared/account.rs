//! The app that the examples use, from the environment. `paydesk-simulator --print-environment` prints
//! one that costs nothing; the variables' names are no part of the crate.

use std::error::Error;

use paydesk_alipay::{AlipayKeys, AppKey, Config, Credentials};

/// What a client for it is made of.
pub(crate) fn config() -> Result<Config, Box<dyn Error>> {
    let credentials = Credentials {
        app_id: variable("ALIPAY_APP_ID")?,
        seller_id: variable("ALIPAY_SELLER_ID")?,
        // PKCS#8 or PKCS#1, PEM or bare base64, also with `\n` written out. From a file:
        // AppKey::from_file("appPrivateKey.txt").
        app_key: AppKey::from_env("ALIPAY_APP_KEY")?,
        // Alipay's (支付宝公钥), as the console shows it, not the app's.
        alipay_keys: AlipayKeys::new(&variable("ALIPAY_PUBLIC_KEY")?)?,
    };
    let config = Config::new(credentials);
    // For the sandbox: https://openapi-sandbox.dl.alipaydev.com/gateway.do
    Ok(match variable("ALIPAY_BASE_URL") {
        Ok(base_url) => config.base_url(base_url),
        Err(_) => config,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example reads its settings where it is"
)]
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}
