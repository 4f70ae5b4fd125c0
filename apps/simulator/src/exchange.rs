//! One admitted call and its answer, with the fault it meets in between. Both channels share it.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    body::{BodySize, MessageBody},
    web::{Bytes, Data},
};

use crate::{
    channel::Channel,
    faults::{Fault, Kind, Point},
    simulator::{Manner, Simulator},
    world::World,
};

/// How an answer is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seal {
    True,
    Wrong,
    Missing,
}

/// A well-formed call that has passed its channel's gate.
pub(crate) trait Exchange: Sized {
    type Outcome;

    const CHANNEL: Channel;

    fn point(&self) -> Point;

    /// The merchant's number of the order in question; empty if the world does not know it.
    fn out_trade_no(&self, world: &World) -> String;

    fn act(self, sim: &Simulator) -> Self::Outcome;

    /// The outcome that a fault asked for instead of an act.
    fn ordered(self, status: u16, code: Option<String>) -> Self::Outcome;

    fn succeeded(outcome: &Self::Outcome) -> bool;

    fn answer(sim: &Simulator, outcome: Self::Outcome, seal: Seal) -> HttpResponse;
}

/// Does what was asked, or what a fault makes of it.
pub(crate) async fn serve<E: Exchange>(sim: Data<Simulator>, call: E) -> HttpResponse {
    let fault = {
        let mut world = sim.world();
        let number = call.out_trade_no(&world);
        world.faults.take(call.point(), &number)
    };
    match fault.as_ref().map(|fault| fault.kind) {
        Some(Kind::DropConnection) => no_answer(),
        Some(Kind::Status) => {
            let value = fault.as_ref().and_then(|fault| fault.value);
            let status = value.and_then(|value| u16::try_from(value).ok());
            let code = fault.and_then(|fault| fault.code);
            E::answer(&sim, call.ordered(status.unwrap_or(500), code), Seal::True)
        }
        Some(Kind::DelayMs) => {
            delay(fault).await;
            E::answer(&sim, call.act(&sim), Seal::True)
        }
        Some(Kind::ActThenDelay) => {
            let outcome = call.act(&sim);
            delay(fault).await;
            E::answer(&sim, outcome, Seal::True)
        }
        Some(Kind::ActThenDrop) => {
            drop(call.act(&sim));
            no_answer()
        }
        Some(Kind::BadSignature) => E::answer(&sim, call.act(&sim), Seal::Wrong),
        Some(Kind::Unsigned) => E::answer(&sim, call.act(&sim), Seal::Missing),
        Some(Kind::PayBeforeAnswer) => {
            let number = call.out_trade_no(&sim.world());
            let outcome = call.act(&sim);
            if E::succeeded(&outcome) {
                pay_and_notify(sim.clone(), E::CHANNEL, &number).await;
            }
            E::answer(&sim, outcome, Seal::True)
        }
        None => E::answer(&sim, call.act(&sim), Seal::True),
    }
}

/// Returns once the first try of the notice is over, whatever came of it.
async fn pay_and_notify(sim: Data<Simulator>, channel: Channel, number: &str) {
    match sim.into_inner().pay(channel, number, &Manner::default()) {
        Ok((_, Some(first_try))) => drop(first_try.await),
        Ok((_, None)) => {}
        Err(error) => tracing::warn!(%error, order.no = number, "order was not paid before answer"),
    }
}

async fn delay(fault: Option<Fault>) {
    let pause = fault.and_then(|fault| fault.value).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(pause)).await;
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
