//! Places an order that is paid by scanning a QR code, and prints what belongs into the code.
//!
//! ```sh
//! cargo run -p paydesk-simulator -- --print-environment > target/wechatpay.env &
//! . target/wechatpay.env     # once it has something in it
//! cargo run -p paydesk-wechatpay --example native_order -- PO20260101000001 https://pay.example.com/notify
//! ```
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::{Cny, Order};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(notify_url)) = (arguments.next(), arguments.next()) else {
        return Err("native_order ORDER_NO NOTIFY_URL".into());
    };
    let client = account::client()?;

    // Store number and parameters first: they are what makes a repeat a repeat.
    let mut order = Order::new(number, "1,000 points", Cny::from_fen(990), notify_url);
    order.attach = Some("pkg=1000".to_owned());

    match client.native(&order).await {
        Ok(placed) => println!("code_url {}", placed.value),
        Err(error) if error.did_not_happen() => {
            return Err(format!("refused, the order is not there: {error}").into());
        }
        // The same number and parameters again give a fresh code, whatever became of this one.
        Err(error) => return Err(format!("run this again unchanged: {error}").into()),
    }
    Ok(())
}
