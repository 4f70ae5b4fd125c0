//! Notices with all they say, messages of the application gateway, and what browsers bring back.

use paydesk_alipay::{
    Acknowledgement, AlipayKeys, AlipayNotice, ExpectedOrder, ExpectedRefund, MessageContent,
    NoticeContent, NoticeVerifier, RefundNotice, TradeNotice, TradeStatus,
};
use paydesk_money::Cny;
use paydesk_provider::{NoticeError, RawNotice, Untrusted, Verified};
use time::macros::datetime;
use url::form_urlencoded::Serializer;

use crate::notices::{client, fields, recorded, vectors_client};
use crate::platform::{ALIPAY_PUBLIC, APP_ID, FakePlatform, SELLER_ID, raw, vectors};

fn opened(verifier: &NoticeVerifier, notice: &RawNotice) -> AlipayNotice {
    verifier.verify(notice).unwrap().into_inner()
}

fn untrusted<T: std::fmt::Debug>(result: Result<Verified<T>, NoticeError>) -> Untrusted {
    match result {
        Err(NoticeError::Untrusted(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn payment(notice: AlipayNotice) -> TradeNotice {
    match notice.content {
        NoticeContent::Payment(trade) => trade.into_inner(),
        other => panic!("{other:?}"),
    }
}

fn refund(notice: AlipayNotice) -> RefundNotice {
    match notice.content {
        NoticeContent::Refund(refund) => refund.into_inner(),
        other => panic!("{other:?}"),
    }
}

/// A vector that is given as its signed text.
fn wire(name: &str, more: &[(&str, &str)]) -> RawNotice {
    let vector = &vectors()[name];
    let of = |field: &str| vector[field].as_str().unwrap();
    let signed = of("signed").split('&');
    let body = Serializer::new(String::new())
        .extend_pairs(signed.map(|pair| pair.split_once('=').unwrap()))
        .extend_pairs(more)
        .append_pair("sign", of("sign"))
        .finish();
    raw(&body)
}

fn verifier_of(name: &str) -> NoticeVerifier {
    client(vectors()[name]["public"].as_str().unwrap()).notices()
}

#[test]
fn the_published_payment_is_read_whole() {
    let notice = opened(&vectors_client().notices(), &recorded("notice"));
    assert_eq!(notice.notify_id, "2026010100222120105000000000000001");
    assert_eq!(notice.notify_time, datetime!(2026-01-01 12:01:06 +8));
    assert_eq!(notice.notify_type, "trade_status_sync");
    let trade = payment(notice);
    assert_eq!(
        (trade.app_id.as_str(), trade.seller_id.as_str()),
        (APP_ID, SELLER_ID)
    );
    assert_eq!(trade.auth_app_id.as_deref(), Some(APP_ID));
    assert_eq!(trade.out_trade_no, "T20260101000001");
    assert_eq!(
        trade.trade_no.as_deref(),
        Some("2026010122001400000000000001")
    );
    assert_eq!(trade.status, TradeStatus::Success);
    assert_eq!(trade.total, Some(Cny::from_fen(1)));
    assert_eq!(trade.created_at, Some(datetime!(2026-01-01 12:01 +8)));
    assert_eq!(trade.paid_at, Some(datetime!(2026-01-01 12:01:05 +8)));
    assert_eq!(trade.subject.as_deref(), Some("会员-月卡 100%+1"));
    // As it was signed: still encoded.
    assert_eq!(
        trade.passback_params.as_deref(),
        Some("a%3D1%26b%3D%E4%B8%AD")
    );
    assert_eq!(trade.fund_bills[0].channel, "ALIPAYACCOUNT");
    assert_eq!(trade.fund_bills[0].amount, Cny::from_fen(1));
    assert_eq!(trade.refunded_so_far, None);
    assert_eq!(
        trade.buyer_id.as_ref().unwrap().expose(),
        "2088000000000001"
    );
    assert!(!format!("{trade:?}").contains("2088000000000001"));
}

#[test]
fn the_published_notice_of_a_merchant_is_read() {
    let notice = wire("published_notice", &[("sign_type", "RSA2")]);
    let trade = payment(opened(&verifier_of("published_notice"), &notice));
    assert_eq!(trade.subject.as_deref(), Some("语雀空间 500人规模"));
    assert_eq!(trade.buyer_logon_id.unwrap().expose(), "xud***@126.com");
    assert_eq!(trade.buyer_pay_amount, Some(Cny::from_fen(10)));
}

#[test]
fn the_published_notice_in_gbk_is_read_in_its_character_set() {
    let trade = payment(opened(&vectors_client().notices(), &recorded("gbk_notice")));
    assert_eq!(trade.subject.as_deref(), Some("会员-月卡"));
}

#[test]
fn r21_the_published_refund_is_one_and_no_payment() {
    let refund = refund(opened(
        &vectors_client().notices(),
        &recorded("refund_notice"),
    ));
    assert_eq!(refund.out_request_no.as_deref(), Some("R20260102000001"));
    assert_eq!(
        refund.refunded_at,
        Some(datetime!(2026-01-02 09:00:00.123 +8))
    );
    assert_eq!(refund.trade.refunded_so_far, Some(Cny::from_fen(300)));
    assert_eq!(refund.trade.total, Some(Cny::from_fen(1000)));
    assert_eq!(refund.trade.status, TradeStatus::Success);
    let expected = |out_request_no, total| ExpectedRefund {
        out_trade_no: "T20260101000003",
        out_request_no,
        total: Cny::from_fen(total),
        refund: Cny::from_fen(300),
    };
    assert_eq!(
        refund.match_refund(&expected("R20260102000001", 1000)),
        Ok(())
    );
    let mismatch = refund.match_refund(&expected("R2", 900)).unwrap_err();
    assert_eq!(
        mismatch.to_string(),
        "out_biz_no is \"R20260102000001\" instead of \"R2\", \
         total_amount is \"10.00\" instead of \"9.00\""
    );
}

/// Its own amount is told rarely, and compared where it is.
#[test]
fn r20_a_refund_that_tells_its_amount_is_compared_by_it() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let told = |amount| {
        let changes = [("out_biz_no", "R1"), ("refund_amount", amount)];
        let refund = refund(opened(&verifier, &platform.notice(&fields(&changes))));
        let expected = ExpectedRefund {
            out_trade_no: "PO1",
            out_request_no: "R1",
            total: Cny::from_fen(990),
            refund: Cny::from_fen(300),
        };
        refund.match_refund(&expected).map_err(|it| it.to_string())
    };
    assert_eq!(told("3.00"), Ok(()));
    assert_eq!(told(""), Ok(()));
    assert_eq!(
        told("2.99").unwrap_err(),
        "refund_amount is \"2.99\" instead of \"3.00\""
    );
}

#[test]
fn r21_payments_refunds_ends_and_closes_are_told_apart() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let kind =
        |changes: &[(&str, &str)]| match opened(&verifier, &platform.notice(&fields(changes)))
            .content
        {
            NoticeContent::Payment(_) => "payment",
            NoticeContent::Finished(_) => "finished",
            NoticeContent::Refund(_) => "refund",
            NoticeContent::Closed(_) => "closed",
            NoticeContent::Pending(_) => "pending",
            NoticeContent::Other { .. } => "other",
            other => panic!("{other:?}"),
        };
    let status = |status| ("trade_status", status);
    for (changes, expected) in [
        (&[][..], "payment"),
        (&[("refund_fee", "0.00")], "payment"),
        (&[status("TRADE_FINISHED")], "finished"),
        (
            &[status("TRADE_FINISHED"), ("refund_fee", "0.00")],
            "finished",
        ),
        // What was given back long before is repeated at the end.
        (
            &[status("TRADE_FINISHED"), ("refund_fee", "3.00")],
            "finished",
        ),
        (&[("refund_fee", "3.00")], "refund"),
        (&[("gmt_refund", "2026-01-02 09:00:00.123")], "refund"),
        (&[("out_biz_no", "R1")], "refund"),
        (&[("out_request_no", "R1")], "refund"),
        (&[("refund_status", "REFUND_SUCCESS")], "refund"),
        (&[("refund_amount", "3.00")], "refund"),
        (&[("send_back_fee", "3.00")], "refund"),
        (&[("dback_status", "S")], "refund"),
        (&[("dback_amount", "3.00")], "refund"),
        (
            &[("refund_amount", "0.00"), ("send_back_fee", "0.00")],
            "payment",
        ),
        (&[status("TRADE_CLOSED"), ("refund_fee", "9.90")], "refund"),
        // It was paid, and now it is closed.
        (&[status("TRADE_CLOSED")], "refund"),
        (&[status("TRADE_CLOSED"), ("gmt_payment", "")], "closed"),
        (&[status("WAIT_BUYER_PAY"), ("gmt_payment", "")], "pending"),
        (&[status("NEXT_YEARS")], "pending"),
        (&[("credit_pay_mode", "creditAdvanceV2")], "pending"),
        (&[("notify_type", "dut_user_sign")], "other"),
    ] {
        assert_eq!(kind(changes), expected, "{changes:?}");
    }
}

#[test]
fn r20_each_field_of_a_notice_that_differs_is_named() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let order = ExpectedOrder {
        app_id: APP_ID,
        seller_id: SELLER_ID,
        out_trade_no: "PO1",
        total: Cny::from_fen(990),
    };
    let compared = |changes: &[(&str, &str)]| {
        payment(opened(&verifier, &platform.notice(&fields(changes)))).match_order(&order)
    };
    assert_eq!(compared(&[]), Ok(()));
    assert_eq!(
        compared(&[("total_amount", "9.9"), ("receipt_amount", "9.00")]),
        Ok(())
    );
    for (change, said) in [
        (
            ("app_id", "2021000000000009"),
            "app_id is \"2021000000000009\"",
        ),
        (("app_id", ""), "app_id is \"\""),
        (
            ("seller_id", "2088000000000009"),
            "seller_id is \"2088000000000009\"",
        ),
        (("out_trade_no", "PO2"), "out_trade_no is \"PO2\""),
        (("total_amount", "9.89"), "total_amount is \"9.89\""),
        (("total_amount", ""), "total_amount is \"\""),
        (("trans_currency", "USD"), "trans_currency is \"USD\""),
    ] {
        let mismatch = compared(&[change]).unwrap_err();
        assert_eq!(mismatch.differences().len(), 1);
        assert!(mismatch.to_string().starts_with(said), "{mismatch}");
    }
    let all = compared(&[
        ("app_id", "1"),
        ("seller_id", "2"),
        ("out_trade_no", "3"),
        ("total_amount", "4"),
    ]);
    assert_eq!(all.unwrap_err().differences().len(), 4);
}

#[test]
fn r20_only_a_paid_trade_can_be_granted() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let order = ExpectedOrder {
        app_id: APP_ID,
        seller_id: SELLER_ID,
        out_trade_no: "PO1",
        total: Cny::from_fen(990),
    };
    let compared = |changes: &[(&str, &str)]| {
        let trade = match opened(&verifier, &platform.notice(&fields(changes))).content {
            NoticeContent::Payment(trade)
            | NoticeContent::Finished(trade)
            | NoticeContent::Closed(trade)
            | NoticeContent::Pending(trade) => trade.into_inner(),
            NoticeContent::Refund(refund) => refund.into_inner().trade,
            other => panic!("{other:?}"),
        };
        trade
            .match_paid(&order)
            .map_err(|mismatch| mismatch.to_string())
    };
    let status = |status| ("trade_status", status);
    assert_eq!(compared(&[]), Ok(()));
    assert_eq!(compared(&[status("TRADE_FINISHED")]), Ok(()));
    assert_eq!(compared(&[("refund_fee", "9.89")]), Ok(()));
    for (changes, said) in [
        (
            &[status("TRADE_CLOSED")][..],
            "trade_status is \"TRADE_CLOSED\"",
        ),
        (
            &[status("WAIT_BUYER_PAY")],
            "trade_status is \"WAIT_BUYER_PAY\"",
        ),
        (
            &[("credit_pay_mode", "x")],
            "trade_status is \"TRADE_SUCCESS\"",
        ),
        (
            &[("trade_no", "")],
            "trade_no is \"\" instead of \"a number\"",
        ),
        (&[("total_amount", "9.89")], "total_amount is \"9.89\""),
        // All of it went back, under the name of a success or of an end.
        (&[("refund_fee", "9.90")], "refund_fee is \"9.90\""),
        (
            &[status("TRADE_FINISHED"), ("refund_fee", "9.90")],
            "refund_fee is \"9.90\"",
        ),
    ] {
        assert!(
            compared(changes).unwrap_err().starts_with(said),
            "{changes:?}"
        );
    }
}

