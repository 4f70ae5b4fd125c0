//! The API over HTTP: raw requests in, signed answers out, faults in between.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::{StatusCode, header::HeaderMap},
    web::{self, Bytes, Data, Path},
};
use serde_json::{Value, json};

use crate::{
    faults::{Fault, Kind},
    random,
    simulator::{Manner, Simulator},
    wechat::{
        calls::{self, Call, Endpoint},
        gate::{self, Incoming},
        notice::Signed,
        refusal::Refusal,
    },
};

type Outcome = Result<Option<Value>, Refusal>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seal {
    True,
    Wrong,
    Missing,
}

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/v3/pay/transactions/native").route(web::post().to(native)))
        .service(
            web::resource("/v3/pay/transactions/out-trade-no/{number}/close")
                .route(web::post().to(close)),
        )
        .service(
            web::resource("/v3/pay/transactions/out-trade-no/{number}")
                .route(web::get().to(query_by_number)),
        )
        .service(
            web::resource("/v3/pay/transactions/id/{number}")
                .route(web::get().to(query_by_transaction)),
        );
}

async fn native(sim: Data<Simulator>, request: HttpRequest, body: Bytes) -> HttpResponse {
    serve(sim, &request, &body, Endpoint::Native).await
}

async fn close(
    sim: Data<Simulator>,
    request: HttpRequest,
    number: Path<String>,
    body: Bytes,
) -> HttpResponse {
    serve(sim, &request, &body, Endpoint::Close(number.into_inner())).await
}

async fn query_by_number(
    sim: Data<Simulator>,
    request: HttpRequest,
    number: Path<String>,
    body: Bytes,
) -> HttpResponse {
    serve(
        sim,
        &request,
        &body,
        Endpoint::QueryByNumber(number.into_inner()),
    )
    .await
}

async fn query_by_transaction(
    sim: Data<Simulator>,
    request: HttpRequest,
    number: Path<String>,
    body: Bytes,
) -> HttpResponse {
    serve(
        sim,
        &request,
        &body,
        Endpoint::QueryByTransaction(number.into_inner()),
    )
    .await
}

async fn serve(
    sim: Data<Simulator>,
    request: &HttpRequest,
    body: &[u8],
    endpoint: Endpoint,
) -> HttpResponse {
    let call = match admit(&sim, request, body, endpoint) {
        Ok(call) => call,
        Err(refusal) => return answer(&sim, Err(refusal), Seal::True),
    };
    let fault = {
        let mut world = sim.world();
        let number = call.out_trade_no(&world).to_owned();
        world.faults.take(call.point(), &number)
    };
    match fault.as_ref().map(|fault| fault.kind) {
        Some(Kind::DropConnection) => no_answer(),
        Some(Kind::Status) => answer(&sim, Err(ordered(fault)), Seal::True),
        Some(Kind::DelayMs) => {
            delay(fault).await;
            answer(&sim, act(&sim, call), Seal::True)
        }
        Some(Kind::ActThenDelay) => {
            let outcome = act(&sim, call);
            delay(fault).await;
            answer(&sim, outcome, Seal::True)
        }
        Some(Kind::ActThenDrop) => {
            drop(act(&sim, call));
            no_answer()
        }
        Some(Kind::BadSignature) => answer(&sim, act(&sim, call), Seal::Wrong),
        Some(Kind::Unsigned) => answer(&sim, act(&sim, call), Seal::Missing),
        Some(Kind::PayBeforeAnswer) => {
            let number = call.out_trade_no(&sim.world()).to_owned();
            let outcome = act(&sim, call);
            if outcome.is_ok() {
                pay_and_notify(sim.clone(), &number).await;
            }
            answer(&sim, outcome, Seal::True)
        }
        None => answer(&sim, act(&sim, call), Seal::True),
    }
}

fn admit(
    sim: &Simulator,
    request: &HttpRequest,
    body: &[u8],
    endpoint: Endpoint,
) -> Result<Call, Refusal> {
    let headers = request.headers();
    let target = request.uri().path_and_query();
    let incoming = Incoming {
        method: request.method().as_str(),
        target: target.map_or("/", |target| target.as_str()),
        body,
        authorization: header(headers, "Authorization"),
        accept: header(headers, "Accept"),
        user_agent: header(headers, "User-Agent"),
        content_type: header(headers, "Content-Type"),
        platform_serial: header(headers, "Wechatpay-Serial"),
    };
    gate::admit(&incoming, &sim.material, sim.clock.signature_time())?;
    let query = request.query_string();
    calls::understand(
        endpoint,
        query,
        body,
        &sim.material.keys,
        sim.options.plain_http,
    )
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn act(sim: &Simulator, call: Call) -> Outcome {
    let code = random::alphanumeric(9);
    let code_url = sim.code_url(&code);
    let now = sim.clock.now();
    call.carry_out(&mut sim.world(), &sim.material.keys, (&code, code_url), now)
}

/// Returns once the first try of the notice is over, whatever came of it.
async fn pay_and_notify(sim: Data<Simulator>, number: &str) {
    match sim.into_inner().pay(number, &Manner::default()) {
        Ok((_, Some(first_try))) => drop(first_try.await),
        Ok((_, None)) => {}
        Err(error) => tracing::warn!(%error, order.no = number, "order was not paid before answer"),
    }
}

async fn delay(fault: Option<Fault>) {
    let pause = fault.and_then(|fault| fault.value).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(pause)).await;
}

fn ordered(fault: Option<Fault>) -> Refusal {
    let value = fault.as_ref().and_then(|fault| fault.value);
    let status = value
        .and_then(|value| u16::try_from(value).ok())
        .unwrap_or(500);
    Refusal::ordered(status, fault.and_then(|fault| fault.code))
}

/// Successes are signed, also over the empty body of a 204; refusals are not. Answers 401 carry
/// no `Request-ID`.
fn answer(sim: &Simulator, outcome: Outcome, seal: Seal) -> HttpResponse {
    let (status, body, number) = match outcome {
        Ok(Some(value)) => (200, value.to_string(), 0),
        Ok(None) => (204, String::new(), 0),
        Err(refusal) => {
            let mut body = json!({"code": refusal.code, "message": refusal.message});
            if let (Some(detail), Some(fields)) = (refusal.detail, body.as_object_mut()) {
                fields.insert("detail".to_owned(), detail);
            }
            (refusal.status, body.to_string(), refusal.number)
        }
    };
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or_default());
    if status != 401 {
        response.insert_header(("Request-ID", format!("{}-{number}", random::upper_hex(32))));
    }
    if (200..300).contains(&status) && seal != Seal::Missing {
        let mut signed = Signed::over(body.as_bytes(), &sim.material, sim.clock.signature_time());
        if seal == Seal::Wrong {
            signed.spoil(&sim.material);
        }
        for pair in signed.headers() {
            response.insert_header(pair);
        }
    }
    if body.is_empty() {
        return response.finish();
    }
    response
        .insert_header(("Content-Type", "application/json; charset=utf-8"))
        .body(body)
}

/// Ends the connection before a byte of the answer has left.
fn no_answer() -> HttpResponse {
    HttpResponse::Ok().force_close().body(Broken)
}

/// A body that fails at its first byte, at which the server gives the connection up.
struct Broken;

impl MessageBody for Broken {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        Poll::Ready(Some(Err(io::Error::other("dropped on request"))))
    }
}
