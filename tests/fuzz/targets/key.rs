//! Whatever may be set in the place of a key: a text, or the binary form of a certificate.

#![no_main]

use fuzz::assert_not_repeated;
use libfuzzer_sys::fuzz_target;
use paydesk_alipay::{AlipayKeys, AppKey};
use paydesk_provider::keys::{KeyFiles, PublicKey, SigningKey};
use paydesk_wechatpay::{ApiV3Key, Certificate, MerchantKey, PlatformKeys};

const FILES: KeyFiles = KeyFiles {
    expected: "a key",
    private: "a private key",
    public: "a public key",
    certificate: "a certificate",
};

fuzz_target!(
    init: {
        for seed in [
            include_str!("../../../crates/wechatpay/testdata/merchant_key.pem"),
            include_str!("../../../crates/wechatpay/testdata/merchant_key_pkcs1.pem"),
            include_str!("../../../crates/wechatpay/testdata/merchant_certificate.pem"),
            include_str!("../../../crates/wechatpay/testdata/platform_public_key.pem"),
        ] {
            assert!(is_some_key(seed.as_bytes()), "true keys are not reached");
        }
    },
    |data: &[u8]| {
        is_some_key(data);
    }
);

fn is_some_key(data: &[u8]) -> bool {
    if let Ok(certificate) = Certificate::from_der(data) {
        use_certificate(&certificate);
    }
    drop(PublicKey::from_der(data, &FILES));
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    if let Ok(key) = SigningKey::parse(text, &FILES) {
        let signature = key.sign(b"message").expect("the system has random bytes");
        assert!(key.public_key().verifies(b"message", &signature));
        assert!(!key.public_key().verifies(b"another", &signature));
    }
    let certificate = read(text, Certificate::parse(text));
    if let Some(certificate) = &certificate {
        use_certificate(certificate);
    }
    drop(read(text, ApiV3Key::parse(text)));
    // An id is no secret, and is repeated.
    drop(PlatformKeys::new(text, "no key"));
    let private = read(text, MerchantKey::parse(text)).is_some();
    assert_eq!(private, read(text, AppKey::parse(text)).is_some());
    let public = read(text, PlatformKeys::new("PUB_KEY_ID_1", text)).is_some();
    assert_eq!(public, read(text, AlipayKeys::new(text)).is_some());
    let found = [private, public, certificate.is_some()];
    assert!(
        found.iter().filter(|found| **found).count() < 2,
        "one kind of key was taken for another"
    );
    found.contains(&true)
}

fn read<T, E: std::error::Error>(text: &str, read: Result<T, E>) -> Option<T> {
    read.inspect_err(|error| assert_not_repeated(text, error))
        .ok()
}

fn use_certificate(certificate: &Certificate) {
    let serial = certificate.serial();
    assert!(!serial.is_empty() && serial.len().is_multiple_of(2));
    assert!(serial.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(!certificate.is_valid_at(certificate.not_before() - time::Duration::SECOND));
    certificate.is_issued_by(certificate);
}
