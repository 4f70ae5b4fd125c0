//! Sends a payer's browser to Alipay's cashier: an address or a form for a desktop, an address for a
//! phone. Nothing is sent from here.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --example page_and_wap -- PO20260101000002 https://pay.example.com
//! ```
//!
//! With a third argument, the query with which the browser came back, that is checked.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_alipay::{Alipay, Cny, Order, PagePay, WapPay};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(number), Some(site)) = (arguments.next(), arguments.next()) else {
        return Err("page_and_wap ORDER_NO SITE [QUERY]".into());
    };
    let client = Alipay::new(account::config()?)?;
    if let Some(query) = arguments.next() {
        let back = client.notices().verify_return(&query)?;
        // Anybody can call that address again: choose a page by it, and ask before granting anything.
        println!("{} came back", back.out_trade_no);
        return Ok(());
    }
    let fen = Cny::from_fen(8800);
    let order = Order::new(number, "A year", fen, format!("{site}/notify"));

    let mut page = PagePay::default();
    page.return_url = Some(format!("{site}/done"));
    let desktop = client.page_pay(&order, &page).await?;
    // An address stands in the logs on its way; a form keeps the order in the request's body.
    println!("page {}", desktop.url());
    println!("form {}", desktop.form());

    // A payer chooses one of them: the number is the same, and is paid once.
    let mut wap = WapPay::new(format!("{site}/cart"));
    wap.return_url = Some(format!("{site}/done"));
    let phone = client.wap_pay(&order, &wap).await?;
    println!("wap {}", phone.url());
    Ok(())
}
