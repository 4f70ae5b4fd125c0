//! Gives money back, until the platform has said what became of it.
//!
//! ```sh
//! cargo run -p paydesk-wechatpay --example refund -- \
//!     PO20260101000001 PO20260101000001r01 990 990 https://pay.example.com/notify
//! ```
//!
//! Order, refund, what goes back and the order's total in fen. Run it twice: the money goes back once,
//! because the number is the same. The environment holds the account, see `shared/account.rs`. The
//! bundled simulator plays no refunds: its 404 shows how an outcome that is not known is treated.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;
use std::time::Duration;

use paydesk_wechatpay::{
    Advice, Cny, PaidOrder, ProviderError, Refund, RefundRequest, RefundStatus, Verified, WechatPay,
};

const TRIES: u32 = 5;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [order, number, refund, total, notify_url] = arguments.as_slice() else {
        return Err("refund ORDER_NO REFUND_NO REFUND_FEN TOTAL_FEN NOTIFY_URL".into());
    };
    // A service stores this before it sends it, and sends what it stored.
    let request = RefundRequest::new(
        PaidOrder::OutTradeNo(order.clone()),
        number.clone(),
        Cny::from_fen(refund.parse()?),
        Cny::from_fen(total.parse()?),
        notify_url.clone(),
    );
    let client = account::client()?;
    match settled(&client, &request).await {
        Ok(refund) => describe(&refund),
        Err(Unsettled::Refused(error)) => println!("refused, no money goes back: {error}"),
        Err(Unsettled::Open(error)) => println!("not known, so the amount stays reserved: {error}"),
    }
    Ok(())
}

/// What is known when there is no refund.
enum Unsettled {
    /// Every request so far was refused or not even sent.
    Refused(ProviderError),
    /// One of them may have been taken.
    Open(ProviderError),
}

/// Sends the request and repeats it unchanged while its outcome is not known. A time-out, a 5xx and an
/// answer that cannot be verified leave it open, and what is open stays open whatever a later request
/// is told: another number would pay the money out twice.
async fn settled(
    client: &WechatPay,
    request: &RefundRequest,
) -> Result<Verified<Refund>, Unsettled> {
    let mut pause = Duration::from_secs(1);
    let mut tries = 1;
    let mut is_open = false;
    loop {
        let error = match client.refund(request).await {
            Ok(answer) => return Ok(answer.value),
            Err(error) => error,
        };
        is_open |= !error.did_not_happen();
        if tries == TRIES || (!is_open && error.advice() == Advice::Never) {
            return Err(if is_open {
                Unsettled::Open(error)
            } else {
                Unsettled::Refused(error)
            });
        }
        println!("try {tries}: {error}");
        if let Advice::RetryAfter(asked) = error.advice() {
            pause = pause.max(asked);
        }
        tokio::time::sleep(pause).await;
        // It may be there already. That it is not known proves nothing, and repeating is safe.
        if let Ok(answer) = client.query_refund(&request.out_refund_no).await
            && let Some(refund) = answer.value
        {
            return Ok(refund);
        }
        tries += 1;
        pause *= 2;
    }
}

/// A success of the request is not yet one of the refund.
fn describe(refund: &Refund) {
    let number = &refund.out_refund_no;
    match &refund.status {
        RefundStatus::Success => println!("{number}: the payer has the money"),
        RefundStatus::Processing => println!("{number}: under way, ask again in a minute"),
        RefundStatus::Abnormal => println!("{number}: the card refused it, see abnormal_refund"),
        RefundStatus::Closed => println!("{number}: failed, the next try needs a new number"),
        other => println!("{number}: {other:?}, which this version does not know"),
    }
}
