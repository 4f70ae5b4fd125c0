//! Makes any call of the gateway that this crate has no types for: signed, its answer verified, its
//! refusals classified.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --example gateway_call -- \
//!     alipay.trade.query '{"out_trade_no":"PO20260101000001"}'
//! ```
//!
//! With a third argument, `write`, it changes something, so it is sent once.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_alipay::{Alipay, RawCall};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(method), Some(biz_content)) = (arguments.next(), arguments.next()) else {
        return Err("gateway_call METHOD JSON [write]".into());
    };
    let call = if arguments.next().is_some() {
        RawCall::write(method, biz_content)
    } else {
        RawCall::read(method, biz_content)
    };
    match Alipay::new(account::config()?)?.raw(&call).await {
        Ok(answer) => println!("{}", *answer.value),
        Err(error) => {
            let details = error.details();
            println!("{error}");
            println!(
                "code {:?}, request id {:?}, what next: {:?}",
                details.code,
                details.request_id,
                error.advice()
            );
        }
    }
    Ok(())
}
