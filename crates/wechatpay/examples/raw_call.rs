//! Calls any endpoint of the platform that this crate has no types for: signed, its answer verified,
//! its refusals classified.
//!
//! ```sh
//! . target/wechatpay.env     # see native_order
//! cargo run -p paydesk-wechatpay --example raw_call -- \
//!     "/v3/pay/transactions/out-trade-no/PO20260101000001?mchid=1900009999"
//! ```
//!
//! With a second argument, a JSON text, it is a POST of that.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;

use paydesk_wechatpay::RawCall;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().ok_or("raw_call PATH_AND_QUERY [JSON]")?;
    let client = account::client()?;

    let call = match arguments.next() {
        // Fields that only the platform may read are encrypted with `client.sealer()`, whose serial
        // then goes into `RawCall::encrypted_to`.
        Some(json) => RawCall::post(target, json),
        None => RawCall::get(target),
    };
    match client.raw(&call).await {
        Ok(answer) => println!("{}", String::from_utf8_lossy(&answer.value)),
        Err(error) => {
            let details = error.details();
            println!("{error}");
            println!(
                "status {:?}, code {:?}, request id {:?}, what next: {:?}",
                details.status,
                details.code,
                details.request_id,
                error.advice()
            );
        }
    }
    Ok(())
}
