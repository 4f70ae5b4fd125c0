//! The control API under `/sim`: what a test or a person does to the simulated platform. It has no
//! authentication and belongs on a local address only.

use actix_web::{
    HttpResponse, Responder,
    http::StatusCode,
    web::{self, Bytes, Data, Json, Path, Query},
};
use qrcode::{QrCode, render::svg};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    channel::Channel,
    clock::{Change, rfc3339},
    faults::Fault,
    orders::{Order, PayError},
    simulator::{Manner, Simulator},
};

mod notices;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/sim")
            .app_data(web::JsonConfig::default().error_handler(|error, _| {
                let response = problem(StatusCode::BAD_REQUEST, &error.to_string());
                actix_web::error::InternalError::from_response(error, response).into()
            }))
            .route("/keys", web::get().to(keys))
            .route("/orders", web::get().to(orders))
            .route("/orders/{number}", web::get().to(order))
            .route("/orders/{number}/code.svg", web::get().to(code))
            .route("/orders/{number}/pay", web::post().to(pay))
            .route("/orders/{number}/scan", web::post().to(scan))
            .route("/orders/{number}/finish", web::post().to(finish))
            .route("/orders/{number}/redeliver", web::post().to(redeliver))
            .route("/deliveries", web::get().to(deliveries))
            .route("/notices", web::post().to(notices::send))
            .route("/faults", web::get().to(faults))
            .route("/faults", web::post().to(add_faults))
            .route("/faults", web::delete().to(clear_faults))
            .route("/clock", web::get().to(clock))
            .route("/clock", web::post().to(change_clock)),
    );
}

/// How many entries a list shows unless asked otherwise.
const SHOWN: usize = 200;

#[derive(Debug, Deserialize)]
struct Selection {
    limit: Option<usize>,
    out_trade_no: Option<String>,
}

/// For a number that both channels know.
#[derive(Debug, Deserialize)]
struct Which {
    channel: Option<Channel>,
}

/// The order that a request speaks of.
fn find(sim: &Simulator, number: &str, which: &Which) -> Option<Order> {
    let now = sim.clock.now();
    let mut world = sim.world();
    let channel = which.channel.or_else(|| world.channel_of(number))?;
    world.order(channel, number, now).cloned()
}

fn problem(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).json(json!({"error": message}))
}

fn unknown_order() -> HttpResponse {
    problem(StatusCode::NOT_FOUND, &PayError::Unknown.to_string())
}

/// An order with what only the platform knows.
pub(super) fn describe(sim: &Simulator, order: &Order, now: OffsetDateTime) -> Value {
    let payment = order.payment();
    let channel = order.terms.channel;
    let trade = order.trade.as_ref().map(|trade| &trade.transaction_id);
    json!({
        "channel": channel,
        "out_trade_no": order.terms.out_trade_no,
        "state": order.trade_state(),
        "standing": order.standing(now),
        "description": order.terms.description,
        "total_fen": order.terms.total_fen,
        "payer_total_fen": payment.map(|payment| order.terms.total_fen - payment.coupon_fen),
        "attach": order.terms.attach,
        "notify_url": order.terms.notify_url,
        "code": order.code,
        "code_url": sim.code_url(channel, &order.code),
        "page_url": sim.page_url(&order.code),
        "placed_at": rfc3339(order.placed_at),
        "deadline": rfc3339(order.deadline),
        "transaction_id": payment.map(|payment| &payment.transaction_id).or(trade),
        "paid_at": payment.map(|payment| rfc3339(payment.paid_at)),
        "failed_attempts": order.failed_attempts,
    })
}

async fn keys(sim: Data<Simulator>) -> impl Responder {
    Json(sim.settings())
}

async fn orders(sim: Data<Simulator>, selection: Query<Selection>) -> impl Responder {
    let now = sim.clock.now();
    let newest = sim.world().newest(selection.limit.unwrap_or(SHOWN), now);
    Json(
        newest
            .iter()
            .map(|order| describe(&sim, order, now))
            .collect::<Vec<_>>(),
    )
}

async fn order(sim: Data<Simulator>, number: Path<String>, which: Query<Which>) -> HttpResponse {
    match find(&sim, &number, &which) {
        Some(order) => HttpResponse::Ok().json(describe(&sim, &order, sim.clock.now())),
        None => unknown_order(),
    }
}

