//! Notices that arrive at an actix-web service.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{Data, PayloadConfig, post, scope};
use actix_web::{App, HttpResponse};
use paydesk_provider::RawNotice;
use paydesk_wechatpay::actix::{NoticeRejected, VerifiedNotice};
use paydesk_wechatpay::{Acknowledgement, NoticeContent, WechatPay};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::platform::{FakePlatform, an_order};
use crate::trust_modes::{Certified, fetched, query};

const FAILED: &str = r#"{"code":"FAIL","message":"not accepted"}"#;
const MOST: usize = 1_572_864;

/// What the handler heard.
type Heard = Mutex<Vec<String>>;

async fn notify(notice: VerifiedNotice, heard: Data<Heard>) -> Acknowledgement {
    let said = match &notice.content {
        NoticeContent::Payment(payment) => payment.out_trade_no.clone(),
        _ => notice.event_type.clone(),
    };
    heard.lock().unwrap().push(said);
    Acknowledgement::accepted()
}

/// A service that counts what it refuses.
async fn count(notice: Result<VerifiedNotice, NoticeRejected>) -> HttpResponse {
    match notice {
        Ok(VerifiedNotice(_)) => Acknowledgement::accepted().into(),
        Err(rejected) => HttpResponse::Conflict().body(rejected.reason()),
    }
}

fn request(notice: &RawNotice) -> TestRequest {
    let request = TestRequest::post().uri("/notify");
    let request = request.set_payload(notice.body.clone());
    let headers = notice.headers.iter();
    headers.fold(request, |request, (name, value)| {
        request.append_header((name.as_str(), value.as_str()))
    })
}

/// Status, body and what the handler heard of it.
async fn deliver(client: Option<WechatPay>, request: TestRequest) -> (u16, String, Vec<String>) {
    let heard: Data<Heard> = Data::new(Mutex::default());
    // Limits and settings of other extractors are not the notice's.
    let mut app = App::new()
        .app_data(heard.clone())
        .app_data(PayloadConfig::new(16))
        .route("/notify", post().to(notify));
    if let Some(client) = client {
        app = app.app_data(Data::new(client));
    }
    let response = call_service(&init_service(app).await, request.to_request()).await;
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).cloned();
    let body = to_bytes(response.into_body()).await.unwrap();
    if body.is_empty() {
        assert_eq!((status, kind), (StatusCode::NO_CONTENT, None));
    } else {
        assert_eq!(kind.unwrap(), "application/json");
    }
    let heard = heard.lock().unwrap().clone();
    (
        status.as_u16(),
        String::from_utf8(body.to_vec()).unwrap(),
        heard,
    )
}

fn refused(status: u16) -> (u16, String, Vec<String>) {
    (status, FAILED.to_owned(), Vec::new())
}

async fn paid(platform: &Arc<FakePlatform>) -> (WechatPay, RawNotice) {
    use paydesk_provider::PaymentProvider;

    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    (client, platform.pay("PO0001"))
}

#[tokio::test]
async fn a_true_notice_reaches_the_handler_and_is_acknowledged() {
    let platform = FakePlatform::new();
    let (client, notice) = paid(&platform).await;
    let heard = deliver(Some(client), request(&notice)).await;
    assert_eq!(heard, (204, String::new(), vec!["PO0001".to_owned()]));
}

#[tokio::test]
async fn r18_what_is_not_the_platforms_word_is_refused_without_a_reason() {
    let platform = FakePlatform::new();
    let (client, notice) = paid(&platform).await;
    let signature = notice
        .headers
        .iter()
        .position(|(name, _)| name == "Wechatpay-Signature")
        .unwrap();
    let mut probe = notice.clone();
    probe.headers[signature].1 = "WECHATPAY/SIGNTEST/aaaa".to_owned();
    let mut missing = notice.clone();
    missing.headers.remove(signature);
    let mut doubled = notice.clone();
    let again = notice.headers[signature].1.clone();
    doubled
        .headers
        .push(("wechatpay-signature".to_owned(), again));
    let mut forged = notice.clone();
    forged.body = "{}".into();
    let mut empty = notice.clone();
    empty.body = "".into();
    let mut unknown = notice.clone();
    for (name, value) in &mut unknown.headers {
        if name == "Wechatpay-Serial" {
            *value = "PUB_KEY_ID_9".to_owned();
        }
    }
    for (notice, reason) in [
        (&probe, "probe"),
        (&missing, "missing_header"),
        (&doubled, "doubled_header"),
        (&forged, "bad_signature"),
        (&empty, "bad_signature"),
        (&unknown, "unknown_key"),
    ] {
        assert_eq!(
            deliver(Some(client.clone()), request(notice)).await,
            refused(401),
            "{reason}"
        );
        let app = App::new()
            .app_data(Data::new(client.clone()))
            .route("/notify", post().to(count));
        let response = call_service(&init_service(app).await, request(notice).to_request()).await;
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(to_bytes(response.into_body()).await.unwrap(), reason);
    }
    assert_eq!(
        platform.sent().len(),
        1,
        "none of it made the client call anybody"
    );
    let heard = deliver(Some(client), request(&notice)).await;
    assert_eq!(heard.0, 204, "and the true one is still taken");
}

