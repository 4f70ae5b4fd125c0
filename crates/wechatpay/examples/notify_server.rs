//! Takes notices, and believes those that the platform signed and that are about an order of ours.
//!
//! ```sh
//! . target/wechatpay.env     # see native_order
//! cargo run -p paydesk-wechatpay --features actix --example notify_server -- \
//!     127.0.0.1:8080 PO20260101000001=990
//! cargo run -p paydesk-wechatpay --example native_order -- \
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
use paydesk_wechatpay::actix::VerifiedNotice;
use paydesk_wechatpay::{
    Acknowledgement, Cny, ExpectedOrder, NoticeContent, PaymentProvider, Transaction, WechatPay,
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
        .ok_or("notify_server ADDRESS [ORDER_NO=FEN]…")?;
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
        Data::new(account::client()?),
        Data::new(Orders::new(orders)),
    );
    let server = HttpServer::new(move || {
        App::new()
            .app_data(client.clone())
            .app_data(orders.clone())
            .route("/notify", post().to(notify))
    });
    let server = server.workers(1).bind(address)?;
    for address in server.addrs() {
        println!("listening on http://{address}/notify");
    }
    Ok(server.run().await?)
}

/// Is called for what the platform signed only. The answer is due within five seconds.
async fn notify(
    notice: VerifiedNotice,
    client: Data<WechatPay>,
    orders: Data<Orders>,
) -> Acknowledgement {
    match &notice.content {
        NoticeContent::Payment(payment) => paid(payment, &client, &orders),
        NoticeContent::Refund(refund) => {
            println!(
                "refund {} is {:?}",
                refund.out_refund_no, refund.refund_status
            );
            Acknowledgement::accepted()
        }
        // Other products send to the same address: taken, so that it does not come again.
        _ => Acknowledgement::accepted(),
    }
}

fn paid(payment: &Transaction, client: &WechatPay, orders: &Orders) -> Acknowledgement {
    let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(order) = orders.get_mut(&payment.out_trade_no) else {
        // True money without an order: a person has to look. It comes again until it fits.
        println!("{} is not known here", payment.out_trade_no);
        return Acknowledgement::failed(409, "unknown order");
    };
    let identity = client.identity();
    let expected = ExpectedOrder {
        merchant_id: &identity.merchant_id,
        app_id: &identity.app_id,
        sub_merchant_id: None,
        out_trade_no: &payment.out_trade_no,
        total: order.total,
    };
    if let Err(mismatch) = payment.match_paid(&expected) {
        println!(
            "{} is not as it was ordered: {mismatch}",
            payment.out_trade_no
        );
        return Acknowledgement::failed(409, "another order");
    }
    let number = &payment.out_trade_no;
    match &order.paid_by {
        // Notices come more than once: the same payment again changes nothing.
        Some(by) if Some(by) == payment.transaction_id.as_ref() => println!("{number} again"),
        Some(_) => println!("{number} was paid twice: the second payment has to go back"),
        None => {
            println!("{number} is paid, {} yuan", order.total);
            order.paid_by.clone_from(&payment.transaction_id);
        }
    }
    // Only now, when it is stored.
    Acknowledgement::accepted()
}
