//! Gives money back, until the platform has said what became of it.
//!
//! ```sh
//! cargo run -p paydesk-alipay --example refund_until_known -- PO20260101000001 R20260101000001 990 990
//! ```
//!
//! Order, refund, what goes back and the order's total in fen. Run it twice: the money goes back once,
//! because the number is the same. The environment holds the app, see `shared/account.rs`.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;
use std::time::Duration;

use paydesk_alipay::{
    Advice, Alipay, Cny, ExpectedRefund, FoundRefund, FundChange, ProviderError, RefundRequest,
    RefundStatus, TradeNumber,
};

const TRIES: u32 = 5;
/// Before this a refund that was asked for need not be known yet.
const PAUSE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [order, number, refund, total] = arguments.as_slice() else {
        return Err("refund_until_known ORDER_NO REFUND_NO REFUND_FEN TOTAL_FEN".into());
    };
    let expected = ExpectedRefund {
        out_trade_no: order,
        out_request_no: number,
        total: Cny::from_fen(total.parse()?),
        refund: Cny::from_fen(refund.parse()?),
    };
    // A service stores this before it sends it, and sends what it stored.
    let trade = TradeNumber::OutTradeNo(order.clone());
    let request = RefundRequest::new(trade, number.clone(), expected.refund);
    let client = Alipay::new(account::config()?)?;
    match settled(&client, &request, &expected).await? {
        Outcome::Done => println!("{number}: the money went back"),
        Outcome::Refused(error) => println!("refused, no money goes back: {error}"),
        Outcome::Open => println!("{number}: not known, so the amount stays reserved"),
    }
    Ok(())
}

enum Outcome {
    Done,
    /// Every request so far was refused or not even sent.
    Refused(ProviderError),
    /// One of them may have been taken.
    Open,
}

/// Sends the request and repeats it unchanged while its outcome is not known. Another number would pay the
/// money out twice.
async fn settled(
    client: &Alipay,
    request: &RefundRequest,
    expected: &ExpectedRefund<'_>,
) -> Result<Outcome, Box<dyn Error>> {
    let mut is_open = false;
    for attempt in 1..=TRIES {
        match client.refund(request).await {
            // Nothing but this word says that this call moved money; a success without it is no failure
            // either: most likely an earlier one did.
            Ok(answer) if answer.value.fund_change == FundChange::Moved => {
                return Ok(Outcome::Done);
            }
            Ok(_) => is_open = true,
            Err(error) => {
                println!("try {attempt}: {error}");
                is_open |= !error.did_not_happen();
                if !is_open && (error.advice() == Advice::Never || attempt == TRIES) {
                    return Ok(Outcome::Refused(error));
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
        if is_known(client, request, expected).await? {
            return Ok(Outcome::Done);
        }
    }
    Ok(Outcome::Open)
}

/// Whether a query finds it done, and of the right amount. That it finds nothing proves nothing, and
/// repeating is safe.
async fn is_known(
    client: &Alipay,
    request: &RefundRequest,
    expected: &ExpectedRefund<'_>,
) -> Result<bool, Box<dyn Error>> {
    let found = client
        .query_refund(&request.trade, &request.out_request_no)
        .await;
    let Ok(found) = found else {
        return Ok(false);
    };
    let FoundRefund::Refund(refund) = found.value else {
        return Ok(false);
    };
    refund.match_refund(expected)?;
    Ok(refund.status == RefundStatus::Success)
}
