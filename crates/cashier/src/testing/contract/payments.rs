//! Attempts, received money, and the journal.

use std::sync::Arc;

use kernel::RefundNo;
use paydesk_money::Cny;
use paydesk_provider::Channel;
use payments::{
    Attempt, AttemptState, Mismatch, Payment, Record, RecordKind, Refund, RefundReason, Verdict,
};
use time::Duration;

use super::{begin, keep, read};
use crate::Database;
use crate::testing::{
    NOW, a_fact, a_purchase, an_attempt, an_order, order_no, payment_no, statement,
};

async fn found(database: &Arc<dyn Database>, attempt: &Attempt) -> Option<Attempt> {
    let mut snapshot = read(database).await;
    let found = snapshot.find_attempt(&attempt.payment_no).await;
    found.expect("an attempt is readable")
}

/// Every field, with and without what may be absent.
pub async fn an_attempt_comes_back_whole(database: &Arc<dyn Database>) {
    let bare = a_purchase(1);
    let mut full = a_purchase(2);
    full.attempt = Attempt {
        channel: Channel::Alipay,
        amount: Cny::from_fen(i64::MAX),
        description: "点".repeat(42),
        notify_url: format!("https://pay.example.com/{}", "x".repeat(230)),
        state: AttemptState::Paid,
        code_url: Some("https://qr.alipay.com/bax03431ljhokirwl38f00a7?a=1&b='2'".to_owned()),
        code_expires_at: Some(NOW + Duration::hours(2)),
        transaction_id: Some("2026010122001400001234567890".to_owned()),
        retry_count: i32::MAX,
        ..full.attempt
    };
    for purchase in [bare, full] {
        keep(database, &purchase).await;
        let attempt = &purchase.attempt;
        assert_eq!(found(database, attempt).await.as_ref(), Some(attempt));
        let mut tx = begin(database).await;
        let locked = tx.lock_attempt(&attempt.payment_no).await;
        assert_eq!(locked.expect("locked").as_ref(), Some(attempt));
    }
    assert_eq!(found(database, &an_attempt(&an_order(3))).await, None);
}

/// What was sent to the platform stays; how far it got changes.
pub async fn saving_an_attempt_keeps_what_was_sent(database: &Arc<dyn Database>) {
    let sent = a_purchase(1);
    keep(database, &sent).await;
    let states = [
        AttemptState::Open,
        AttemptState::Rejected,
        AttemptState::Paid,
        AttemptState::Unknown,
    ];
    for (n, state) in (1..).zip(states) {
        let got = Attempt {
            state,
            code_url: Some(format!("weixin://{n}")).filter(|_| n % 2 == 1),
            code_expires_at: Some(NOW).filter(|_| n % 2 == 1),
            transaction_id: Some(format!("T{n}")).filter(|_| n % 2 == 0),
            retry_count: n,
            ..sent.attempt.clone()
        };
        let other = Attempt {
            amount: Cny::from_fen(1),
            merchant_id: "another".to_owned(),
            expire_at: NOW,
            ..got.clone()
        };
        let mut tx = begin(database).await;
        tx.save_attempt(&other).await.expect("saved");
        tx.commit().await.expect("commit");
        assert_eq!(found(database, &got).await, Some(got));
    }
    let mut tx = begin(database).await;
    let missing = an_attempt(&an_order(2));
    let refused = tx.save_attempt(&missing).await.expect_err("no row");
    assert!(refused.is_conflict());
}

/// A second attempt under a number is refused.
pub async fn an_attempt_number_is_stored_once(database: &Arc<dyn Database>) {
    let purchase = a_purchase(1);
    keep(database, &purchase).await;
    let mut tx = begin(database).await;
    assert!(tx.insert_attempt(&purchase.attempt).await.is_err());
}

