//! WeChat Pay's answers to every call: any status, headers and body, as they come or signed.

#![no_main]

use std::sync::{Arc, LazyLock};

use futures_util::FutureExt;
use fuzz::choice;
use fuzz::message::Message;
use fuzz::platform::Platform;
use fuzz::wechat::{client, is_signed, signed};
use libfuzzer_sys::fuzz_target;
use paydesk_money::Cny;
use paydesk_provider::{Answer, Closed, Found, PaymentProvider, ProviderError};
use paydesk_wechatpay::{
    AbnormalRefund, BillLink, FundAccount, H5Info, OpenId, Order, OrderNumber, PaidOrder, RawCall,
    RefundRequest, RefundTo, SceneInfo, TradeBillKind, WechatPay,
};
use time::Date;
use time::macros::date;

const NUMBER: &str = "PO20260101000001";
const TRANSACTION: &str = "4200000000202601010000000001";
const REFUND: &str = "RF20260101000001";
const DAY: Date = date!(2025 - 12 - 31);
const NOTIFY_URL: &str = "https://pay.example.com/notify/wechat";

static PLATFORM: LazyLock<Arc<Platform>> = LazyLock::new(Arc::default);
static CLIENT: LazyLock<WechatPay> = LazyLock::new(|| client(Arc::clone(&PLATFORM)));

/// What a call made of an answer.
enum Outcome {
    /// Something that the platform must have signed.
    Signed,
    /// "No such number", and what else it tells by an error.
    Told,
    /// Either of them.
    SignedOrTold,
    Failed(ProviderError),
}

fuzz_target!(
    init: {
        for seed in [
            include_bytes!("../seeds/answer/native").as_slice(),
            include_bytes!("../seeds/answer/jsapi"),
            include_bytes!("../seeds/answer/app"),
            include_bytes!("../seeds/answer/h5"),
            include_bytes!("../seeds/answer/transaction"),
            include_bytes!("../seeds/answer/by_transaction_id"),
            include_bytes!("../seeds/answer/close"),
            include_bytes!("../seeds/answer/refund"),
            include_bytes!("../seeds/answer/query_refund"),
            include_bytes!("../seeds/answer/abnormal_refund"),
            include_bytes!("../seeds/answer/raw_get"),
            include_bytes!("../seeds/answer/signed_before"),
            include_bytes!("../seeds/answer/trade_bill"),
            include_bytes!("../seeds/answer/fund_flow_bill"),
        ] {
            assert!(is_believed(seed), "true answers are not reached");
        }
    },
    |data: &[u8]| {
        is_believed(data);
    }
);

fn is_believed(data: &[u8]) -> bool {
    let Some((call, data)) = choice(data, 14) else {
        return false;
    };
    let Some((way, data)) = choice(data, 2) else {
        return false;
    };
    let mut answer = Message::read(data);
    if way == 0 {
        answer
            .headers
            .retain(|(name, _)| !name.to_ascii_lowercase().starts_with("wechatpay-"));
        answer.headers.extend(signed(&answer.body));
    }
    let status = answer.status;
    let is_signed = way == 0 || is_signed(&answer);
    PLATFORM.answers(answer);
    let (changes, outcome) = make(call);
    let may_be_believed = is_signed && (200..300).contains(&status);
    let may_tell = (400..500).contains(&status);
    let is_believed = !matches!(outcome, Outcome::Failed(_));
    let allowed = match outcome {
        Outcome::Signed => may_be_believed,
        Outcome::Told => may_tell,
        Outcome::SignedOrTold => may_be_believed || may_tell,
        // A success that cannot be believed, and an error of the platform's own, may have happened.
        Outcome::Failed(error) => !changes || !error.did_not_happen() || may_tell,
    };
    assert!(allowed, "{status}, signed: {is_signed}");
    is_believed
}

/// Whether the call changes something, and what came of it.
fn make(call: u8) -> (bool, Outcome) {
    match call {
        0 => (true, outcome(CLIENT.native(&order()).now_or_never())),
        1 => (true, jsapi()),
        2 => (true, outcome(CLIENT.app(&order()).now_or_never())),
        3 => (
            true,
            outcome(CLIENT.h5(&order(), &H5Info::wap()).now_or_never()),
        ),
        4 => (false, transaction(OrderNumber::OutTradeNo(NUMBER))),
        5 => (false, transaction(OrderNumber::TransactionId(TRANSACTION))),
        6 => (true, close()),
        7 => (true, refund()),
        8 => (false, query_refund()),
        9 => (true, abnormal_refund()),
        10 => {
            let call = RawCall::get("/v3/some/thing?of=interest");
            (false, outcome(CLIENT.raw(&call).now_or_never()))
        }
        11 => {
            let call = RawCall::post("/v3/some/thing", "{}");
            (true, outcome(CLIENT.raw(&call).now_or_never()))
        }
        12 => {
            let asked = CLIENT.trade_bill(DAY, TradeBillKind::All).now_or_never();
            (false, bill(asked))
        }
        _ => {
            let asked = CLIENT.fund_flow_bill(DAY, FundAccount::Basic);
            (false, bill(asked.now_or_never()))
        }
    }
}

