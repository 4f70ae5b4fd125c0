use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-01-01 02:00:00 UTC);

fn fetched_at(now: OffsetDateTime) -> Schedule {
    let mut schedule = Schedule::default();
    assert!(schedule.begin(Why::Due, now));
    schedule.succeed();
    schedule
}

#[test]
fn no_more_than_64_missing_serials_are_remembered() {
    let mut schedule = fetched_at(NOW);
    for number in 0..1000 {
        schedule.miss(&format!("{number:04X}"), NOW);
    }
    assert_eq!(schedule.missing.len(), MOST_MISSING);
    assert!(schedule.is_missing("03E7", NOW) && schedule.is_missing("03A8", NOW));
    assert!(
        !schedule.is_missing("03A7", NOW),
        "the oldest are forgotten"
    );
    // The same again takes no room.
    schedule.miss("03e7", NOW);
    assert!(schedule.is_missing("03A8", NOW));
}

#[test]
fn what_is_remembered_is_forgotten_after_ten_minutes() {
    let mut schedule = fetched_at(NOW);
    schedule.miss("ABCD", NOW);
    let later = NOW + Duration::minutes(10);
    assert!(schedule.is_missing("abcd", later - Duration::SECOND));
    assert!(!schedule.is_missing("abcd", later));
    schedule.miss("ABCE", later);
    assert_eq!(schedule.missing.len(), 1);
}

#[test]
fn only_a_download_that_succeeded_proves_that_a_serial_is_missing() {
    let mut schedule = Schedule::default();
    schedule.miss("ABCD", NOW);
    assert!(schedule.begin(Why::Unknown("ABCD"), NOW));
    schedule.miss("ABCD", NOW);
    schedule.fail(RefreshError::TooEarly);
    schedule.miss("ABCD", NOW);
    assert!(!schedule.is_missing("ABCD", NOW));
}

#[test]
fn a_download_that_was_given_up_holds_up_messages_but_no_call() {
    let mut schedule = Schedule::default();
    assert!(schedule.begin(Why::Unknown("ABCD"), NOW));
    let soon = NOW + Duration::SECOND;
    assert!(!schedule.begin(Why::Unknown("ABCE"), soon));
    assert!(!schedule.begin(Why::Due, soon));
    assert!(schedule.begin(Why::Needed, soon));
    assert!(schedule.begin(Why::Unknown("ABCE"), soon + GAP));
}
