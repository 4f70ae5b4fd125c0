use std::time::Duration;

use paydesk_alipay::{Alipay, TransportError};
use paydesk_provider::{Advice, Closed, Found, PaymentProvider, ProviderError};
use serde_json::json;

use crate::platform::{FakePlatform, Script, an_order};

async fn create(client: &Alipay) -> ProviderError {
    client.create(&an_order("PO1")).await.unwrap_err()
}

fn node(code: &str, sub_code: &str) -> String {
    json!({"code": code, "msg": "Failed", "sub_code": sub_code, "sub_msg": "原因"}).to_string()
}

#[tokio::test]
async fn r19_every_documented_code_of_a_create_does_what_the_list_says() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let mut seen = 0;
    for line in include_str!("../../testdata/codes.tsv").lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        platform.script(Script::Node(node(cells[0], cells[1])));
        let error = create(&client).await;
        let rejected = cells[2] == "Rejected";
        assert_eq!(error.did_not_happen(), rejected, "{line}: {error}");
        assert_eq!(error.details().code.as_deref(), Some(cells[1]));
        assert_eq!(error.details().message, "原因");
        assert_eq!(error.details().status, Some(200));
        let advice = match cells[2] {
            "Rejected" => Advice::Never,
            "QueryFirst" => Advice::QueryFirst,
            "Throttled" => Advice::RetryAfter(Duration::from_secs(1)),
            other => panic!("{other}"),
        };
        assert_eq!(error.advice(), advice, "{line}");

        // The same words without a signature are worth nothing.
        platform.script(Script::Unsigned(node(cells[0], cells[1])));
        let error = create(&client).await;
        assert!(
            matches!(error, ProviderError::Unknown { .. }),
            "{line}: {error}"
        );
        assert_eq!(error.advice(), Advice::QueryFirst);
        assert_eq!(error.details().code.as_deref(), Some(cells[1]));
        seen += 1;
    }
    assert!(seen > 120);
}

