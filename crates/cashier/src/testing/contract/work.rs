//! Work that is done once, by somebody. Due times and leases are told by the database's clock, so
//! these checks use lengths of time that are over at once, or not for long.

use std::sync::Arc;

use time::Duration;

use super::begin;
use crate::{Claim, Database, WorkKind};

const KIND: WorkKind = WorkKind::Fulfil;
const LONG: Duration = Duration::hours(1);

async fn add(database: &Arc<dyn Database>, subject: &str, delay: Duration) {
    let mut tx = begin(database).await;
    tx.add_work(KIND, subject, delay).await.expect("added");
    tx.commit().await.expect("commit");
}

async fn claim(database: &Arc<dyn Database>, limit: u64, lease: Duration) -> Vec<Claim> {
    let mut tx = begin(database).await;
    let claims = tx.claim_work(KIND, limit, lease).await.expect("claimed");
    tx.commit().await.expect("commit");
    claims
}

async fn postpone(database: &Arc<dyn Database>, claim: &Claim, delay: Duration) -> bool {
    let mut tx = begin(database).await;
    let ours = tx.postpone_work(claim, delay, Some("it broke")).await;
    tx.commit().await.expect("commit");
    ours.expect("postponed or not")
}

fn of(subject: &str, tries: i32) -> Claim {
    Claim {
        kind: KIND,
        subject: subject.to_owned(),
        tries,
        failures: 0,
    }
}

fn failed(subject: &str, tries: i32, failures: i32) -> Claim {
    Claim {
        failures,
        ..of(subject, tries)
    }
}

/// Adding it again changes nothing, above all not when it is due.
pub async fn work_is_added_once(database: &Arc<dyn Database>) {
    add(database, "a", Duration::ZERO).await;
    add(database, "a", LONG).await;
    assert_eq!(claim(database, 10, LONG).await, [of("a", 1)]);
    add(database, "a", Duration::ZERO).await;
    assert_eq!(claim(database, 10, LONG).await, []);
}

/// And no more than asked for.
pub async fn work_is_claimed_when_due_oldest_first(database: &Arc<dyn Database>) {
    add(database, "later", LONG).await;
    add(database, "b", Duration::seconds(-10)).await;
    add(database, "c", Duration::seconds(-5)).await;
    add(database, "a", Duration::seconds(-20)).await;
    assert_eq!(claim(database, 2, LONG).await, [of("a", 1), of("b", 1)]);
    assert_eq!(claim(database, 2, LONG).await, [of("c", 1)]);
    assert_eq!(claim(database, 2, LONG).await, []);
}

/// Until the lease runs out.
pub async fn leased_work_is_left_alone(database: &Arc<dyn Database>) {
    add(database, "a", Duration::ZERO).await;
    assert_eq!(claim(database, 10, LONG).await.len(), 1);
    assert_eq!(claim(database, 10, LONG).await, []);
}

/// Its tries tell the second holder from the first.
pub async fn an_expired_lease_is_taken_over(database: &Arc<dyn Database>) {
    add(database, "a", Duration::ZERO).await;
    for tries in 1..=3 {
        assert_eq!(claim(database, 10, Duration::ZERO).await, [of("a", tries)]);
    }
}

/// Somebody else works on it by now.
pub async fn a_stale_claim_postpones_nothing(database: &Arc<dyn Database>) {
    add(database, "a", Duration::ZERO).await;
    let stale = claim(database, 1, Duration::ZERO).await;
    let fresh = claim(database, 1, LONG).await;
    assert!(!postpone(database, &stale[0], Duration::ZERO).await);
    assert_eq!(claim(database, 1, LONG).await, [], "the lease holds");
    assert!(postpone(database, &fresh[0], Duration::ZERO).await);
    assert_eq!(claim(database, 1, LONG).await, [failed("a", 3, 1)]);
    assert!(!postpone(database, &of("none", 1), Duration::ZERO).await);
}

/// Nor leased any more: it is due when its pause is over.
pub async fn postponed_work_is_not_due(database: &Arc<dyn Database>) {
    add(database, "a", Duration::ZERO).await;
    add(database, "b", Duration::ZERO).await;
    let claims = claim(database, 2, LONG).await;
    assert!(postpone(database, &claims[0], LONG).await);
    assert!(postpone(database, &claims[1], Duration::ZERO).await);
    assert_eq!(claim(database, 2, LONG).await, [failed("b", 2, 1)]);
}

/// And never later than it was.
pub async fn hastened_work_is_due_sooner(database: &Arc<dyn Database>) {
    for subject in ["a", "b"] {
        add(database, subject, LONG).await;
    }
    let mut tx = begin(database).await;
    for (subject, delay) in [("a", Duration::ZERO), ("a", LONG), ("none", Duration::ZERO)] {
        let hastened = tx.hasten_work(KIND, subject, delay).await;
        hastened.expect("hastened or not there");
    }
    tx.commit().await.expect("commit");
    assert_eq!(claim(database, 10, LONG).await, [of("a", 1)]);
}

/// Only what went wrong is a failure: neither being put off, nor being claimed and left.
pub async fn failures_of_work_are_counted(database: &Arc<dyn Database>) {
    add(database, "a", Duration::ZERO).await;
    claim(database, 1, Duration::ZERO).await;
    for (error, failures) in [
        (None, 0),
        (Some("it broke"), 1),
        (None, 1),
        (Some("again"), 2),
    ] {
        let claims = claim(database, 1, LONG).await;
        let mut tx = begin(database).await;
        let delay = Duration::ZERO;
        let ours = tx.postpone_work(&claims[0], delay, error).await;
        assert!(ours.expect("postponed"));
        tx.commit().await.expect("commit");
        let next = claim(database, 1, Duration::ZERO).await;
        assert_eq!(next[0].failures, failures, "{error:?}");
    }
}

/// Neither claimed, nor added, nor postponed again.
pub async fn work_is_done_once_and_for_all(database: &Arc<dyn Database>) {
    add(database, "a", Duration::ZERO).await;
    let held = claim(database, 1, Duration::ZERO).await;
    for subject in ["a", "a", "none"] {
        let mut tx = begin(database).await;
        tx.finish_work(KIND, subject).await.expect("finished");
        tx.commit().await.expect("commit");
    }
    assert!(!postpone(database, &held[0], Duration::ZERO).await);
    add(database, "a", Duration::ZERO).await;
    assert_eq!(claim(database, 10, LONG).await, []);
}

/// However they meet; one that meets a conflict tries again.
pub async fn two_claimers_never_share(database: &Arc<dyn Database>) {
    for n in 0..20 {
        add(database, &format!("w{n:02}"), Duration::ZERO).await;
    }
    let (one, two) = tokio::join!(worker(database), worker(database));
    let mut all: Vec<_> = one
        .into_iter()
        .chain(two)
        .map(|claim| claim.subject)
        .collect();
    all.sort();
    let expected: Vec<_> = (0..20).map(|n| format!("w{n:02}")).collect();
    assert_eq!(all, expected);
}

async fn worker(database: &Arc<dyn Database>) -> Vec<Claim> {
    let mut claimed = Vec::new();
    loop {
        let mut tx = begin(database).await;
        let more = match tx.claim_work(KIND, 3, LONG).await {
            Ok(more) => more,
            Err(error) if error.is_conflict() => continue,
            Err(error) => unreachable!("claiming failed: {error:?}"),
        };
        tx.commit().await.expect("commit");
        if more.is_empty() {
            return claimed;
        }
        claimed.extend(more);
    }
}
