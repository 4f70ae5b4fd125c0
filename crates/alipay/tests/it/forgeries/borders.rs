//! Notices with single bytes, fields and borders moved.

use paydesk_alipay::{Alipay, AlipayKeys, Config, Credentials};
use paydesk_money::Cny;
use paydesk_provider::{PaymentProvider, RawNotice, Untrusted};
use proptest::prelude::*;

use crate::notices::{fields, recorded, refused, vectors_client};
use crate::platform::{ALIPAY_PUBLIC, FakePlatform, credentials, raw, vectors};

#[test]
fn r18_no_byte_of_a_notice_can_be_changed() {
    let client = vectors_client();
    for name in ["notice", "refund_notice", "gbk_notice"] {
        let good = recorded(name);
        for at in 0..good.body.len() {
            for flip in [1, 2, 0x20] {
                let mut body = good.body.to_vec();
                body[at] ^= flip;
                // Hex digits of an escape mean the same in both cases.
                if body[at].is_ascii_hexdigit() && body[at].eq_ignore_ascii_case(&good.body[at]) {
                    continue;
                }
                let forged = RawNotice {
                    body: body.into(),
                    ..good.clone()
                };
                assert_eq!(
                    refused(&client, &forged),
                    Untrusted::BadSignature,
                    "{name} {at}"
                );
            }
        }
        for cut in [0, 1, good.body.len() / 2, good.body.len() - 1] {
            let forged = RawNotice {
                body: good.body.slice(..cut),
                ..good.clone()
            };
            assert_eq!(
                refused(&client, &forged),
                Untrusted::BadSignature,
                "cut at {cut}"
            );
        }
    }
}

#[test]
fn r18_no_field_can_be_changed_added_doubled_or_removed() {
    let client = vectors_client();
    let good = String::from_utf8(recorded("notice").body.to_vec()).unwrap();
    let pairs: Vec<&str> = good.split('&').collect();
    assert_eq!(pairs.len(), 22);
    for at in 0..pairs.len() {
        let mut doubled = pairs.clone();
        doubled.push(pairs[at]);
        let mut removed = pairs.clone();
        removed.remove(at);
        let changed = format!("{}0", pairs[at]);
        let mut other = pairs.clone();
        other[at] = &changed;
        for forged in [doubled, removed, other] {
            let reason = refused(&client, &raw(&forged.join("&")));
            assert_eq!(reason, Untrusted::BadSignature, "{}", pairs[at]);
        }
    }
    for more in [
        "trade_status=TRADE_FINISHED",
        "refund_fee=0.01",
        "x=1",
        "%73ign=AAAA",
    ] {
        let reason = refused(&client, &raw(&format!("{good}&{more}")));
        assert_eq!(reason, Untrusted::BadSignature, "{more}");
    }
    // The order is free, and a field without a value is none.
    let mut turned = pairs.clone();
    turned.reverse();
    client.verify(&raw(&turned.join("&"))).unwrap();
    client.verify(&raw(&format!("{good}&body="))).unwrap();
}

#[test]
fn r18_the_message_does_not_choose_the_algorithm() {
    let client = vectors_client();
    let good = String::from_utf8(recorded("notice").body.to_vec()).unwrap();
    for other in ["RSA", "rsa2", "RSA2%20", "", "SM2", "none"] {
        let body = good.replace("sign_type=RSA2", &format!("sign_type={other}"));
        assert_eq!(
            refused(&client, &raw(&body)),
            Untrusted::BadSignature,
            "{other}"
        );
    }
    let body = good.replace("sign_type=RSA2&", "");
    assert_eq!(refused(&client, &raw(&body)), Untrusted::BadSignature);
}

/// Names and values are joined without escapes before they are signed. Another border in the same
/// signed text must not make another notice of it.
#[test]
fn r18_the_border_between_fields_cannot_be_moved() {
    let platform = FakePlatform::new();
    let client = platform.client();
    let subject = "p&total_amount=999.00&tozz=";
    let signed = platform.notice(&fields(&[("subject", subject)]));
    assert_eq!(refused(&client, &signed), Untrusted::BadSignature);
    let body = String::from_utf8(signed.body.to_vec()).unwrap();
    let moved = body.replace("&total_amount=9.90", "").replace(
        "p%26total_amount%3D999.00%26tozz%3D",
        "p&total_amount=999.00&tozz=%26total_amount%3D9.90",
    );
    assert_ne!(moved, body);
    assert_eq!(refused(&client, &raw(&moved)), Untrusted::BadSignature);
}

/// While the platform's key is being changed, both are valid, and no third.
#[test]
fn r18_each_of_two_keys_is_believed() {
    let vectors = vectors();
    let old = vectors["key"]["public"].as_str().unwrap();
    let keys = AlipayKeys::new(old).unwrap().and(ALIPAY_PUBLIC).unwrap();
    let client = Alipay::new(Config::new(Credentials {
        alipay_keys: keys,
        ..credentials()
    }))
    .unwrap();
    client.verify(&recorded("notice")).unwrap();
    let platform = FakePlatform::new();
    let notice = platform.notice(&fields(&[]));
    client.verify(&notice).unwrap();
    assert_eq!(refused(&vectors_client(), &notice), Untrusted::BadSignature);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the texts in a notice are, it is refused or says what was signed.
    #[test]
    fn r18_texts_never_change_what_is_said(
        subject in "(&|=|%|\\+|trade_no|total_amount|0\\.01|[a-z会]){0,12}",
        body in "\\PC{0,20}",
    ) {
        let platform = FakePlatform::new();
        let notice = platform.notice(&fields(&[("subject", &subject), ("body", &body)]));
        if let Ok(notice) = platform.client().verify(&notice) {
            let statement = notice.payment().unwrap();
            prop_assert_eq!(statement.amount, Some(Cny::from_fen(990)));
            prop_assert_eq!(&statement.payment_no, "PO1");
            prop_assert_eq!(statement.transaction_id.as_deref(), Some("2026"));
        } else {
            prop_assert!(subject.contains('&') || body.contains('&'));
        }
    }

    /// A field moved out of its neighbour's value, or into it, makes no notice.
    #[test]
    fn r18_no_border_can_be_drawn_elsewhere(cut in any::<prop::sample::Index>()) {
        let platform = FakePlatform::new();
        let notice = platform.notice(&fields(&[]));
        let body = String::from_utf8(notice.body.to_vec()).unwrap();
        let borders: Vec<usize> = body.match_indices('&').map(|(at, _)| at).collect();
        let at = borders[cut.index(borders.len())];
        let joined = format!("{}%26{}", &body[..at], body[at + 1..].replacen('=', "%3D", 1));
        prop_assert_eq!(refused(&platform.client(), &raw(&joined)), Untrusted::BadSignature);
    }
}
