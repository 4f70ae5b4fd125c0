//! Calls that have no method of their own.

use paydesk_provider::{Advice, ProviderError};
use paydesk_wechatpay::{Method, RawCall};
use serde_json::json;

use crate::platform::{FakePlatform, PLATFORM_KEY_ID, Script};

const HOST: &str = "https://api.mch.weixin.qq.com";

#[tokio::test]
async fn path_query_and_body_go_out_as_they_are() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for target in [
        "/",
        "/v3/merchant/fund/balance/BASIC",
        "/v3/profitsharing/orders/P1?transaction_id=42&x=%E5%88%86%20%26",
        "/v3/a%2Fb%7C%2A/..%2E?q=a+b",
        "/v3/pay?",
        "/v3/pay?a=//b/../c&d=:@!$()*,;~-._",
    ] {
        platform.forget();
        platform.script(Script::signed(200, "{\"a\":1}"));
        // The double checks that this very target was signed.
        let answer = client.raw(&RawCall::get(target)).await.unwrap();
        assert_eq!(&answer.value[..], b"{\"a\":1}");
        assert!(answer.request_id.is_some());
        let sent = platform.sent();
        assert_eq!(sent[0].method, Method::Get);
        assert_eq!(sent[0].url.as_str(), format!("{HOST}{target}"));
    }
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let mut call = RawCall::post("/v3/x", "{\"a\": \"分账\"}\n");
        call.method = method;
        client.raw(&call).await.unwrap();
        let sent = platform.sent().pop().unwrap();
        assert_eq!(sent.method, method);
        assert_eq!(sent.body, "{\"a\": \"分账\"}\n", "not a byte is changed");
    }
}

/// Whoever makes a path of something a customer sent gets a refusal, not another endpoint.
#[tokio::test]
async fn no_path_leads_elsewhere() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::signed(200, "{}"));
    for target in [
        "",
        "x",
        "v3/pay",
        "?a=b",
        "#a",
        "//evil.example/x",
        "///evil.example/x",
        "/\\evil.example/x",
        "\\\\evil",
        "\\evil",
        "https://evil",
        "https:/x",
        "https:x",
        "https://api.mch.weixin.qq.com/v3/pay",
        "//api.mch.weixin.qq.com/v3/pay",
        "//someone:secret@api.mch.weixin.qq.com/v3/pay",
        "//api.mch.weixin.qq.com:443/v3/pay",
        "javascript:alert(1)",
        "/a#b",
        "/a?b#c",
        "/../..",
        "/v3/pay/transactions/out-trade-no/../../../x",
        "/v3/./pay",
        "/v3/pay/..",
        "/v3/%2e%2e/x",
        "/v3/%2E./x",
        "/v3/.%2e",
        "/\t/evil.example/x",
        "/v3\n/x",
        "/v3/x\r\nHost: evil",
        "/v3/x ",
        " /v3/x",
        "/v3/a b",
        "/v3/分账",
        "/v3/x?name=分账",
        "/v3/x?a=\"b\"",
        "/v3/x?a='b'",
        "/v3/<x>",
        "/v3\\x",
        "/v3/x\u{0}",
    ] {
        for call in [RawCall::get(target), RawCall::post(target, "{}")] {
            let error = client.raw(&call).await.expect_err(target);
            assert!(error.did_not_happen(), "{target:?}: {error}");
            assert_eq!(error.advice(), Advice::Never, "{target:?}");
            let said = error.to_string();
            assert!(!said.contains("evil") && !said.contains("secret"), "{said}");
        }
        assert!(platform.sent().is_empty(), "{target:?}");
    }
}

#[tokio::test]
async fn the_key_that_fields_are_encrypted_to_is_named() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::signed(200, "{}"));
    let sealer = client.sealer().await.unwrap();
    let name = sealer.seal("user_name", "张三").unwrap();
    let body = json!({"user_name": name}).to_string();
    let mut call = RawCall::post("/v3/fund-app/mch-transfer/transfer-bills", body);
    call.encrypted_to = Some(sealer.serial().to_owned());
    client.raw(&call).await.unwrap();
    let sent = platform.sent().pop().unwrap();
    let named = ("Wechatpay-Serial".to_owned(), PLATFORM_KEY_ID.to_owned());
    assert!(sent.headers.contains(&named));
    // It becomes a header.
    for serial in ["", "PUB KEY", "PUB_KEY\r\nX: y", "公钥"] {
        platform.forget();
        call.encrypted_to = Some(serial.to_owned());
        let error = client.raw(&call).await.unwrap_err();
        assert!(error.did_not_happen(), "{error}");
        assert_eq!(error.advice(), Advice::Never, "{error}");
        assert!(platform.sent().is_empty());
    }
}

#[tokio::test]
async fn any_signed_success_is_one_but_the_one_that_says_wait() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for call in [RawCall::get("/v3/x"), RawCall::post("/v3/x", "{}")] {
        for (status, body) in [(200, "{}"), (201, "no JSON"), (204, ""), (206, "x")] {
            platform.script(Script::signed(status, body));
            let answer = client.raw(&call).await.unwrap();
            assert_eq!(answer.value.into_inner(), body);
            platform.script(Script::unsigned(status, body));
            let error = client.raw(&call).await.unwrap_err();
            assert!(matches!(error, ProviderError::Untrusted { .. }), "{error}");
        }
        platform.script(Script::signed(202, "{\"code\":\"USER_PAYING\"}"));
        let error = client.raw(&call).await.unwrap_err();
        assert_eq!(error.kind(), "unknown");
        assert_eq!(error.details().code.as_deref(), Some("USER_PAYING"));
    }
}

#[tokio::test]
async fn only_a_get_is_taken_for_a_read() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::refused(503, "SERVICE_UNAVAILABLE"));
    let get = RawCall::get("/v3/x");
    client.raw(&get).await.unwrap_err();
    assert_eq!(platform.sent().len(), 3);
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        platform.forget();
        platform.script(Script::refused(503, "SERVICE_UNAVAILABLE"));
        let mut call = RawCall::post("/v3/x", "{}");
        call.method = method;
        client.raw(&call).await.unwrap_err();
        assert_eq!(platform.sent().len(), 1, "{method}");
    }
}

/// A body may hold names, and a query what is all that is needed to fetch a file.
#[test]
fn a_call_prints_its_path_and_no_payload() {
    let mut call = RawCall::post("/v3/x?token=secret", "{\"user_name\":\"张三\"}");
    call.encrypted_to = Some(PLATFORM_KEY_ID.to_owned());
    let printed = format!("{call:?}");
    assert!(
        printed.contains("/v3/x") && printed.contains("Post"),
        "{printed}"
    );
    for told in ["secret", "user_name", "张三"] {
        assert!(!printed.contains(told), "{printed}");
    }
}
