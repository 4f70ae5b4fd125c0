//! Places an order that is paid inside WeChat, and prints what the page and the mini-program start
//! the payment with. The payer's openid must come from the very app the order is placed with.
//!
//! ```sh
//! cargo run -p paydesk-wechatpay --example jsapi_order -- \
//!     PO20260101000002 https://pay.example.com/notify oUpF8uMuAJO_M2pxb1Q9zNjWeS6o
//! ```
//!
//! The environment holds the account, see `shared/account.rs`. The bundled simulator plays Native
//! orders only and answers this one with 404, which proves nothing: so says the example.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::{Cny, OpenId, Order};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(notify_url), Some(openid)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("jsapi_order ORDER_NO NOTIFY_URL OPENID".into());
    };
    let client = account::client()?;

    let order = Order::new(number, "1,000 points", Cny::from_fen(990), notify_url);
    let prepay = client.jsapi(&order, &OpenId::Own(openid)).await?.value;

    // Hand these to the client as they are. What it reports afterwards proves nothing: wait for the
    // notice, or ask.
    let page = client.jsapi_invocation(&prepay).await?;
    println!("WeixinJSBridge.invoke('getBrandWCPayRequest', …)");
    println!("{}", serde_json::to_string_pretty(&page)?);
    let mini_program = client.mini_program_invocation(&prepay).await?;
    println!("wx.requestPayment(…)");
    println!("{}", serde_json::to_string_pretty(&mini_program)?);
    Ok(())
}
