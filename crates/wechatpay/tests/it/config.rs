use std::sync::Arc;

use paydesk_provider::{Channel, PaymentProvider};
use paydesk_wechatpay::{
    Certificate, Config, ConfigError, Credentials, MerchantKey, PlatformKeys, Transport, WechatPay,
};

use crate::platform::{
    API_V3_KEY, FakePlatform, MERCHANT_KEY, MERCHANT_PUBLIC, NOW, PLATFORM_KEY_ID, PLATFORM_PUBLIC,
    at, credentials,
};

fn built(credentials: Credentials) -> Result<WechatPay, ConfigError> {
    WechatPay::new(Config::new(credentials))
}

/// Not a `tokio` test: the default transport is built too, and needs no runtime either.
#[test]
fn building_needs_no_network_and_no_runtime() {
    let client = built(credentials()).unwrap();
    let identity = client.identity();
    assert_eq!(identity.channel, Channel::Wechat);
    assert_eq!(identity.merchant_id, "1900007291");
    assert_eq!(identity.app_id, "wxd678efh567hg6787");
}

/// One pool of connections for all, and nothing that runs for any of them.
#[tokio::test]
async fn a_thousand_merchants_share_one_transport_and_run_no_task() {
    let platform = FakePlatform::new();
    let transport: Arc<dyn Transport> = platform.clone();
    let key = MerchantKey::parse(MERCHANT_KEY).unwrap();
    let keys = PlatformKeys::new(PLATFORM_KEY_ID, PLATFORM_PUBLIC).unwrap();
    let clients: Vec<WechatPay> = (0..1000)
        .map(|_| {
            let credentials = Credentials {
                merchant_key: key.clone(),
                platform_keys: keys.clone(),
                ..credentials()
            };
            let config = Config::new(credentials).transport(Arc::clone(&transport));
            WechatPay::new(config.clock(|| at(NOW))).unwrap()
        })
        .collect();
    clients[999].query("PO0001").await.unwrap();
    let tasks = tokio::runtime::Handle::current().metrics();
    assert_eq!(tasks.num_alive_tasks(), 0);
    assert_eq!(
        Arc::strong_count(&transport),
        1002,
        "ours, the platform's and each client's"
    );
}

#[test]
fn a_certificate_that_does_not_belong_to_serial_or_key_is_found_at_once() {
    let own = Certificate::parse(include_str!("../../testdata/merchant_certificate.pem")).unwrap();
    let other = Certificate::parse(include_str!("../../testdata/g1_certificate.pem")).unwrap();
    let beside = |serial: &str, certificate: &Certificate| {
        let credentials = Credentials {
            certificate_serial: serial.to_owned(),
            ..credentials()
        };
        WechatPay::new(Config::new(credentials).merchant_certificate(certificate.clone()))
    };
    beside(own.serial(), &own).unwrap();
    beside(&own.serial().to_lowercase(), &own).unwrap();
    let error = beside("0123", &own).unwrap_err();
    assert!(
        matches!(error, ConfigError::CertificateSerial(_)),
        "{error}"
    );
    let error = beside(other.serial(), &other).unwrap_err();
    assert!(
        matches!(error, ConfigError::CertificateKey { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("apiclient_key.pem"), "{error}");
}

#[test]
fn the_merchants_own_key_is_not_the_platforms() {
    let platform_keys = PlatformKeys::new("PUB_KEY_ID_1", PLATFORM_PUBLIC)
        .unwrap()
        .and("PUB_KEY_ID_2", MERCHANT_PUBLIC)
        .unwrap();
    let error = built(Credentials {
        platform_keys,
        ..credentials()
    })
    .unwrap_err();
    assert!(
        matches!(&error, ConfigError::OwnKey { id } if id == "PUB_KEY_ID_2"),
        "{error}"
    );
    assert!(error.to_string().contains("pub_key.pem"));
}

#[test]
fn settings_that_cannot_be_right_are_named() {
    for id in [
        "",
        "19000O7291",
        "1900007291\n",
        &"1".repeat(33),
        "１９００００７２９１",
    ] {
        let error = built(Credentials {
            merchant_id: id.to_owned(),
            ..credentials()
        })
        .unwrap_err();
        assert!(matches!(error, ConfigError::MerchantId), "{error}");
    }
    for id in ["", "wx\"", "wx d", &"w".repeat(33)] {
        let error = built(Credentials {
            app_id: id.to_owned(),
            ..credentials()
        })
        .unwrap_err();
        assert!(matches!(error, ConfigError::AppId), "{error}");
    }
    for (serial, why) in [
        ("", "two digits"),
        ("ABC", "two digits"),
        ("AB:CD:EF", "colons"),
        ("PUB_KEY_ID_0119000072912026010100000000", "public key"),
    ] {
        let certificate_serial = serial.to_owned();
        let error = built(Credentials {
            certificate_serial,
            ..credentials()
        })
        .unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    let misplaced = || MERCHANT_KEY.to_owned();
    let body = MERCHANT_KEY.lines().nth(5).unwrap();
    let by_id = PlatformKeys::new(MERCHANT_KEY, PLATFORM_PUBLIC).unwrap_err();
    let by_url = Config::new(credentials()).base_url(MERCHANT_KEY);
    for error in [
        format!("{by_id:?} {by_id}"),
        format!(
            "{:?}",
            built(Credentials {
                merchant_id: misplaced(),
                ..credentials()
            })
        ),
        format!(
            "{:?}",
            built(Credentials {
                app_id: misplaced(),
                ..credentials()
            })
        ),
        format!(
            "{:?}",
            built(Credentials {
                certificate_serial: misplaced(),
                ..credentials()
            })
        ),
        format!("{:?}", WechatPay::new(by_url)),
    ] {
        assert!(!error.contains("Ok("), "{error}");
        assert!(!error.contains(body), "{error}");
    }
}

#[test]
fn calls_go_by_https_or_stay_on_this_machine() {
    for url in [
        "https://api2.mch.weixin.qq.com",
        "https://api2.mch.weixin.qq.com/",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost:8080",
    ] {
        WechatPay::new(Config::new(credentials()).base_url(url)).unwrap();
    }
    for url in [
        "",
        "api.mch.weixin.qq.com",
        "ftp://api.mch.weixin.qq.com",
        "http://api.mch.weixin.qq.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "https://api.mch.weixin.qq.com/v3",
        "https://api.mch.weixin.qq.com/?a=b",
        "https://me@api.mch.weixin.qq.com",
    ] {
        let error = WechatPay::new(Config::new(credentials()).base_url(url)).unwrap_err();
        assert!(matches!(error, ConfigError::BaseUrl(..)), "{url}: {error}");
    }
}

#[test]
fn nothing_prints_a_key() {
    let config = Config::new(credentials());
    let printed = format!("{config:?} {:#?}", built(credentials()).unwrap());
    assert!(printed.contains("redacted"));
    let body = MERCHANT_KEY.lines().nth(5).unwrap();
    for secret in [API_V3_KEY, body, &format!("{:?}", API_V3_KEY.as_bytes())] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
