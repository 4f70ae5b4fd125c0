//! Takes money by the code that a payer shows at a cash desk, and ends with a certain outcome.
//!
//! ```sh
//! cargo run -p paydesk-alipay --example bar_code -- PO20260101000004 281234567890123456
//! ```
//!
//! The environment holds the app, see `shared/account.rs`. The code is scanned off the payer's phone,
//! works once, and for about a minute.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;
use std::time::Duration;

use paydesk_alipay::{
    Alipay, CancelAction, Cny, FoundTrade, Order, PayOutcome, TradeNumber, TradeStatus,
};

const PAUSE: Duration = Duration::from_secs(3);
/// So long a payer at a desk may take for the password.
const QUESTIONS: u32 = 15;
const CANCELS: u32 = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(code)) = (arguments.next(), arguments.next()) else {
        return Err("bar_code ORDER_NO CODE".into());
    };
    let client = Alipay::new(account::config()?)?;
    let mut order = Order::new(&number, "coffee", Cny::from_fen(990), "");
    order.notify_url = None;

    match client.pay(&order, &code).await {
        Ok(answer) => match answer.value {
            PayOutcome::Paid(paid) => {
                println!("paid, {}", paid.trade_no);
                return Ok(());
            }
            PayOutcome::Pending { .. } => println!("the payer is asked for the password"),
        },
        // Only this says that nothing was taken.
        Err(error) if error.did_not_happen() => {
            return Err(format!("refused, nothing was taken: {error}").into());
        }
        Err(error) => println!("it may have been taken: {error}"),
    }
    let number = TradeNumber::OutTradeNo(number);
    if is_paid(&client, &number).await? {
        return Ok(());
    }
    cancelled(&client, &number).await
}

async fn is_paid(client: &Alipay, number: &TradeNumber) -> Result<bool, Box<dyn Error>> {
    for _ in 0..QUESTIONS {
        tokio::time::sleep(PAUSE).await;
        match client.query_trade(number).await {
            Ok(answer) => {
                if let FoundTrade::Trade(trade) = answer.value {
                    match trade.status {
                        TradeStatus::Success | TradeStatus::Finished => {
                            println!("paid");
                            return Ok(true);
                        }
                        TradeStatus::ClosedUnpaid => return Err("closed, nobody paid".into()),
                        _ => {}
                    }
                }
            }
            Err(error) => println!("{error}"),
        }
    }
    Ok(false)
}

/// The payer leaves the desk now, so whatever was paid goes back. That is what cancelling is for, and it
/// is for nothing else: it gives all money back.
async fn cancelled(client: &Alipay, number: &TradeNumber) -> Result<(), Box<dyn Error>> {
    for _ in 0..CANCELS {
        match client.cancel_trade(number).await {
            Ok(answer) => match &answer.value.action {
                CancelAction::Closed => {
                    println!("cancelled, nobody paid");
                    return Ok(());
                }
                CancelAction::Refunded => {
                    println!("cancelled, the payer has the money back");
                    return Ok(());
                }
                // No trade yet, or not done yet: the same again does no harm.
                other => println!("{other:?}"),
            },
            Err(error) => println!("{error}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err("not known whether it was cancelled: ask again later, and do not sell it again".into())
}
