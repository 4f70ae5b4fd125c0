//! The gateway over HTTP: one address for all methods, always 200 when it answers at all.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::CONTENT_TYPE,
    web::{self, Bytes, Data},
};

use crate::{
    alipay::{
        answer::Answer,
        calls::{self, Call},
        gate::{self, Method},
        refusal::Refusal,
    },
    channel::Channel,
    exchange::{self, Exchange, Seal},
    faults::Point,
    random,
    simulator::Simulator,
    world::World,
};

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/gateway.do")
            .route(web::post().to(gateway))
            .route(web::get().to(gateway)),
    );
}

async fn gateway(sim: Data<Simulator>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let content_type = request.headers().get(CONTENT_TYPE);
    let media_type = content_type
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    // A body of another type holds no parameters, so they are missing.
    let body = if media_type.trim().eq_ignore_ascii_case(FORM) {
        body
    } else {
        Bytes::new()
    };
    match admit(&sim, request.query_string(), &body) {
        Ok(call) => exchange::serve(sim, call).await,
        Err(answer) => answer.respond(&sim.material.alipay, Seal::True),
    }
}

fn admit(sim: &Simulator, query: &str, body: &[u8]) -> Result<Call, Answer> {
    let (method, given) = gate::admit(query, body, &sim.material, sim.clock.signature_time())?;
    calls::understand(method, &given, &sim.material.keys.alipay, sim.clock.now())
        .map_err(|refusal| Answer::refusal(method.name(), &refusal))
}

impl Exchange for Call {
    type Outcome = Answer;

    const CHANNEL: Channel = Channel::Alipay;

    fn point(&self) -> Point {
        match self.method() {
            Method::Precreate => Point::Precreate,
            Method::Query => Point::AlipayQuery,
            Method::Close => Point::AlipayClose,
        }
    }

    fn out_trade_no(&self, world: &World) -> String {
        match self {
            Self::Precreate(terms) => terms.out_trade_no.clone(),
            Self::Query(named) | Self::Close(named) => named.number(world),
        }
    }

    fn act(self, sim: &Simulator) -> Answer {
        let code = format!("bax{}", random::alphanumeric(20).to_ascii_lowercase());
        let qr_code = sim.code_url(Self::CHANNEL, &code);
        let now = sim.clock.now();
        self.carry_out(&mut sim.world(), (&code, qr_code), now)
    }

    /// The gateway refuses with 200; every other status comes from something in front of it.
    fn ordered(self, status: u16, code: Option<String>) -> Answer {
        if status != 200 {
            return Answer::Outage(status);
        }
        Answer::refusal(self.method().name(), &Refusal::ordered(code.as_deref()))
    }

    fn succeeded(outcome: &Answer) -> bool {
        outcome.is_success()
    }

    fn answer(sim: &Simulator, outcome: Answer, seal: Seal) -> HttpResponse {
        outcome.respond(&sim.material.alipay, seal)
    }
}
