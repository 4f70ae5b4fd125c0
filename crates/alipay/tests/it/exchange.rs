//! What is sent again, who is told, and calls that have no method of their own.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paydesk_alipay::{
    Alipay, AppKey, Body, Cny, Config, Credentials, Order, RawCall, Request, Response, SignError,
    Signer, Transport, TransportError,
};
use paydesk_provider::{
    Advice, Exchange, Found, Observer, PaymentProvider, ProviderError, Untrusted,
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::form_urlencoded;

use crate::platform::{APP_PUBLIC, FakePlatform, NOW, Script, an_order, credentials};

/// Gives these answers one after another, and no further one.
#[derive(Debug)]
struct Sequence {
    answers: Mutex<VecDeque<Script>>,
    sent: Mutex<Vec<Request>>,
    seconds: AtomicI64,
    waited: Mutex<Vec<Duration>>,
}

impl Sequence {
    fn of(answers: Vec<Script>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into()),
            sent: Mutex::default(),
            seconds: AtomicI64::new(0),
            waited: Mutex::default(),
        })
    }

    fn config(self: &Arc<Self>) -> Config {
        let (clock, pause) = (Arc::clone(self), Arc::clone(self));
        Config::new(credentials())
            .clock(move || NOW + time::Duration::seconds(clock.seconds.load(Ordering::SeqCst)))
            .pause(move |length| {
                pause.waited.lock().unwrap().push(length);
                pause.seconds.fetch_add(1, Ordering::SeqCst);
                std::future::ready(())
            })
            .transport(Arc::clone(self) as Arc<dyn Transport>)
    }

    fn client(self: &Arc<Self>) -> Alipay {
        Alipay::new(self.config()).unwrap()
    }

    fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap().clone()
    }

    fn waited(&self) -> Vec<u128> {
        let waited = self.waited.lock().unwrap();
        waited.iter().map(Duration::as_millis).collect()
    }
}

#[async_trait]
impl Transport for Sequence {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.sent.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front().unwrap();
        let headers = [
            ("trace_id", "0be7"),
            ("Date", "Thu, 01 Jan 2026 04:00:09 GMT"),
        ];
        match answer {
            Script::Body(status, body) => Ok(Response {
                status,
                headers: headers
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
                body: body.into(),
            }),
            Script::Fail(error) => Err(error),
            other => panic!("{other:?}"),
        }
    }
}

fn query_answer(node: &str) -> Script {
    signed("alipay_trade_query_response", node)
}

fn signed(name: &str, node: &str) -> Script {
    let sign = FakePlatform::new().sign(node);
    Script::Body(200, format!("{{\"{name}\":{node},\"sign\":\"{sign}\"}}"))
}

