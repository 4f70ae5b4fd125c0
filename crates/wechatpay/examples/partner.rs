//! Places and queries an order as a service provider (服务商) of somebody else, who gets the money.
//!
//! ```sh
//! cargo run -p paydesk-wechatpay --example partner -- \
//!     1900000109 PO20260101000006 https://pay.example.com/notify
//! ```
//!
//! The environment holds the provider's own account, see `shared/account.rs`; the sub-merchant has no
//! keys. The bundled simulator plays direct merchants only and answers this with 404.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::{Cny, Order, OrderNumber, SubMerchant};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [sub_merchant, number, notify_url] = arguments.as_slice() else {
        return Err("partner SUB_MCHID ORDER_NO NOTIFY_URL".into());
    };
    // Keys, connections and certificates are shared: one such client for each sub-merchant is cheap.
    let client = account::client()?.on_behalf_of(SubMerchant {
        merchant_id: sub_merchant.clone(),
        app_id: None,
    });

    let order = Order::new(number, "1,000 points", Cny::from_fen(990), notify_url);
    println!("code_url {}", client.native(&order).await?.value);

    let found = client.query_order(OrderNumber::OutTradeNo(number)).await?;
    match found.value {
        Some(order) => println!(
            "{number} is {}, of {} for {:?}",
            order.trade_state, order.merchant_id, order.sub_merchant_id
        ),
        None => println!("{number} is not known"),
    }
    Ok(())
}
