//! The app in certificate mode: what requests name, whom answers and notices are believed from.

use paydesk_alipay::{
    Alipay, AlipayCertificates, AlipayKeys, AppKey, Config, ConfigError, Credentials, Order,
    PagePay, Signer,
};
use paydesk_money::Cny;
use paydesk_provider::{Found, NoticeError, PaymentProvider, ProviderError, RawNotice, Untrusted};
use time::Duration;

use crate::platform::modes::{
    APP_CERTIFICATE, CHAIN, CURRENT, NEXT, NEXT_KEY, ROOTS, certificates, certified, sn,
};
use crate::platform::{
    ALIPAY_KEY, ALIPAY_PUBLIC, FakePlatform, Script, an_order, credentials, parameter,
};

const DOWNLOAD: &str = "alipay.open.app.alipaycert.download";

/// A platform and a client whose app is in certificate mode.
fn both() -> (std::sync::Arc<FakePlatform>, Alipay) {
    let platform = FakePlatform::new();
    platform.modes(|modes| modes.certify(CURRENT, None));
    let client = Alipay::new(platform.config(certified())).unwrap();
    (platform, client)
}

/// From now on the platform signs with its next certificate, and gives it to who asks.
fn roll_over(platform: &FakePlatform) {
    platform.modes(|modes| {
        modes.certify(NEXT, Some(NEXT_KEY));
        modes.published.insert(sn(NEXT), NEXT.to_owned());
    });
}

fn downloads(platform: &FakePlatform) -> usize {
    let sent = platform.sent();
    let methods = sent.iter().map(|request| parameter(request, "method"));
    methods
        .filter(|method| method.as_deref() == Some(DOWNLOAD))
        .count()
}

fn untrusted(error: &ProviderError) -> &Untrusted {
    let ProviderError::Untrusted { reason, .. } = error else {
        panic!("{error}")
    };
    reason
}

/// A notice that names this certificate, inside the signed text or beside it.
fn notice(platform: &FakePlatform, cert_sn: &str, is_signed: bool) -> RawNotice {
    let mut fields = vec![
        ("app_id", "2021000000000001"),
        ("charset", "utf-8"),
        ("notify_id", "20260101002221"),
        ("notify_time", "2026-01-01 12:01:06"),
        ("notify_type", "trade_status_sync"),
        ("out_trade_no", "PO1"),
        ("seller_id", "2088000000000002"),
        ("total_amount", "9.90"),
        ("trade_no", "2026010122001400000000000001"),
        ("trade_status", "TRADE_SUCCESS"),
        ("gmt_payment", "2026-01-01 12:01:05"),
    ];
    if is_signed && !cert_sn.is_empty() {
        fields.push(("alipay_cert_sn", cert_sn));
    }
    let mut notice = platform.notice(&fields);
    if !is_signed {
        let body = String::from_utf8(notice.body.to_vec()).unwrap();
        notice.body = format!("{body}&alipay_cert_sn={cert_sn}").into();
    }
    notice
}

#[tokio::test]
async fn a_payment_goes_through() {
    let (platform, client) = both();
    client.create(&an_order("PO1")).await.unwrap();
    let told = client.verify(&platform.pay("PO1")).unwrap();
    assert_eq!(told.payment().unwrap().payment_no, "PO1");
    let found = client.query("PO1").await.unwrap();
    assert!(matches!(found.value, Found::Payment(_)));
    assert_eq!(downloads(&platform), 0);
}

#[tokio::test]
async fn pages_and_order_strings_name_both_numbers() {
    let (_, client) = both();
    let notify = "https://pay.example.com/notify/alipay";
    let order = Order::new("PO1", "points", Cny::from_fen(990), notify);
    let page = client.page_pay(&order, &PagePay::default()).await.unwrap();
    let app = client.app_pay(&order).await.unwrap();
    let roots = certificates();
    for text in [page.url(), page.form(), app] {
        for (name, value) in [
            ("app_cert_sn", &*sn(APP_CERTIFICATE)),
            ("alipay_root_cert_sn", roots.root_sn()),
        ] {
            assert!(text.contains(&format!("{name}={value}&")), "{text}");
        }
    }
    let plain = FakePlatform::new().client();
    let page = plain.page_pay(&order, &PagePay::default()).await.unwrap();
    assert!(!page.url().contains("cert_sn"));
}