/// By its number.
pub async fn an_attempt_names_its_order(database: &Arc<dyn Database>) {
    keep(database, &a_purchase(1)).await;
    let mut tx = begin(database).await;
    let order = tx.find_order_no(&payment_no(1)).await;
    assert_eq!(order.expect("readable"), Some(order_no(1)));
    let none = tx.find_order_no(&payment_no(2)).await;
    assert_eq!(none.expect("readable"), None);
}

/// The gap is counted from the last time that was granted.
pub async fn a_platform_is_asked_once_in_a_while(database: &Arc<dyn Database>) {
    keep(database, &a_purchase(1)).await;
    let gap = Duration::seconds(5);
    let mut tx = begin(database).await;
    for (after_ms, granted) in [
        (0, true),
        (0, false),
        (4_999, false),
        (5_000, true),
        (9_999, false),
        (10_000, true),
    ] {
        let now = NOW + Duration::milliseconds(after_ms);
        let claimed = tx.claim_query(&payment_no(1), now, gap).await;
        assert_eq!(claimed.expect("claimed"), granted, "{after_ms} ms");
    }
    let missing = tx.claim_query(&payment_no(2), NOW, gap).await;
    assert!(!missing.expect("nothing to claim"));
}

fn money(transaction_id: &str) -> Payment {
    let attempt = an_attempt(&an_order(1));
    let fact = a_fact(&attempt.account, statement(&attempt, transaction_id));
    Payment::unexpected(&fact, Mismatch::Amount).expect("it speaks of money")
}

/// Platform, merchant and number together name it.
pub async fn money_is_stored_once(database: &Arc<dyn Database>) {
    let first = money("T1");
    let mut tx = begin(database).await;
    assert!(tx.insert_payment(&first).await.expect("stored"));
    let other = Payment {
        amount: None,
        verdict: Verdict::Surplus,
        ..first.clone()
    };
    assert!(!tx.insert_payment(&other).await.expect("known"));
    let elsewhere = [
        Payment {
            channel: Channel::Alipay,
            verdict: Verdict::Surplus,
            ..first.clone()
        },
        Payment {
            merchant_id: "1900000002".to_owned(),
            verdict: Verdict::Settled,
            paid_at: None,
            ..first.clone()
        },
    ];
    for payment in &elsewhere {
        assert!(tx.insert_payment(payment).await.expect("stored"));
    }
    tx.commit().await.expect("commit");
    let mut snapshot = read(database).await;
    for payment in [&first, &elsewhere[0], &elsewhere[1]] {
        let verdict = snapshot
            .find_verdict(payment.channel, &payment.merchant_id, "T1")
            .await;
        let known = (payment.verdict, payment.order_no.clone());
        assert_eq!(verdict.expect("readable"), Some(known));
    }
    let none = snapshot
        .find_verdict(Channel::Alipay, "1900000002", "T1")
        .await;
    assert_eq!(none.expect("readable"), None);
}

/// `t1` is not `T1`, whatever the database's habits.
pub async fn numbers_are_compared_to_the_letter(database: &Arc<dyn Database>) {
    let mut tx = begin(database).await;
    for number in ["T1", "t1", "T1 "] {
        assert!(tx.insert_payment(&money(number)).await.expect("stored"));
    }
    let none = tx.find_verdict(Channel::Wechat, "1900000001", " T1").await;
    assert_eq!(none.expect("readable"), None);
}

/// Once it fits; and money that has an order keeps it.
pub async fn unexpected_money_finds_its_order_once(database: &Arc<dyn Database>) {
    keep(database, &a_purchase(1)).await;
    let mut tx = begin(database).await;
    let fitting = Payment {
        order_no: Some(order_no(1)),
        verdict: Verdict::Settled,
        ..money("T1")
    };
    let unknown = tx.settle_payment(&fitting).await;
    assert!(!unknown.expect("nothing to settle"));
    assert!(tx.insert_payment(&money("T1")).await.expect("stored"));
    assert!(tx.settle_payment(&fitting).await.expect("settled"));
    let again = Payment {
        verdict: Verdict::Surplus,
        ..fitting.clone()
    };
    assert!(!tx.settle_payment(&again).await.expect("has an order"));
    tx.commit().await.expect("commit");
    let verdict = read(database)
        .await
        .find_verdict(fitting.channel, &fitting.merchant_id, "T1")
        .await;
    let known = (Verdict::Settled, Some(order_no(1)));
    assert_eq!(verdict.expect("readable"), Some(known));
}

