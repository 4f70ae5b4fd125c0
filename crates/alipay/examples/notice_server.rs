//! Takes notices, and believes those that the platform signed and that are about an order of ours.
//!
//! ```sh
//! . target/alipay.env     # see scan_to_pay
//! cargo run -p paydesk-alipay --features actix --example notice_server -- \
//!     127.0.0.1:8080 PO20260101000001=990
//! cargo run -p paydesk-alipay --example scan_to_pay -- \
//!     PO20260101000001 http://127.0.0.1:8080/notify     # then pay at the simulator
//! ```
//!
//! The orders that are expected follow the address, with their totals in fen: they stand for the
//! database of a service.
#![expect(clippy::print_stdout, reason = "a program for people")]

#[path = "shared/account.rs"]
mod account;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

use actix_web::web::{Data, post};
use actix_web::{App, HttpServer};
use paydesk_alipay::actix::{VerifiedMessage, VerifiedNotice};
use paydesk_alipay::{
    Acknowledgement, Alipay, Cny, ExpectedOrder, NoticeContent, PaymentProvider, TradeNotice,
};

struct Expected {
    total: Cny,
    paid_by: Option<String>,
}

/// Orders by their numbers.
type Orders = Mutex<BTreeMap<String, Expected>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .ok_or("notice_server ADDRESS [ORDER_NO=FEN]…")?;
    let mut orders = BTreeMap::new();
    for argument in arguments {
        let (number, fen) = argument.split_once('=').ok_or("ORDER_NO=FEN is expected")?;
        let total = Cny::from_fen(fen.parse()?);
        let expected = Expected {
            total,
            paid_by: None,
        };
        orders.insert(number.to_owned(), expected);
    }
    let (client, orders) = (
        Data::new(Alipay::new(account::config()?)?),
        Data::new(Orders::new(orders)),
    );
    let server = HttpServer::new(move || {
        App::new()
            .app_data(client.clone())
            .app_data(orders.clone())
            .route("/notify", post().to(notify))
            .route("/gateway", post().to(gateway))
    });
    let server = server.workers(1).bind(address)?;
    for address in server.addrs() {
        println!("listening on http://{address}/notify");
    }
    Ok(server.run().await?)
}

/// Is called for what the platform signed only. Anything but `success` makes it come again, for a day.
async fn notify(
    notice: VerifiedNotice,
    client: Data<Alipay>,
    orders: Data<Orders>,
) -> Acknowledgement {
    match &notice.content {
        // A trade that is finished may be told of a year after its payment: the same again changes nothing.
        NoticeContent::Payment(trade) | NoticeContent::Finished(trade) => {
            paid(trade, &client, &orders)
        }
        // It says what went back so far, not what this refund was: that a query tells.
        NoticeContent::Refund(refund) => {
            println!("{} was refunded", refund.trade.out_trade_no);
            Acknowledgement::accepted()
        }
        // Closed, waiting, or another product's: taken, so that it does not come again.
        _ => Acknowledgement::accepted(),
    }
}

/// What is set in the console as the application gateway (应用网关). Payments are not told here.
async fn gateway(message: VerifiedMessage) -> Acknowledgement {
    println!("message {}", message.method);
    Acknowledgement::accepted()
}

fn paid(trade: &TradeNotice, client: &Alipay, orders: &Orders) -> Acknowledgement {
    let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    let number = &trade.out_trade_no;
    let Some(order) = orders.get_mut(number) else {
        // True money without an order: a person has to look. It comes again until it fits.
        println!("{number} is not known here");
        return Acknowledgement::failed(409);
    };
    let identity = client.identity();
    let expected = ExpectedOrder {
        app_id: &identity.app_id,
        seller_id: &identity.merchant_id,
        out_trade_no: number,
        total: order.total,
    };
    if let Err(mismatch) = trade.match_paid(&expected) {
        println!("{number} is not as it was ordered: {mismatch}");
        return Acknowledgement::failed(409);
    }
    match &order.paid_by {
        // Notices come more than once: the same payment again changes nothing.
        Some(by) if Some(by) == trade.trade_no.as_ref() => println!("{number} again"),
        Some(_) => println!("{number} was paid twice: the second payment has to go back"),
        None => {
            println!("{number} is paid, {} yuan", order.total);
            order.paid_by.clone_from(&trade.trade_no);
        }
    }
    // Only now, when it is stored.
    Acknowledgement::accepted()
}
