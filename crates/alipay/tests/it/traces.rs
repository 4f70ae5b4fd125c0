//! What the client's traces say, and what they never say.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use paydesk_alipay::{
    Alipay, AlipayCertificates, AlipayKeys, BillKind, BillPeriod, Config, Credentials, Order,
    PagePay, RawCall, RefundRequest, TradeNumber,
};
use paydesk_money::Cny;
use paydesk_provider::PaymentProvider;
use serde_json::json;
use time::macros::date;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::platform::modes::{APP_CERTIFICATE, CHAIN, ROOTS};
use crate::platform::{APP_KEY, FakePlatform, NOW, Script, an_order, credentials, raw};

/// Writes down every span, event and field, at every level.
#[derive(Clone, Default)]
struct Transcript(Arc<Mutex<String>>);

impl Transcript {
    fn note(&self, write: impl FnOnce(&mut Words<'_>)) {
        write(&mut Words(&mut self.0.lock().unwrap()));
    }
}

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Transcript {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note(|words| {
            write!(words.0, "\n{}", span.metadata().name()).unwrap();
            span.record(words);
        });
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.note(|words| values.record(words));
    }

    fn event(&self, event: &Event<'_>) {
        self.note(|words| {
            words.0.push('\n');
            event.record(words);
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A payer's code.
const CODE: &str = "28763443825664394";

/// Each is refused with the words of the platform that repeat the most.
async fn every_call(platform: &Arc<FakePlatform>, client: &Alipay) {
    let echo =
        format!("验签出错：app_id=2021&amp;biz_content={{&quot;auth_code&quot;:&quot;{CODE}");
    let node = json!({
        "code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.invalid-signature",
        "sub_msg": echo,
    });
    platform.script(Script::Node(node.to_string()));
    let mut order = Order::new(
        "PO2",
        "AI点数包",
        Cny::from_fen(1),
        "https://pay.example.com/n",
    );
    let person = json!({"name": "张三"});
    order.more.insert("ext_user_info".to_owned(), person);
    let trade = TradeNumber::OutTradeNo("PO2".to_owned());
    let mut refund = RefundRequest::new(trade.clone(), "R1", Cny::from_fen(1));
    refund.reason = Some("七天无理由".to_owned());
    let day = BillPeriod::Day(date!(2025 - 12 - 31));
    let transfer = json!({"payee_info": {"name": "张三"}}).to_string();
    let transfer = RawCall::write("alipay.fund.trans.uni.transfer", transfer);
    for error in [
        client.precreate(&order).await.err(),
        client.pay(&order, CODE).await.err(),
        client.query_trade(&trade).await.err(),
        client.close_trade(&trade).await.err(),
        client.cancel_trade(&trade).await.err(),
        client.refund(&refund).await.err(),
        client.query_refund(&trade, "R1").await.err(),
        client.bill(BillKind::Trade, day).await.err(),
        client.raw(&transfer).await.err(),
    ] {
        assert!(error.unwrap().did_not_happen());
    }
    client.page_pay(&order, &PagePay::default()).await.unwrap();
    client.app_pay(&order).await.unwrap();
}

#[tokio::test]
async fn traces_name_the_number_and_no_body_key_or_signature() {
    let transcript = Transcript::default();
    // With a single subscriber in the process, `tracing` asks the thread that happens to come first
    // whether anybody listens; tests on other threads have none. Two make it ask them all.
    let _second = tracing::Dispatch::new(transcript.clone());
    let guard = tracing::subscriber::set_default(transcript.clone());
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO1")).await.unwrap();
    let notice = platform.pay("PO1");
    client.verify(&notice).unwrap();
    client.query("PO1").await.unwrap();
    client.close("PO1").await.unwrap_err();
    client.verify(&raw("forged=1")).unwrap_err();
    every_call(&platform, &client).await;
    drop(guard);

    let text = transcript.0.lock().unwrap();
    for said in [
        "create payment.no=PO1",
        "operation=\"query\"",
        "http.status=200",
        "bad_signature",
        "operation=\"pay\"",
        "operation=\"refund\"",
        "operation=\"refund_query\"",
        "operation=\"cancel\"",
        "operation=\"bill\"",
        "operation=\"raw_write\"",
        "outcome=\"rejected\"",
    ] {
        assert!(text.contains(said), "{said:?} is missing: {text}");
    }
    let notice = String::from_utf8(notice.body.to_vec()).unwrap();
    let (_, signature) = notice.split_once("sign=").unwrap();
    for secret in [
        signature,
        "sign=",
        "qr.alipay.com",
        "AI点数包",
        "csq***",
        "2088102169481075",
        "forged",
        CODE,
        "张三",
        "验签出错",
        "七天无理由",
        "https://pay.example.com",
        APP_KEY.lines().nth(3).unwrap(),
    ] {
        assert!(!text.contains(secret), "{secret:?} is told: {text}");
    }
}

/// It is no reason not to start: the successor is fetched with the first answer.
#[test]
fn a_certificate_that_ended_is_told_at_the_start() {
    let built = |alipay: &str| {
        let transcript = Transcript::default();
        let _second = tracing::Dispatch::new(transcript.clone());
        let guard = tracing::subscriber::set_default(transcript.clone());
        let certificates = AlipayCertificates::new(APP_CERTIFICATE, ROOTS, alipay).unwrap();
        let credentials = Credentials {
            alipay_keys: AlipayKeys::certificates(certificates),
            ..credentials()
        };
        Alipay::new(Config::new(credentials).clock(|| NOW)).unwrap();
        drop(guard);
        let text = transcript.0.lock().unwrap();
        text.clone()
    };
    let said = "no certificate of Alipay's that is configured is in force";
    assert!(!built(CHAIN).contains(said));
    let ended = include_str!("../../testdata/certificates/ended.pem");
    assert!(built(ended).contains(said));
}