#[test]
fn a_service_that_only_receives_needs_no_key_of_its_own() {
    let verifier = NoticeVerifier::new(AlipayKeys::new(ALIPAY_PUBLIC).unwrap());
    let platform = FakePlatform::new();
    payment(opened(&verifier, &platform.notice(&fields(&[]))));
    let error = verifier.verify(&recorded("notice")).unwrap_err();
    assert_eq!(Acknowledgement::from(&error), Acknowledgement::failed(401));
    let odd = platform.notice(&fields(&[("charset", "x")]));
    let error = verifier.verify(&odd).unwrap_err();
    assert_eq!(Acknowledgement::from(&error).status, 400);
    assert_eq!(Acknowledgement::from(&error).body, "failure");
}

#[test]
fn an_authentic_notice_that_makes_no_sense_is_malformed() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    for change in [
        ("notify_id", ""),
        ("notify_time", "now"),
        ("charset", "utf-16"),
        ("out_trade_no", ""),
        ("out_trade_no", "会"),
        ("trade_status", ""),
        ("total_amount", "1e3"),
        ("refund_fee", "-1.00"),
        ("gmt_payment", "2026-13-01 00:00:00"),
        ("seller_id", "２０８８"),
    ] {
        let error = verifier
            .verify(&platform.notice(&fields(&[change])))
            .unwrap_err();
        assert!(
            matches!(error, NoticeError::Malformed(_)),
            "{change:?}: {error}"
        );
    }
    // What nothing rests on may be odd.
    let odd = fields(&[
        ("gmt_create", "x"),
        ("fund_bill_list", "x"),
        ("receipt_amount", "x"),
    ]);
    payment(opened(&verifier, &platform.notice(&odd)));
}

