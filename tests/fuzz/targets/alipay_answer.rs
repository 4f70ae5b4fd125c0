//! Alipay's answers to every call: any status and body, as they come or with a signed node.

#![no_main]

use std::sync::{Arc, LazyLock};

use futures_util::FutureExt;
use fuzz::alipay::{client, sign};
use fuzz::choice;
use fuzz::message::Message;
use fuzz::platform::Platform;
use libfuzzer_sys::fuzz_target;
use paydesk_alipay::{
    Alipay, BillKind, BillPeriod, FoundRefund, FoundTrade, Order, PayOutcome, RawCall,
    RefundRequest, TradeNumber,
};
use paydesk_money::Cny;
use paydesk_provider::{CreatePayment, Found, PaymentProvider, ProviderError, Scene};
use time::macros::{date, datetime};

const NUMBER: &str = "T20260101000001";
const REFUND: &str = "R20260102000001";
const NOTIFY_URL: &str = "https://pay.example.com/notify/alipay";

/// The calls, by the name of the member in which each is answered.
const CALLS: [&str; 10] = [
    "alipay_trade_precreate",
    "alipay_trade_query",
    "alipay_trade_close",
    "alipay_trade_refund",
    "alipay_trade_fastpay_refund_query",
    "alipay_trade_cancel",
    "alipay_trade_pay",
    "alipay_trade_query",
    "alipay_trade_order_settle",
    "alipay_data_dataservice_bill_downloadurl_query",
];

static PLATFORM: LazyLock<Arc<Platform>> = LazyLock::new(Arc::default);
static CLIENT: LazyLock<Alipay> = LazyLock::new(|| client(Arc::clone(&PLATFORM)));

fuzz_target!(
    init: {
        for seed in [
            include_bytes!("../seeds/alipay_answer/precreate").as_slice(),
            include_bytes!("../seeds/alipay_answer/query"),
            include_bytes!("../seeds/alipay_answer/close"),
            include_bytes!("../seeds/alipay_answer/refund"),
            include_bytes!("../seeds/alipay_answer/query_refund"),
            include_bytes!("../seeds/alipay_answer/cancel"),
            include_bytes!("../seeds/alipay_answer/pay"),
            include_bytes!("../seeds/alipay_answer/pay_in_process"),
            include_bytes!("../seeds/alipay_answer/trade"),
            include_bytes!("../seeds/alipay_answer/raw"),
            include_bytes!("../seeds/alipay_answer/bill"),
        ] {
            assert!(is_believed(seed), "true answers are not reached");
        }
    },
    |data: &[u8]| {
        is_believed(data);
    }
);

fn is_believed(data: &[u8]) -> bool {
    let Some((call, data)) = choice(data, 10) else {
        return false;
    };
    let Some((way, data)) = choice(data, 3) else {
        return false;
    };
    let mut answer = Message::read(data);
    let name = CALLS[usize::from(call)];
    match way {
        0 => {}
        1 => answer.body = around(&format!("{name}_response"), &answer.body),
        _ => answer.body = around("error_response", &answer.body),
    }
    let status = answer.status;
    PLATFORM.answers(answer);
    let made = make(call);
    match &made {
        // Also what the platform tells by an error is believed only if it is signed. The fuzzer's own
        // bodies never are: the seeds hold no signature of these keys.
        Ok(()) => assert!(way == 1 || way == 2, "believed without a signature"),
        Err(error) => assert!(
            !error.did_not_happen() || (way != 0 && status == 200),
            "after {status} nothing has happened"
        ),
    }
    made.is_ok()
}

/// An answer with this node, signed over its text.
fn around(name: &str, node: &[u8]) -> Vec<u8> {
    let node = node.trim_ascii();
    let mut body = format!("{{\"{name}\":").into_bytes();
    body.extend_from_slice(node);
    body.extend_from_slice(format!(",\"sign\":\"{}\"}}", sign(node)).as_bytes());
    body
}

/// What is believed is about what was asked for.
fn make(call: u8) -> Result<(), ProviderError> {
    let number = TradeNumber::OutTradeNo(NUMBER.to_owned());
    match call {
        0 => now(CLIENT.create(&payment())).map(drop),
        1 => {
            if let Found::Payment(statement) = now(CLIENT.query(NUMBER))?.value {
                assert_eq!(statement.payment_no, NUMBER);
            }
            Ok(())
        }
        2 => now(CLIENT.close(NUMBER)).map(drop),
        3 => {
            let request = RefundRequest::new(number, REFUND, Cny::from_fen(100));
            assert_eq!(now(CLIENT.refund(&request))?.value.out_trade_no, NUMBER);
            Ok(())
        }
        4 => {
            let answer = now(CLIENT.query_refund(&number, REFUND))?;
            if let FoundRefund::Refund(refund) = answer.value {
                assert_eq!(refund.out_trade_no.as_deref(), Some(NUMBER));
                assert_eq!(refund.out_request_no, REFUND);
            }
            Ok(())
        }
        5 => {
            let answer = now(CLIENT.cancel_trade(&number))?;
            assert_eq!(answer.value.out_trade_no, NUMBER);
            Ok(())
        }
        6 => {
            let order = Order::new(NUMBER, "points", Cny::from_fen(990), NOTIFY_URL);
            if let PayOutcome::Paid(paid) = now(CLIENT.pay(&order, "28763443825664394"))?.value {
                assert_eq!(paid.out_trade_no, NUMBER);
            }
            Ok(())
        }
        7 => {
            if let FoundTrade::Trade(trade) = now(CLIENT.query_trade(&number))?.value {
                assert_eq!(trade.out_trade_no, NUMBER);
            }
            Ok(())
        }
        8 => {
            let call = RawCall::write("alipay.trade.order.settle", "{}");
            let node = now(CLIENT.raw(&call))?.value.into_inner();
            let node: serde_json::Value = serde_json::from_str(&node).expect("JSON");
            assert_eq!(node["code"], "10000");
            Ok(())
        }
        _ => {
            let day = BillPeriod::Day(date!(2025 - 12 - 31));
            if let Some(link) = now(CLIENT.bill(BillKind::Trade, day))?.value {
                let query = link.url().query().filter(|query| query.len() > 1);
                let printed = format!("{link:?}");
                assert!(!query.is_some_and(|query| printed.contains(&format!("?{query}"))));
            }
            Ok(())
        }
    }
}

fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("nothing is waited for")
}

fn payment() -> CreatePayment {
    CreatePayment {
        payment_no: NUMBER.to_owned(),
        scene: Scene::Qr,
        amount: Cny::from_fen(990),
        description: "AI点数包-100点".to_owned(),
        notify_url: NOTIFY_URL.to_owned(),
        expire_at: datetime!(2026-01-01 12:30 +8),
    }
}
