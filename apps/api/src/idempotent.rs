//! Requests that may be sent again under the same `Idempotency-Key`.

use std::future::{Future, Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bootstrap::Service;
use cashier::{IdempotencyKey, KeptAnswer, KeyRun, Taken};
use kernel::{OrderNo, UserId};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use crate::problem::Problem;

/// The header under which a caller names a request.
pub(crate) const KEY: &str = "Idempotency-Key";
/// While a request is worked on, its key is held anew this often.
const HOLD_EVERY: Duration = Duration::from_secs(10);
/// The header of an answer that was given before.
pub(crate) const REPLAYED: &str = "idempotency-replayed";

/// The header as it is described.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by `Named`; this only describes it")]
pub(crate) struct KeyHeader {
    /// Your own name for this request: sending it again under the same name is safe.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 64,
        pattern = "^[!-~]+$"
    )]
    key: Option<String>,
}

/// How the caller named a request, if at all, and where it was sent.
#[derive(Debug)]
pub(crate) struct Named {
    key: Option<String>,
    path: String,
}

impl FromRequest for Named {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The endpoint's own path: as a caller writes it, one path has many spellings.
        let path = request.match_pattern();
        let path = path.unwrap_or_else(|| request.path().to_owned());
        ready(key_of(request).map(|key| Self { key, path }))
    }
}

fn key_of(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut given = request.headers().get_all(KEY);
    let Some(key) = given.next() else {
        return Ok(None);
    };
    if given.next().is_some() {
        return Err(Problem::invalid(KEY, "given twice"));
    }
    let bytes = key.as_bytes();
    let fits = (1..=64).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    match std::str::from_utf8(bytes) {
        Ok(key) if fits => Ok(Some(key.to_owned())),
        _ => Err(Problem::invalid(KEY, "must be 1 to 64 visible ASCII")),
    }
}

/// How a request is worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// From the beginning; under a key if it has one.
    Begin(Option<KeyRun>),
    /// An earlier run made this order and was not answered.
    Continue(OrderNo),
}

/// An answer that can be kept.
#[derive(Debug)]
pub(crate) struct Answered {
    status: StatusCode,
    body: String,
    replayed: bool,
}

impl Answered {
    pub(crate) fn json(status: StatusCode, view: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(view).map_err(|error| Problem::internal(&error))?;
        Ok(Self {
            status,
            body,
            replayed: false,
        })
    }

    fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.replayed {
            response.insert_header((REPLAYED, "true"));
        }
        response.content_type("application/json").body(self.body)
    }
}

/// Works on a request in a task of its own, so that a caller who hangs up cancels nothing. Under a
/// key it is worked on once: a final answer is kept and given again, and after any other answer the
/// next request under the key goes on where this one ended.
///
/// `asked` stands for the request: the parsed body, so that a default that was left out is the same
/// as one that was written.
pub(crate) async fn idempotent<B, W, F>(
    service: &Service,
    caller: &UserId,
    named: Named,
    asked: &B,
    work: W,
) -> Result<HttpResponse, Problem>
where
    B: Serialize,
    W: FnOnce(Run) -> F + Send + 'static,
    F: Future<Output = Result<Answered, Problem>> + Send + 'static,
{
    let tasks = service.ports.tasks.clone();
    let Some(key) = named.key else {
        return Ok(tasks
            .run(Box::pin(work(Run::Begin(None))))
            .await??
            .respond());
    };
    let asked = serde_json::to_vec(asked).map_err(|error| Problem::internal(&error))?;
    let key = IdempotencyKey {
        caller: caller.clone(),
        path: named.path,
        key,
        digest: URL_SAFE_NO_PAD.encode(digest(&SHA256, &asked)),
    };
    let service = service.clone();
    let answered = tasks.run(async move { under_key(&service, &key, work).await });
    Ok(answered.await??.respond())
}

