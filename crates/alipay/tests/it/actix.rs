//! Notices that arrive at an actix-web service.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use actix_web::App;
use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::{Data, PayloadConfig, post, scope};
use paydesk_alipay::actix::{NoticeRejected, VerifiedMessage, VerifiedNotice};
use paydesk_alipay::{Acknowledgement, Alipay, AlipayNotice, NoticeContent, NoticeVerifier};
use paydesk_provider::RawNotice;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::notices::{fields, recorded, vectors_client};
use crate::platform::{APP_ID, FakePlatform, raw};

/// What the handler heard.
type Heard = Mutex<Vec<String>>;

async fn notify(notice: VerifiedNotice, heard: Data<Heard>) -> Acknowledgement {
    let said = match &notice.content {
        NoticeContent::Payment(trade) => trade.out_trade_no.clone(),
        _ => notice.notify_type.clone(),
    };
    heard.lock().unwrap().push(said);
    Acknowledgement::accepted()
}

async fn message(message: VerifiedMessage, heard: Data<Heard>) -> Acknowledgement {
    heard.lock().unwrap().push(message.method.clone());
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
    let request = TestRequest::post().uri("/notify?from=anybody");
    let request = request.set_payload(notice.body.clone());
    let headers = notice.headers.iter();
    headers.fold(request, |request, (name, value)| {
        request.append_header((name.as_str(), value.as_str()))
    })
}

/// Status, body and what the handlers heard of it.
async fn deliver(client: Option<Alipay>, request: TestRequest) -> (u16, String, Vec<String>) {
    let heard: Data<Heard> = Data::new(Mutex::default());
    // Limits and settings of other extractors are not the notice's.
    let mut app = App::new()
        .app_data(heard.clone())
        .app_data(PayloadConfig::new(16))
        .route("/notify", post().to(notify))
        .route("/gateway", post().to(message));
    if let Some(client) = client {
        app = app.app_data(Data::new(client));
    }
    let response = call_service(&init_service(app).await, request.to_request()).await;
    let status = response.status().as_u16();
    let kind = response.headers().get(CONTENT_TYPE).unwrap();
    assert_eq!(kind, "text/plain; charset=utf-8");
    let body = to_bytes(response.into_body()).await.unwrap();
    let heard = heard.lock().unwrap().clone();
    (status, String::from_utf8(body.to_vec()).unwrap(), heard)
}

fn accepted(heard: &str) -> (u16, String, Vec<String>) {
    (200, "success".to_owned(), vec![heard.to_owned()])
}

fn refused(status: u16) -> (u16, String, Vec<String>) {
    (status, "failure".to_owned(), Vec::new())
}

fn paid(platform: &FakePlatform) -> RawNotice {
    platform.notice(&fields(&[]))
}

fn a_message(platform: &FakePlatform) -> RawNotice {
    platform.message(&[
        ("app_id", APP_ID),
        ("biz_content", "{}"),
        ("charset", "utf-8"),
        ("msg_method", "alipay.a.b"),
    ])
}

#[tokio::test]
async fn a_true_notice_reaches_the_handler_and_is_answered_in_seven_letters() {
    let platform = FakePlatform::new();
    let notice = paid(&platform);
    let heard = deliver(Some(platform.client()), request(&notice)).await;
    assert_eq!(heard, accepted("PO1"));
    // The recorded ones, with the content type that strict readers of forms do not take.
    for (name, said) in [
        ("notice", "T20260101000001"),
        ("gbk_notice", "T20260101000001"),
        ("refund_notice", "trade_status_sync"),
    ] {
        let heard = deliver(Some(vectors_client()), request(&recorded(name))).await;
        assert_eq!(heard, accepted(said), "{name}");
    }
}

#[tokio::test]
async fn r18_messages_and_notices_do_not_pass_for_each_other() {
    let platform = FakePlatform::new();
    let (notice, message) = (paid(&platform), a_message(&platform));
    let at = |path: &str, notice: &RawNotice| request(notice).uri(path);
    let heard = deliver(Some(platform.client()), at("/gateway", &message)).await;
    assert_eq!(heard, accepted("alipay.a.b"));
    for (path, other) in [("/gateway", &notice), ("/notify", &message)] {
        let heard = deliver(Some(platform.client()), at(path, other)).await;
        assert_eq!(heard, refused(401), "{path}");
    }
}

