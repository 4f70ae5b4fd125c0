//! Places an order that is paid from a mobile app, and prints what the app starts the payment with.
//!
//! ```sh
//! cargo run -p paydesk-wechatpay --example app_order -- \
//!     PO20260101000003 https://pay.example.com/notify wxd678efh567hg6787
//! ```
//!
//! The last argument is the mobile app's id at the open platform, where it differs from the account's.
//! The environment holds the account, see `shared/account.rs`. The bundled simulator plays Native
//! orders only and answers this one with 404.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::{Cny, Order};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(notify_url)) = (arguments.next(), arguments.next()) else {
        return Err("app_order ORDER_NO NOTIFY_URL [APP_ID]".into());
    };
    let client = account::client()?;

    let mut order = Order::new(number, "1,000 points", Cny::from_fen(990), notify_url);
    order.app_id = arguments.next();
    let prepay = client.app(&order).await?.value;

    // The names of Android and Harmony; on iOS `packageValue` is called `package`.
    let request = client.app_invocation(&prepay).await?;
    println!("{}", serde_json::to_string_pretty(&request)?);
    Ok(())
}
