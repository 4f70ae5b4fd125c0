//! Counts and times every request, for metrics and alarms.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --example observed -- PO20260101000001
//! ```
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use paydesk_alipay::{Alipay, Exchange, Observer, TradeNumber};

/// What a service would keep in its metrics: by operation and outcome, never by number.
#[derive(Debug, Default)]
struct Counters(Mutex<BTreeMap<(&'static str, &'static str), u32>>);

impl Observer for Counters {
    /// Is called between an answer and its caller, so it does not wait for anything.
    fn exchanged(&self, exchange: &Exchange<'_>) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (exchange.operation, exchange.outcome);
        *counters.entry(key).or_default() += 1;
        println!(
            "{} attempt {}: {}, {} ms, code {:?}, request id {}",
            exchange.operation,
            exchange.attempt,
            exchange.outcome,
            exchange.duration.as_millis(),
            exchange.code,
            // What Alipay's support asks for.
            exchange.request_id.unwrap_or("none"),
        );
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let number = std::env::args().nth(1).ok_or("observed ORDER_NO")?;
    let counters = Arc::new(Counters::default());
    let client = Alipay::new(account::config()?.observer(counters.clone()))?;

    let number = TradeNumber::OutTradeNo(number);
    client.query_trade(&number).await?;
    client.close_trade(&number).await?;
    let counters = counters.0.lock().unwrap_or_else(PoisonError::into_inner);
    for ((operation, outcome), count) in counters.iter() {
        println!("{operation} {outcome} {count}");
    }
    Ok(())
}
