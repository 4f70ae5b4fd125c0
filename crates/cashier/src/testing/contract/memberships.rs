//! Segments of membership.

use std::sync::Arc;

use kernel::UserId;
use membership::{Grant, Segment, SegmentState};
use paydesk_money::Cny;
use time::Duration;

use super::{begin, read};
use crate::Database;
use crate::testing::{NOW, a_tier, order_no};

fn user(name: &str) -> UserId {
    name.parse().expect("a user id")
}

fn a_segment(n: u32) -> Segment {
    let from = NOW + Duration::days(i64::from(n));
    Segment {
        segment_id: format!("segment-{n}"),
        user_id: user("u1"),
        order_no: order_no(n),
        tier: a_tier("basic"),
        from,
        until: from + Duration::days(1),
        anchor_day: 31,
        value: Cny::from_fen(1990),
        version: 1,
        state: SegmentState::Live,
    }
}

fn consumed(segment: &Segment) -> Segment {
    Segment {
        until: segment.from,
        value: Cny::from_fen(i64::MAX),
        version: segment.version + 1,
        state: SegmentState::Consumed {
            by: order_no(99),
            was_until: segment.until + Duration::microseconds(1),
            credit: Cny::from_fen(995),
        },
        ..segment.clone()
    }
}

async fn keep(database: &Arc<dyn Database>, segments: &[Segment]) {
    let mut tx = begin(database).await;
    for segment in segments {
        assert!(tx.insert_segment(segment).await.expect("stored"));
    }
    tx.commit().await.expect("commit");
}

async fn segments(database: &Arc<dyn Database>, name: &str) -> Vec<Segment> {
    let found = read(database).await.find_segments(&user(name)).await;
    found.expect("segments are readable")
}

/// The user's own, also those that are over, in every state.
pub async fn segments_come_whole_by_beginning(database: &Arc<dyn Database>) {
    let same_beginning = Segment {
        segment_id: "segment-20".to_owned(),
        order_no: order_no(20),
        ..a_segment(2)
    };
    let in_order = [
        consumed(&a_segment(1)),
        a_segment(2),
        same_beginning,
        a_segment(3),
    ];
    let strangers = Segment {
        user_id: user("U1"),
        ..a_segment(4)
    };
    let mut shuffled: Vec<_> = in_order.iter().chain([&strangers]).cloned().collect();
    shuffled.reverse();
    keep(database, &shuffled).await;
    assert_eq!(segments(database, "u1").await, in_order);
    assert_eq!(segments(database, "U1").await, [strangers]);
    assert_eq!(segments(database, "nobody").await, []);
    let locked = begin(database).await.lock_segments(&user("u1")).await;
    assert_eq!(locked.expect("locked"), in_order);
}

/// The unique key says so, whatever the segment is called.
pub async fn an_order_grants_one_segment(database: &Arc<dyn Database>) {
    let second = Segment {
        order_no: order_no(1),
        ..a_segment(2)
    };
    let mut tx = begin(database).await;
    assert!(tx.insert_segment(&a_segment(1)).await.expect("stored"));
    let again = tx.insert_segment(&second).await;
    assert!(!again.expect("the order has one"));
    tx.commit().await.expect("commit");
    assert_eq!(segments(database, "u1").await, [a_segment(1)]);
}

/// Compare and set: whoever read an older version is told so, as a conflict.
pub async fn a_segment_is_saved_only_over_the_version_before(database: &Arc<dyn Database>) {
    let stored = a_segment(1);
    keep(database, &[stored.clone(), a_segment(2)]).await;
    for wrong in [1, 3, 0] {
        let mut tx = begin(database).await;
        let segment = Segment {
            version: wrong,
            ..stored.clone()
        };
        let refused = tx.save_segment(&segment).await;
        assert!(refused.expect_err("another version").is_conflict());
    }
    let ended = consumed(&stored);
    let mut tx = begin(database).await;
    tx.save_segment(&ended).await.expect("the next version");
    let again = tx.save_segment(&ended).await;
    assert!(again.expect_err("saved twice").is_conflict());
    let missing = tx.save_segment(&a_segment(7)).await;
    assert!(missing.expect_err("no row").is_conflict());
    tx.commit().await.expect("commit");
    assert_eq!(
        segments(database, "u1").await,
        [ended.clone(), a_segment(2)]
    );

    // And back, as when an upgrade is refunded: nothing of it is left.
    let restored = Segment {
        version: 3,
        ..stored
    };
    let mut tx = begin(database).await;
    tx.save_segment(&restored).await.expect("the next version");
    tx.commit().await.expect("commit");
    assert_eq!(segments(database, "u1").await, [restored, a_segment(2)]);
}

/// Two orders that are granted at once follow each other; under the user's account they take turns.
pub async fn memberships_granted_at_once_do_not_overlap(database: &Arc<dyn Database>) {
    let grants = (1..=4).map(|n| {
        let database = Arc::clone(database);
        tokio::spawn(async move {
            let grant = Grant {
                segment_id: format!("segment-{n}"),
                user_id: user("u1"),
                order_no: order_no(n),
                tier: a_tier("basic"),
                months: 1,
                paid: Cny::from_fen(1990),
                at: NOW,
            };
            let mut tx = begin(&database).await;
            tx.lock_account(&grant.user_id).await.expect("locked");
            membership::grant(&mut *tx, grant).await.expect("granted");
            tx.commit().await.expect("commit");
        })
    });
    for grant in grants.collect::<Vec<_>>() {
        grant.await.expect("no panic");
    }
    let segments = segments(database, "u1").await;
    assert_eq!(segments.len(), 4);
    assert_eq!(segments[0].from, NOW);
    for pair in segments.windows(2) {
        assert_eq!(pair[0].until, pair[1].from);
    }
}