#[tokio::test]
async fn r18_what_is_not_the_platforms_word_is_refused_without_a_reason() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let notice = paid(&platform);
    let body = String::from_utf8(notice.body.to_vec()).unwrap();
    let mut doubled = notice.clone();
    doubled.headers.push(notice.headers[0].clone());
    let mut json = notice.clone();
    json.headers[0].1 = "application/json".to_owned();
    let mut untold = notice.clone();
    untold.headers.clear();
    for (notice, reason) in [
        (&raw(&body.replace("9.90", "9.91")), "bad_signature"),
        (
            &raw(&body.replace("sign_type=RSA2", "sign_type=RSA")),
            "bad_signature",
        ),
        (&raw(""), "bad_signature"),
        (&raw(&format!("{body}&{body}")), "bad_signature"),
        (&doubled, "doubled_header"),
        (&json, "bad_header"),
        (&untold, "missing_header"),
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
    let heard = deliver(Some(client), request(&notice)).await;
    assert_eq!(heard.0, 200, "and the true one is still taken");
    assert!(platform.sent().is_empty(), "nobody was asked");
}

#[tokio::test]
async fn an_authentic_notice_that_cannot_be_read_is_malformed() {
    let platform = FakePlatform::new();
    for change in [("notify_time", "now"), ("total_amount", "a lot")] {
        let notice = platform.notice(&fields(&[change]));
        let heard = deliver(Some(platform.client()), request(&notice)).await;
        assert_eq!(heard, refused(400), "{change:?}");
    }
}

#[tokio::test]
async fn a_body_is_bounded_whether_it_states_its_length_or_not() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let notice = paid(&platform);
    // An empty field is none, so a true notice can be made as long as may be.
    let filled = |length: usize| {
        let mut body = notice.body.to_vec();
        body.extend_from_slice(b"&");
        body.resize(length - 1, b'x');
        body.push(b'=');
        RawNotice {
            body: body.into(),
            ..notice.clone()
        }
    };
    let most = AlipayNotice::LONGEST;
    let longest = deliver(Some(client.clone()), request(&filled(most))).await;
    assert_eq!(longest, accepted("PO1"));
    let longer = deliver(Some(client.clone()), request(&filled(most + 1))).await;
    assert_eq!(longer, refused(413));
    // One that only states it is refused before a byte of it came.
    let stated = request(&notice).insert_header((CONTENT_LENGTH, most + 1));
    assert_eq!(deliver(Some(client), stated).await, refused(413));
}

#[tokio::test]
async fn each_app_has_a_scope_of_its_own_and_a_verifier_is_enough() {
    let platform = FakePlatform::new();
    let notice = paid(&platform);
    let heard: Data<Heard> = Data::new(Mutex::default());
    let verifier: NoticeVerifier = platform.client().notices();
    let app = App::new()
        .app_data(heard)
        .service(
            scope("/one")
                .app_data(Data::new(verifier))
                .route("/notify", post().to(notify)),
        )
        .service(
            scope("/other")
                .app_data(Data::new(vectors_client()))
                .route("/notify", post().to(notify)),
        );
    let app = init_service(app).await;
    for (path, status) in [("/one/notify", 200), ("/other/notify", 401)] {
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
    let client = FakePlatform::new().client();
    let forged = raw("subject=secret&sign=c2VjcmV0&sign_type=RSA2");
    assert_eq!(deliver(Some(client), request(&forged)).await, refused(401));
    assert_eq!(deliver(None, request(&forged)).await, refused(500));
    let text = log.0.lock().unwrap();
    for said in [
        "DEBUG message=notice refused: the signature does not match reason=\"bad_signature\" \
         body_bytes=43",
        "ERROR message=notice refused: there is neither Data<NoticeVerifier> nor Data<Alipay> in \
         the app's data: add .app_data(Data::new(client))",
    ] {
        assert!(text.contains(said), "{text}");
    }
    for secret in ["secret", "c2Vj"] {
        assert!(!text.contains(secret), "{text}");
    }
}