fn unpaid() -> Script {
    query_answer(r#"{"code":"10000","out_trade_no":"PO1","trade_status":"WAIT_BUYER_PAY"}"#)
}

fn busy() -> Script {
    query_answer(r#"{"code":"20000","sub_code":"isp.unknow-error"}"#)
}

fn broken() -> Script {
    Script::Fail(TransportError::Broken("the connection ended".to_owned()))
}

fn parameter(request: &Request, name: &str) -> String {
    let query = form_urlencoded::parse(request.url.query().unwrap().as_bytes());
    let (_, value) = query.into_owned().find(|(key, _)| key == name).unwrap();
    value
}

#[tokio::test]
async fn a_read_is_sent_again_under_a_new_signature() {
    let platform = Sequence::of(vec![broken(), busy(), unpaid()]);
    let found = platform.client().query("PO1").await.unwrap();
    assert!(matches!(found.value, Found::Payment(_)));
    let sent = platform.sent();
    assert_eq!(sent.len(), 3);
    assert_eq!(platform.waited(), [200, 400]);
    let times: Vec<_> = sent.iter().map(|it| parameter(it, "timestamp")).collect();
    assert_eq!(
        times,
        [
            "2026-01-01 12:00:00",
            "2026-01-01 12:00:01",
            "2026-01-01 12:00:02"
        ]
    );
    assert_ne!(parameter(&sent[0], "sign"), parameter(&sent[1], "sign"));
    assert_eq!(sent[0].body, sent[2].body, "the question stays the same");
}

#[tokio::test]
async fn a_read_is_sent_again_only_where_that_may_help() {
    let unsigned = || Script::Body(200, "{\"error_response\":{\"code\":\"40001\"}}".to_owned());
    for (answers, count) in [
        (vec![unsigned(), unpaid()], 2),
        (vec![Script::Body(502, String::new()), unpaid()], 2),
        (vec![Script::Body(429, String::new()), unpaid()], 2),
        (
            vec![
                Script::Fail(TransportError::NotSent("no way".to_owned())),
                unpaid(),
            ],
            2,
        ),
        (
            vec![
                query_answer(r#"{"code":"40005","msg":"Call Limited"}"#),
                unpaid(),
            ],
            2,
        ),
        (vec![busy(), busy(), busy(), unpaid()], 3),
        // The caller has waited long enough.
        (
            vec![
                Script::Fail(TransportError::Timeout("late".to_owned())),
                unpaid(),
            ],
            1,
        ),
        (
            vec![
                query_answer(r#"{"code":"40002","sub_code":"isv.invalid-app-id"}"#),
                unpaid(),
            ],
            1,
        ),
        (
            vec![
                query_answer(r#"{"code":"40004","sub_code":"ACQ.INVENTED"}"#),
                unpaid(),
            ],
            1,
        ),
        (
            vec![query_answer(
                r#"{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}"#,
            )],
            1,
        ),
    ] {
        let platform = Sequence::of(answers);
        drop(platform.client().query("PO1").await);
        assert_eq!(platform.sent().len(), count, "{platform:?}");
    }
    let once = Sequence::of(vec![busy(), unpaid()]);
    let client = Alipay::new(once.config().read_attempts(1)).unwrap();
    let error = client.query("PO1").await.unwrap_err();
    assert_eq!(error.advice(), Advice::RetrySame);
    assert_eq!((once.sent().len(), once.waited().len()), (1, 0));
}

#[tokio::test]
async fn what_changes_something_is_sent_once() {
    let platform = Sequence::of(vec![broken(), broken(), broken()]);
    let client = platform.client();
    client.create(&an_order("PO1")).await.unwrap_err();
    client.close("PO1").await.unwrap_err();
    client
        .raw(&RawCall::write("alipay.trade.order.settle", "{}"))
        .await
        .unwrap_err();
    assert_eq!(platform.sent().len(), 3);
    assert!(platform.waited().is_empty());
}

#[tokio::test]
async fn money_gets_more_time_to_answer() {
    let platform = Sequence::of(vec![broken(), broken()]);
    let client = Alipay::new(platform.config().read_attempts(1)).unwrap();
    client.query("PO1").await.unwrap_err();
    client
        .raw(&RawCall::write("alipay.fund.trans.uni.transfer", "{}"))
        .await
        .unwrap_err();
    let times: Vec<_> = platform
        .sent()
        .iter()
        .map(|it| it.timeout.as_secs())
        .collect();
    assert_eq!(times, [10, 15]);
}

/// Writes down what it is told.
#[derive(Debug, Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn exchanged(&self, it: &Exchange<'_>) {
        let at = it.platform_time.map(OffsetDateTime::unix_timestamp);
        self.0.lock().unwrap().push(format!(
            "{} {} {} {} {:?} {} {:?} {:?} {at:?}",
            it.operation,
            it.merchant_id,
            it.host,
            it.attempt,
            it.status,
            it.outcome,
            it.code,
            it.request_id
        ));
    }
}

#[tokio::test]
async fn an_observer_is_told_of_every_request() {
    let told = Arc::new(Told::default());
    let platform = Sequence::of(vec![
        broken(),
        busy(),
        unpaid(),
        query_answer(r#"{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST"}"#),
        signed(
            "alipay_trade_close_response",
            r#"{"code":"40002","sub_code":"isv.invalid-app-id"}"#,
        ),
        Script::Body(
            200,
            "{\"alipay_trade_close_response\":{\"code\":\"10000\"}}".to_owned(),
        ),
        Script::Fail(TransportError::Timeout("late".to_owned())),
    ]);
    let client = Alipay::new(platform.config().observer(told.clone())).unwrap();
    client.query("PO1").await.unwrap();
    client.query("PO1").await.unwrap();
    client.close("PO1").await.unwrap_err();
    client.close("PO1").await.unwrap_err();
    client.close("PO1").await.unwrap_err();
    let answered = "Some(\"0be7\") Some(1767240009)";
    assert_eq!(
        *told.0.lock().unwrap(),
        [
            "query 2088000000000002 openapi.alipay.com 1 None unknown None None None".to_owned(),
            format!(
                "query 2088000000000002 openapi.alipay.com 2 Some(200) unknown Some(\"isp.unknow-error\") {answered}"
            ),
            format!("query 2088000000000002 openapi.alipay.com 3 Some(200) ok None {answered}"),
            format!(
                "query 2088000000000002 openapi.alipay.com 1 Some(200) told Some(\"ACQ.TRADE_NOT_EXIST\") {answered}"
            ),
            format!(
                "close 2088000000000002 openapi.alipay.com 1 Some(200) rejected Some(\"isv.invalid-app-id\") {answered}"
            ),
            format!(
                "close 2088000000000002 openapi.alipay.com 1 Some(200) untrusted None {answered}"
            ),
            "close 2088000000000002 openapi.alipay.com 1 None timeout None None None".to_owned(),
        ]
    );
}

#[tokio::test]
async fn clones_share_one_account() {
    let platform = Sequence::of(vec![unpaid(), unpaid()]);
    let client = platform.client();
    let clone = client.clone();
    drop(client.query("PO1").await.unwrap());
    drop(client);
    clone.query("PO1").await.unwrap();
    assert_eq!(platform.sent().len(), 2);
}

#[tokio::test]
async fn a_raw_call_is_signed_verified_and_given_as_it_came() {
    let platform = FakePlatform::new();
    let node = r#"{"code":"10000","msg":"Success","trade_no":"2026", "more":{"a":[1.50,"}"]}}"#;
    platform.script(Script::Node(node.to_owned()));
    let mut call = RawCall::read("alipay.trade.order.settle.query", r#"{"trade_no":"2026"}"#);
    call.notify_url = Some("https://pay.example.com/n".to_owned());
    let answer = platform.client().raw(&call).await.unwrap();
    assert_eq!(*answer.value, node);
    assert!(answer.request_id.is_some());
    let sent = &platform.sent()[0];
    assert_eq!(parameter(sent, "method"), "alipay.trade.order.settle.query");
    assert_eq!(parameter(sent, "notify_url"), "https://pay.example.com/n");
    let body: Vec<_> = form_urlencoded::parse(&sent.body).into_owned().collect();
    assert_eq!(
        body,
        [(
            "biz_content".to_owned(),
            r#"{"trade_no":"2026"}"#.to_owned()
        )]
    );
}

#[tokio::test]
async fn r18_a_raw_answer_is_bound_to_its_method_and_numbers() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let call = |biz: Value| RawCall::write("alipay.trade.refund.apply", biz.to_string());
    for (biz, node) in [
        (
            json!({"trade_no": "1"}),
            json!({"code": "10000", "trade_no": "2"}),
        ),
        (
            json!({"out_trade_no": "1"}),
            json!({"code": "10000", "out_trade_no": "2"}),
        ),
        (
            json!({"out_request_no": "1"}),
            json!({"code": "10000", "out_request_no": "2"}),
        ),
    ] {
        platform.script(Script::Node(node.to_string()));
        let error = client.raw(&call(biz)).await.unwrap_err();
        assert!(matches!(error, ProviderError::Malformed { .. }), "{error}");
    }
    let node = r#"{"code":"10000"}"#;
    let sign = platform.sign(node);
    let other = format!("{{\"alipay_trade_query_response\":{node},\"sign\":\"{sign}\"}}");
    platform.script(Script::Body(200, other));
    let error = client.raw(&call(json!({}))).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unknown { .. }), "{error}");
    platform.script(Script::Unsigned(node.to_owned()));
    let error = client.raw(&call(json!({}))).await.unwrap_err();
    let ProviderError::Untrusted { reason, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(reason, Untrusted::BadSignature);
}

#[tokio::test]
async fn r19_a_raw_refusal_says_no_more_than_is_known_of_every_call() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let call = RawCall::write("alipay.fund.trans.uni.transfer", "{}");
    for (code, sub_code, rejected, advice) in [
        ("40002", "isv.invalid-signature", true, Advice::Never),
        ("40004", "ACQ.INVALID_PARAMETER", true, Advice::Never),
        (
            "40004",
            "PAYER_BALANCE_NOT_ENOUGH",
            false,
            Advice::QueryFirst,
        ),
        ("40004", "ACQ.TRADE_NOT_EXIST", false, Advice::QueryFirst),
        ("20000", "aop.unknow-error", false, Advice::QueryFirst),
        ("10003", "", false, Advice::QueryFirst),
    ] {
        let node = json!({"code": code, "msg": "m", "sub_code": sub_code, "sub_msg": "原因"});
        platform.script(Script::Node(node.to_string()));
        let error = client.raw(&call).await.unwrap_err();
        assert_eq!(
            (error.did_not_happen(), error.advice()),
            (rejected, advice),
            "{sub_code}"
        );
        let details = error.details();
        let told = if sub_code.is_empty() { code } else { sub_code };
        assert_eq!(details.code.as_deref(), Some(told));
        assert_eq!(details.message, "原因");
        assert!(details.request_id.is_some());
    }
}

#[tokio::test]
async fn a_raw_call_that_no_gateway_could_take_is_not_sent() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for (method, biz) in [
        ("", "{}"),
        ("alipay trade", "{}"),
        ("alipay.trade&method=x", "{}"),
        ("支付", "{}"),
        (&"a".repeat(129), "{}"),
        ("alipay.trade.query", ""),
        ("alipay.trade.query", "[]"),
        ("alipay.trade.query", "{\"a\":1,\"a\":2}"),
        ("alipay.trade.query", "out_trade_no=1"),
    ] {
        let error = client.raw(&RawCall::read(method, biz)).await.unwrap_err();
        assert!(error.did_not_happen(), "{method} {biz}: {error}");
    }
    assert!(platform.sent().is_empty());
    for url in [
        "",
        "notify",
        "https://a.example/n\n",
        "https://a.example/n?b=c",
    ] {
        let mut call = RawCall::write("alipay.trade.create", "{}");
        call.notify_url = Some(url.to_owned());
        let error = client.raw(&call).await.unwrap_err();
        assert!(error.did_not_happen(), "{url:?}: {error}");
        assert!(error.to_string().contains("notify_url"), "{error}");
    }
    assert!(platform.sent().is_empty());
    let secret = RawCall::read("alipay.x", r#"{"cert_no":"3301"}"#);
    assert!(!format!("{secret:?}").contains("3301"));
}

/// A key management service that is out of order, or holds another key.
#[derive(Debug)]
struct Elsewhere(Option<Vec<u8>>);

#[async_trait]
impl Signer for Elsewhere {
    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = self.0.clone();
        signature.ok_or_else(|| SignError::new("token 4711 has expired"))
    }
}

/// Nothing is wrong with settings or request, so the same again may work; with another key it will not.
#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    let platform = FakePlatform::new();
    for (signature, advice) in [
        (None, Advice::RetrySame),
        (Some(vec![7; 256]), Advice::Never),
    ] {
        let key = AppKey::external(Arc::new(Elsewhere(signature)));
        let config = Config::new(Credentials {
            app_key: key.with_public_key(APP_PUBLIC).unwrap(),
            ..credentials()
        });
        let config = config.clock(|| NOW).transport(platform.clone());
        let client = Alipay::new(config).unwrap();
        let order = Order::new("PO1", "x", Cny::from_fen(1), "https://pay.example.com/n");
        for error in [
            client.create(&an_order("PO1")).await.unwrap_err(),
            client.query("PO1").await.unwrap_err(),
            client.app_pay(&order).await.unwrap_err(),
        ] {
            assert!(error.did_not_happen(), "{error}");
            assert_eq!(error.advice(), advice, "{error}");
            assert!(!error.to_string().contains("4711"), "{error}");
        }
    }
    assert!(platform.sent().is_empty());
}

