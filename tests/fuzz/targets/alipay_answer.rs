//! Alipay's answers to every call: any status and body, as they come or with a signed node.

#![no_main]

use std::sync::{Arc, LazyLock};

use futures_util::FutureExt;
use fuzz::alipay::{client, sign};
use fuzz::choice;
use fuzz::message::Message;
use fuzz::platform::Platform;
use libfuzzer_sys::fuzz_target;
use paydesk_alipay::Alipay;
use paydesk_money::Cny;
use paydesk_provider::{CreatePayment, Found, PaymentProvider, ProviderError, Scene};
use time::macros::datetime;

const NUMBER: &str = "T20260101000001";

static PLATFORM: LazyLock<Arc<Platform>> = LazyLock::new(Arc::default);
static CLIENT: LazyLock<Alipay> = LazyLock::new(|| client(Arc::clone(&PLATFORM)));

fuzz_target!(
    init: {
        for seed in [
            include_bytes!("../seeds/alipay_answer/precreate").as_slice(),
            include_bytes!("../seeds/alipay_answer/query"),
            include_bytes!("../seeds/alipay_answer/close"),
        ] {
            assert!(is_believed(seed), "true answers are not reached");
        }
    },
    |data: &[u8]| {
        is_believed(data);
    }
);

fn is_believed(data: &[u8]) -> bool {
    let Some((call, data)) = choice(data, 3) else {
        return false;
    };
    let Some((way, data)) = choice(data, 3) else {
        return false;
    };
    let mut answer = Message::read(data);
    let method = ["precreate", "query", "close"][usize::from(call)];
    match way {
        0 => {}
        1 => answer.body = around(&format!("alipay_trade_{method}_response"), &answer.body),
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

fn make(call: u8) -> Result<(), ProviderError> {
    match call {
        0 => {
            let created = CLIENT.create(&payment()).now_or_never();
            created.expect("nothing is waited for").map(drop)
        }
        1 => {
            let found = CLIENT.query(NUMBER).now_or_never();
            let answer = found.expect("nothing is waited for")?;
            if let Found::Payment(statement) = answer.value {
                assert_eq!(statement.payment_no, NUMBER);
            }
            Ok(())
        }
        _ => {
            let closed = CLIENT.close(NUMBER).now_or_never();
            closed.expect("nothing is waited for").map(drop)
        }
    }
}

fn payment() -> CreatePayment {
    CreatePayment {
        payment_no: NUMBER.to_owned(),
        scene: Scene::Qr,
        amount: Cny::from_fen(990),
        description: "AI点数包-100点".to_owned(),
        notify_url: "https://pay.example.com/notify/alipay".to_owned(),
        expire_at: datetime!(2026-01-01 12:30 +8),
    }
}
