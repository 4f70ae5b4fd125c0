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

macro_rules! alipay_file {
    ($file:literal) => {
        include_str!(concat!("../../../alipay/testdata/", $file))
    };
}

/// An account at Alipay with these settings beside the common ones.
fn alipay_built(more: &[(&str, &str)]) -> Result<Merchant, SettingsError> {
    let mut account = account("");
    account.channel = Channel::Alipay;
    account.merchant_id = "2088000000000002".to_owned();
    account.app_id = "2021000000000001".to_owned();
    account.private_key = alipay_file!("app_key.pem").into();
    account.api_v3_key = None;
    for (name, value) in more {
        let value = (*value).to_owned();
        match *name {
            "platform_public_key" => account.platform_public_key = Some(value),
            "app_certificate" => account.app_certificate = Some(value),
            "root_certificates" => account.root_certificates = Some(value),
            "alipay_certificates" => account.alipay_certificates = Some(value),
            "unchecked_certificates" => account.unchecked_certificates = true,
            "content_key" => account.content_key = Some(value.into()),
            other => panic!("{other}"),
        }
    }
    let settings: Settings = crate::settings::tests::good();
    let clock: Arc<dyn Clock> = Arc::new(NewYear);
    let around = Surroundings {
        settings: &settings,
        clock: &clock,
        transport: Arc::new(ReqwestTransport::new().unwrap()),
    };
    merchant("main", &account, &around)
}

const PUBLIC: (&str, &str) = ("platform_public_key", alipay_file!("alipay_public_key.pem"));
const APP: (&str, &str) = ("app_certificate", alipay_file!("certificates/app.pem"));
const ROOTS: (&str, &str) = ("root_certificates", alipay_file!("certificates/roots.pem"));
const CHAIN: &str = alipay_file!("certificates/alipay_chain.pem");
const ALIPAY: (&str, &str) = ("alipay_certificates", CHAIN);
const UNCHECKED: (&str, &str) = ("unchecked_certificates", "true");
const CONTENT: (&str, &str) = ("content_key", "aa4BtZ4tspm2wnXLb1ThQA==");

#[test]
fn alipay_is_trusted_by_key_by_certificates_or_by_both() {
    let foreign = alipay_file!("certificates/foreign_root.pem");
    for settings in [
        &[PUBLIC][..],
        &[PUBLIC, CONTENT],
        &[APP, ROOTS, ALIPAY],
        &[APP, ROOTS, ALIPAY, PUBLIC, CONTENT],
        // The sandbox.
        &[APP, ("root_certificates", foreign), ALIPAY, UNCHECKED],
    ] {
        alipay_built(settings).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn what_certificate_mode_misses_or_mixes_up_is_named() {
    let foreign = alipay_file!("certificates/foreign_root.pem");
    let own = alipay_file!("app_public_key.pem");
    let published = alipay_file!("certificates/published/app.pem");
    for (settings, setting) in [
        (&[][..], "platform_public_key"),
        (&[PUBLIC, UNCHECKED], "unchecked_certificates"),
        (&[PUBLIC, ("content_key", "c2hvcnQ=")], "content_key"),
        (&[ROOTS, ALIPAY], "app_certificate"),
        (&[APP, ALIPAY], "root_certificates"),
        (&[APP, ROOTS, PUBLIC], "alipay_certificates"),
        (
            &[("app_certificate", own), ROOTS, ALIPAY],
            "app_certificate",
        ),
        (
            &[APP, ("root_certificates", CHAIN), ALIPAY],
            "root_certificates",
        ),
        (
            &[APP, ("root_certificates", foreign), ALIPAY],
            "alipay_certificates",
        ),
        (
            &[
                ("app_certificate", CHAIN),
                ROOTS,
                ("alipay_certificates", APP.1),
            ],
            "alipay_certificates",
        ),
        (
            &[("app_certificate", published), ROOTS, ALIPAY],
            "private_key",
        ),
        (
            &[APP, ROOTS, ALIPAY, ("platform_public_key", own)],
            "platform_public_key",
        ),
    ] {
        let error = alipay_built(settings).map(|_| ()).unwrap_err();
        assert_eq!(error.setting, format!("accounts.main.{setting}"), "{error}");
        let secret = own.lines().nth(2).unwrap();
        assert!(!error.to_string().contains(secret), "{error}");
    }
}

#[test]
fn each_channel_refuses_what_belongs_to_the_other() {
    for setting in [
        "app_certificate = \"a\"",
        "root_certificates = \"a\"",
        "alipay_certificates = \"a\"",
        "unchecked_certificates = true",
        "content_key = \"a\"",
    ] {
        let error = refused(&format!("{}{setting}\n", public_key()));
        let (name, _) = setting.split_once(' ').unwrap();
        assert_eq!(error.setting, format!("accounts.main.{name}"), "{error}");
    }
}
