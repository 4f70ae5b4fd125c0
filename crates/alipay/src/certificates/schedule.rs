use std::collections::VecDeque;

use time::{Duration, OffsetDateTime};

/// Between two downloads that notices cause, and before a number that led to nothing is asked for
/// again.
const GAP: Duration = Duration::MINUTE;
const MOST_MISSING: usize = 64;

/// What names a certificate that is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// An answer to a call of ours, so there are no more of these than calls.
    Answer,
    /// A notice, which anybody may have invented.
    Notice,
}

/// Decides whether to download, from what happened before. It does nothing itself and has no clock.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// When a notice last caused a download.
    noticed_at: Option<OffsetDateTime>,
    missing: VecDeque<(String, OffsetDateTime)>,
}

impl Schedule {
    /// Enters a download as begun, unless it is too early for one.
    pub(super) fn begin(&mut self, sn: &str, why: Why, now: OffsetDateTime) -> bool {
        if self
            .missing
            .iter()
            .any(|(missing, at)| missing == sn && is_recent(*at, now))
        {
            return false;
        }
        if why == Why::Notice {
            if self.noticed_at.is_some_and(|at| is_recent(at, now)) {
                return false;
            }
            self.noticed_at = Some(now);
        }
        true
    }

    /// Remembers a number that led to no certificate.
    pub(super) fn miss(&mut self, sn: &str, now: OffsetDateTime) {
        self.missing
            .retain(|(missing, at)| missing != sn && is_recent(*at, now));
        if self.missing.len() == MOST_MISSING {
            self.missing.pop_front();
        }
        self.missing.push_back((sn.to_owned(), now));
    }
}

/// In either direction: after the clock was set back, nothing waits until it has caught up.
fn is_recent(since: OffsetDateTime, now: OffsetDateTime) -> bool {
    (now - since).abs() < GAP
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 +8);

    #[test]
    fn notices_cause_one_download_a_minute_whatever_they_name() {
        let mut schedule = Schedule::default();
        assert!(schedule.begin("a", Why::Notice, NOW));
        for second in 0..60 {
            let now = NOW + Duration::seconds(second);
            assert!(!schedule.begin(&second.to_string(), Why::Notice, now));
        }
        assert!(schedule.begin("b", Why::Notice, NOW + GAP));
        // After the clock was set back by an hour.
        assert!(schedule.begin("c", Why::Notice, NOW - Duration::HOUR));
    }

    #[test]
    fn answers_do_not_wait_for_notices_but_for_what_was_missing() {
        let mut schedule = Schedule::default();
        assert!(schedule.begin("a", Why::Notice, NOW));
        assert!(schedule.begin("b", Why::Answer, NOW));
        assert!(schedule.begin("c", Why::Answer, NOW));
        schedule.miss("b", NOW);
        assert!(!schedule.begin("b", Why::Answer, NOW));
        assert!(schedule.begin("b", Why::Answer, NOW + GAP));
    }

    #[test]
    fn what_is_missing_is_remembered_within_bounds() {
        let mut schedule = Schedule::default();
        for number in 0..MOST_MISSING * 2 {
            schedule.miss(&number.to_string(), NOW);
        }
        assert_eq!(schedule.missing.len(), MOST_MISSING);
        schedule.miss("last", NOW + GAP);
        assert_eq!(schedule.missing.len(), 1);
    }
}
