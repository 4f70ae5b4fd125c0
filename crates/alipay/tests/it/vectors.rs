//! Published answers, each through the call that it answers: under the signatures that real keys of the
//! platform made, or, where those were left out, signed anew.

use std::sync::Arc;

use async_trait::async_trait;
use paydesk_alipay::{
    Alipay, AlipayKeys, CancelAction, Config, Credentials, FoundTrade, Order, PayOutcome, RawCall,
    RefundRequest, Request, Response, TradeNumber, TradeStatus, Transport, TransportError,
};
use paydesk_money::Cny;
use paydesk_provider::{Advice, ProviderError, Untrusted};

use crate::platform::{ALIPAY_PUBLIC, FakePlatform, NOW, credentials, vectors};

/// Gives one answer to everything.
#[derive(Debug)]
struct Recording(String);

#[async_trait]
impl Transport for Recording {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        Ok(Response {
            status: 200,
            headers: Vec::new(),
            body: self.0.clone().into(),
        })
    }
}

/// A client that trusts this key, answered with this body.
fn answered(key: &str, body: String) -> Alipay {
    let credentials = Credentials {
        alipay_keys: AlipayKeys::new(key).unwrap(),
        ..credentials()
    };
    let config = Config::new(credentials).clock(|| NOW).read_attempts(1);
    Alipay::new(config.transport(Arc::new(Recording(body)))).unwrap()
}

fn sample(name: &str) -> String {
    vectors()["samples"][name].as_str().unwrap().to_owned()
}

/// The sample with a true signature in the place of the one that was left out.
fn signed(name: &str) -> Alipay {
    let body = sample(name);
    let (head, _) = body.split_once(",\"sign\":").unwrap();
    let (_, node) = head.split_once("_response\":").unwrap();
    let sign = FakePlatform::new().sign(node);
    answered(ALIPAY_PUBLIC, body.replace('…', &sign))
}

fn is_forged(error: &ProviderError) -> bool {
    matches!(
        error,
        ProviderError::Untrusted {
            reason: Untrusted::BadSignature,
            ..
        }
    )
}

fn number(number: &str) -> TradeNumber {
    TradeNumber::OutTradeNo(number.to_owned())
}

#[tokio::test]
async fn r18_what_a_real_key_signed_about_a_payment_is_believed() {
    let vector = &vectors()["trade_pay"];
    let of = |field: &str| vector[field].as_str().unwrap();
    let body = |node: &str| {
        format!(
            "{{\"alipay_trade_pay_response\":{node},\"sign\":\"{}\"}}",
            of("sign")
        )
    };
    let order = Order::new(
        "GZ201901301040361012",
        "coffee",
        Cny::from_fen(1),
        "https://pay.example.com/n",
    );
    let client = answered(of("public"), body(of("node")));
    let answer = client.pay(&order, "28763443825664394").await.unwrap();
    let PayOutcome::Paid(paid) = answer.value else {
        panic!("it is paid")
    };
    assert_eq!(paid.trade_no, "2019082922001432790585537960");
    assert_eq!(paid.total, Some(Cny::from_fen(1)));
    let forged = of("node").replace("\"total_amount\":\"0.01\"", "\"total_amount\":\"0.02\"");
    let client = answered(of("public"), body(&forged));
    let error = client.pay(&order, "28763443825664394").await.unwrap_err();
    assert!(is_forged(&error), "{error}");
}

#[tokio::test]
async fn r18_what_a_real_key_signed_about_a_file_is_believed() {
    let vector = &vectors()["file_upload"];
    let of = |field: &str| vector[field].as_str().unwrap();
    let call = RawCall::write("alipay.open.file.upload", "{}");
    let client = answered(of("public"), of("body").to_owned());
    let answer = client.raw(&call).await.unwrap();
    let node = answer.value.into_inner();
    assert!(
        node.ends_with("\"file_id\":\"CAxAToWB1JsAAAAAAAAAAAAADgSLAQBr\"}"),
        "{node}"
    );
    let client = answered(of("public"), of("body").replace("CAxA", "CAxB"));
    let error = client.raw(&call).await.unwrap_err();
    assert!(is_forged(&error), "{error}");
}

