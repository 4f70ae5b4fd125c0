//! Events and those who follow them.

use std::sync::Arc;

use orders::Purchase;

use super::{begin, read};
use crate::testing::{NOW, a_purchase};
use crate::{Database, EventHead, EventKind, NewEvent};

async fn tell(database: &Arc<dyn Database>, told: &[(EventKind, &Purchase)]) {
    let mut tx = begin(database).await;
    for &(kind, purchase) in told {
        let event = NewEvent {
            kind,
            purchase,
            at: NOW,
        };
        tx.append_event(&event).await.expect("appended");
    }
    tx.commit().await.expect("commit");
}

/// Each with the whole order as it was then.
pub async fn events_come_back_whole_and_ascending(database: &Arc<dyn Database>) {
    let before = a_purchase(1);
    let mut after = before.clone();
    after.order.version = 2;
    after.attempt.code_url = Some("weixin://点".to_owned());
    let other = a_purchase(2);
    let told = [
        (EventKind::PaymentSuccess, &before),
        (EventKind::Fulfilled, &after),
        (EventKind::OrderClosed, &other),
    ];
    tell(database, &told).await;
    let mut snapshot = read(database).await;
    let heads = snapshot.event_heads(0, 10).await.expect("heads");
    let mut ids: Vec<_> = heads.iter().map(|head| head.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert_eq!(snapshot.newest_event_id().await.ok(), ids.last().copied());
    ids.reverse();
    let events = snapshot.load_events(&ids).await.expect("events");
    let loaded: Vec<_> = events
        .iter()
        .map(|event| (event.kind, &event.purchase))
        .collect();
    assert_eq!(loaded, told);
    assert_eq!(snapshot.load_events(&[]).await.expect("none"), []);
    let unknown = snapshot.load_events(&[i64::MAX]).await;
    assert_eq!(unknown.expect("none"), []);
}

/// By the last id they saw, so many at a time.
pub async fn followers_continue_where_they_were(database: &Arc<dyn Database>) {
    let mut snapshot = read(database).await;
    assert_eq!(snapshot.newest_event_id().await.expect("none yet"), 0);
    assert_eq!(snapshot.event_heads(0, 10).await.expect("none yet"), []);
    drop(snapshot);
    let purchase = a_purchase(1);
    for _ in 0..3 {
        tell(database, &[(EventKind::PaymentSuccess, &purchase)]).await;
    }
    let mut snapshot = read(database).await;
    let all = snapshot.event_heads(0, 10).await.expect("heads");
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|head| head.user_id == purchase.order.user_id)
    );
    let first_two = snapshot.event_heads(0, 2).await.expect("heads");
    assert_eq!(first_two, all[..2]);
    let rest = snapshot.event_heads(first_two[1].id, 2).await;
    assert_eq!(rest.expect("heads"), all[2..]);
    let none: Vec<EventHead> = vec![];
    let end = snapshot.event_heads(all[2].id, 2).await;
    assert_eq!(end.expect("heads"), none);
}

/// Nor does its id come between others in a wrong order.
pub async fn an_event_that_was_rolled_back_is_never_seen(database: &Arc<dyn Database>) {
    let (lost, kept) = (a_purchase(1), a_purchase(2));
    let mut tx = begin(database).await;
    let event = NewEvent {
        kind: EventKind::PaymentSuccess,
        purchase: &lost,
        at: NOW,
    };
    tx.append_event(&event).await.expect("appended");
    drop(tx);
    tell(database, &[(EventKind::PaymentSuccess, &kept)]).await;
    let mut snapshot = read(database).await;
    let heads = snapshot.event_heads(0, 10).await.expect("heads");
    let ids: Vec<_> = heads.iter().map(|head| head.id).collect();
    let events = snapshot.load_events(&ids).await.expect("events");
    let seen: Vec<_> = events.into_iter().map(|event| event.purchase).collect();
    assert_eq!(seen, [kept]);
}
