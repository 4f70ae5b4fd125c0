use super::*;
use crate::alipay_keys::AlipayKeys;

const PRIVATE: &str = include_str!("../../testdata/app_key.pem");
const PUBLIC: &str = include_str!("../../testdata/app_public_key.pem");

/// The base64 of a PEM on one line.
fn bare(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn a_wrong_file_is_named_as_alipay_names_it() {
    let error = AppKey::parse(PUBLIC).unwrap_err().to_string();
    assert!(error.contains("appPrivateKey.txt"), "{error}");
    assert!(error.contains("alipayPublicKey_RSA2.txt?"), "{error}");
    let error = AlipayKeys::new(PRIVATE).unwrap_err().to_string();
    assert!(error.contains("支付宝公钥"), "{error}");
    assert!(error.contains("appPrivateKey.txt?"), "{error}");
}

#[tokio::test]
async fn the_app_key_is_read_as_the_key_tool_exports_it() {
    let expected = AppKey::parse(PRIVATE).unwrap().sign(b"message").await;
    let pkcs1 = include_str!("../../testdata/app_key_pkcs1.pem");
    for text in [bare(PRIVATE), bare(pkcs1), pkcs1.to_owned()] {
        let key = AppKey::parse(&text).unwrap();
        let signature = key.sign(b"message").await.unwrap();
        assert_eq!(&signature, expected.as_ref().unwrap());
        assert_eq!(format!("{key:?}"), "AppKey(redacted)");
    }
}

#[test]
fn the_same_key_twice_is_one_key() {
    let keys = AlipayKeys::new(PUBLIC).unwrap().and(&bare(PUBLIC)).unwrap();
    assert_eq!(format!("{keys:?}"), "AlipayKeys { count: 1 }");
    let other = include_str!("../../testdata/alipay_public_key.pem");
    assert_eq!(
        format!("{:?}", keys.and(other).unwrap()),
        "AlipayKeys { count: 2 }"
    );
}