/// Whatever is in a node, it is cut out where it begins and ends: otherwise no signature would fit.
#[tokio::test]
async fn r18_every_published_node_comes_out_byte_for_byte() {
    let platform = FakePlatform::new();
    let call = RawCall::write("alipay.trade.create", "{}");
    let mut read = 0;
    for (case, node) in vectors()["nodes"].as_object().unwrap() {
        let node = node.as_str().unwrap();
        let name = "alipay_trade_create_response";
        let sign = platform.sign(node);
        for body in [
            format!("{{\"{name}\":{node},\"sign\":\"{sign}\"}}"),
            format!("{{\"sign\" :\"{sign}\" ,\n\"{name}\"      :      {node}\n}}"),
            format!("{{\"alipay_cert_sn\":\"0\",\"{name}\":{node},\"sign\":\"{sign}\"}}"),
        ] {
            match answered(ALIPAY_PUBLIC, body).raw(&call).await {
                Ok(answer) => {
                    assert_eq!(*answer.value, node, "{case}");
                    read += 1;
                }
                // Some are authentic and no success: without a code, under another, encrypted.
                Err(error) => assert!(
                    !node.contains("\"code\":\"10000\"") && !is_forged(&error),
                    "{case}: {error}"
                ),
            }
        }
        let twice = format!("{{\"{name}\":{node},\"sign\":\"{sign}\",\"{name}\":{node}}}");
        let error = answered(ALIPAY_PUBLIC, twice).raw(&call).await.unwrap_err();
        assert!(is_forged(&error), "{case}: {error}");
    }
    assert_eq!(read, 5 * 3);
}

#[tokio::test]
async fn the_published_answers_to_queries_are_read() {
    let client = signed("trade_query");
    let found = client.query_trade(&number("out_trade_no15")).await.unwrap();
    let FoundTrade::Trade(trade) = found.value else {
        panic!("it is a trade")
    };
    assert_eq!(trade.status, TradeStatus::Success);
    assert_eq!(trade.total, Some(Cny::from_fen(2000)));
    // It says noughts for amounts, which are those of nothing.
    let client = signed("trade_query not there");
    let found = client
        .query_trade(&number("117814570259111501"))
        .await
        .unwrap();
    assert_eq!(found.value, FoundTrade::NotCreated);
    let other = client.query_trade(&number("117814570259111502")).await;
    assert!(matches!(other, Err(ProviderError::Malformed { .. })));
}

#[tokio::test]
async fn the_published_answers_to_what_gives_money_back_are_read() {
    let refund = |fen| RefundRequest::new(number("2017082114417614181"), "R1", Cny::from_fen(fen));
    let client = signed("trade_refund refused");
    let error = client.refund(&refund(100)).await.unwrap_err();
    assert!(error.is_verdict(), "{error}");
    assert_eq!(error.advice(), Advice::Never);
    let client = signed("trade_cancel of nothing");
    let cancelled = client.cancel_trade(&number("out_trade_no15")).await;
    let cancelled = cancelled.unwrap().value.into_inner();
    assert_eq!(cancelled.trade_no, None);
    let done = matches!(
        cancelled.action,
        CancelAction::Closed | CancelAction::Refunded
    );
    assert!(!done, "{:?}", cancelled.action);
}

/// They are what the gateway says when it cannot tell who asks, and what anybody could say.
#[tokio::test]
async fn r18_the_published_errors_without_a_signature_prove_nothing() {
    for name in ["error of nobody", "error without a signature"] {
        let client = answered(ALIPAY_PUBLIC, sample(name));
        let error = client.query_trade(&number("PO1")).await.unwrap_err();
        assert!(
            matches!(error, ProviderError::Unknown { .. }),
            "{name}: {error}"
        );
        assert!(error.details().code.is_some(), "for people to read");
    }
}
