use std::time::Duration;

use paydesk_provider::{Advice, Closed, Found, PaymentProvider, ProviderError};
use paydesk_wechatpay::{TransportError, WechatPay};
use serde_json::json;

use crate::platform::{FakePlatform, Script, an_order};

async fn create(client: &WechatPay) -> ProviderError {
    client.create(&an_order("PO0001")).await.unwrap_err()
}

#[tokio::test]
async fn r19_a_query_finds_nothing_only_when_told_so() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for code in ["ORDER_NOT_EXIST", "ORDERNOTEXIST"] {
        platform.script(Script::refused(404, code));
        assert_eq!(
            client.query("PO0001").await.unwrap().value,
            Found::NoSuchPayment
        );
        assert_eq!(
            client.close("PO0001").await.unwrap().value,
            Closed::NoSuchPayment
        );
    }
    for script in [
        Script::refused(400, "ORDER_NOT_EXIST"),
        Script::refused(500, "ORDER_NOT_EXIST"),
        Script::refused(429, "ORDER_NOT_EXIST"),
        Script::refused(404, "RESOURCE_NOT_EXISTS"),
        Script::refused(404, "ORDER_CLOSED"),
        Script::refused(404, "order_not_exist"),
        Script::refused(404, "INVENTED"),
        Script::unsigned(404, ""),
        Script::unsigned(404, "<html>ORDER_NOT_EXIST</html>"),
        Script::unsigned(302, ""),
        Script::signed(202, "{\"code\":\"ORDER_NOT_EXIST\"}"),
    ] {
        platform.script(script.clone());
        let error = client.query("PO0001").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown { .. }),
            "{script:?}: {error}"
        );
    }
}

#[tokio::test]
async fn r19_closing_is_done_only_when_told_so() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (code, closed) in [
        ("ORDER_CLOSED", Closed::Accepted),
        ("ORDER_PAID", Closed::AlreadyPaid),
        ("ORDERPAID", Closed::AlreadyPaid),
    ] {
        platform.script(Script::refused(400, code));
        let answer = client.close("PO0001").await.unwrap();
        assert_eq!(answer.value, closed);
        assert!(answer.request_id.is_some());
    }
    for script in [
        Script::refused(500, "ORDER_CLOSED"),
        Script::refused(500, "SYSTEM_ERROR"),
        Script::refused(400, "INVALID_REQUEST"),
        Script::refused(400, "ORDERCLOSED"),
        Script::refused(400, "INVENTED"),
        Script::unsigned(400, ""),
        Script::unsigned(503, ""),
    ] {
        platform.script(script.clone());
        let error = client.close("PO0001").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown { .. }),
            "{script:?}: {error}"
        );
    }
}

#[tokio::test]
async fn user_paying_under_a_2xx_is_no_success() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let body = json!({"code": "USER_PAYING", "message": ""}).to_string();
    platform.script(Script::signed(202, &body));
    let error = create(&client).await;
    assert!(
        matches!(
            error,
            ProviderError::Unknown {
                timed_out: false,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.details().code.as_deref(), Some("USER_PAYING"));
    platform.script(Script::unsigned(202, &body));
    assert!(matches!(
        create(&client).await,
        ProviderError::Untrusted { .. }
    ));
}

#[tokio::test]
async fn too_fast_is_retried_when_the_platform_says() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (header, seconds) in [
        (None, 1),
        (Some("7"), 7),
        (Some("Thu, 01 Jan 2026 02:00:09 GMT"), 9),
        (Some("soon"), 1),
    ] {
        platform.script(Script::Answer {
            status: 429,
            body: "{\"code\":\"FREQUENCY_LIMITED\"}".into(),
            headers: header
                .map(|value| ("retry-after", value.to_owned()))
                .into_iter()
                .collect(),
            signed: false,
        });
        let error = create(&client).await;
        assert!(!error.did_not_happen());
        assert_eq!(
            error.advice(),
            Advice::RetryAfter(Duration::from_secs(seconds))
        );
    }
}

#[tokio::test]
async fn only_a_request_that_never_left_is_certain_not_to_have_happened() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let why = || "why".to_owned();
    platform.script(Script::Fail(TransportError::NotSent(why())));
    let error = create(&client).await;
    assert_eq!(
        (error.kind(), error.advice()),
        ("rejected", Advice::RetrySame)
    );
    platform.script(Script::Fail(TransportError::Timeout(why())));
    let error = create(&client).await;
    assert_eq!(
        (error.kind(), error.advice()),
        ("timeout", Advice::QueryFirst)
    );
    platform.script(Script::Fail(TransportError::Broken(why())));
    let error = create(&client).await;
    assert_eq!(
        (error.kind(), error.advice()),
        ("unknown", Advice::QueryFirst)
    );
    assert!(error.details().message.contains("why"));
}
