//! Asking whether a notice was sent.

use std::sync::{Arc, Mutex};

use paydesk_alipay::{
    Alipay, AlipayNotice, Config, Method, NoticeCheck, Request, Response, Transport,
    TransportError, Verified,
};

use crate::platform::{FakePlatform, NOW, SELLER_ID, credentials};

/// The host that is asked, with one answer.
#[derive(Debug)]
struct Asked {
    answer: Mutex<Result<(u16, &'static str), TransportError>>,
    sent: Mutex<Vec<Request>>,
}

#[async_trait::async_trait]
impl Transport for Asked {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.sent.lock().unwrap().push(request);
        let (status, body) = self.answer.lock().unwrap().clone()?;
        Ok(Response {
            status,
            headers: Vec::new(),
            body: body.to_owned().into(),
        })
    }
}

fn asked() -> Arc<Asked> {
    Arc::new(Asked {
        answer: Mutex::new(Ok((200, "true"))),
        sent: Mutex::default(),
    })
}

fn client(asked: &Arc<Asked>, alter: impl FnOnce(Config) -> Config) -> Alipay {
    let config = Config::new(credentials())
        .clock(|| NOW)
        .transport(Arc::clone(asked) as Arc<dyn Transport>);
    Alipay::new(alter(config)).unwrap()
}

fn notice(client: &Alipay, id: &str) -> Verified<AlipayNotice> {
    let raw = FakePlatform::new().notice(&[
        ("notify_id", id),
        ("notify_time", "2026-01-01 12:01:06"),
        ("notify_type", "trade_status_sync"),
        ("out_trade_no", "T1"),
        ("trade_status", "TRADE_SUCCESS"),
        ("app_id", "2021000000000001"),
        ("seller_id", SELLER_ID),
        ("total_amount", "9.90"),
        ("charset", "utf-8"),
        ("version", "1.0"),
    ]);
    client.notices().verify(&raw).unwrap()
}

#[tokio::test]
async fn the_three_answers_are_told_apart() {
    let asked = asked();
    let client = client(&asked, |config| config);
    let notice = notice(&client, "20260101=+%");
    for (body, check) in [
        ("true", NoticeCheck::Known),
        ("true\r\n", NoticeCheck::Known),
        ("false", NoticeCheck::NotKnown),
        ("invalid", NoticeCheck::Invalid),
    ] {
        *asked.answer.lock().unwrap() = Ok((200, body));
        assert_eq!(client.check_notice(&notice).await.unwrap().value, check);
    }
    let sent = asked.sent.lock().unwrap();
    let request = sent.last().unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://mapi.alipay.com/gateway.do?service=notify_verify&partner=2088000000000002\
         &notify_id=20260101%3D%2B%25"
    );
    assert_eq!((request.method, request.body.len()), (Method::Get, 0));
}

#[tokio::test]
async fn anything_else_is_no_answer_and_asked_for_once() {
    let asked = asked();
    let client = client(&asked, |config| config);
    let notice = notice(&client, "1");
    for (answer, kind) in [
        (Ok((200, "")), "unknown"),
        (Ok((200, "TRUE")), "unknown"),
        (Ok((200, "true or false")), "unknown"),
        (Ok((200, "<html></html>")), "unknown"),
        (Ok((302, "true")), "unknown"),
        (Ok((500, "true")), "unknown"),
        (Err(TransportError::Timeout("late".to_owned())), "timeout"),
        (
            Err(TransportError::NotSent("no route".to_owned())),
            "rejected",
        ),
    ] {
        *asked.answer.lock().unwrap() = answer.clone();
        asked.sent.lock().unwrap().clear();
        let error = client.check_notice(&notice).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer:?}");
        assert_eq!(asked.sent.lock().unwrap().len(), 1, "{answer:?}");
    }
}

/// Elsewhere there is no such check, and what another platform sent is not the public one's business.
#[tokio::test]
async fn only_the_public_gateway_is_asked() {
    let asked = asked();
    for gateway in [
        "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
        "http://localhost:8080/gateway.do",
    ] {
        let client = client(&asked, |config| config.base_url(gateway));
        let notice = notice(&client, "1");
        let error = client.check_notice(&notice).await.unwrap_err();
        assert!(error.did_not_happen(), "{error}");
    }
    assert!(asked.sent.lock().unwrap().is_empty());
}
