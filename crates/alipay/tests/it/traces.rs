//! What the client's traces say, and what they never say.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use paydesk_alipay::{Alipay, AlipayCertificates, AlipayKeys, Config, Credentials};
use paydesk_provider::PaymentProvider;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::platform::modes::{APP_CERTIFICATE, CHAIN, ROOTS};
use crate::platform::{APP_KEY, FakePlatform, NOW, an_order, credentials, raw};

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
    client.create(&an_order("PO1")).await.unwrap();
    let notice = platform.pay("PO1");
    client.verify(&notice).unwrap();
    client.query("PO1").await.unwrap();
    client.close("PO1").await.unwrap_err();
    client.verify(&raw("forged=1")).unwrap_err();
    drop(guard);

    let text = transcript.0.lock().unwrap();
    for said in [
        "create payment.no=PO1",
        "operation=\"query\"",
        "http.status=200",
        "bad_signature",
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
