use membership::{Current, current, quote};
use time::macros::datetime;

use super::*;

fn held(store: &FakeStore, at: OffsetDateTime) -> Option<(String, OffsetDateTime)> {
    let mut segments = store.0.clone();
    segments.sort_by_key(|segment| segment.from);
    current(&segments, at).map(|Current { tier, until }| (tier.code, until))
}

#[test]
fn what_is_held_runs_to_the_end_of_the_last_segment_of_its_tier() {
    let mut store = FakeStore::default();
    assert_eq!(held(&store, START), None);
    let basic = plan("basic", 1, 1990).sold();
    pay(&mut store, 1, &basic, START).unwrap();
    pay(&mut store, 2, &basic, START).unwrap();
    pay(&mut store, 3, &plan("pro", 1, 4990).sold(), START).unwrap();
    pay(&mut store, 4, &basic, START).unwrap();
    let (may, july) = (START + days(29), datetime!(2026-07-01 4:00 UTC));
    let june = datetime!(2026-06-01 4:00 UTC);
    assert_eq!(held(&store, START), Some(("basic".to_owned(), june)));
    assert_eq!(held(&store, may), Some(("basic".to_owned(), june)));
    assert_eq!(held(&store, june), Some(("pro".to_owned(), july)));
    assert_eq!(held(&store, datetime!(2026-08-01 4:00 UTC)), None);
}

#[test]
fn a_queued_segment_that_was_consumed_breaks_no_row() {
    let mut store = FakeStore(vec![a_segment()]);
    pay(&mut store, 2, &plan("basic", 1, 1990).sold(), START).unwrap();
    // The queued segment lies where the upgrade is followed by its renewal.
    let sold = quote(&plan("pro", 1, 4990), &store.0, START).unwrap();
    pay(&mut store, 3, &sold, START).unwrap();
    pay(&mut store, 4, &plan("pro", 1, 4990).sold(), START).unwrap();
    let june = datetime!(2026-06-01 4:00 UTC);
    assert_eq!(held(&store, START), Some(("pro".to_owned(), june)));
}
