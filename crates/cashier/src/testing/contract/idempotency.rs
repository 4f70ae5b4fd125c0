//! Keys under which requests may be sent again. Leases and ages are told by the database's clock,
//! so these checks use lengths of time that are over at once, or not for long.

use std::sync::Arc;

use time::Duration;

use super::{begin, keep, read};
use crate::testing::{a_purchase, order_no};
use crate::{Database, IdempotencyKey, KeptAnswer, KeyRun, KnownKey};

const LONG: Duration = Duration::hours(1);

fn a_key() -> IdempotencyKey {
    IdempotencyKey {
        caller: "u1".parse().expect("a user id"),
        path: "/api/v1/payment/create-order".to_owned(),
        key: "k1".to_owned(),
        digest: "digest-1".to_owned(),
    }
}

fn a_run(run: &str) -> KeyRun {
    KeyRun {
        key: a_key(),
        run: run.to_owned(),
    }
}

fn an_answer() -> KeptAnswer {
    KeptAnswer {
        status: 201,
        body: "{\"title\": \"点 \u{1f600}\"}".to_owned(),
    }
}

async fn insert(database: &Arc<dyn Database>, run: &KeyRun, lease: Duration) -> bool {
    let mut tx = begin(database).await;
    let new = tx.insert_key(run, lease).await.expect("stored or there");
    tx.commit().await.expect("commit");
    new
}

async fn known(database: &Arc<dyn Database>, key: &IdempotencyKey) -> Option<KnownKey> {
    let mut tx = begin(database).await;
    tx.lock_key(key, LONG).await.expect("readable")
}

/// A second run finds the first one's.
pub async fn a_key_is_stored_once(database: &Arc<dyn Database>) {
    assert_eq!(known(database, &a_key()).await, None);
    assert!(insert(database, &a_run("r1"), LONG).await);
    let mut other = a_run("r2");
    other.key.digest = "digest-2".into();
    assert!(!insert(database, &other, LONG).await);
    let first = known(database, &other.key).await.expect("it is there");
    assert_eq!(
        (first.run.as_str(), first.digest.as_str()),
        ("r1", "digest-1")
    );
}

/// Before, with, and after its order and answer.
pub async fn a_key_comes_back_whole(database: &Arc<dyn Database>) {
    let run = a_run("r1");
    insert(database, &run, LONG).await;
    let mut expected = KnownKey {
        digest: "digest-1".to_owned(),
        run: "r1".to_owned(),
        leased: true,
        over: false,
        order_no: None,
        answer: None,
    };
    assert_eq!(known(database, &run.key).await.as_ref(), Some(&expected));
    let mut tx = begin(database).await;
    tx.bind_key(&run, &order_no(1)).await.expect("bound");
    tx.commit().await.expect("commit");
    expected.order_no = Some(order_no(1));
    assert_eq!(known(database, &run.key).await.as_ref(), Some(&expected));
    let mut tx = begin(database).await;
    assert!(tx.finish_key(&run, &an_answer()).await.expect("kept"));
    tx.commit().await.expect("commit");
    expected.answer = Some(an_answer());
    expected.leased = false;
    assert_eq!(known(database, &run.key).await.as_ref(), Some(&expected));
}

/// The same word of somebody else, or for something else, is another key.
pub async fn a_key_belongs_to_its_caller_and_path(database: &Arc<dyn Database>) {
    let mut caller = a_run("r2");
    caller.key.caller = "U1".parse().expect("a user id");
    let mut path = a_run("r3");
    path.key.path = "/api/v1/payment/cancel-order".into();
    let mut word = a_run("r4");
    word.key.key = "K1".into();
    for run in [a_run("r1"), caller, path, word] {
        assert!(insert(database, &run, LONG).await, "{run:?}");
        let known = known(database, &run.key).await.expect("it is there");
        assert_eq!(known.run, run.run);
    }
}

/// Or until it gives it back.
pub async fn a_run_holds_its_key_until_its_lease_ends(database: &Arc<dyn Database>) {
    insert(database, &a_run("r1"), Duration::ZERO).await;
    assert!(!known(database, &a_key()).await.expect("there").leased);
    let mut tx = begin(database).await;
    let passed = tx.pass_key("r1", &a_run("r2"), LONG).await;
    passed.expect("nobody holds it");
    tx.commit().await.expect("commit");
    let held = known(database, &a_key()).await.expect("there");
    assert!(held.leased && held.run == "r2");
    let mut tx = begin(database).await;
    assert!(tx.release_key(&a_run("r2")).await.expect("released"));
    tx.commit().await.expect("commit");
    assert!(!known(database, &a_key()).await.expect("there").leased);
}

