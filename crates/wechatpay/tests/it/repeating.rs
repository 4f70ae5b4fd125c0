//! What is sent again unasked, how often, and what never is.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paydesk_money::Cny;
use paydesk_provider::{Advice, PaymentProvider, ProviderError};
use paydesk_wechatpay::{
    AbnormalRefund, FundAccount, H5Info, OpenId, Order, OrderNumber, PaidOrder, RawCall,
    RefundRequest, RefundTo, Request, SceneInfo, TradeBillKind, WechatPay,
};
use time::macros::date;

use crate::platform::{FakePlatform, NOW, Script, an_order};

/// Which call; each through the method that users have for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Native,
    Jsapi,
    App,
    H5,
    Create,
    Close,
    Refund,
    AbnormalRefund,
    RawWrite,
    Query,
    Transaction,
    RefundQuery,
    TradeBill,
    FundFlowBill,
    RawRead,
}

pub(crate) const WRITES: [Way; 9] = [
    Way::Native,
    Way::Jsapi,
    Way::App,
    Way::H5,
    Way::Create,
    Way::Close,
    Way::Refund,
    Way::AbnormalRefund,
    Way::RawWrite,
];
pub(crate) const READS: [Way; 6] = [
    Way::Query,
    Way::Transaction,
    Way::RefundQuery,
    Way::TradeBill,
    Way::FundFlowBill,
    Way::RawRead,
];

pub(crate) fn an_h5_order() -> Order {
    let fen = Cny::from_fen(990);
    let mut order = Order::new("PO0001", "点数", fen, "https://pay.example.com/n");
    order.scene = Some(SceneInfo {
        payer_client_ip: "203.0.113.9".to_owned(),
        device_id: None,
        store_info: None,
    });
    order
}

pub(crate) fn a_refund() -> RefundRequest {
    let order = PaidOrder::OutTradeNo("PO0001".to_owned());
    let fen = Cny::from_fen(990);
    RefundRequest::new(order, "RF0001", fen, fen, "https://pay.example.com/n")
}

/// Makes the call; gives its error.
pub(crate) async fn call(client: &WechatPay, way: Way) -> Result<(), ProviderError> {
    let order = an_h5_order();
    let payer = OpenId::Own("oUpF8uMu".to_owned());
    let abnormal = AbnormalRefund {
        refund_id: "503001".to_owned(),
        out_refund_no: "RF0001".to_owned(),
        to: RefundTo::MerchantAccount,
    };
    let day = date!(2025 - 12 - 31);
    let number = OrderNumber::TransactionId("42000001");
    match way {
        Way::Native => client.native(&order).await.map(drop),
        Way::Jsapi => client.jsapi(&order, &payer).await.map(drop),
        Way::App => client.app(&order).await.map(drop),
        Way::H5 => client.h5(&order, &H5Info::wap()).await.map(drop),
        Way::Create => client.create(&an_order("PO0001")).await.map(drop),
        Way::Close => client.close("PO0001").await.map(drop),
        Way::Refund => client.refund(&a_refund()).await.map(drop),
        Way::AbnormalRefund => client.abnormal_refund(&abnormal).await.map(drop),
        Way::RawWrite => client.raw(&RawCall::post("/v3/x", "{}")).await.map(drop),
        Way::Query => client.query("PO0001").await.map(drop),
        Way::Transaction => client.query_order(number).await.map(drop),
        Way::RefundQuery => client.query_refund("RF0001").await.map(drop),
        Way::TradeBill => client.trade_bill(day, TradeBillKind::All).await.map(drop),
        Way::FundFlowBill => {
            let bill = client.fund_flow_bill(day, FundAccount::Basic).await;
            bill.map(drop)
        }
        Way::RawRead => client.raw(&RawCall::get("/v3/x")).await.map(drop),
    }
}

/// A true answer whose signature is wrong on purpose.
fn probe() -> Script {
    let signature = "WECHATPAY/SIGNTEST/AAAA";
    let time = NOW.to_string();
    Script::unsigned(200, "{}")
        .with("Wechatpay-Serial", crate::platform::PLATFORM_KEY_ID)
        .with("Wechatpay-Signature", signature)
        .with("Wechatpay-Timestamp", &time)
        .with("Wechatpay-Nonce", "P")
}

/// What may pass: another try may bring a good answer.
fn passing() -> Vec<Script> {
    vec![
        Script::refused(500, "SYSTEM_ERROR"),
        Script::refused(500, "BANK_ERROR"),
        Script::refused(503, "SERVICE_UNAVAILABLE"),
        Script::refused(500, "INVENTED"),
        Script::unsigned(502, "<html>bad gateway</html>"),
        Script::unsigned(504, ""),
        Script::broken(),
        Script::unsigned(200, "{}"),
        probe(),
        Script::refused(429, "FREQUENCY_LIMITED"),
        Script::refused(429, "FREQUENCY_LIMITED").with("Retry-After", "2"),
        Script::unsigned(429, ""),
        Script::refused(503, "SERVICE_UNAVAILABLE").with("Retry-After", "1"),
    ]
}

