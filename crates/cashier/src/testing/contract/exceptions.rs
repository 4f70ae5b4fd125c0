//! What a person has to look at, and what was refused.

use std::sync::Arc;

use kernel::china;
use paydesk_money::Cny;
use paydesk_provider::Channel;
use serde_json::{Value, json};
use time::Duration;

use super::begin;
use crate::testing::{NOW, order_no};
use crate::{Database, Exception, ExceptionKind, Raised, RejectionCount};

fn bare(key: &str) -> Exception {
    Exception {
        kind: ExceptionKind::StuckWork,
        key: key.to_owned(),
        order_no: None,
        payment_no: None,
        transaction_id: None,
        amount: None,
        detail: Value::Null,
        at: NOW,
    }
}

async fn raise(database: &Arc<dyn Database>, exception: &Exception) -> Raised {
    let mut tx = begin(database).await;
    let raised = tx.raise_exception(exception).await;
    tx.commit().await.expect("commit");
    raised.expect("raised")
}

/// Its key names it; it may be about nothing that we know.
pub async fn an_exception_is_raised_once(database: &Arc<dyn Database>) {
    let full = Exception {
        kind: ExceptionKind::UnexpectedPayment,
        order_no: Some(order_no(1)),
        payment_no: Some("no number of ours 点".to_owned()),
        transaction_id: Some("T1".to_owned()),
        amount: Some(Cny::from_fen(i64::MIN)),
        detail: json!({ "mismatch": "amount" }),
        ..bare("full")
    };
    for exception in [bare("bare"), full, bare("BARE")] {
        assert_eq!(raise(database, &exception).await, Raised::New);
        assert_eq!(raise(database, &exception).await, Raised::Open);
    }
}

/// Raising it again neither opens nor counts as new.
pub async fn a_resolved_exception_stays_resolved(database: &Arc<dyn Database>) {
    raise(database, &bare("a")).await;
    raise(database, &bare("b")).await;
    for (key, was_open) in [("a", true), ("a", false), ("none", false)] {
        let mut tx = begin(database).await;
        let resolved = tx.resolve_exception(key, "refunded by hand", NOW).await;
        assert_eq!(resolved.expect("resolved"), was_open, "{key}");
        tx.commit().await.expect("commit");
    }
    for _ in 0..2 {
        assert_eq!(raise(database, &bare("a")).await, Raised::Settled);
    }
    assert_eq!(raise(database, &bare("b")).await, Raised::Open);
    assert_eq!(raise(database, &bare("none")).await, Raised::New);
}

/// Oldest first, whole, and no longer than that.
pub async fn exceptions_wait_until_somebody_is_told(database: &Arc<dyn Database>) {
    let older = Exception {
        order_no: Some(order_no(1)),
        amount: Some(Cny::from_fen(990)),
        detail: json!({ "source": "callback" }),
        at: NOW - Duration::minutes(1),
        ..bare("older")
    };
    for exception in [bare("newer"), older.clone()] {
        raise(database, &exception).await;
    }
    let mut tx = begin(database).await;
    let untold = tx.find_untold(NOW + Duration::seconds(1), 10).await;
    assert_eq!(untold.expect("read"), [older.clone(), bare("newer")]);
    let one = tx.find_untold(NOW + Duration::seconds(1), 1).await;
    assert_eq!(one.expect("read").as_slice(), std::slice::from_ref(&older));
    let early = tx.find_untold(NOW, 10).await;
    assert_eq!(early.expect("read"), [older]);
    tx.mark_told("older", NOW).await.expect("noted");
    let rest = tx.find_untold(NOW + Duration::seconds(1), 10).await;
    assert_eq!(rest.expect("read"), [bare("newer")]);
}

/// On the same day for the same reason.
pub async fn rejections_can_be_counted_again(database: &Arc<dyn Database>) {
    let count = RejectionCount {
        day: china::day(NOW),
        channel: Channel::Wechat,
        reason: "bad_signature",
        count: 3,
        last_at: NOW,
    };
    for _ in 0..2 {
        let mut tx = begin(database).await;
        tx.add_rejections(&count).await.expect("counted");
        tx.commit().await.expect("commit");
    }
}
