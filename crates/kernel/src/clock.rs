use std::fmt;
use std::sync::Mutex;

use time::OffsetDateTime;

/// Where "now" comes from. The process's clock is read in one place, `bootstrap`.
pub trait Clock: Send + Sync + fmt::Debug {
    /// This instant in UTC, cut to microseconds, the precision that every store keeps.
    fn now(&self) -> OffsetDateTime;
}

/// A clock that stands still until it is told otherwise: a tool for tests.
#[derive(Debug)]
pub struct FixedClock(Mutex<OffsetDateTime>);

impl FixedClock {
    /// A clock that shows this instant.
    pub const fn at(now: OffsetDateTime) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock.
    pub fn advance(&self, by: time::Duration) {
        let mut now = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += by;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
