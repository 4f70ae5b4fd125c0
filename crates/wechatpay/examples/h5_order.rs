//! Places an order that is paid from a browser outside WeChat, and prints the address to open.
//!
//! ```sh
//! cargo run -p paydesk-wechatpay --example h5_order -- \
//!     PO20260101000004 https://pay.example.com/notify 203.0.113.7 https://shop.example.com/done
//! ```
//!
//! The third argument is the payer's own address, the fourth where the browser goes afterwards. The
//! environment holds the account, see `shared/account.rs`. The bundled simulator plays Native orders
//! only and answers this one with 404.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::{Cny, H5Info, Order, SceneInfo};
use url::Url;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(notify_url), Some(payer_client_ip)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("h5_order ORDER_NO NOTIFY_URL PAYER_IP [RETURN_URL]".into());
    };
    let client = account::client()?;

    let mut order = Order::new(number, "1,000 points", Cny::from_fen(990), notify_url);
    order.scene = Some(SceneInfo {
        payer_client_ip,
        device_id: None,
        store_info: None,
    });
    let mut page = Url::parse(&client.h5(&order, &H5Info::wap()).await?.value)?;

    // The link must be opened within 5 minutes, from a page of a domain that is registered with the
    // platform. Coming back proves nothing about the payment.
    if let Some(return_url) = arguments.next() {
        page.query_pairs_mut()
            .append_pair("redirect_url", &return_url);
    }
    println!("{page}");
    Ok(())
}