/// They are signed by another rule, and come to another address.
#[test]
fn r18_the_published_message_of_the_application_gateway_is_a_message_and_no_notice() {
    let verifier = verifier_of("gateway_message");
    let message = wire("gateway_message", &[]);
    let opened = verifier.verify_message(&message).unwrap();
    assert_eq!(opened.method, "alipay.open.servicemarket.order.notify");
    assert_eq!(opened.app_id, "2017122801303261");
    assert_eq!(
        opened.notify_id.as_deref(),
        Some("2019030800222102023008121054923345")
    );
    assert_eq!(opened.sent_at, Some(datetime!(2019-03-08 10:20:23 +8)));
    let MessageContent::Fields(fields) = &opened.content else {
        panic!("{opened:?}")
    };
    assert_eq!(fields["title"], "麦禾商城模版");
    assert_eq!(fields["phone"], "17826894615");
    assert!(!format!("{opened:?}").contains("17826894615"));
    assert_eq!(
        untrusted(verifier.verify(&message)),
        Untrusted::BadSignature
    );
    let vectors = vectors_client().notices();
    for notice in ["notice", "refund_notice", "gbk_notice"] {
        let refused = untrusted(vectors.verify_message(&recorded(notice)));
        assert_eq!(refused, Untrusted::BadSignature, "{notice}");
    }
}