#[tokio::test]
async fn r18_a_success_names_the_certificate_that_signed_it() {
    let (platform, client) = both();
    let node = r#"{"code":"10000","msg":"Success","out_trade_no":"PO1"}"#;
    let sign = platform.sign(node);
    let body = |beside: &str| {
        let body =
            format!("{{\"alipay_trade_close_response\":{node}{beside},\"sign\":\"{sign}\"}}");
        Script::Body(200, body)
    };
    let beside = |sn: &str| format!(",\"alipay_cert_sn\":\"{sn}\"");
    platform.script(body(&beside(&sn(CURRENT))));
    client.close("PO1").await.unwrap();
    for beside in [
        String::new(),
        beside(""),
        ",\"alipay_cert_sn\":null".to_owned(),
    ] {
        platform.script(body(&beside));
        let error = client.close("PO1").await.unwrap_err();
        assert_eq!(*untrusted(&error), Untrusted::BadSignature, "{beside}");
    }
    // The same signature under another number, one that is no certificate of Alipay's among them.
    for other in [&sn(NEXT), &sn(APP_CERTIFICATE), &"0".repeat(32), "x", "[1]"] {
        platform.script(body(&beside(other)));
        let error = client.close("PO1").await.unwrap_err();
        assert_eq!(
            *untrusted(&error),
            Untrusted::UnknownKey((*other).to_owned())
        );
    }
    platform.script(body(",\"alipay_cert_sn\":{}"));
    let error = client.close("PO1").await.unwrap_err();
    assert!(matches!(untrusted(&error), Untrusted::UnknownKey(_)));
}

#[tokio::test]
async fn r18_numbers_that_were_swapped_do_not_verify() {
    let (platform, _) = both();
    let two = format!("{NEXT}{CHAIN}");
    let certificates = AlipayCertificates::new(APP_CERTIFICATE, ROOTS, &two).unwrap();
    let client = Alipay::new(platform.config(Credentials {
        alipay_keys: AlipayKeys::certificates(certificates),
        ..credentials()
    }))
    .unwrap();
    client.create(&an_order("PO1")).await.unwrap();
    // Signed with the key of one, in the name of the other.
    platform.modes(|modes| modes.certify(NEXT, Some(ALIPAY_KEY)));
    let error = client.create(&an_order("PO1")).await.unwrap_err();
    assert_eq!(*untrusted(&error), Untrusted::BadSignature);
    let error = client.verify(&notice(&platform, &sn(NEXT), true));
    assert_eq!(
        error.unwrap_err(),
        NoticeError::Untrusted(Untrusted::BadSignature)
    );
    platform.modes(|modes| modes.certify(NEXT, Some(NEXT_KEY)));
    client.create(&an_order("PO1")).await.unwrap();
    assert_eq!(downloads(&platform), 0);
}

/// The gateway gives these when it cannot tell who asks.
#[tokio::test]
async fn r18_an_error_that_names_no_certificate_is_evidence_only_if_it_was_signed() {
    let (platform, client) = both();
    let node = r#"{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST","out_trade_no":"PO1"}"#;
    let body = |sign: &str| {
        let body = format!("{{\"alipay_trade_query_response\":{node},\"sign\":\"{sign}\"}}");
        Script::Body(200, body)
    };
    platform.script(body(&platform.sign(node)));
    let found = client.query("PO1").await.unwrap();
    assert_eq!(found.value, Found::NoSuchPayment);
    for sign in ["", &platform.sign("{}"), "no base64"] {
        platform.script(body(sign));
        let error = client.query("PO1").await.unwrap_err();
        assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
        let code = error.details().code.as_deref();
        assert_eq!(code, Some("ACQ.TRADE_NOT_EXIST"));
    }
    // One that names a certificate and bears no signature has been seen as well.
    let body = r#"{"error_response":{"code":"40002","sub_code":"isv.code-invalid"},"alipay_cert_sn":"a5b59edf65dcda9ca26e071ab6f5a0a7","sign":""}"#;
    platform.script(Script::Body(200, body.to_owned()));
    let error = client.query("PO1").await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
    assert_eq!(downloads(&platform), 0);
}

