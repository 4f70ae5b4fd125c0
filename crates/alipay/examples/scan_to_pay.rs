//! Places an order that is paid by scanning a QR code, prints what belongs into the code, and asks until
//! it is paid or can be paid no more.
//!
//! ```sh
//! cargo run -p paydesk-simulator -- --print-environment > target/alipay.env &
//! . target/alipay.env     # once it has something in it
//! cargo run -p paydesk-alipay --example scan_to_pay -- PO20260101000001 https://pay.example.com/notify
//! ```
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;
use std::time::Duration;

use paydesk_alipay::{Alipay, Cny, FoundTrade, Order, TradeNumber, TradeStatus};
use time::OffsetDateTime;

const PAUSE: Duration = Duration::from_secs(2);
/// Clocks differ, and a payment that began in time may end a little later.
const GRACE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(notify_url)) = (arguments.next(), arguments.next()) else {
        return Err("scan_to_pay ORDER_NO NOTIFY_URL".into());
    };
    let client = Alipay::new(account::config()?)?;

    // Store number, amount and deadline first: they are what makes a repeat a repeat.
    let deadline = now() + Duration::from_mins(15);
    let mut order = Order::new(&number, "1,000 points", Cny::from_fen(990), notify_url);
    order.expires_at = Some(deadline);

    match client.precreate(&order).await {
        Ok(placed) => println!("qr_code {}", placed.value.content),
        Err(error) if error.did_not_happen() => {
            return Err(format!("refused, the order is not there: {error}").into());
        }
        // The same order again gives a code again, whatever became of this one.
        Err(error) => return Err(format!("run this again unchanged: {error}").into()),
    }
    wait(&client, TradeNumber::OutTradeNo(number), deadline + GRACE).await
}

/// Notices come sooner; asking is what finds the payment whose notice got lost.
async fn wait(
    client: &Alipay,
    number: TradeNumber,
    until: OffsetDateTime,
) -> Result<(), Box<dyn Error>> {
    let mut was_scanned = false;
    while now() < until {
        tokio::time::sleep(PAUSE).await;
        let found = match client.query_trade(&number).await {
            Ok(answer) => answer.value,
            // Not an answer: nothing is known, and the next question may be answered.
            Err(error) => {
                println!("{error}");
                continue;
            }
        };
        // Until somebody scans there is no trade. That is not a failure.
        let FoundTrade::Trade(trade) = found else {
            continue;
        };
        match &trade.status {
            TradeStatus::Success | TradeStatus::Finished => {
                // A service compares it with what it stored: `trade.match_paid(…)`.
                let trade_no = trade.trade_no.as_deref().unwrap_or_default();
                println!("paid, {trade_no}");
                return Ok(());
            }
            TradeStatus::ClosedUnpaid | TradeStatus::ClosedRefunded => {
                println!("{}", trade.status.as_str());
                return Ok(());
            }
            _ if !was_scanned => println!("scanned"),
            _ => {}
        }
        was_scanned = true;
    }
    // What was scanned and not paid can be closed; the rest has come to its end by itself.
    println!(
        "out of time: {:?}",
        client.close_trade(&number).await?.value
    );
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example has no clock but the system's"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
