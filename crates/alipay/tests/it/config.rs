use paydesk_alipay::{Alipay, AlipayKeys, AppKey, Config, ConfigError, Credentials};
use paydesk_provider::{Channel, PaymentProvider};

use crate::platform::{ALIPAY_PUBLIC, APP_KEY, APP_PUBLIC, credentials, vectors};

fn built(credentials: Credentials) -> Result<Alipay, ConfigError> {
    Alipay::new(Config::new(credentials))
}

/// Not a `tokio` test: the default transport is built too, and needs no runtime either.
#[test]
fn building_needs_no_network_and_no_runtime() {
    let client = built(credentials()).unwrap();
    let identity = client.identity();
    assert_eq!(identity.channel, Channel::Alipay);
    assert_eq!(identity.merchant_id, "2088000000000002");
    assert_eq!(identity.app_id, "2021000000000001");
}

/// The commonest mistake with this platform.
#[test]
fn the_apps_own_key_is_not_alipays() {
    for keys in [
        AlipayKeys::new(APP_PUBLIC).unwrap(),
        AlipayKeys::new(ALIPAY_PUBLIC)
            .unwrap()
            .and(APP_PUBLIC)
            .unwrap(),
    ] {
        let error = built(Credentials {
            alipay_keys: keys,
            ..credentials()
        })
        .unwrap_err();
        assert!(matches!(error, ConfigError::OwnKey), "{error}");
        assert!(error.to_string().contains("支付宝公钥"), "{error}");
    }
    let vectors = vectors();
    let of = |name: &str| vectors["key"][name].as_str().unwrap();
    let error = built(Credentials {
        app_key: AppKey::parse(of("private")).unwrap(),
        alipay_keys: AlipayKeys::new(of("public")).unwrap(),
        ..credentials()
    });
    assert!(matches!(error, Err(ConfigError::OwnKey)));
}

#[test]
fn settings_that_cannot_be_right_are_named() {
    for id in [
        "",
        "2021O00000000001",
        "wx12",
        "2021000000000001\n",
        &"2".repeat(33),
        "２０２１",
    ] {
        let error = built(Credentials {
            app_id: id.to_owned(),
            ..credentials()
        })
        .unwrap_err();
        assert!(matches!(error, ConfigError::AppId), "{error}");
    }
    for id in [
        "",
        "2088",
        "2021000000000001",
        "20880000000000021",
        "2088oooooooooooo",
        "me@example.com",
    ] {
        let error = built(Credentials {
            seller_id: id.to_owned(),
            ..credentials()
        })
        .unwrap_err();
        assert!(matches!(error, ConfigError::SellerId), "{error}");
    }
}

#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    let body = APP_KEY.lines().nth(5).unwrap();
    let misplaced = || APP_KEY.to_owned();
    for error in [
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
                seller_id: misplaced(),
                ..credentials()
            })
        ),
        format!(
            "{:?}",
            Alipay::new(Config::new(credentials()).base_url(APP_KEY))
        ),
        format!("{:?}", AlipayKeys::new(APP_KEY)),
    ] {
        assert!(!error.contains("Ok("), "{error}");
        assert!(!error.contains(body), "{error}");
    }
}

#[test]
fn calls_go_by_https_or_stay_on_this_machine() {
    for url in [
        "https://openapi.alipay.com/gateway.do",
        "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
        "http://127.0.0.1:8080/gateway.do",
        "http://[::1]:8080/gateway.do",
        "http://localhost:8080/alipay/gateway.do",
    ] {
        Alipay::new(Config::new(credentials()).base_url(url)).unwrap();
    }
    for url in [
        "",
        "openapi.alipay.com/gateway.do",
        "ftp://openapi.alipay.com/gateway.do",
        "http://openapi.alipay.com/gateway.do",
        "http://127.0.0.1.example.com/gateway.do",
        "http://10.0.0.1/gateway.do",
        "https://openapi.alipay.com",
        "https://openapi.alipay.com/gateway.do/v3",
        "https://openapi.alipay.com/gateway.do?charset=utf-8",
        "https://openapi.alipay.com/gateway.do#a",
        "https://me@openapi.alipay.com/gateway.do",
    ] {
        let error = Alipay::new(Config::new(credentials()).base_url(url)).unwrap_err();
        assert!(matches!(error, ConfigError::BaseUrl(..)), "{url}: {error}");
    }
}

#[test]
fn nothing_prints_a_key() {
    let printed = format!(
        "{:?} {:#?}",
        Config::new(credentials()),
        built(credentials()).unwrap()
    );
    assert!(printed.contains("redacted"));
    let private = APP_KEY.lines().nth(5).unwrap();
    let public = ALIPAY_PUBLIC.lines().nth(2).unwrap();
    for key in [private, public] {
        assert!(!printed.contains(key), "{printed}");
    }
}