#[tokio::test]
async fn r19_a_query_finds_nothing_only_when_told_so_under_signature() {
    let platform = FakePlatform::new();
    let client = platform.client();
    platform.script(Script::Node(node("40004", "ACQ.TRADE_NOT_EXIST")));
    assert_eq!(
        client.query("PO1").await.unwrap().value,
        Found::NoSuchPayment
    );
    assert_eq!(
        client.close("PO1").await.unwrap().value,
        Closed::NoSuchPayment
    );
    let signed = |code: &str, sub_code: &str| Script::Node(node(code, sub_code));
    let bare = node("40004", "ACQ.TRADE_NOT_EXIST");
    for script in [
        signed("20000", "ACQ.TRADE_NOT_EXIST"),
        signed("40002", "ACQ.TRADE_NOT_EXIST"),
        signed("40005", "ACQ.TRADE_NOT_EXIST"),
        signed("10000", "ACQ.TRADE_NOT_EXIST"),
        signed("40004", "ACQ.TRADE_NOT_EXISTS"),
        signed("40004", "TRADE_NOT_EXIST"),
        signed("40004", "ACQ.TRADE_HAS_CLOSE"),
        signed("40004", "ACQ.INVENTED"),
        signed("40004", ""),
        signed("20000", "isp.unknow-error"),
        Script::Unsigned(bare.clone()),
        Script::Body(200, format!("{{\"error_response\":{bare},\"sign\":\"\"}}")),
        Script::Body(500, bare.clone()),
        Script::Body(429, bare.clone()),
        Script::Body(404, String::new()),
        Script::Body(302, String::new()),
        Script::Body(200, String::new()),
        Script::Body(200, "<html>ACQ.TRADE_NOT_EXIST</html>".to_owned()),
        Script::Body(200, bare),
    ] {
        platform.script(script.clone());
        for error in [
            client.query("PO1").await.err(),
            client.close("PO1").await.err(),
        ] {
            let error = error.unwrap_or_else(|| panic!("{script:?} was believed"));
            assert!(
                matches!(error, ProviderError::Unknown { .. }),
                "{script:?}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn r19_closing_is_done_only_when_told_so() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let signed = |code: &str, sub_code: &str| Script::Node(node(code, sub_code));
    platform.script(signed("40004", "ACQ.TRADE_HAS_SUCCESS"));
    let answer = client.close("PO1").await.unwrap();
    assert_eq!(answer.value, Closed::AlreadyPaid);
    assert!(answer.request_id.is_some());
    for script in [
        // Paid as likely as closed: only a query tells.
        signed("40004", "ACQ.TRADE_STATUS_ERROR"),
        signed("40004", "ACQ.REASON_TRADE_STATUS_INVALID"),
        signed("40004", "ACQ.REASON_ILLEGAL_STATUS"),
        signed("40004", "ACQ.TRADE_HAS_CLOSE"),
        signed("40004", "ACQ.SYSTEM_ERROR"),
        signed("20000", "aop.unknow-error"),
        signed("40004", "ACQ.INVENTED"),
        Script::Unsigned(node("40004", "ACQ.TRADE_HAS_SUCCESS")),
        Script::Body(503, String::new()),
    ] {
        platform.script(script.clone());
        let error = client.close("PO1").await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown { .. }),
            "{script:?}: {error}"
        );
    }
}

/// The gateway repeats the whole text that it verified. What was ordered, and by whom, is no part of an
/// error that ends in somebody's log.
#[tokio::test]
async fn r28_an_error_does_not_repeat_what_was_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let echo = "验签出错，网关生成的验签字符串为：app_id=2021&amp;biz_content={&quot;auth_code&quot;:\
        &quot;28763443825664394&quot;}&amp;charset=utf-8";
    let node = json!({
        "code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature",
        "sub_msg": echo,
    });
    for script in [
        Script::Node(node.to_string()),
        Script::Unsigned(node.to_string()),
    ] {
        platform.script(script);
        let error = create(&client).await;
        let said = format!("{error} {error:?}");
        assert!(said.contains("验签出错"), "{said}");
        assert!(said.contains("isv.invalid-signature"), "{said}");
        assert!(!said.contains("28763443825664394"), "{said}");
    }
}

#[tokio::test]
async fn in_process_is_no_success() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let node = r#"{"code":"10003","msg":"Order Success, Pay In Process","out_trade_no":"PO1"}"#;
    platform.script(Script::Node(node.to_owned()));
    let error = create(&client).await;
    assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
    assert_eq!(error.details().code.as_deref(), Some("10003"));
    platform.script(Script::Unsigned(node.to_owned()));
    let error = create(&client).await;
    assert!(matches!(error, ProviderError::Untrusted { .. }), "{error}");
}

#[tokio::test]
async fn too_fast_is_tried_again_later() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let later = Advice::RetryAfter(Duration::from_secs(1));
    for script in [
        Script::Node(r#"{"code":"40005","msg":"Call Limited"}"#.to_owned()),
        Script::Node(node("40005", "isv.invented")),
        Script::Body(429, String::new()),
    ] {
        platform.script(script);
        let error = create(&client).await;
        assert_eq!((error.did_not_happen(), error.advice()), (false, later));
    }
}

#[tokio::test]
async fn only_a_request_that_never_left_is_certain_not_to_have_happened() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let why = || "why".to_owned();
    for (failure, kind, advice) in [
        (
            TransportError::NotSent(why()),
            "rejected",
            Advice::RetrySame,
        ),
        (
            TransportError::Timeout(why()),
            "timeout",
            Advice::QueryFirst,
        ),
        (TransportError::Broken(why()), "unknown", Advice::QueryFirst),
    ] {
        platform.script(Script::Fail(failure));
        let error = create(&client).await;
        assert_eq!((error.kind(), error.advice()), (kind, advice));
        assert!(error.details().message.contains("why"));
    }
}