/// However short its lease was; another run's key is not held.
pub async fn a_run_that_takes_its_time_goes_on_holding_its_key(database: &Arc<dyn Database>) {
    let run = a_run("r1");
    assert!(insert(database, &run, Duration::ZERO).await);
    let leased = async || known(database, &a_key()).await.expect("stored").leased;
    assert!(!leased().await);
    let mut tx = begin(database).await;
    let held = tx.hold_key(&run, LONG).await.expect("asked");
    let other = tx.hold_key(&a_run("r2"), LONG).await.expect("asked");
    assert!(held && !other);
    tx.commit().await.expect("commit");
    assert!(leased().await);
}

/// Another run has the key by now, or it was answered.
pub async fn a_lost_run_writes_nothing(database: &Arc<dyn Database>) {
    let (lost, holder) = (a_run("r1"), a_run("r2"));
    insert(database, &lost, Duration::ZERO).await;
    let mut tx = begin(database).await;
    tx.pass_key("r1", &holder, LONG).await.expect("passed on");
    tx.commit().await.expect("commit");
    let before = known(database, &lost.key).await;
    let mut tx = begin(database).await;
    assert!(!tx.finish_key(&lost, &an_answer()).await.expect("not kept"));
    assert!(!tx.release_key(&lost).await.expect("not released"));
    let bound = tx.bind_key(&lost, &order_no(1)).await;
    assert!(bound.expect_err("not bound").is_conflict());
    let passed = tx.pass_key("r1", &a_run("r3"), LONG).await;
    assert!(passed.expect_err("not its to pass on").is_conflict());
    tx.commit().await.expect("commit");
    assert_eq!(known(database, &lost.key).await, before);

    let mut tx = begin(database).await;
    assert!(tx.finish_key(&holder, &an_answer()).await.expect("kept"));
    assert!(!tx.finish_key(&holder, &an_answer()).await.expect("once"));
    assert!(!tx.release_key(&holder).await.expect("it is answered"));
    assert!(tx.pass_key("r2", &a_run("r3"), LONG).await.is_err());
}

/// One transaction.
pub async fn a_key_names_its_order_with_the_order_or_not_at_all(database: &Arc<dyn Database>) {
    let run = a_run("r1");
    insert(database, &run, LONG).await;
    let purchase = a_purchase(1);
    let mut tx = begin(database).await;
    tx.insert_order(&purchase.order).await.expect("a new order");
    tx.bind_key(&run, &order_no(1)).await.expect("bound");
    drop(tx);
    assert_eq!(
        known(database, &run.key).await.expect("there").order_no,
        None
    );
    keep(database, &purchase).await;
    let mut tx = begin(database).await;
    tx.bind_key(&run, &order_no(1)).await.expect("bound");
    tx.commit().await.expect("commit");
    let named = known(database, &run.key).await.expect("there").order_no;
    let found = read(database).await.find_purchase(&order_no(1)).await;
    assert_eq!(named, found.expect("readable").map(|p| p.order.order_no));
}

/// After a life without a change; whoever is younger stays.
pub async fn an_old_key_is_over_and_forgotten(database: &Arc<dyn Database>) {
    for n in 1..=3 {
        let mut run = a_run("r1");
        run.key.key = format!("k{n}");
        insert(database, &run, LONG).await;
    }
    let mut tx = begin(database).await;
    let young = tx.lock_key(&a_key(), LONG).await.expect("readable");
    assert!(!young.expect("there").over);
    let old = tx
        .lock_key(&a_key(), Duration::ZERO)
        .await
        .expect("readable");
    assert!(old.expect("there").over);
    assert_eq!(tx.forget_keys(LONG, 10).await.expect("none is old"), 0);
    assert_eq!(tx.forget_keys(Duration::ZERO, 2).await.expect("two"), 2);
    assert_eq!(
        tx.forget_keys(Duration::ZERO, 2).await.expect("the last"),
        1
    );
    tx.commit().await.expect("commit");
    insert(database, &a_run("r1"), LONG).await;
    let mut tx = begin(database).await;
    tx.forget_key(&a_key()).await.expect("forgotten");
    tx.commit().await.expect("commit");
    assert!(insert(database, &a_run("r2"), LONG).await, "as if new");
}

/// However they meet.
pub async fn two_runs_never_hold_one_key(database: &Arc<dyn Database>) {
    insert(database, &a_run("r0"), Duration::ZERO).await;
    let take = async |name: &str| {
        let mut tx = begin(database).await;
        let seen = tx.lock_key(&a_key(), LONG).await.expect("readable");
        let seen = seen.expect("there");
        let taken = !seen.leased && tx.pass_key(&seen.run, &a_run(name), LONG).await.is_ok();
        tx.commit().await.expect("commit");
        taken
    };
    let (one, two, three) = tokio::join!(take("r1"), take("r2"), take("r3"));
    let holders = [one, two, three].iter().filter(|taken| **taken).count();
    assert_eq!(holders, 1);
}
