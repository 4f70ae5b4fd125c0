use membership::{SegmentState, quote};
use time::macros::datetime;

use super::*;

fn spans(store: &FakeStore) -> Vec<(&str, OffsetDateTime, OffsetDateTime)> {
    let mut spans: Vec<_> = store
        .0
        .iter()
        .map(|segment| (segment.segment_id.as_str(), segment.from, segment.until))
        .collect();
    spans.sort();
    spans
}

#[test]
fn r27_a_row_of_months_keeps_the_day_on_which_it_began() {
    let mut store = FakeStore::default();
    let month = plan("basic", 1, 1990).sold();
    let noon_of_31_january = datetime!(2026-01-31 4:00 UTC);
    for n in 1..=3 {
        pay(
            &mut store,
            n,
            &month,
            noon_of_31_january + days(i64::from(n) - 1),
        )
        .unwrap();
    }
    let (feb, mar) = (
        datetime!(2026-02-28 4:00 UTC),
        datetime!(2026-03-31 4:00 UTC),
    );
    let expected = [
        ("s1", noon_of_31_january, feb),
        ("s2", feb, mar),
        ("s3", mar, datetime!(2026-04-30 4:00 UTC)),
    ];
    assert_eq!(spans(&store), expected);
    // After a break it begins anew, at the end of what was held and not a moment before.
    let back = datetime!(2026-04-30 4:00 UTC);
    pay(&mut store, 4, &month, back).unwrap();
    assert_eq!(store.0[3].anchor_day, 30);
    assert_eq!(store.0[3].from, back);
}

#[test]
fn a_lower_tier_is_taken_at_the_end_of_what_is_held() {
    let mut store = FakeStore::default();
    pay(&mut store, 1, &plan("pro", 1, 4990).sold(), START).unwrap();
    pay(
        &mut store,
        2,
        &plan("basic", 1, 1990).sold(),
        START + days(1),
    )
    .unwrap();
    assert_eq!(store.0[1].from, store.0[0].until);
    assert_eq!(store.0[1].until, datetime!(2026-06-01 4:00 UTC));
}

#[test]
fn r13_a_paid_membership_of_a_higher_tier_is_put_at_the_end_and_not_refused() {
    let mut store = FakeStore(vec![a_segment()]);
    pay(&mut store, 2, &plan("pro", 1, 4990).sold(), START + days(1)).unwrap();
    assert_eq!(store.0[0], a_segment());
    assert_eq!(store.0[1].from, a_segment().until);
}

#[test]
fn r13_an_upgrade_begins_at_the_payment_and_ends_what_was_held() {
    let mut store = FakeStore(vec![a_segment()]);
    pay(
        &mut store,
        2,
        &plan("basic", 1, 1990).sold(),
        START + days(1),
    )
    .unwrap();
    let quoted_at = START + days(15);
    let sold = quote(&plan("pro", 1, 4990), &store.0, quoted_at).unwrap();
    let paid_at = quoted_at + Duration::minutes(5);
    pay(&mut store, 3, &sold, paid_at).unwrap();
    let queued_from = datetime!(2026-05-01 4:00 UTC);
    let expected = [
        ("s1", START, paid_at),
        ("s2", queued_from, queued_from),
        ("s3", paid_at, datetime!(2026-05-16 4:05 UTC)),
    ];
    assert_eq!(spans(&store), expected);
    let ended = SegmentState::Consumed {
        by: order_no(3),
        was_until: a_segment().until,
        credit: Cny::from_fen(995),
    };
    assert_eq!((store.0[0].version, &store.0[0].state), (2, &ended));
    // What was paid, and what moved into it: together the list price.
    assert_eq!(store.0[2].value.fen(), 4990);
    assert_eq!(store.0[2].anchor_day, 16);
}

#[test]
fn r27_renewals_go_on_from_where_extra_seconds_end() {
    let mut dear = a_segment();
    dear.value = Cny::from_fen(4990 + 2495);
    let mut store = FakeStore(vec![dear]);
    let sold = quote(&plan("pro", 1, 4990), &store.0, START).unwrap();
    pay(&mut store, 2, &sold, START).unwrap();
    // A month and half of one.
    let end = datetime!(2026-05-16 4:08:39 UTC);
    assert_eq!(store.0[1].until, end);
    assert_eq!(store.0[1].anchor_day, 16);
    pay(&mut store, 3, &plan("pro", 1, 4990).sold(), START + days(2)).unwrap();
    assert_eq!(store.0[2].from, end);
    assert_eq!(store.0[2].until, datetime!(2026-06-16 4:08:39 UTC));
}

#[test]
fn r13_an_upgrade_is_refused_when_anything_changed_after_the_quote() {
    let before = FakeStore(vec![a_segment()]);
    let pro = quote(&plan("pro", 1, 4990), &before.0, START + days(1)).unwrap();
    let max = quote(&plan("max", 1, 9990), &before.0, START + days(1)).unwrap();

    let mut renewed = before.clone();
    pay(
        &mut renewed,
        2,
        &plan("basic", 1, 1990).sold(),
        START + days(1),
    )
    .unwrap();
    let mut upgraded = before.clone();
    pay(&mut upgraded, 2, &max, START + days(1)).unwrap();
    let mut touched = before.clone();
    touched.0[0].version = 2;
    let gone = FakeStore::default();
    for store in [renewed, upgraded, touched, gone] {
        // The second time after what was quoted would have ended anyway.
        for paid_at in [START + days(2), START + days(45)] {
            let mut after = store.clone();
            let refused = pay(&mut after, 3, &pro, paid_at);
            assert!(matches!(refused, Err(MembershipError::Changed)));
            assert_eq!(after, store, "nothing is written");
        }
    }
}

#[test]
fn r13_a_segment_that_only_ended_by_itself_is_no_change() {
    let mut store = FakeStore(vec![a_segment()]);
    let end = a_segment().until;
    let sold = quote(&plan("pro", 1, 4990), &store.0, end - Duration::hours(1)).unwrap();
    let paid_at = end + Duration::minutes(1);
    pay(&mut store, 2, &sold, paid_at).unwrap();
    assert_eq!(
        spans(&store)[0],
        ("s1", START, end),
        "it is not made longer"
    );
    assert_eq!(store.0[1].from, paid_at);
    // Its credit is spent all the same: it moved into the upgrade.
    assert!(matches!(store.0[0].state, SegmentState::Consumed { .. }));
    assert_eq!(store.0[1].value.fen(), 4990);
}

#[test]
fn granting_twice_changes_nothing() {
    let mut store = FakeStore(vec![a_segment()]);
    let sold = quote(&plan("pro", 1, 4990), &store.0, START).unwrap();
    pay(&mut store, 2, &sold, START).unwrap();
    pay(&mut store, 3, &plan("pro", 1, 4990).sold(), START).unwrap();
    let once = store.clone();
    pay(&mut store, 2, &sold, START + days(3)).unwrap();
    pay(&mut store, 3, &plan("pro", 1, 4990).sold(), START + days(3)).unwrap();
    assert_eq!(store, once);
}

#[test]
fn what_would_end_after_the_calendar_is_refused() {
    let mut last = a_segment();
    last.until = datetime!(9999-12-01 4:00 UTC);
    let mut store = FakeStore(vec![last]);
    let refused = pay(&mut store, 2, &plan("basic", 1, 1990).sold(), START);
    assert!(matches!(refused, Err(MembershipError::OutOfRange)));
    assert_eq!(store.0.len(), 1);
}