/// Answers with a body that ends like this.
#[derive(Debug)]
struct CutShort(TransportError, Mutex<u32>);

#[async_trait]
impl Transport for CutShort {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        *self.1.lock().unwrap() += 1;
        let pieces = [Ok("{".into()), Err(self.0.clone())];
        Ok(Response {
            status: 200,
            headers: vec![("trace_id".to_owned(), "0be7".to_owned())],
            body: Body::from_stream(futures_util::stream::iter(pieces)),
        })
    }
}

/// Once an answer has begun the request was sent, whatever a transport calls the end of it.
#[tokio::test]
async fn r5_an_answer_that_breaks_off_leaves_it_open() {
    let why = || "why".to_owned();
    for (end, kind) in [
        (TransportError::Broken(why()), "unknown"),
        (TransportError::Timeout(why()), "timeout"),
        (TransportError::NotSent(why()), "unknown"),
        (TransportError::Unsendable(why()), "unknown"),
    ] {
        let transport = Arc::new(CutShort(end, Mutex::default()));
        let config = Config::new(credentials())
            .clock(|| NOW)
            .transport(transport.clone());
        let error = Alipay::new(config)
            .unwrap()
            .create(&an_order("PO1"))
            .await
            .unwrap_err();
        assert_eq!((error.kind(), error.advice()), (kind, Advice::QueryFirst));
        let details = error.details();
        assert_eq!(details.status, Some(200));
        assert_eq!(details.request_id.as_deref(), Some("0be7"));
        assert_eq!(*transport.1.lock().unwrap(), 1);
    }
}
