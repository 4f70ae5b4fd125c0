//! WeChat Pay's notices: headers and a body from anywhere, a signed body, a sealed content.

#![no_main]

use std::sync::{Arc, LazyLock};

use fuzz::choice;
use fuzz::message::Message;
use fuzz::wechat::{client, is_signed, sealed, signed};
use libfuzzer_sys::fuzz_target;
use paydesk_money::Cny;
use paydesk_provider::{NoticeError, PaymentProvider, RawNotice, Untrusted};
use paydesk_wechatpay::{ExpectedOrder, NoticeContent, NoticeVerifier, WechatNotice, WechatPay};
use serde_json::Value;

static CLIENT: LazyLock<WechatPay> = LazyLock::new(|| client(Arc::default()));
static NOTICES: LazyLock<NoticeVerifier> = LazyLock::new(|| CLIENT.notices());

fuzz_target!(
    init: {
        for seed in [
            include_bytes!("../seeds/notice/payment").as_slice(),
            include_bytes!("../seeds/notice/signed_envelope"),
            include_bytes!("../seeds/notice/sealed_payment"),
            include_bytes!("../seeds/notice/sealed_refund"),
            include_bytes!("../seeds/notice/sealed_other"),
        ] {
            assert!(is_taken(seed), "true notices are not reached");
        }
    },
    |data: &[u8]| {
        is_taken(data);
    }
);

fn is_taken(data: &[u8]) -> bool {
    match choice(data, 5) {
        None => false,
        Some((0, data)) => from_anywhere(data),
        Some((1, data)) => from_the_platform(data.to_vec()).is_ok(),
        Some((2, data)) => content("TRANSACTION.SUCCESS", data),
        Some((3, data)) => content("REFUND.SUCCESS", data),
        Some((_, data)) => content("MCHTRANSFER.BILL.FINISHED", data),
    }
}

/// What is taken was signed by a key of the platform, just now, and what was signed is not refused
/// for its signature.
fn from_anywhere(data: &[u8]) -> bool {
    let message = Message::headed(data);
    let is_signed = is_signed(&message);
    let raw = RawNotice {
        headers: message.headers,
        body: message.body.into(),
    };
    let verified = NOTICES.verify(&raw);
    match &verified {
        Ok(_) => assert!(is_signed, "taken without a signature"),
        Err(NoticeError::Untrusted(Untrusted::BadSignature | Untrusted::Probe)) => {
            assert!(!is_signed, "refused in spite of its signature");
        }
        Err(_) => {}
    }
    assert_eq!(verified.is_ok(), CLIENT.verify(&raw).is_ok());
    verified.is_ok()
}

fn from_the_platform(body: Vec<u8>) -> Result<WechatNotice, String> {
    let raw = RawNotice {
        headers: signed(&body),
        body: body.into(),
    };
    match NOTICES.verify(&raw) {
        Ok(notice) => Ok(notice.into_inner()),
        Err(NoticeError::Untrusted(Untrusted::Undecryptable)) => Err("undecryptable".to_owned()),
        Err(NoticeError::Malformed(why)) => Err(why),
        Err(error) => panic!("a signed notice is {error}"),
    }
}

/// What is read out of a content is in it.
fn content(event: &str, plain: &[u8]) -> bool {
    let read = from_the_platform(sealed(event, plain));
    assert_ne!(
        read.as_ref().err().map(String::as_str),
        Some("undecryptable")
    );
    let Ok(WechatNotice { content, .. }) = read else {
        return false;
    };
    let Ok(said) = serde_json::from_slice::<Value>(plain) else {
        return true;
    };
    match content {
        NoticeContent::Payment(payment) => {
            assert_eq!(said["out_trade_no"], payment.out_trade_no);
            assert_eq!(said["trade_state"], payment.trade_state);
            let total = payment.amount.as_ref().and_then(|amount| amount.total);
            assert_eq!(said["amount"]["total"].as_i64(), total.map(Cny::fen));
            let expected = ExpectedOrder {
                merchant_id: "1900007291",
                app_id: "wxd678efh567hg6787",
                sub_merchant_id: None,
                out_trade_no: "PO20260101000001",
                total: Cny::from_fen(990),
            };
            if payment.match_order(&expected).is_ok() {
                assert_eq!(said["out_trade_no"], "PO20260101000001");
                assert_eq!(said["amount"]["total"], 990);
                let currency = &said["amount"]["currency"];
                assert!(currency.is_null() || currency == "CNY");
            }
        }
        NoticeContent::Refund(refund) => {
            assert_eq!(said["out_refund_no"], refund.out_refund_no);
            assert_eq!(said["amount"]["refund"], refund.amount.refund.fen());
        }
        NoticeContent::Other { out_trade_no, .. } => {
            assert_eq!(said["out_trade_no"].as_str(), out_trade_no.as_deref());
        }
        _ => {}
    }
    true
}