#[tokio::test]
async fn a_rollover_in_between_is_followed() {
    let (platform, client) = both();
    client.create(&an_order("PO1")).await.unwrap();
    roll_over(&platform);
    let found = client.query("PO1").await.unwrap();
    assert!(matches!(found.value, Found::Payment(_)));
    assert_eq!(downloads(&platform), 1);
    client.verify(&platform.pay("PO1")).unwrap();
    client.query("PO1").await.unwrap();
    assert_eq!(downloads(&platform), 1);
    let held = client.alipay_certificates().unwrap().held();
    let numbers: Vec<_> = held
        .iter()
        .map(|certificate| certificate.sn().to_owned())
        .collect();
    assert_eq!(numbers, [sn(CURRENT), sn(NEXT)]);
    // What was signed before stays believed, for as long as its certificate.
    platform.modes(|modes| modes.certify(CURRENT, None));
    client.query("PO1").await.unwrap();
    platform.pass(Duration::days(32));
    let error = client.query("PO1").await.unwrap_err();
    assert_eq!(*untrusted(&error), Untrusted::UnknownKey(sn(CURRENT)));
    assert_eq!(downloads(&platform), 1);
}

#[tokio::test]
async fn r18_a_certificate_that_cannot_be_proven_is_not_believed() {
    let (platform, client) = both();
    roll_over(&platform);
    let forged = include_str!("../../testdata/certificates/by_foreign_authority.pem");
    let other = include_str!("../../testdata/certificates/for_another.pem");
    for (pem, brought) in [
        (NEXT, CURRENT),
        (forged, forged),
        (other, other),
        (NEXT, ""),
    ] {
        platform.modes(|modes| {
            modes.certify(pem, Some(NEXT_KEY));
            modes.published.insert(sn(pem), brought.to_owned());
        });
        let error = client.create(&an_order("PO1")).await.unwrap_err();
        assert_eq!(*untrusted(&error), Untrusted::UnknownKey(sn(pem)));
        assert!(!error.did_not_happen());
        platform.pass(Duration::MINUTE);
    }
    assert_eq!(downloads(&platform), 4);
    roll_over(&platform);
    client.create(&an_order("PO1")).await.unwrap();
}

#[tokio::test]
async fn a_notice_under_a_new_certificate_is_believed_once_that_is_learnt() {
    for is_signed in [true, false] {
        let (platform, client) = both();
        let current = notice(&platform, &sn(CURRENT), is_signed);
        client.verify(&current).unwrap();
        roll_over(&platform);
        let next = notice(&platform, &sn(NEXT), is_signed);
        let unknown = NoticeError::Untrusted(Untrusted::UnknownKey(sn(NEXT)));
        assert_eq!(client.verify(&next).unwrap_err(), unknown);
        assert_eq!(client.notices().verify(&next).unwrap_err(), unknown);
        assert_eq!(downloads(&platform), 0);
        let provider: &dyn PaymentProvider = &client;
        provider.learn_key(&sn(NEXT)).await.unwrap();
        client.verify(&next).unwrap();
        client.verify(&current).unwrap();
        assert_eq!(downloads(&platform), 1);

        let other = Alipay::new(platform.config(certified())).unwrap();
        other.receive(&next).await.unwrap();
        assert_eq!(downloads(&platform), 2);
    }
}

