use paydesk_provider::http::ReqwestTransport;
use time::macros::datetime;

use super::*;

#[derive(Debug)]
struct NewYear;

impl Clock for NewYear {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-01-01 02:00 UTC)
    }
}

macro_rules! key {
    ($file:literal) => {
        include_str!(concat!("../../../wechatpay/testdata/", $file))
    };
}

/// An account at WeChat Pay in the form of the settings file, with these lines beside the common ones.
fn account(lines: &str) -> AccountSettings {
    let toml = format!(
        "channel = \"wechat\"\nmerchant_id = \"1900007291\"\napp_id = \"wxd678efh567hg6787\"\n\
         api_v3_key = \"0123456789ABCDEFGHIJKLMNOPQRSTUV\"\nprivate_key = '''{}'''\n{lines}",
        key!("merchant_key.pem")
    );
    let source = config::File::from_str(&toml, config::FileFormat::Toml);
    let settings = config::Config::builder().add_source(source).build();
    settings.unwrap().try_deserialize().unwrap()
}

fn built(lines: &str) -> Result<Merchant, SettingsError> {
    let settings: Settings = crate::settings::tests::good();
    let clock: Arc<dyn Clock> = Arc::new(NewYear);
    let around = Surroundings {
        settings: &settings,
        clock: &clock,
        transport: Arc::new(ReqwestTransport::new().unwrap()),
    };
    merchant("main", &account(lines), &around)
}

fn refused(lines: &str) -> SettingsError {
    built(lines).map(|_| ()).unwrap_err()
}

const SERIAL: &str = "certificate_serial = \"408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB\"\n";

fn public_key() -> String {
    format!(
        "{SERIAL}platform_public_key_id = \"PUB_KEY_ID_1\"\nplatform_public_key = '''{}'''\n",
        key!("platform_public_key.pem")
    )
}

#[test]
fn wechat_is_trusted_by_key_by_certificates_or_by_both() {
    for lines in [
        public_key(),
        format!("{SERIAL}platform_certificates = true\n"),
        format!("{}platform_certificates = true\n", public_key()),
        format!(
            "{}previous_api_v3_key = \"VUTSRQPONMLKJIHGFEDCBA9876543210\"\n",
            public_key()
        ),
    ] {
        built(&lines).unwrap_or_else(|error| panic!("{error}: {lines}"));
    }
}

#[test]
fn what_is_missing_or_has_no_place_is_named() {
    for (lines, setting) in [
        (SERIAL.to_owned(), "platform_public_key"),
        (
            format!("{SERIAL}platform_public_key = \"k\"\n"),
            "platform_public_key_id",
        ),
        (
            format!("{SERIAL}platform_certificates = true\nplatform_public_key_id = \"p\"\n"),
            "platform_public_key_id",
        ),
        (
            format!("{}previous_api_v3_key = \"short\"\n", public_key()),
            "previous_api_v3_key",
        ),
        (
            format!(
                "{}merchant_certificate = \"no certificate\"\n",
                public_key()
            ),
            "merchant_certificate",
        ),
    ] {
        let error = refused(&lines);
        assert_eq!(error.setting, format!("accounts.main.{setting}"), "{error}");
    }
}

#[test]
fn a_certificate_beside_key_and_serial_is_compared_with_them() {
    let own = key!("merchant_certificate.pem");
    let serial = Certificate::parse(own).unwrap().serial().to_owned();
    let with = |serial: &str, certificate: &str| {
        let key = public_key().replace("408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB", serial);
        format!("{key}merchant_certificate = '''{certificate}'''\n")
    };
    built(&with(&serial, own)).unwrap();
    let error = refused(&with("408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB", own));
    assert_eq!(error.setting, "accounts.main.certificate_serial");
    let other = key!("g1_certificate.pem");
    let error = refused(&with("D7CE59D1F522D701", other));
    assert_eq!(error.setting, "accounts.main.private_key");
    assert!(error.to_string().contains("come together"), "{error}");
}