/// Attempts that are over, and those of other orders, are not live.
pub async fn an_order_knows_its_live_attempts(database: &Arc<dyn Database>) {
    keep(database, &a_purchase(1)).await;
    keep(database, &a_purchase(2)).await;
    let mut tx = begin(database).await;
    for (n, state) in [
        (11, AttemptState::Open),
        (12, AttemptState::Closed),
        (13, AttemptState::Rejected),
        (14, AttemptState::Paid),
    ] {
        let attempt = Attempt {
            payment_no: payment_no(n),
            state,
            ..a_purchase(1).attempt
        };
        tx.insert_attempt(&attempt).await.expect("a new attempt");
    }
    let live = tx.live_attempts(&order_no(1)).await.expect("readable");
    assert_eq!(live, [payment_no(1), payment_no(11)]);
    let none = tx.live_attempts(&order_no(9)).await.expect("readable");
    assert_eq!(none, []);
}

/// R6: what is reserved and what was given back is never more than what was received.
pub async fn no_more_is_owed_back_than_was_received(database: &Arc<dyn Database>) {
    let purchase = a_purchase(1);
    keep(database, &purchase).await;
    let attempt = &purchase.attempt;
    let mut tx = begin(database).await;
    let refund = |nth: u64, fen: i64| Refund {
        amount: Cny::from_fen(fen),
        ..Refund::in_full(
            RefundNo::nth(&attempt.payment_no, nth).expect("a number"),
            attempt,
            "T1",
            RefundReason::LatePayment,
            NOW,
        )
    };
    let nothing = tx.insert_refund(&refund(1, 1)).await;
    assert!(!nothing.expect("no money"), "nothing was received");
    let received = Payment {
        amount: Some(attempt.amount),
        ..money("T1")
    };
    assert!(tx.insert_payment(&received).await.expect("stored"));
    let all = attempt.amount.fen();
    for (nth, fen, fits) in [
        (1, 1, true),
        (2, all, false),
        (2, all - 1, true),
        (3, 1, false),
    ] {
        let stored = tx.insert_refund(&refund(nth, fen)).await.expect("asked");
        assert_eq!(stored, fits, "{fen} of {all}");
    }
    tx.commit().await.expect("commit");
    let mut snapshot = read(database).await;
    let found = snapshot.find_refunds(&attempt.payment_no).await;
    assert_eq!(found.expect("readable"), [refund(1, 1), refund(2, all - 1)]);
    let none = snapshot.find_refunds(&payment_no(2)).await;
    assert_eq!(none.expect("readable"), []);
}

/// Where it has a name; lines without one are all written.
pub async fn a_line_of_the_journal_is_written_once(database: &Arc<dyn Database>) {
    let bare = Record::new(NOW, RecordKind::CallbackRefused, "bad_signature");
    let mut full = Record::new(NOW, RecordKind::Query, "paid").about(&an_attempt(&an_order(1)));
    full.duration_ms = Some(i64::MAX);
    full.request_id = Some("r".repeat(128));
    full.detail = serde_json::json!({ "text": "点 \u{1f600}", "list": [1, null] });
    full.once = Some("query:1".to_owned());
    let mut tx = begin(database).await;
    for _ in 0..2 {
        assert!(tx.append_record(&bare).await.expect("written"));
    }
    assert!(tx.append_record(&full).await.expect("written"));
    tx.commit().await.expect("commit");
    let mut tx = begin(database).await;
    for _ in 0..2 {
        assert!(!tx.append_record(&full).await.expect("counted"));
    }
    full.once = Some("QUERY:1".to_owned());
    assert!(tx.append_record(&full).await.expect("another name"));
    tx.commit().await.expect("commit");
}
