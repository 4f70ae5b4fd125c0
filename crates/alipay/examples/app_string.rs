//! Makes the order string that a mobile app gives to Alipay's SDK. Nothing is sent from here.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --example app_string -- PO20260101000003 https://pay.example.com/notify
//! ```
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_alipay::{Alipay, Cny, Order};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(notify_url)) = (arguments.next(), arguments.next()) else {
        return Err("app_string ORDER_NO NOTIFY_URL".into());
    };
    let client = Alipay::new(account::config()?)?;
    let mut order = Order::new(number, "1,000 points", Cny::from_fen(990), notify_url);
    order.passback_params = Some("pkg-1000".to_owned());
    // Android: `new PayTask(activity).payV2(orderString, true)`. What the SDK answers in the app, `9000`
    // included, is a hint: a notice or a query says whether it is paid.
    println!("{}", client.app_pay(&order).await?);
    Ok(())
}