/// The double answers at once, so no call waits.
fn outcome<T>(result: Option<Result<T, ProviderError>>) -> Outcome {
    match result.expect("nothing is waited for") {
        Ok(_) => Outcome::Signed,
        Err(error) => Outcome::Failed(error),
    }
}

fn order() -> Order {
    let mut order = Order::new(NUMBER, "AI点数包-100点", Cny::from_fen(990), NOTIFY_URL);
    order.scene = Some(SceneInfo {
        payer_client_ip: "127.0.0.1".to_owned(),
        device_id: None,
        store_info: None,
    });
    order
}

fn jsapi() -> Outcome {
    let payer = OpenId::Own("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned());
    let placed = CLIENT.jsapi(&order(), &payer).now_or_never();
    if let Some(Ok(prepay)) = &placed {
        // It becomes a line of what is signed next.
        assert!(!prepay.value.prepay_id.contains('\n'));
        let started = CLIENT.jsapi_invocation(&prepay.value).now_or_never();
        assert!(started.expect("nothing is waited for").is_ok());
    }
    outcome(placed)
}

fn transaction(number: OrderNumber<'_>) -> Outcome {
    let asked = CLIENT.query_order(number).now_or_never();
    let found = CLIENT.query(NUMBER).now_or_never();
    if let (OrderNumber::OutTradeNo(_), Some(found), Some(asked)) = (number, found, &asked) {
        let known = asked.as_ref().ok().map(|answer| answer.value.is_some());
        let neutral = found
            .ok()
            .map(|answer| matches!(answer.value, Found::Payment(_)));
        assert_eq!(known, neutral, "both ways to ask hear the same");
    }
    match asked.expect("nothing is waited for") {
        Ok(answer) => match answer.value {
            Some(transaction) => {
                match number {
                    OrderNumber::OutTradeNo(number) => assert_eq!(transaction.out_trade_no, number),
                    OrderNumber::TransactionId(number) => {
                        assert_eq!(transaction.transaction_id.as_deref(), Some(number));
                    }
                }
                Outcome::Signed
            }
            None => Outcome::Told,
        },
        Err(error) => Outcome::Failed(error),
    }
}

fn close() -> Outcome {
    match CLIENT.close_order(NUMBER).now_or_never() {
        Some(Ok(answer)) => match answer.value {
            // Nothing to be said, or an error that says it was closed before.
            Closed::Accepted => Outcome::SignedOrTold,
            Closed::AlreadyPaid | Closed::NoSuchPayment => Outcome::Told,
        },
        other => outcome(other),
    }
}

fn refund() -> Outcome {
    let request = RefundRequest::new(
        PaidOrder::OutTradeNo(NUMBER.to_owned()),
        REFUND,
        Cny::from_fen(990),
        Cny::from_fen(990),
        NOTIFY_URL,
    );
    let refunded = CLIENT.refund(&request).now_or_never();
    if let Some(Ok(answer)) = &refunded {
        assert_eq!(answer.value.out_refund_no, REFUND);
    }
    outcome(refunded)
}

fn query_refund() -> Outcome {
    match CLIENT.query_refund(REFUND).now_or_never() {
        Some(Ok(answer)) => match answer.value {
            Some(refund) => {
                assert_eq!(refund.out_refund_no, REFUND);
                Outcome::Signed
            }
            None => Outcome::Told,
        },
        other => outcome(other),
    }
}

fn bill(asked: Option<Result<Answer<Option<BillLink>>, ProviderError>>) -> Outcome {
    match asked {
        Some(Ok(answer)) => match answer.value {
            Some(link) => {
                assert_eq!(link.sha1().len(), 40);
                Outcome::Signed
            }
            // Nothing happened on that day.
            None => Outcome::Told,
        },
        other => outcome(other),
    }
}

fn abnormal_refund() -> Outcome {
    let request = AbnormalRefund {
        refund_id: "50300000000202601010000000001".to_owned(),
        out_refund_no: REFUND.to_owned(),
        to: RefundTo::MerchantAccount,
    };
    outcome(CLIENT.abnormal_refund(&request).now_or_never())
}
