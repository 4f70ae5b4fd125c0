//! Callbacks: raw bytes in, the platform's own form of yes and no out.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, ReqData};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use cashier::Refusal;
use paydesk_provider::{Channel, NoticeError, RawNotice};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Api;
use crate::body;
use crate::requests::RequestId;

/// A notice is a few KiB.
const LIMIT: usize = 64 * 1024;
/// The platform waits five seconds; whatever is not durable by then is answered as failure. It is the
/// deadline of all: of the body, which a slow caller may dribble, and of settling.
const DEADLINE: Duration = Duration::from_secs(4);
const PLAIN: &str = "text/plain; charset=utf-8";

/// What a callback came to, before it is said in a platform's own form.
enum Verdict {
    Accepted,
    Refused(StatusCode, &'static str),
}

/// What WeChat Pay is told when it should send a notice again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WechatRefusal {
    #[schema(example = "FAIL")]
    code: &'static str,
    message: &'static str,
}

/// WeChat Pay's notices: an empty 204, or a status of failure with a short JSON.
#[utoipa::path(post, path = "/api/v1/payment/wechat/callback", tag = "platforms",
    request_body(content = String, content_type = "application/json", description = "Signed; read as bytes"),
    responses(
        (status = 204, description = "Durable"),
        (status = 400, description = "Not understood", body = WechatRefusal),
        (status = 401, description = "Not believed", body = WechatRefusal),
        (status = 409, description = "True, but nothing that we can settle now", body = WechatRefusal),
        (status = 413, description = "Too large", body = WechatRefusal),
        (status = 503, description = "Not durable, send again", body = WechatRefusal)))]
pub(crate) async fn wechat(
    api: Data<Api>,
    id: ReqData<RequestId>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    match judge(&api, Channel::Wechat, id.into_inner(), &request, payload).await {
        Verdict::Accepted => HttpResponse::NoContent().finish(),
        Verdict::Refused(status, message) => {
            let code = "FAIL";
            answer(status).json(WechatRefusal { code, message })
        }
    }
}

/// Alipay's notices: 200 with the seven bytes `success`, or with anything else. Only what is our own fault has
/// another status.
#[utoipa::path(post, path = "/api/v1/payment/alipay/callback", tag = "platforms",
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "Signed; read as bytes"),
    responses(
        (status = 200, description = "`success` once durable, `failure` otherwise",
            content_type = "text/plain", body = String),
        (status = 503, description = "`failure`: our database is away",
            content_type = "text/plain", body = String)))]
pub(crate) async fn alipay(
    api: Data<Api>,
    id: ReqData<RequestId>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    match judge(&api, Channel::Alipay, id.into_inner(), &request, payload).await {
        Verdict::Accepted => HttpResponse::Ok().content_type(PLAIN).body("success"),
        Verdict::Refused(StatusCode::SERVICE_UNAVAILABLE, _) => {
            answer(StatusCode::SERVICE_UNAVAILABLE)
                .content_type(PLAIN)
                .body("failure")
        }
        Verdict::Refused(..) => HttpResponse::Ok().content_type(PLAIN).body("failure"),
    }
}

async fn judge(
    api: &Api,
    channel: Channel,
    id: RequestId,
    request: &HttpRequest,
    payload: Payload,
) -> Verdict {
    let verdict = receive(api, channel, id.0, request, payload);
    match tokio::time::timeout(DEADLINE, verdict).await {
        Ok(verdict) => verdict,
        Err(_) => Verdict::Refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "not durable in time, send again",
        ),
    }
}

async fn receive(
    api: &Api,
    channel: Channel,
    id: String,
    request: &HttpRequest,
    payload: Payload,
) -> Verdict {
    let Ok(body) = body::read(payload.into_inner(), LIMIT).await else {
        return Verdict::Refused(StatusCode::PAYLOAD_TOO_LARGE, "body not accepted");
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
        .run(async move { notices.receive(channel, &raw, &id).await });
    match received.await {
        Ok(Ok(_)) => Verdict::Accepted,
        Ok(Err(refusal)) => Verdict::Refused(status_of(&refusal), "not accepted"),
        Err(_) => Verdict::Refused(StatusCode::SERVICE_UNAVAILABLE, "not durable, send again"),
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

/// The head of a refusal. It tells nobody why: the reason is counted and logged here.
fn answer(status: StatusCode) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    if matches!(
        status,
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::SERVICE_UNAVAILABLE
    ) {
        // What was not read must not keep the connection open.
        answer.force_close();
    }
    answer
}

fn headers(request: &HttpRequest) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
}