/// Whether they name one, and where, is not documented.
#[tokio::test]
async fn messages_and_returns_may_name_a_certificate_too() {
    let (platform, client) = both();
    let verifier = client.notices();
    let fields = [
        ("app_id", "2021000000000001"),
        ("charset", "utf-8"),
        ("method", "alipay.open.servicemarket.order.notify"),
        ("notify_id", "1"),
    ];
    let named = |mut message: RawNotice, sn: &str| {
        let body = String::from_utf8(message.body.to_vec()).unwrap();
        message.body = format!("{body}&alipay_cert_sn={sn}").into();
        message
    };
    let message = platform.message(&fields);
    verifier.verify_message(&message).unwrap();
    verifier
        .verify_message(&named(message.clone(), &sn(CURRENT)))
        .unwrap();
    let cert_sn = sn(CURRENT);
    let inside = [&fields[..], &[("alipay_cert_sn", &*cert_sn)]].concat();
    verifier.verify_message(&platform.message(&inside)).unwrap();
    // Neither passes for a payment notice, nor for one of another certificate.
    verifier.verify(&platform.message(&inside)).unwrap_err();
    let unknown = NoticeError::Untrusted(Untrusted::UnknownKey(sn(NEXT)));
    let error = verifier
        .verify_message(&named(message, &sn(NEXT)))
        .unwrap_err();
    assert_eq!(error, unknown);

    let back = platform.notice(&[
        ("app_id", "2021000000000001"),
        ("charset", "utf-8"),
        ("out_trade_no", "PO1"),
        ("total_amount", "9.90"),
    ]);
    for (cert_sn, is_believed) in [(sn(CURRENT), true), (sn(NEXT), false)] {
        let query = named(back.clone(), &cert_sn).body.to_vec();
        let query = format!("{}&shop=1", String::from_utf8(query).unwrap());
        assert_eq!(verifier.verify_return(&query).is_ok(), is_believed);
    }
}

#[tokio::test]
async fn r18_forged_numbers_do_not_make_us_hammer_the_platform() {
    let (platform, client) = both();
    for minute in 0..3 {
        for number in 0..50 {
            let invented = format!("{:032x}", minute * 1000 + number);
            let forged = notice(&platform, &invented, true);
            let error = client.receive(&forged).await.unwrap_err();
            let NoticeError::Untrusted(Untrusted::UnknownKey(named)) = &error else {
                panic!("{error}");
            };
            assert_eq!(*named, invented);
        }
        assert_eq!(downloads(&platform), minute + 1);
        // Our own calls learn what they need meanwhile.
        if minute == 2 {
            roll_over(&platform);
            client.create(&an_order("PO1")).await.unwrap();
            assert_eq!(downloads(&platform), minute + 2);
        }
        platform.pass(Duration::MINUTE);
    }
}

/// As in the sandbox, whose authorities no file of roots knows.
#[tokio::test]
async fn where_nothing_is_checked_nothing_is_fetched() {
    let platform = FakePlatform::new();
    let foreign = include_str!("../../testdata/certificates/by_foreign_authority.pem");
    platform.modes(|modes| modes.certify(foreign, Some(NEXT_KEY)));
    let unchecked =
        AlipayCertificates::unchecked_and_never_renewed(APP_CERTIFICATE, ROOTS, foreign).unwrap();
    let client = Alipay::new(platform.config(Credentials {
        alipay_keys: AlipayKeys::certificates(unchecked),
        ..credentials()
    }))
    .unwrap();
    client.create(&an_order("PO1")).await.unwrap();
    roll_over(&platform);
    let error = client.create(&an_order("PO1")).await.unwrap_err();
    assert_eq!(*untrusted(&error), Untrusted::UnknownKey(sn(NEXT)));
    let error = client.learn_key(&sn(NEXT)).await.unwrap_err();
    assert!(error.did_not_happen(), "{error}");
    assert_eq!(downloads(&platform), 0);
}

