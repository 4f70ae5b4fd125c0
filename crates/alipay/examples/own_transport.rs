//! Carries requests in another way: here by the one that comes with the crate, at most so many at once.
//! A proxy or another HTTP client goes in at the same place.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --example own_transport -- PO20260101000001 PO20260101000002
//! ```
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use paydesk_alipay::{
    Alipay, FoundTrade, Request, ReqwestTransport, Response, TradeNumber, Transport, TransportError,
};
use tokio::sync::Semaphore;

#[derive(Debug)]
struct AtMost {
    requests: Semaphore,
    carrier: ReqwestTransport,
}

#[async_trait]
impl Transport for AtMost {
    /// Sends the request as it is, once, follows no redirect and unpacks nothing: it is signed, and so is
    /// the answer. Which error it gives decides what its caller believes: only `NotSent` and `Unsendable`
    /// say that it did not happen.
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let turn = tokio::time::timeout(request.timeout, self.requests.acquire()).await;
        let _turn = turn
            .map_err(|_| TransportError::NotSent("too many requests at once".to_owned()))?
            .map_err(|_| TransportError::NotSent("shutting down".to_owned()))?;
        self.carrier.send(request).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // One for all clients of a process: they share its connections.
    let transport = Arc::new(AtMost {
        requests: Semaphore::new(2),
        carrier: ReqwestTransport::new()?,
    });
    let client = Alipay::new(account::config()?.transport(transport))?;
    let numbers: Vec<String> = std::env::args().skip(1).collect();
    let client = &client;
    let questions = numbers.into_iter().map(|number| async move {
        let trade = TradeNumber::OutTradeNo(number.clone());
        (number, client.query_trade(&trade).await)
    });
    for (number, answer) in futures_util::future::join_all(questions).await {
        match answer?.value {
            FoundTrade::Trade(trade) => println!("{number} is {}", trade.status.as_str()),
            FoundTrade::NotCreated => println!("{number} was not scanned yet, or never"),
        }
    }
    Ok(())
}
