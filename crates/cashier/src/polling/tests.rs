use time::macros::datetime;

use super::*;
use crate::testing::{a_purchase, an_attempt};

const CREATED: OffsetDateTime = datetime!(2026-01-01 10:00 UTC);

fn pause(waits: bool, age: Duration) -> Duration {
    let mut attempt = an_attempt(&a_purchase(1).order);
    attempt.created_at = CREATED;
    attempt.expire_at = CREATED + Duration::minutes(30);
    PollPlan::default().pause(&attempt, waits, CREATED + age)
}

#[test]
fn r9_an_attempt_is_asked_about_in_age_tiers_and_never_given_up() {
    assert_eq!(pause(true, Duration::ZERO), Duration::minutes(1));
    assert_eq!(pause(true, Duration::minutes(29)), Duration::minutes(1));
    assert_eq!(pause(false, Duration::ZERO), Duration::minutes(5));
    assert_eq!(pause(false, Duration::minutes(59)), Duration::minutes(5));
    assert_eq!(pause(false, Duration::hours(1)), Duration::minutes(30));
    assert_eq!(pause(false, Duration::hours(24)), Duration::hours(2));
    assert_eq!(pause(false, Duration::days(60)), Duration::hours(2));
}

#[test]
fn the_moment_from_which_silence_proves_something_is_not_slept_through() {
    // Provable ten minutes after the deadline: 40 minutes after it was made.
    let left = pause(false, Duration::minutes(39));
    assert_eq!(left, Duration::seconds(61));
}