async fn code(sim: Data<Simulator>, number: Path<String>, which: Query<Which>) -> HttpResponse {
    let Some(order) = find(&sim, &number, &which) else {
        return unknown_order();
    };
    match QrCode::new(sim.page_url(&order.code)) {
        Ok(code) => HttpResponse::Ok().content_type("image/svg+xml").body(
            code.render::<svg::Color<'_>>()
                .min_dimensions(200, 200)
                .build(),
        ),
        Err(error) => problem(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Pays as the customer would; the body may say how, or be missing.
async fn pay(
    sim: Data<Simulator>,
    number: Path<String>,
    which: Query<Which>,
    body: Bytes,
) -> HttpResponse {
    let manner = if body.is_empty() {
        Ok(Manner::default())
    } else {
        serde_json::from_slice::<Manner>(&body)
    };
    let manner = match manner {
        Ok(manner) => manner,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let now = sim.clock.now();
    let Some(channel) = find(&sim, &number, &which).map(|order| order.terms.channel) else {
        return unknown_order();
    };
    match sim.clone().into_inner().pay(channel, &number, &manner) {
        Ok((order, _)) => HttpResponse::Ok().json(describe(&sim, &order, now)),
        Err(error) => problem(StatusCode::CONFLICT, &error.to_string()),
    }
}

/// Scans as the customer would, without paying. Only Alipay makes a difference of it.
async fn scan(sim: Data<Simulator>, number: Path<String>, which: Query<Which>) -> HttpResponse {
    let Some(order) = find(&sim, &number, &which) else {
        return unknown_order();
    };
    sim.scan(&order.code);
    let scanned = find(&sim, &number, &which).unwrap_or(order);
    HttpResponse::Ok().json(describe(&sim, &scanned, sim.clock.now()))
}

/// Ends the time of refunds: a paid Alipay trade reads `TRADE_FINISHED` from now on.
async fn finish(sim: Data<Simulator>, number: Path<String>, which: Query<Which>) -> HttpResponse {
    let now = sim.clock.now();
    let Some(order) = find(&sim, &number, &which) else {
        return unknown_order();
    };
    let finished = sim.world().finish(order.terms.channel, &number, now);
    match finished {
        Ok(order) if order.finished => HttpResponse::Ok().json(describe(&sim, &order, now)),
        Ok(_) => problem(
            StatusCode::CONFLICT,
            "only a paid Alipay trade can be finished",
        ),
        Err(_) => unknown_order(),
    }
}

/// Sends the payment's notice once more, now, whatever the plan is doing.
async fn redeliver(
    sim: Data<Simulator>,
    number: Path<String>,
    which: Query<Which>,
) -> HttpResponse {
    let Some(order) = find(&sim, &number, &which) else {
        return unknown_order();
    };
    if order.payment().is_none() {
        return problem(
            StatusCode::CONFLICT,
            "the order is not paid: there is no notice",
        );
    }
    match sim.announcement(&order) {
        Some(notice) => HttpResponse::Ok().json(sim.deliver(&notice, None, None).await),
        None => problem(StatusCode::CONFLICT, "the order came without notify_url"),
    }
}

/// Newest first.
async fn deliveries(sim: Data<Simulator>, selection: Query<Selection>) -> impl Responder {
    let world = sim.world();
    let wanted = selection.out_trade_no.as_deref();
    let lines = world.deliveries.lines().rev();
    let lines = lines.filter(|line| wanted.is_none_or(|number| line.out_trade_no == number));
    Json(
        lines
            .take(selection.limit.unwrap_or(SHOWN))
            .cloned()
            .collect::<Vec<_>>(),
    )
}

async fn faults(sim: Data<Simulator>) -> impl Responder {
    Json(sim.world().faults.list())
}

async fn add_faults(sim: Data<Simulator>, faults: Json<Vec<Fault>>) -> HttpResponse {
    if let Some(objection) = faults.iter().find_map(Fault::objection) {
        return problem(StatusCode::BAD_REQUEST, objection);
    }
    let mut world = sim.world();
    for fault in faults.into_inner() {
        world.faults.add(fault);
    }
    HttpResponse::Ok().json(world.faults.list())
}

async fn clear_faults(sim: Data<Simulator>) -> impl Responder {
    sim.world().faults.clear();
    HttpResponse::NoContent()
}

async fn clock(sim: Data<Simulator>) -> impl Responder {
    Json(sim.clock.reading())
}

async fn change_clock(sim: Data<Simulator>, change: Json<Change>) -> impl Responder {
    sim.clock.change(&change);
    Json(sim.clock.reading())
}
