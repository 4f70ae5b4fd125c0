//! Callbacks: raw bytes in, the platform's own form of yes and no out.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, ReqData};
use actix_web::{HttpRequest, HttpResponse};
use cashier::Refusal;
use paydesk_provider::{Channel, NoticeError, RawNotice};
use serde_json::json;

use crate::Api;
use crate::body;
use crate::requests::RequestId;

/// A notice is a few KiB.
const LIMIT: usize = 64 * 1024;
/// The platform waits five seconds; whatever is not durable by then is answered as failure. It is the
/// deadline of all: of the body, which a slow caller may dribble, and of settling.
const DEADLINE: Duration = Duration::from_secs(4);

pub(crate) async fn wechat(
    api: Data<Api>,
    id: ReqData<RequestId>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let id = id.into_inner().0;
    let answer = receive(&api, id, &request, payload);
    match tokio::time::timeout(DEADLINE, answer).await {
        Ok(answer) => answer,
        Err(_) => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "not durable in time, send again",
        ),
    }
}

async fn receive(api: &Api, id: String, request: &HttpRequest, payload: Payload) -> HttpResponse {
    let Ok(body) = body::read(payload.into_inner(), LIMIT).await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "body not accepted");
    };
    let raw = RawNotice {
        headers: headers(request),
        body,
    };
    let notices = api.service().notices.clone();
    // In a task of its own: what the platform told us is settled even if it hangs up.
    let received = api
        .service()
        .ports
        .tasks
        .run(async move { notices.receive(Channel::Wechat, &raw, &id).await });
    match received.await {
        Ok(Ok(_)) => HttpResponse::NoContent().finish(),
        Ok(Err(refusal)) => refused(status_of(&refusal), "not accepted"),
        Err(_) => refused(StatusCode::SERVICE_UNAVAILABLE, "not durable, send again"),
    }
}

fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::NotBelieved(NoticeError::Untrusted(_)) => StatusCode::UNAUTHORIZED,
        Refusal::NotBelieved(NoticeError::Malformed(_)) => StatusCode::BAD_REQUEST,
        refusal if refusal.is_store() => StatusCode::SERVICE_UNAVAILABLE,
        // True, but nothing we can settle now: the platform should send it again.
        _ => StatusCode::CONFLICT,
    }
}

/// WeChat Pay's form of failure. It tells nobody why: the reason is counted and logged here.
fn refused(status: StatusCode, message: &str) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    if matches!(
        status,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::SERVICE_UNAVAILABLE
    ) {
        // What was not read must not keep the connection open.
        answer.force_close();
    }
    answer.json(json!({ "code": "FAIL", "message": message }))
}

fn headers(request: &HttpRequest) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
}
