use kernel::Clock;
use time::OffsetDateTime;

/// The machine's clock; the only place where it is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock {
    offset: time::Duration,
}

impl SystemClock {
    /// The machine's clock, moved by so much: for tests of clocks that differ.
    pub const fn moved_by(offset: time::Duration) -> Self {
        Self { offset }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the Clock that all others take"
    )]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc() + self.offset;
        // Stores keep microseconds; a finer instant would not come back as it went in.
        now.replace_microsecond(now.microsecond()).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_come_back_from_a_store_as_they_went_in() {
        assert_eq!(SystemClock::default().now().nanosecond() % 1_000, 0);
    }
}