async fn under_key<W, F>(
    service: &Service,
    key: &IdempotencyKey,
    work: W,
) -> Result<Answered, Problem>
where
    W: FnOnce(Run) -> F,
    F: Future<Output = Result<Answered, Problem>>,
{
    let (run, how) = match service.idempotency.take(key).await? {
        Taken::New(run) => (run.clone(), Run::Begin(Some(run))),
        Taken::Continue(run, order_no) => (run, Run::Continue(order_no)),
        Taken::Replay(answer) => return again(answer),
        Taken::Reused => return Err(Problem::key_reused()),
        Taken::InProgress => return Err(Problem::in_progress()),
    };
    let answered = holding(service, &run, Box::pin(work(how))).await;
    keep(service, &run, &answered).await;
    answered
}

/// Works, and goes on holding the key meanwhile: only a process that died lets go of it.
async fn holding<T>(service: &Service, run: &KeyRun, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(HOLD_EVERY) => {
                if let Err(error) = service.idempotency.hold(run).await {
                    tracing::warn!(%error, "a key may be let go of while its request is worked on");
                }
            }
        }
    }
}

/// Keeps a final answer, or gives the key back. What went wrong here does not change the answer,
/// which is true; the key is free again when its lease ends.
async fn keep(service: &Service, run: &KeyRun, answered: &Result<Answered, Problem>) {
    let answer = match answered {
        Ok(answered) => Ok(Some((answered.status, answered.body.clone()))),
        Err(problem) if is_final(problem.status()) => {
            problem.kept().map(|body| Some((problem.status(), body)))
        }
        Err(_) => Ok(None),
    };
    let answer = answer.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer cannot be kept");
        None
    });
    let kept = match answer {
        Some((status, body)) => {
            let status = status.as_u16();
            let answer = KeptAnswer { status, body };
            service.idempotency.finish(run, &answer).await
        }
        None => service.idempotency.release(run).await,
    };
    match kept {
        Ok(true) => {}
        Ok(false) => tracing::warn!("another run took the key of this one over"),
        Err(error) => tracing::warn!(%error, "a key stays taken until its lease ends"),
    }
}

/// Whether asking again would be answered the same. Who may not call yet, or too often, may later.
fn is_final(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        )
}

/// A kept answer, given again.
fn again(answer: KeptAnswer) -> Result<Answered, Problem> {
    let status = StatusCode::from_u16(answer.status).map_err(|error| Problem::internal(&error))?;
    if status.is_client_error() {
        let problem = Problem::replayed(&answer.body);
        return Err(problem.unwrap_or_else(|error| Problem::internal(&error)));
    }
    Ok(Answered {
        status,
        body: answer.body,
        replayed: true,
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<String>, Problem> {
        let mut request = TestRequest::default();
        for value in values {
            let value = actix_web::http::header::HeaderValue::from_bytes(value).unwrap();
            request = request.append_header(("idempotency-key", value));
        }
        key_of(&request.to_http_request())
    }

    #[test]
    fn a_key_is_one_short_visible_word() {
        let longest = "~".repeat(64);
        assert_eq!(read(&[]).unwrap(), None);
        for good in ["!", "a-1", &longest] {
            assert_eq!(read(&[good.as_bytes()]).unwrap().as_deref(), Some(good));
        }
        let long = "~".repeat(65);
        let bad: [&[&[u8]]; 6] = [
            &[b""],
            &[b"a b"],
            &[b"a\tb"],
            &["é".as_bytes()],
            &[long.as_bytes()],
            &[b"a", b"a"],
        ];
        for bad in bad {
            let problem = read(bad).unwrap_err();
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
            assert!(problem.to_string().contains(KEY), "{problem}");
        }
    }

    #[test]
    fn what_may_change_is_not_final() {
        for status in [400, 404, 409, 422] {
            assert!(is_final(StatusCode::from_u16(status).unwrap()), "{status}");
        }
        for status in [401, 403, 429, 500, 502, 503, 504] {
            assert!(!is_final(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }

    #[test]
    fn a_problem_is_given_again_whole() {
        let mut problem = Problem::invalid("item.code", "not for sale");
        problem = Problem::replayed(&problem.kept().unwrap()).unwrap();
        let again = Problem::replayed(&problem.kept().unwrap()).unwrap();
        assert_eq!(again.body("request-1"), problem.body("request-1"));
        assert!(again.body("request-1").contains("not for sale"));
    }
}
