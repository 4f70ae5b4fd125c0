//! Alipay's notices: a form from anywhere, and signed fields.

#![no_main]

use std::sync::{Arc, LazyLock};

use fuzz::alipay::{client, fields, is_signed, signed};
use fuzz::choice;
use libfuzzer_sys::fuzz_target;
use paydesk_alipay::Alipay;
use paydesk_money::Cny;
use paydesk_provider::{Notice, NoticeBody, PaymentProvider, RawNotice};

static CLIENT: LazyLock<Alipay> = LazyLock::new(|| client(Arc::default()));

fuzz_target!(
    init: {
        for seed in [
            include_bytes!("../seeds/alipay_notice/payment").as_slice(),
            include_bytes!("../seeds/alipay_notice/signed_payment"),
        ] {
            assert!(is_taken(seed), "true notices are not reached");
        }
    },
    |data: &[u8]| {
        is_taken(data);
    }
);

fn is_taken(data: &[u8]) -> bool {
    match choice(data, 2) {
        Some((0, data)) => {
            let taken = verify(data).is_some();
            assert!(!taken || is_signed(data), "taken without a signature");
            taken
        }
        Some((_, data)) => from_the_platform(&signed(&fields(data))),
        None => false,
    }
}

fn verify(body: &[u8]) -> Option<Notice> {
    let raw = RawNotice {
        headers: vec![(
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        )],
        body: body.to_vec().into(),
    };
    CLIENT.verify(&raw).ok().map(|notice| notice.into_inner())
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