#[tokio::test]
async fn an_authentic_notice_that_cannot_be_read_is_malformed() {
    let platform = FakePlatform::new();
    for body in ["", "null", "<xml/>"] {
        let heard = deliver(Some(platform.client()), request(&platform.raw(body))).await;
        assert_eq!(heard, refused(400), "{body}");
    }
}

#[tokio::test]
async fn a_body_is_bounded_whether_it_states_its_length_or_not() {
    let platform = FakePlatform::new();
    let client = platform.client();
    // As long as may be: the body is read, its signature found true, and it is no notice.
    let longest = platform.raw(&"x".repeat(MOST));
    assert_eq!(
        deliver(Some(client.clone()), request(&longest)).await,
        refused(400)
    );
    let longer = platform.raw(&"x".repeat(MOST + 1));
    assert_eq!(
        deliver(Some(client.clone()), request(&longer)).await,
        refused(413)
    );
    // One that only states it is refused before a byte of it came.
    let stated = |length: usize| {
        let notice = platform.raw("x");
        request(&notice).insert_header((CONTENT_LENGTH, length))
    };
    assert_eq!(
        deliver(Some(client.clone()), stated(MOST)).await,
        refused(400)
    );
    assert_eq!(deliver(Some(client), stated(MOST + 1)).await, refused(413));
}

#[tokio::test]
async fn a_key_that_is_not_held_is_fetched_once() {
    let platform = Certified::new();
    let client = platform.client(fetched());
    query(&client).await.unwrap();
    platform.pass(120);
    platform.roll_over();
    let heard = deliver(Some(client.clone()), request(&platform.notice())).await;
    assert_eq!((heard.0, heard.2), (204, vec!["X".to_owned()]));
    assert_eq!(platform.downloads(), 2);
    // Serials that nobody ever made do not make it ask for each.
    platform.pass(120);
    for number in 0..20 {
        let mut notice = platform.notice();
        notice.headers[0].1 = format!("{number:040X}");
        assert_eq!(
            deliver(Some(client.clone()), request(&notice)).await,
            refused(401)
        );
    }
    assert_eq!(platform.downloads(), 3);
}

#[tokio::test]
async fn each_merchant_has_a_scope_of_its_own() {
    let platform = FakePlatform::new();
    let (client, notice) = paid(&platform).await;
    let other = Certified::new().client(fetched());
    let heard: Data<Heard> = Data::new(Mutex::default());
    let scoped = |path: &str, client: WechatPay| {
        scope(path)
            .app_data(Data::new(client))
            .route("/notify", post().to(notify))
    };
    let app = App::new()
        .app_data(heard)
        .service(scoped("/one", client))
        .service(scoped("/other", other));
    let app = init_service(app).await;
    for (path, status) in [("/one/notify", 204), ("/other/notify", 401)] {
        let response = call_service(&app, request(&notice).uri(path).to_request()).await;
        assert_eq!(response.status(), status, "{path}");
    }
}

/// Every event, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

struct Words<'a>(&'a mut String);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        write!(log, "\n{}", event.metadata().level()).unwrap();
        event.record(&mut Words(&mut log));
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn the_log_says_why_and_repeats_nothing() {
    let log = Log::default();
    // With two subscribers in the process `tracing` asks each thread whether anybody listens.
    let _second = tracing::Dispatch::new(log.clone());
    let _guard = tracing::subscriber::set_default(log.clone());
    let platform = FakePlatform::new();
    let (client, mut notice) = paid(&platform).await;
    notice.body = json!({ "secret": "content" }).to_string().into();
    assert_eq!(deliver(Some(client), request(&notice)).await, refused(401));
    assert_eq!(deliver(None, request(&notice)).await, refused(500));
    let text = log.0.lock().unwrap();
    for said in [
        "DEBUG message=notice refused: the signature does not match reason=\"bad_signature\" body_bytes=20",
        "ERROR message=notice refused: there is no Data<WechatPay> in the app's data: add \
         .app_data(Data::new(client))",
    ] {
        assert!(text.contains(said), "{text}");
    }
    assert!(!text.contains("content"), "{text}");
}