#[test]
fn files_in_each_others_places_are_found_when_the_client_is_built() {
    let built = |app: &str, alipay: &str| {
        Alipay::new(Config::new(Credentials {
            alipay_keys: AlipayKeys::certificates(
                AlipayCertificates::new(app, ROOTS, alipay).unwrap(),
            ),
            ..credentials()
        }))
    };
    built(APP_CERTIFICATE, CHAIN).unwrap();
    let error = built(CHAIN, APP_CERTIFICATE).unwrap_err();
    assert!(matches!(error, ConfigError::OwnCertificate), "{error}");
    let published = include_str!("../../testdata/certificates/published/app.pem");
    let error = built(published, CHAIN).unwrap_err();
    assert!(
        matches!(error, ConfigError::AppCertificate { .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("866efef280dec9137a87d047ac446315")
    );
    let mixed = AlipayKeys::certificates(certificates())
        .and(crate::platform::APP_PUBLIC)
        .unwrap();
    let error = Alipay::new(Config::new(Credentials {
        alipay_keys: mixed,
        ..credentials()
    }));
    assert!(matches!(error, Err(ConfigError::OwnKey)));
}

/// Signs with a key that is not the certificate's.
#[derive(Debug)]
struct Elsewhere(paydesk_provider::keys::SigningKey);

#[async_trait::async_trait]
impl Signer for Elsewhere {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, paydesk_alipay::SignError> {
        self.0.sign(message)
    }
}

#[tokio::test]
async fn a_signer_elsewhere_is_held_to_the_apps_certificate() {
    let platform = FakePlatform::new();
    platform.modes(|modes| modes.certify(CURRENT, None));
    let client = |pem: &str| {
        let files = paydesk_provider::keys::KeyFiles {
            expected: "a key",
            private: "private",
            public: "public",
            certificate: "certificate",
        };
        let key = paydesk_provider::keys::SigningKey::parse(pem, &files).unwrap();
        let app_key = AppKey::external(std::sync::Arc::new(Elsewhere(key)));
        let credentials = Credentials {
            app_key,
            ..certified()
        };
        Alipay::new(platform.config(credentials)).unwrap()
    };
    let own = client(crate::platform::APP_KEY);
    own.create(&an_order("PO1")).await.unwrap();
    let error = client(NEXT_KEY).create(&an_order("PO1")).await.unwrap_err();
    assert!(error.did_not_happen(), "{error}");
    assert_eq!(platform.sent().len(), 1);
}

/// Such a notice may still come after the app has moved to certificates.
#[tokio::test]
async fn a_notice_from_before_the_certificates_needs_the_key_of_then() {
    let platform = FakePlatform::new();
    platform
        .scans
        .store(true, std::sync::atomic::Ordering::SeqCst);
    platform.modes(|modes| modes.certify(NEXT, Some(NEXT_KEY)));
    let files = |alipay: &str| AlipayCertificates::new(APP_CERTIFICATE, ROOTS, alipay).unwrap();
    let keys = AlipayKeys::certificates(files(NEXT));
    let both = keys.clone().and(ALIPAY_PUBLIC).unwrap();
    let client = |alipay_keys: AlipayKeys| {
        Alipay::new(platform.config(Credentials {
            alipay_keys,
            ..credentials()
        }))
        .unwrap()
    };
    let old = FakePlatform::new();
    let form = notice(&old, "", true);
    client(both.clone()).verify(&form).unwrap();
    client(keys).verify(&form).unwrap_err();
    // It stands for no certificate.
    let named = notice(&old, &sn(NEXT), false);
    client(both).verify(&named).unwrap_err();
}

#[test]
fn nothing_but_numbers_and_dates_is_printed() {
    let (_, client) = both();
    let printed = format!("{client:?} {:?}", certified());
    assert!(printed.contains(&sn(CURRENT)), "{printed}");
    let key = CURRENT.lines().nth(5).unwrap();
    assert!(!printed.contains(key), "{printed}");
}
