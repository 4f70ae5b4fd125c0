//! Fetches the bill of a day, reads it row by row, and prints its totals.
//!
//! ```sh
//! cargo run -p paydesk-wechatpay --example trade_bill -- 2026-01-01
//! ```
//!
//! The environment holds the account, see `shared/account.rs`. The bundled simulator makes no bills.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::{Advice, BillTradeState, TradeBillKind};
use time::Date;
use time::macros::format_description;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let day = std::env::args().nth(1).ok_or("trade_bill YYYY-MM-DD")?;
    let day = Date::parse(&day, format_description!("[year]-[month]-[day]"))?;
    let client = account::client()?;

    let link = match client.trade_bill(day, TradeBillKind::All).await {
        Ok(answer) => answer.value,
        Err(error) => {
            if let Advice::RetryAfter(wait) = error.advice() {
                println!("it is still being made, ask again in {} s", wait.as_secs());
            }
            return Err(error.into());
        }
    };
    let Some(link) = link else {
        println!("nothing was paid or refunded on {day}");
        return Ok(());
    };
    // Kept aside until its hash was compared: no row of another file is ever seen.
    let mut file = client.download_bill(&link).await?;

    // Reading waits for the disk, so it is done where that holds nobody up.
    let read = tokio::task::spawn_blocking(move || -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut bill = file.trades();
        for row in bill.by_ref() {
            let row = row?;
            match row.trade_state {
                BillTradeState::Success => println!("{} paid {}", row.out_trade_no, row.ordered()),
                _ => println!("{} got back {}", row.out_trade_no, row.refunded()),
            }
        }
        // What was derived from the rows counts from here on: they add up to what the bill states.
        let totals = bill.totals().ok_or("the bill ended early")?;
        println!(
            "{} rows, {} settled, fees {}",
            totals.rows, totals.settlement_amount, totals.fee
        );
        Ok(())
    });
    read.await?.map_err(|error| error.to_string())?;
    Ok(())
}
