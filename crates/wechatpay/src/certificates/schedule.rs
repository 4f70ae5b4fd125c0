use std::collections::VecDeque;

use time::{Duration, OffsetDateTime};

use super::RefreshError;
use super::set::{Certificates, is_serial};

/// The platform wants less than 12 hours between two downloads.
const REFRESH: Duration = Duration::hours(10);
/// When the newest certificate ends this soon, its successor is looked for more often.
const ENDING: Duration = Duration::days(1);
const REFRESH_WHILE_ENDING: Duration = Duration::HOUR;
/// Between two downloads at least, whatever the reason.
const GAP: Duration = Duration::MINUTE;
/// After a failure, where a call cannot go on without.
const NEEDED_GAP: Duration = Duration::seconds(5);
/// After one that nobody waited for to its end.
const ABANDONED_GAP: Duration = Duration::seconds(5);
/// After failures in a row: doubled each time, up to this.
const LONGEST_PAUSE: Duration = Duration::HOUR;
/// For this long a serial that a download did not bring causes no other.
const MISSING: Duration = Duration::minutes(10);
const MOST_MISSING: usize = 64;

/// Why certificates are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why<'a> {
    /// In the course of things, to learn of a successor in good time. Its failure is nobody's.
    Due,
    /// A call of our own cannot go on without one.
    Needed,
    /// Somebody asks for it outright. Its failure is told where no certificate is held.
    Asked,
    /// A message names this serial, which anybody may have invented.
    Unknown(&'a str),
}

/// Decides when to download, from what happened before. It does nothing itself and has no clock.
#[derive(Default)]
pub(super) struct Schedule {
    last: Option<Download>,
    fetched_at: Option<OffsetDateTime>,
    failures: u32,
    finished: u64,
    missing: VecDeque<(String, OffsetDateTime)>,
}

struct Download {
    at: OffsetDateTime,
    outcome: Outcome,
}

enum Outcome {
    /// It is under way, or whoever waited for it has gone.
    Begun,
    Fetched,
    Failed {
        error: RefreshError,
        pause: Duration,
    },
}

impl Schedule {
    /// Whether certificates fresher than these are wanted.
    pub(super) fn wants(&self, why: Why<'_>, held: &Certificates, now: OffsetDateTime) -> bool {
        match why {
            Why::Due => self.is_due(held, now),
            Why::Needed => held.preferred(now).is_none(),
            Why::Asked => true,
            Why::Unknown(serial) => {
                is_serial(serial)
                    && held.get(serial, now).is_none()
                    && !self.is_missing(serial, now)
            }
        }
    }

    /// Enters a download as begun, unless it is too early for one.
    pub(super) fn begin(&mut self, why: Why<'_>, now: OffsetDateTime) -> bool {
        let rested = self.last.as_ref().is_none_or(|last| {
            let pause = match last.outcome {
                // Our own calls do not wait for long after the network is back.
                Outcome::Failed { pause, ref error }
                    if why == Why::Needed && *error != RefreshError::NoneIssued =>
                {
                    pause.min(NEEDED_GAP)
                }
                Outcome::Failed { pause, .. } => pause,
                // One that was given up tells nothing, and a call that needs a key should not
                // suffer for it. A message can be sent and given up by anybody, so there it counts a
                // little.
                Outcome::Begun if why == Why::Needed => Duration::ZERO,
                Outcome::Begun => ABANDONED_GAP,
                Outcome::Fetched => GAP,
            };
            !is_within(pause, last.at, now)
        });
        if rested {
            self.last = Some(Download {
                at: now,
                outcome: Outcome::Begun,
            });
        }
        rested
    }

    pub(super) fn succeed(&mut self) {
        self.failures = 0;
        self.finished += 1;
        if let Some(last) = &mut self.last {
            last.outcome = Outcome::Fetched;
            self.fetched_at = Some(last.at);
        }
    }

    pub(super) fn fail(&mut self, error: RefreshError) {
        // Having none is no passing trouble.
        let pause = if error == RefreshError::NoneIssued {
            LONGEST_PAUSE
        } else {
            (GAP * 2_i32.pow(self.failures.min(6))).min(LONGEST_PAUSE)
        };
        self.failures = self.failures.saturating_add(1);
        self.finished += 1;
        if let Some(last) = &mut self.last {
            last.outcome = Outcome::Failed { error, pause };
        }
    }

    /// How many downloads came to an end.
    pub(super) const fn finished(&self) -> u64 {
        self.finished
    }

    /// Why the last download failed, if it did.
    pub(super) fn error(&self) -> Option<&RefreshError> {
        match self.last.as_ref().map(|last| &last.outcome) {
            Some(Outcome::Failed { error, .. }) => Some(error),
            _ => None,
        }
    }

    /// Remembers a serial that the last download, if it succeeded, did not bring.
    pub(super) fn miss(&mut self, serial: &str, now: OffsetDateTime) {
        let fetched = |last: &Download| matches!(last.outcome, Outcome::Fetched);
        if !self.last.as_ref().is_some_and(fetched) || self.is_missing(serial, now) {
            return;
        }
        let serial = serial.to_ascii_uppercase();
        self.missing
            .retain(|(missing, at)| *missing != serial && is_within(MISSING, *at, now));
        if self.missing.len() == MOST_MISSING {
            self.missing.pop_front();
        }
        self.missing.push_back((serial, now));
    }

    fn is_missing(&self, serial: &str, now: OffsetDateTime) -> bool {
        self.missing.iter().any(|(missing, at)| {
            missing.eq_ignore_ascii_case(serial) && is_within(MISSING, *at, now)
        })
    }

    fn is_due(&self, held: &Certificates, now: OffsetDateTime) -> bool {
        let Some(fetched_at) = self.fetched_at else {
            return true;
        };
        let is_ending = held.newest_ends().is_none_or(|ends| ends - now <= ENDING);
        let interval = if is_ending {
            REFRESH_WHILE_ENDING
        } else {
            REFRESH
        };
        !is_within(interval, fetched_at, now)
    }
}

/// Whether less than this lies between two times, in either order: after the clock was set back,
/// nothing waits until it has caught up.
fn is_within(span: Duration, since: OffsetDateTime, now: OffsetDateTime) -> bool {
    (now - since).abs() < span
}

#[cfg(test)]
mod tests;
