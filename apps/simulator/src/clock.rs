//! Time as the simulator sees it, in three hands that can be moved on their own.
//!
//! * `now` decides what has expired: wall clock plus an offset.
//! * `signature_time` is stamped and checked on messages: wall clock plus its own offset, so that
//!   moving orders into the future does not make every signature stale.
//! * The retry plan runs on plan time, which passes `speed` times as fast as the wall clock and
//!   jumps whenever the offset of `now` moves forward.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use time::{
    OffsetDateTime, UtcOffset,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};
use tokio::sync::watch;

/// What `POST /sim/clock` may change; absent fields stay as they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// How many times faster than the wall clock the retry plan runs, at least 1.
    pub(crate) speed: Option<u32>,
    /// Seconds between wall clock and `now`.
    pub(crate) offset_s: Option<i64>,
    /// Seconds added to that offset.
    pub(crate) advance_s: Option<i64>,
    /// Seconds between wall clock and the time on messages.
    pub(crate) signature_offset_s: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Hands {
    speed: u32,
    offset_s: i64,
    signature_offset_s: i64,
    /// Plan time that had passed at `since`.
    passed: Duration,
    since: Instant,
}

impl Hands {
    fn plan_time(&self) -> Duration {
        self.passed
            .saturating_add(self.since.elapsed().saturating_mul(self.speed))
    }
}

/// The clock as `GET /sim/clock` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Reading {
    #[serde(with = "time::serde::rfc3339")]
    now: OffsetDateTime,
    speed: u32,
    offset_s: i64,
    signature_offset_s: i64,
}

/// Offsets beyond a hundred years only break date arithmetic.
const FURTHEST_S: i64 = 100 * 366 * 24 * 3600;

pub(crate) struct Clock(watch::Sender<Hands>);

impl Clock {
    pub(crate) fn new(speed: u32) -> Self {
        Self(watch::Sender::new(Hands {
            speed: speed.max(1),
            offset_s: 0,
            signature_offset_s: 0,
            passed: Duration::ZERO,
            since: Instant::now(),
        }))
    }

    /// The time that decides about expiry, in China's time zone and whole seconds, as the platform
    /// prints it.
    pub(crate) fn now(&self) -> OffsetDateTime {
        let at = wall_clock() + time::Duration::seconds(self.0.borrow().offset_s);
        in_china(at)
    }

    /// Unix seconds for signatures and for the five-minute window.
    pub(crate) fn signature_time(&self) -> i64 {
        wall_clock().unix_timestamp() + self.0.borrow().signature_offset_s
    }

    /// Returns once `pause` has passed in plan time, and follows every change made meanwhile.
    pub(crate) async fn wait(&self, pause: Duration) {
        let mut hands_moved = self.0.subscribe();
        let due = self.0.borrow().plan_time().saturating_add(pause);
        loop {
            let hands = *hands_moved.borrow_and_update();
            let left = due.saturating_sub(hands.plan_time());
            if left.is_zero() {
                return;
            }
            let nap = (left / hands.speed).max(Duration::from_millis(1));
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                moved = hands_moved.changed() => {
                    if moved.is_err() {
                        return;
                    }
                }
            }
        }
    }

    pub(crate) fn change(&self, change: &Change) {
        self.0.send_modify(|hands| {
            hands.passed = hands.plan_time();
            hands.since = Instant::now();
            if let Some(speed) = change.speed {
                hands.speed = speed.max(1);
            }
            let target = change
                .offset_s
                .unwrap_or(hands.offset_s)
                .saturating_add(change.advance_s.unwrap_or(0))
                .clamp(-FURTHEST_S, FURTHEST_S);
            let ahead = u64::try_from(target - hands.offset_s).unwrap_or(0);
            hands.passed = hands.passed.saturating_add(Duration::from_secs(ahead));
            hands.offset_s = target;
            if let Some(offset_s) = change.signature_offset_s {
                hands.signature_offset_s = offset_s.clamp(-FURTHEST_S, FURTHEST_S);
            }
        });
    }

    pub(crate) fn reading(&self) -> Reading {
        let now = self.now();
        let hands = self.0.borrow();
        Reading {
            now,
            speed: hands.speed,
            offset_s: hands.offset_s,
            signature_offset_s: hands.signature_offset_s,
        }
    }
}

/// Both platforms live in this zone all year.
pub(crate) const CHINA: UtcOffset = time::macros::offset!(+8);

fn in_china(at: OffsetDateTime) -> OffsetDateTime {
    at.to_offset(CHINA)
        .replace_nanosecond(0)
        .expect("zero is a valid nanosecond")
}

/// A time as `WeChat` and the control API write it: whole seconds, China's zone.
pub(crate) fn rfc3339(at: OffsetDateTime) -> String {
    in_china(at)
        .format(&Rfc3339)
        .expect("a four-digit year can be written")
}

/// `2026-01-01 12:00:00`: how Alipay writes a time, always in China's zone.
pub(crate) const PLAIN_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// A time as Alipay writes it.
pub(crate) fn plain(at: OffsetDateTime) -> String {
    in_china(at)
        .format(PLAIN_TIME)
        .expect("a four-digit year can be written")
}

/// `20260101`, the day in China.
pub(crate) fn day(at: OffsetDateTime) -> String {
    in_china(at)
        .format(format_description!("[year][month][day]"))
        .expect("a four-digit year can be written")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the simulator reads the time"
)]
fn wall_clock() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fast_clock_shortens_a_long_pause() {
        let clock = Clock::new(100_000);
        let begun = Instant::now();
        clock.wait(Duration::from_hours(1)).await;
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert!(begun.elapsed() >= Duration::from_millis(36));
    }

    #[tokio::test]
    async fn moving_the_clock_ends_a_pause_that_is_over_by_then() {
        let clock = Clock::new(1);
        let wait = clock.wait(Duration::from_hours(6));
        let advance = async {
            tokio::task::yield_now().await;
            clock.change(&Change {
                advance_s: Some(6 * 3600),
                ..Change::default()
            });
        };
        tokio::time::timeout(Duration::from_secs(10), async {
            tokio::join!(wait, advance)
        })
        .await
        .expect("the pause ends");
    }

    #[tokio::test]
    async fn expiry_and_signatures_have_separate_offsets() {
        let clock = Clock::new(1);
        let before = clock.signature_time();
        clock.change(&Change {
            offset_s: Some(7200),
            ..Change::default()
        });
        assert!(clock.signature_time() - before < 60);
        assert!(clock.now().unix_timestamp() - before >= 7200);
        clock.change(&Change {
            signature_offset_s: Some(-600),
            ..Change::default()
        });
        assert!(clock.signature_time() < before - 500);
        assert!(clock.now().to_string().contains("+08:00:00"));
    }
}
