//! Alipay's notices: a form from anywhere, and signed fields.

#![no_main]

use std::sync::{Arc, LazyLock};

use fuzz::alipay::{client, fields, is_signed, signed, signed_message};
use fuzz::choice;
use libfuzzer_sys::fuzz_target;
use paydesk_alipay::{Alipay, MessageContent, NoticeContent};
use paydesk_money::Cny;
use paydesk_provider::{Notice, NoticeBody, PaymentProvider, RawNotice};

static CLIENT: LazyLock<Alipay> = LazyLock::new(|| client(Arc::default()));

fuzz_target!(
    init: {
        for seed in [
            include_bytes!("../seeds/alipay_notice/payment").as_slice(),
            include_bytes!("../seeds/alipay_notice/signed_payment"),
            include_bytes!("../seeds/alipay_notice/typed_payment"),
            include_bytes!("../seeds/alipay_notice/message"),
            include_bytes!("../seeds/alipay_notice/deposit_back"),
            include_bytes!("../seeds/alipay_notice/page_return"),
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
        Some((0, data)) => {
            let taken = verify(data).is_some();
            assert!(!taken || is_signed(data), "taken without a signature");
            taken
        }
        Some((1, data)) => from_the_platform(&signed(&fields(data))),
        Some((2, data)) => typed(&signed(&fields(data))),
        Some((3, data)) => message(&signed_message(&fields(data))),
        Some((_, data)) => page_return(&signed(&fields(data))),
        None => false,
    }
}

/// A notice's one value of this name, by a reading of its own.
fn only(fields: &[(String, String)], name: &str) -> Option<String> {
    let mut found = fields.iter().filter(|(key, _)| key == name);
    let value = found.next().map(|(_, value)| value.clone());
    assert!(found.next().is_none(), "{name} twice");
    value.filter(|value| !value.is_empty())
}

/// What is paid by a notice was paid by what it says.
fn typed(body: &[u8]) -> bool {
    let Ok(notice) = CLIENT.notices().verify(&raw(body)) else {
        return false;
    };
    let fields = fields(body);
    if let NoticeContent::Payment(trade) = &notice.content {
        assert_eq!(
            only(&fields, "trade_status").as_deref(),
            Some("TRADE_SUCCESS")
        );
        assert_eq!(
            only(&fields, "out_trade_no"),
            Some(trade.out_trade_no.clone())
        );
        let total = only(&fields, "total_amount");
        assert_eq!(
            total.map(|yuan| Cny::parse_yuan(&yuan).expect("an amount")),
            trade.total
        );
    }
    true
}

/// A message is none of the notices, which are signed by another rule.
fn message(body: &[u8]) -> bool {
    assert!(verify(body).is_none(), "a message passes for a notice");
    let Ok(message) = CLIENT.notices().verify_message(&raw(body)) else {
        return false;
    };
    let fields = fields(body);
    let name = only(&fields, "msg_method").or_else(|| only(&fields, "method"));
    assert_eq!(name.as_ref(), Some(&message.method));
    if let MessageContent::DepositBack(deposit) = &message.content {
        let content = only(&fields, "biz_content").expect("it was read");
        let content: serde_json::Value = serde_json::from_str(&content).expect("JSON");
        // A number is read as its digits.
        if content["dback_status"].is_string() {
            assert_eq!(content["dback_status"], deposit.status);
        }
    }
    true
}

/// What a browser brings is about an order and no notice.
fn page_return(query: &[u8]) -> bool {
    let query = std::str::from_utf8(query).expect("a form is ASCII");
    let Ok(page) = CLIENT.notices().verify_return(query) else {
        return false;
    };
    let fields = fields(query.as_bytes());
    assert_eq!(
        only(&fields, "out_trade_no"),
        Some(page.out_trade_no.clone())
    );
    assert_eq!(only(&fields, "trade_status"), None);
    true
}

fn raw(body: &[u8]) -> RawNotice {
    RawNotice {
        headers: vec![(
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        )],
        body: body.to_vec().into(),
    }
}

fn verify(body: &[u8]) -> Option<Notice> {
    CLIENT
        .verify(&raw(body))
        .ok()
        .map(|notice| notice.into_inner())
}

/// What is read out of a notice is in it.
fn from_the_platform(body: &[u8]) -> bool {
    let Some(notice) = verify(body) else {
        return false;
    };
    let fields = fields(body);
    let said = |name: &str| {
        let mut found = fields.iter().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice");
        // What is not plain is the same as none, and belongs to no merchant.
        value.filter(|value| !value.is_empty() && value.is_ascii())
    };
    assert_eq!(said("notify_id"), Some(notice.id.as_str()));
    if let NoticeBody::Payment(payment) = notice.body {
        assert!(matches!(
            said("trade_status"),
            Some("TRADE_SUCCESS" | "TRADE_FINISHED")
        ));
        assert_eq!(said("gmt_refund"), None);
        assert_eq!(said("out_trade_no"), Some(payment.payment_no.as_str()));
        let total = said("total_amount").map(|yuan| Cny::parse_yuan(yuan).expect("an amount"));
        assert_eq!(total, payment.amount);
        assert_eq!(said("seller_id").unwrap_or_default(), payment.merchant_id);
        assert_eq!(said("app_id").unwrap_or_default(), payment.app_id);
    }
    true
}
