//! The demo's settings and catalogue.

use std::path::Path;

use anyhow::Context;
use bootstrap::test_switches::TestSwitches;
use bootstrap::{Service, Settings};
use paydesk_simulator::Keys;

/// What is sold, in the same form as any shop's catalogue file.
const CATALOG: &str = include_str!("../catalog.toml");

/// Settings as a merchant would write them, with the simulator as the platform.
pub(crate) fn settings(
    port: u16,
    folder: &Path,
    secret: &str,
    keys: &Keys,
    platform: &str,
) -> anyhow::Result<Settings> {
    let database = folder.join("demo.sqlite").display().to_string();
    let database = database
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
         link_secret = \"{secret}\"\n\
         [database]\nurl = {database:?}\n\
         [auth]\nalgorithm = \"HS256\"\nsecret = \"{secret}\"\n\
         [orders]\npayment_tag = \"demo\"\npay_within_minutes = 15\nquery_every_seconds = 30\n\
         [scheduler]\nfulfil_every_seconds = 2\nexpire_every_seconds = 5\npoll_every_seconds = 5\n\
         [log]\nfilter = \"warn,paydesk_api=info,cashier=info\"\n\
         [accounts.simulator]\nchannel = \"wechat\"\nmerchant_id = {:?}\napp_id = {:?}\n\
         certificate_serial = {:?}\nprivate_key = {:?}\napi_v3_key = {:?}\n\
         platform_public_key_id = {:?}\nplatform_public_key = {:?}\nbase_url = {platform:?}\n\
         [accounts.alipay-simulator]\nchannel = \"alipay\"\nmerchant_id = {:?}\napp_id = {:?}\n\
         private_key = {:?}\nplatform_public_key = {:?}\nbase_url = {gateway:?}\n",
        keys.merchant_id,
        keys.app_id,
        keys.certificate_serial,
        keys.private_key,
        keys.api_v3_key,
        keys.platform_public_key_id,
        keys.platform_public_key,
        keys.alipay.merchant_id,
        keys.alipay.app_id,
        keys.alipay.private_key,
        keys.alipay.platform_public_key,
        gateway = format!("{platform}/gateway.do"),
        database = format!("sqlite://{database}"),
    );
    Ok(Settings::from_toml(&text)?)
}

/// Makes the database, publishes the catalogue, and opens the service.
pub(crate) async fn open(settings: &Settings, switches: TestSwitches) -> anyhow::Result<Service> {
    bootstrap::migrate(settings, switches)
        .await
        .context("the database")?;
    let service = bootstrap::assemble(settings, switches).await?;
    service
        .catalogue
        .publish(&bootstrap::parse_catalog(CATALOG)?)
        .await?;
    Ok(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_something_to_sell() {
        let listing = bootstrap::parse_catalog(CATALOG).unwrap();
        assert!(listing.plans.iter().any(|plan| plan.tier.rank == 1));
        assert!(listing.plans.iter().all(|plan| plan.check().is_ok()));
        let packages = listing.packages;
        assert!(packages.iter().any(|package| package.points == 1_000));
        assert!(packages.iter().all(|package| package.check().is_ok()));
    }

    #[test]
    fn the_demo_settings_are_good_settings() {
        let keys = Keys::throw_away();
        let secret = "0123456789abcdef0123456789abcdef";
        let folder = Path::new("/tmp/a \"folder\"");
        let settings = settings(8080, folder, secret, &keys, "http://127.0.0.1:9180").unwrap();
        assert_eq!(settings.accounts["simulator"].merchant_id, keys.merchant_id);
    }
}
