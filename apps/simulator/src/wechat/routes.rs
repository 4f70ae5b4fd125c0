//! The API over HTTP: raw requests in, signed answers out.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::HeaderMap},
    web::{self, Bytes, Data, Path},
};
use serde_json::{Value, json};

use crate::{
    channel::Channel,
    exchange::{self, Exchange, Seal},
    faults::Point,
    random,
    simulator::Simulator,
    wechat::{
        calls::{self, Call, Endpoint},
        gate::{self, Incoming},
        notice::Signed,
        refusal::Refusal,
    },
    world::World,
};

type Outcome = Result<Option<Value>, Refusal>;

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
    match admit(&sim, request, body, endpoint) {
        Ok(call) => exchange::serve(sim, call).await,
        Err(refusal) => answer(&sim, Err(refusal), Seal::True),
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

impl Exchange for Call {
    type Outcome = Outcome;

    const CHANNEL: Channel = Channel::Wechat;

    fn point(&self) -> Point {
        match self {
            Self::Native(_) => Point::Native,
            Self::QueryByNumber(_) | Self::QueryByTransaction(_) => Point::Query,
            Self::Close(_) => Point::Close,
        }
    }

    fn out_trade_no(&self, world: &World) -> String {
        let order = match self {
            Self::Native(terms) => return terms.out_trade_no.clone(),
            Self::QueryByNumber(number) | Self::Close(number) => return number.clone(),
            Self::QueryByTransaction(number) => world.order_by_transaction(Self::CHANNEL, number),
        };
        order.map_or_else(String::new, |order| order.terms.out_trade_no.clone())
    }

    fn act(self, sim: &Simulator) -> Outcome {
        let code = random::alphanumeric(9);
        let code_url = sim.code_url(Self::CHANNEL, &code);
        let now = sim.clock.now();
        self.carry_out(&mut sim.world(), &sim.material.keys, (&code, code_url), now)
    }

    fn ordered(self, status: u16, code: Option<String>) -> Outcome {
        Err(Refusal::ordered(status, code))
    }

    fn succeeded(outcome: &Outcome) -> bool {
        outcome.is_ok()
    }

    fn answer(sim: &Simulator, outcome: Outcome, seal: Seal) -> HttpResponse {
        answer(sim, outcome, seal)
    }
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