/// What another try within the same call cannot help, or must not.
fn lasting() -> Vec<Script> {
    vec![
        Script::timed_out(),
        Script::refused(400, "PARAM_ERROR"),
        Script::refused(401, "SIGN_ERROR"),
        Script::refused(404, "INVENTED"),
        Script::unsigned(404, ""),
        Script::unsigned(302, "").with("Location", "https://evil.example/"),
        Script::unsigned(301, "").with("Location", "/v3/other"),
        // The platform says how long it wants to be left alone; the caller is told.
        Script::refused(429, "FREQUENCY_LIMITED").with("Retry-After", "3"),
        Script::refused(503, "SERVICE_UNAVAILABLE").with("Retry-After", "60"),
        Script::refused(500, "SYSTEM_ERROR").with("Retry-After", "60"),
        Script::unsigned(503, "<html>later</html>").with("Retry-After", "60"),
    ]
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut headers = request.headers.iter();
    &headers.find(|(key, _)| key == name).unwrap().1
}

#[tokio::test]
async fn a_read_is_sent_again_up_to_the_limit_and_signed_anew_each_time() {
    let platform = FakePlatform::new();
    for attempts in [0, 1, 2, 3, 5] {
        let clock = Arc::clone(&platform);
        let config = platform.config().read_attempts(attempts);
        let client = WechatPay::new(config.pause(move |_| {
            clock.clock.fetch_add(7, Ordering::SeqCst);
            std::future::ready(())
        }))
        .unwrap();
        for way in READS {
            for script in passing() {
                platform.forget();
                platform.clock.store(NOW, Ordering::SeqCst);
                platform.script(script.clone());
                call(&client, way).await.unwrap_err();
                let sent = platform.sent();
                let expected = attempts.max(1) as usize;
                assert_eq!(sent.len(), expected, "{way:?} {script:?}");
                let signatures: BTreeSet<&str> =
                    sent.iter().map(|it| header(it, "Authorization")).collect();
                assert_eq!(signatures.len(), expected, "{way:?}");
                for (index, request) in (0..).zip(&sent) {
                    assert_eq!(request.url, sent[0].url);
                    let time = format!("timestamp=\"{}\"", NOW + 7 * index);
                    assert!(header(request, "Authorization").contains(&time));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_read_is_not_sent_again_where_that_helps_nobody() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for way in READS {
        for script in lasting() {
            platform.forget();
            platform.script(script.clone());
            call(&client, way).await.unwrap_err();
            assert_eq!(platform.sent().len(), 1, "{way:?} {script:?}");
        }
    }
}

#[tokio::test]
async fn the_first_good_answer_is_taken() {
    let platform = FakePlatform::new();
    let client = platform.client();
    client.create(&an_order("PO0001")).await.unwrap();
    for script in passing() {
        platform.forget();
        platform.scripts([script.clone(), probe(), Script::True]);
        client.query("PO0001").await.unwrap();
        assert_eq!(platform.sent().len(), 3, "{script:?}");
    }
    // A refusal that answers the question is an answer.
    platform.forget();
    platform.scripts([Script::broken(), Script::refused(404, "ORDER_NOT_EXIST")]);
    let found = client.query("PO0001").await.unwrap().value;
    assert_eq!(found, paydesk_provider::Found::NoSuchPayment);
    assert_eq!(platform.sent().len(), 2);
}

#[tokio::test]
async fn r5_what_changes_something_is_sent_once() {
    let platform = FakePlatform::new();
    let client = WechatPay::new(platform.config().read_attempts(9)).unwrap();
    for way in WRITES {
        for script in passing().into_iter().chain(lasting()) {
            platform.forget();
            platform.script(script.clone());
            call(&client, way).await.unwrap_err();
            assert_eq!(platform.sent().len(), 1, "{way:?} {script:?}");
        }
    }
}

#[tokio::test]
async fn pauses_grow_and_follow_the_platform() {
    let platform = FakePlatform::new();
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&pauses);
    let config = platform.config().read_attempts(7).pause(move |pause| {
        noted.lock().unwrap().push(pause);
        std::future::ready(())
    });
    let client = WechatPay::new(config).unwrap();
    let ms = |pauses: &[u64]| -> Vec<Duration> {
        let pauses = pauses.iter().copied();
        pauses.map(Duration::from_millis).collect()
    };
    for (script, expected) in [
        (
            Script::unsigned(502, ""),
            ms(&[200, 400, 800, 1600, 2000, 2000]),
        ),
        (Script::refused(429, "FREQUENCY_LIMITED"), ms(&[1000; 6])),
        (
            Script::refused(429, "FREQUENCY_LIMITED").with("Retry-After", "2"),
            ms(&[2000; 6]),
        ),
        (
            Script::unsigned(503, "").with("Retry-After", "1"),
            ms(&[1000; 6]),
        ),
        (Script::refused(400, "PARAM_ERROR"), ms(&[])),
    ] {
        platform.script(script.clone());
        call(&client, Way::Query).await.unwrap_err();
        let pauses = std::mem::take(&mut *pauses.lock().unwrap());
        assert_eq!(pauses, expected, "{script:?}");
    }
}

#[tokio::test]
async fn how_long_to_wait_is_told_to_the_caller() {
    let platform = FakePlatform::new();
    let client = platform.client();
    for way in READS.into_iter().chain(WRITES) {
        platform.script(Script::refused(429, "FREQUENCY_LIMITED").with("Retry-After", "30"));
        let error = call(&client, way).await.unwrap_err();
        let pause = Duration::from_secs(30);
        assert_eq!(error.advice(), Advice::RetryAfter(pause), "{way:?}");
        assert_eq!(error.details().retry_after, Some(pause));
        assert_eq!(error.details().status, Some(429));
        assert!(!error.did_not_happen());
    }
}
