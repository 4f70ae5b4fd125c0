//! A refund that its way back refused is sent to a bank card, whose number only the platform reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use paydesk_money::Cny;
use paydesk_provider::{Advice, PaymentProvider, ProviderError};
use paydesk_wechatpay::{
    AbnormalRefund, Config, Credentials, Method, PaidOrder, PlatformKeys, RefundRequest,
    RefundStatus, RefundTo, Request, SubMerchant, WechatPay,
};
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Oaep, RsaPrivateKey};
use serde_json::{Value, json};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::platform::{
    FakePlatform, PLATFORM_KEY, PLATFORM_KEY_ID, PLATFORM_PUBLIC, Script, an_order, credentials,
};

const ACCOUNT: &str = "6222021234567890123";
const NAME: &str = "张三";

fn to_card() -> RefundTo {
    RefundTo::UserCard {
        bank_type: "ICBC_DEBIT".to_owned(),
        account: Zeroizing::new(ACCOUNT.to_owned()),
        name: Zeroizing::new(NAME.to_owned()),
    }
}

fn request(refund_id: &str, to: RefundTo) -> AbnormalRefund {
    AbnormalRefund {
        refund_id: refund_id.to_owned(),
        out_refund_no: "RF0001".to_owned(),
        to,
    }
}

/// As the platform opens it, with the key that the header names.
#[expect(
    clippy::disallowed_methods,
    reason = "a test may decrypt: nobody measures its time"
)]
fn opened(sealed: &Value) -> String {
    let key = RsaPrivateKey::from_pkcs8_pem(PLATFORM_KEY).unwrap();
    let sealed = STANDARD.decode(sealed.as_str().unwrap()).unwrap();
    String::from_utf8(key.decrypt(Oaep::new::<Sha1>(), &sealed).unwrap()).unwrap()
}

fn serial(request: &Request) -> &str {
    let mut headers = request.headers.iter();
    &headers
        .find(|(name, _)| name == "Wechatpay-Serial")
        .unwrap()
        .1
}

async fn sent(platform: &FakePlatform, client: &WechatPay, to: RefundTo) -> (Request, Value) {
    platform.forget();
    platform.script(Script::refused(400, "INVALID_REQUEST"));
    let error = client.abnormal_refund(&request("503001", to)).await;
    assert!(!error.unwrap_err().did_not_happen());
    let mut sent = platform.sent();
    assert_eq!(sent.len(), 1, "sent once");
    let request = sent.remove(0);
    let body = serde_json::from_slice(&request.body).unwrap();
    (request, body)
}

#[tokio::test]
async fn the_platform_reads_account_and_name_and_nobody_else() {
    let platform = FakePlatform::new();
    let own = platform.client();
    let partner = own.on_behalf_of(SubMerchant {
        merchant_id: "1900000109".to_owned(),
        app_id: None,
    });
    for (client, sub) in [(&own, None), (&partner, Some("1900000109"))] {
        let (request, mut body) = sent(&platform, client, to_card()).await;
        assert_eq!(request.method, Method::Post);
        assert_eq!(
            request.url.as_str(),
            "https://api.mch.weixin.qq.com/v3/refund/domestic/refunds/503001/apply-abnormal-refund"
        );
        assert_eq!(serial(&request), PLATFORM_KEY_ID);
        let fields = body.as_object_mut().unwrap();
        assert_eq!(opened(&fields.remove("bank_account").unwrap()), ACCOUNT);
        assert_eq!(opened(&fields.remove("real_name").unwrap()), NAME);
        let mut expected = json!({
            "out_refund_no": "RF0001", "type": "USER_BANK_CARD", "bank_type": "ICBC_DEBIT",
        });
        if let Some(sub) = sub {
            expected["sub_mchid"] = json!(sub);
        }
        assert_eq!(body, expected);
        let text = String::from_utf8(request.body.to_vec()).unwrap();
        assert!(!text.contains(ACCOUNT) && !text.contains(NAME));
    }
    let once = sent(&platform, &own, to_card()).await.1;
    let again = sent(&platform, &own, to_card()).await.1;
    assert_ne!(
        once["bank_account"], again["bank_account"],
        "encryption is randomised"
    );
}

