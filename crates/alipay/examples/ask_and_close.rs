//! Asks what became of an order, closes it unless it is paid, and asks again: between the first
//! question and the closing somebody may have paid.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --example ask_and_close -- PO20260101000001
//! ```
//!
//! It does not cancel: `cancel_trade` would give the money back if somebody paid in between.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_alipay::{Alipay, Closed, FoundTrade, ProviderError, TradeNumber, TradeStatus};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let number = std::env::args().nth(1).ok_or("ask_and_close ORDER_NO")?;
    let client = Alipay::new(account::config()?)?;
    let trade = TradeNumber::OutTradeNo(number.clone());

    match status(&client, &trade, &number).await? {
        Some(status) if status.was_paid() => return Ok(()),
        Some(TradeStatus::ClosedUnpaid) => return Ok(()),
        // Nobody scanned yet: that is no reason not to try.
        _ => {}
    }
    match client.close_trade(&trade).await {
        Ok(answer) => match answer.value {
            Closed::Accepted => println!("closing was accepted"),
            Closed::AlreadyPaid => println!("too late to close, it is paid"),
            // It may still be scanned and paid until its deadline, and some merchants report that the
            // number is blocked. Either way it is burnt: the next try needs another.
            Closed::NoSuchPayment => println!("nothing to close before somebody scans it"),
        },
        // A trade in the wrong state is as likely paid as closed.
        Err(error) => println!("{error}"),
    }
    // Accepting is no proof. This is:
    status(&client, &trade, &number).await?;
    Ok(())
}

async fn status(
    client: &Alipay,
    trade: &TradeNumber,
    number: &str,
) -> Result<Option<TradeStatus>, ProviderError> {
    let FoundTrade::Trade(trade) = client.query_trade(trade).await?.value else {
        println!("{number} was not scanned yet, or never");
        return Ok(None);
    };
    let amount = trade.total;
    let amount = amount.map_or_else(String::new, |total| format!(", {total} yuan"));
    println!("{number} is {}{amount}", trade.status.as_str());
    Ok(Some(trade.status.clone()))
}
