//! What the client's traces say, and what they never say.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use paydesk_provider::PaymentProvider;
use paydesk_wechatpay::{AbnormalRefund, RefundTo};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use zeroize::Zeroizing;

use crate::platform::{API_V3_KEY, FakePlatform, MERCHANT_KEY, Script, an_order};
use crate::repeating::{READS, WRITES, call};

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

#[tokio::test]
async fn traces_name_the_number_and_no_body_key_or_signature() {
    let transcript = Transcript::default();
    // With a single subscriber in the process, `tracing` asks the thread that happens to come first
    // whether anybody listens; tests on other threads have none. Two make it ask them all.
    let _second = tracing::Dispatch::new(transcript.clone());
    let guard = tracing::subscriber::set_default(transcript.clone());
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    let notice = platform.pay("PO0001");
    client.verify(&notice).unwrap();
    client.query("PO0001").await.unwrap();
    client.close("PO0001").await.unwrap();
    let mut forged = notice.clone();
    forged.body = "forged".into();
    client.verify(&forged).unwrap_err();
    let to_card = AbnormalRefund {
        refund_id: "503001".to_owned(),
        out_refund_no: "RF0001".to_owned(),
        to: RefundTo::UserCard {
            bank_type: "ICBC_DEBIT".to_owned(),
            account: Zeroizing::new("6222021234567890123".to_owned()),
            name: Zeroizing::new("张三".to_owned()),
        },
    };
    client.abnormal_refund(&to_card).await.unwrap_err();
    for way in WRITES.into_iter().chain(READS) {
        platform.script(Script::refused(400, "PARAM_ERROR"));
        call(&client, way).await.unwrap_err();
    }
    drop(guard);

    let text = transcript.0.lock().unwrap();
    for said in [
        "create payment.no=PO0001",
        "operation=\"query\"",
        "http.status=400",
        "operation=\"abnormal_refund\"",
        "outcome=\"rejected\"",
        "bad_signature",
    ] {
        assert!(text.contains(said), "{said:?} is missing: {text}");
    }
    let signatures = notice.header("Wechatpay-Signature").map(str::to_owned);
    let mut secrets: Vec<String> = signatures.collect();
    secrets.extend(
        [
            "WECHATPAY2",
            "Authorization",
            "weixin://",
            "AI点数包",
            "oUpF8uMu",
            "forged",
            "6222021234567890123",
            "张三",
            "ICBC",
            "203.0.113.9",
            "原因",
        ]
        .map(str::to_owned),
    );
    secrets.extend([
        API_V3_KEY.to_owned(),
        MERCHANT_KEY.lines().nth(3).unwrap().to_owned(),
    ]);
    assert_eq!(secrets.len(), 14);
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret:?} is told: {text}");
    }
}
