//! Asks what became of an order, closes it unless it is paid, and asks again: between the first
//! question and the closing somebody may have paid.
//!
//! ```sh
//! . target/wechatpay.env     # see native_order
//! cargo run -p paydesk-wechatpay --example query_and_close -- PO20260101000001
//! ```
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::{Closed, OrderNumber, ProviderError, TradeState, WechatPay};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let number = std::env::args().nth(1);
    let number = number.ok_or("query_and_close ORDER_NO")?;
    let client = account::client()?;

    match state(&client, &number).await? {
        Some(state) if state.was_paid() => return Ok(()),
        Some(TradeState::Closed) => return Ok(()),
        // An order just placed may be told as unknown, so that is no reason not to close it.
        _ => {}
    }
    match client.close_order(&number).await?.value {
        Closed::Accepted => println!("closing was accepted"),
        Closed::AlreadyPaid => println!("too late to close, it is paid"),
        Closed::NoSuchPayment => println!("no such order to close"),
    }
    // Accepting is no proof. This is:
    state(&client, &number).await?;
    Ok(())
}

async fn state(client: &WechatPay, number: &str) -> Result<Option<TradeState>, ProviderError> {
    let answer = client.query_order(OrderNumber::OutTradeNo(number)).await?;
    let Some(order) = answer.value else {
        println!("{number} is not known");
        return Ok(None);
    };
    let amount = order.amount.as_ref().and_then(|amount| amount.total);
    let amount = amount.map_or_else(String::new, |total| format!(", {total} yuan"));
    println!("{number} is {}{amount}", order.trade_state);
    Ok(Some(order.state()))
}