fn deposit_back(json: &str) -> [(&str, &str); 7] {
    [
        ("app_id", APP_ID),
        ("biz_content", json),
        ("charset", "UTF-8"),
        ("msg_method", "alipay.trade.refund.depositback.completed"),
        ("notify_id", "N9"),
        ("utc_timestamp", "1767240000123"),
        ("version", "1.1"),
    ]
}

/// Which of the two rules they use is not documented.
#[test]
fn a_newer_message_is_read_under_either_rule() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let json = r#"{"trade_no":"2026","out_trade_no":"PO1","out_request_no":"R1","dback_status":"F",
        "dback_amount":"3.00","bank_ack_time":"2026-01-03 10:00:00","est_bank_receipt_time":"soon"}"#;
    let fields = deposit_back(json);
    for message in [platform.message(&fields), platform.notice(&fields)] {
        let opened = verifier.verify_message(&message).unwrap();
        assert_eq!(opened.sent_at, Some(datetime!(2026-01-01 04:00:00.123 UTC)));
        let MessageContent::DepositBack(deposit) = &opened.content else {
            panic!("{opened:?}")
        };
        assert_eq!(deposit.out_request_no.as_deref(), Some("R1"));
        assert_eq!(
            (deposit.status.as_str(), deposit.amount),
            ("F", Some(Cny::from_fen(300)))
        );
        assert_eq!(deposit.bank_ack_time, Some(datetime!(2026-01-03 10:00 +8)));
        assert_eq!(deposit.expected_at, None);
    }
    let mut other = deposit_back("{\"a\":\"b&c\"}");
    other[3].1 = "alipay.open.app.something.changed";
    let opened = verifier.verify_message(&platform.message(&other)).unwrap();
    assert_eq!(
        opened.content,
        MessageContent::Json("{\"a\":\"b&c\"}".to_owned())
    );
    for json in [
        "7",
        "[]",
        "{}",
        "{\"dback_status\":\"S\",\"dback_amount\":\"x\"}",
    ] {
        let message = platform.message(&deposit_back(json));
        let error = verifier.verify_message(&message).unwrap_err();
        assert!(
            matches!(error, NoticeError::Malformed(_)),
            "{json}: {error}"
        );
    }
}