#[tokio::test]
async fn the_merchants_own_account_needs_no_secret() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let (request, body) = sent(&platform, &client, RefundTo::MerchantAccount).await;
    let expected = json!({"out_refund_no": "RF0001", "type": "MERCHANT_BANK_CARD"});
    assert_eq!(body, expected);
    assert_eq!(serial(&request), PLATFORM_KEY_ID);
}

#[tokio::test]
async fn the_key_that_is_encrypted_to_is_the_one_that_is_named() {
    // Two keys are held; the first is the one that answers should come under.
    let other = include_str!("../../testdata/vectors_public_key.pem");
    let platform_keys = PlatformKeys::new(PLATFORM_KEY_ID, PLATFORM_PUBLIC)
        .unwrap()
        .and("PUB_KEY_ID_OTHER", other)
        .unwrap();
    let platform = FakePlatform::new();
    let client = WechatPay::new(
        Config::new(Credentials {
            platform_keys,
            ..credentials()
        })
        .transport(platform.clone()),
    )
    .unwrap();
    let (request, body) = sent(&platform, &client, to_card()).await;
    assert_eq!(serial(&request), PLATFORM_KEY_ID);
    assert_eq!(opened(&body["bank_account"]), ACCOUNT);
    let sealer = client.sealer().await.unwrap();
    assert_eq!(sealer.serial(), PLATFORM_KEY_ID);
    let name = sealer.seal("name", NAME).unwrap();
    assert_eq!(opened(&json!(name)), NAME);
}

#[test]
fn nothing_prints_the_card() {
    let request = request("503001", to_card());
    let printed = format!(
        "{request:?} {:#?} {:?}",
        request.to,
        RefundTo::MerchantAccount
    );
    for secret in [ACCOUNT, NAME, "ICBC"] {
        assert!(!printed.contains(secret), "{printed}");
    }
    assert!(
        printed.contains("redacted") && printed.contains("RF0001"),
        "{printed}"
    );
}

#[tokio::test]
async fn a_refund_that_got_stuck_goes_on() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    platform.pay("PO0001");
    let fen = Cny::from_fen(990);
    let order = PaidOrder::OutTradeNo("PO0001".to_owned());
    let url = "https://pay.example.com/n";
    let asked = RefundRequest::new(order, "RF0001", fen, fen, url);
    let id = client.refund(&asked).await.unwrap().value.refund_id.clone();
    platform.end_refund("RF0001", "ABNORMAL");
    let sent = client.abnormal_refund(&request(&id, to_card())).await;
    let refund = sent.unwrap().value;
    assert_eq!(refund.status, RefundStatus::Processing);
    assert_eq!(refund.refund_id, id);
    // Whether a repeat is harmless is not documented, so nothing is concluded from its refusal.
    let again = client.abnormal_refund(&request(&id, to_card())).await;
    let error = again.unwrap_err();
    assert_eq!(error.advice(), Advice::QueryFirst, "{error}");
    assert!(!error.did_not_happen());
}

#[tokio::test]
async fn an_answer_about_another_refund_is_none_about_ours() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let answer = |refund_id: &str, out_refund_no: &str| {
        json!({
            "refund_id": refund_id, "out_refund_no": out_refund_no, "transaction_id": "42",
            "out_trade_no": "PO0001", "channel": "ORIGINAL", "user_received_account": "x",
            "create_time": "2026-01-01T10:00:00+08:00", "status": "PROCESSING",
            "amount": {"total": 1, "refund": 1, "payer_total": 1, "payer_refund": 1,
                "settlement_refund": 1, "settlement_total": 1, "discount_refund": 0,
                "currency": "CNY"},
        })
        .to_string()
    };
    platform.script(Script::signed(200, &answer("503001", "RF0001")));
    let ours = || request("503001", RefundTo::MerchantAccount);
    client.abnormal_refund(&ours()).await.unwrap();
    for (id, number) in [("503001", "RF0002"), ("503002", "RF0001"), ("", "")] {
        platform.script(Script::signed(200, &answer(id, number)));
        let error = client.abnormal_refund(&ours()).await.unwrap_err();
        assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
    }
}
