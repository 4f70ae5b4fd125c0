//! An account that still has platform certificates, moving to WeChat Pay's public key: both are held,
//! because for a week notices come under either.
//!
//! ```sh
//! cargo run -p paydesk-wechatpay --example platform_certificates -- PO20260101000001
//! ```
//!
//! The environment holds the account as in `shared/account.rs`; without `WECHATPAY_PUBLIC_KEY_ID` the
//! certificates are all there is, the way before the move. A merchant registered since about November
//! 2024 has none, and neither has the bundled simulator.
#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;

use paydesk_wechatpay::{
    ApiV3Key, Config, Credentials, MerchantKey, OrderNumber, PlatformCertificates, PlatformKeys,
    WechatPay,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let number = std::env::args().nth(1);
    let number = number.ok_or("platform_certificates ORDER_NO")?;

    // Nothing is fetched yet: the first call that needs a certificate does it, later calls renew them
    // when it is time, and so does a message that names one that is not held. No task runs for it.
    let certificates = PlatformCertificates::new();
    let platform_keys = match variable("WECHATPAY_PUBLIC_KEY_ID") {
        Ok(id) => PlatformKeys::new(&id, &variable("WECHATPAY_PUBLIC_KEY")?)?
            .and_certificates(certificates),
        Err(_) => PlatformKeys::certificates(certificates),
    };
    let mut config = Config::new(Credentials {
        merchant_id: variable("WECHATPAY_MERCHANT_ID")?,
        app_id: variable("WECHATPAY_APP_ID")?,
        certificate_serial: variable("WECHATPAY_CERTIFICATE_SERIAL")?,
        merchant_key: MerchantKey::from_env("WECHATPAY_MERCHANT_KEY")?,
        api_v3_key: ApiV3Key::from_env("WECHATPAY_API_V3_KEY")?,
        platform_keys,
    });
    if let Ok(base_url) = variable("WECHATPAY_BASE_URL") {
        config = config.base_url(base_url);
    }
    let client = WechatPay::new(config)?;

    // The answer is verified with whichever key it names, the public key or a certificate.
    let found = client.query_order(OrderNumber::OutTradeNo(&number)).await?;
    match found.value {
        Some(order) => println!("{number} is {}", order.trade_state),
        None => println!("{number} is not known"),
    }
    if let Some(held) = client.platform_certificates() {
        for certificate in held.iter() {
            let (serial, until) = (certificate.serial(), certificate.not_after());
            println!("certificate {serial}, until {until}");
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example reads its settings where it is"
)]
fn variable(name: &str) -> Result<String, Box<dyn Error>> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}