#[test]
fn r18_a_message_that_was_touched_is_refused() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let good = platform.message(&deposit_back(r#"{"dback_status":"S"}"#));
    verifier.verify_message(&good).unwrap();
    let text = String::from_utf8(good.body.to_vec()).unwrap();
    for (from, to) in [
        ("RSA2", "RSA"),
        ("msg_method", "msg_methods"),
        ("1.1", "1.0"),
        ("%22S%22", "%22F%22"),
        ("sign_type=RSA2&", ""),
        ("app_id", "x=1&app_id"),
    ] {
        let touched = text.replace(from, to);
        assert_ne!(touched, text);
        let refused = untrusted(verifier.verify_message(&raw(&touched)));
        assert_eq!(refused, Untrusted::BadSignature, "{from}");
    }
    // A field whose value could hold its neighbour is no field to act upon.
    let unclear = platform.message(&[
        ("app_id", APP_ID),
        ("charset", "UTF-8"),
        ("method", "alipay.x"),
        ("words", "a&b=c"),
    ]);
    let error = verifier.verify_message(&unclear).unwrap_err();
    assert!(matches!(error, NoticeError::Malformed(_)), "{error}");
}

fn returned<'a>() -> Vec<(&'a str, &'a str)> {
    vec![
        ("app_id", APP_ID),
        ("auth_app_id", APP_ID),
        ("charset", "utf-8"),
        ("method", "alipay.trade.page.pay.return"),
        ("out_trade_no", "PO1"),
        ("seller_id", SELLER_ID),
        ("timestamp", "2026-01-01 12:01:07"),
        ("total_amount", "9.90"),
        ("trade_no", "2026"),
        ("version", "1.0"),
    ]
}

#[test]
fn a_browser_that_comes_back_proves_a_number_and_no_payment() {
    let platform = FakePlatform::new();
    let verifier = platform.client().notices();
    let signed = platform.notice(&returned());
    let query = String::from_utf8(signed.body.to_vec()).unwrap();
    // The merchant's own parameters are not signed, and are not read.
    for query in [query.clone(), format!("x=1&order=%E4%BC%9A&{query}")] {
        let back = verifier.verify_return(&query).unwrap();
        assert_eq!(
            (back.out_trade_no.as_str(), back.trade_no.as_deref()),
            ("PO1", Some("2026"))
        );
        assert_eq!(
            (back.app_id.as_str(), back.seller_id.as_str()),
            (APP_ID, SELLER_ID)
        );
        assert_eq!(back.total, Some(Cny::from_fen(990)));
        assert_eq!(back.at, Some(datetime!(2026-01-01 12:01:07 +8)));
    }
    for (from, to) in [
        ("PO1", "PO2"),
        ("9.90", "0.01"),
        ("RSA2", "RSA"),
        ("&version=1.0", "%26version%3D1.0"),
    ] {
        let touched = query.replace(from, to);
        assert_ne!(touched, query);
        assert!(verifier.verify_return(&touched).is_err(), "{touched}");
    }
    // It is no notice, and a notice is none of it.
    assert!(verifier.verify(&signed).is_err());
    let notice = platform.notice(&fields(&[]));
    let notice = String::from_utf8(notice.body.to_vec()).unwrap();
    let error = verifier.verify_return(&notice).unwrap_err();
    assert!(matches!(error, NoticeError::Malformed(_)), "{error}");
}
