//! Alipay's times: `2026-01-01 12:00:00`, always of +08:00 and never saying so.

use time::format_description::BorrowedFormatItem;
use time::macros::{format_description, offset};
use time::{Date, OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// A fixed offset: China has no daylight saving time, and a container may have no zone database.
const ZONE: UtcOffset = offset!(+8);
const WRITTEN: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
/// Some times come with milliseconds.
const READ: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]");

/// Whole seconds; `None` for what cannot be written as a date.
pub(crate) fn write(at: OffsetDateTime) -> Option<String> {
    at.checked_to_offset(ZONE)?.format(WRITTEN).ok()
}

/// The day it is in China.
pub(crate) fn date(at: OffsetDateTime) -> Date {
    at.checked_to_offset(ZONE).unwrap_or(at).date()
}

/// The instant a message speaks of, in UTC.
pub(crate) fn read(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text, READ)
        .ok()?
        .assume_offset(ZONE)
        .checked_to_offset(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_whole_seconds_in_china() {
        for (at, text) in [
            (datetime!(2026-01-01 12:00 +8), "2026-01-01 12:00:00"),
            (datetime!(2025-12-31 16:00:00.9 UTC), "2026-01-01 00:00:00"),
            (datetime!(2026-03-01 00:00 -5), "2026-03-01 13:00:00"),
        ] {
            assert_eq!(write(at).unwrap(), text);
        }
        assert_eq!(write(datetime!(9999-12-31 23:59:59 UTC)), None);
    }

    #[test]
    fn times_are_read_with_and_without_milliseconds() {
        for (text, at) in [
            ("2026-01-01 12:01:05", datetime!(2026-01-01 04:01:05 UTC)),
            (
                "2026-01-02 09:00:00.123",
                datetime!(2026-01-02 01:00:00.123 UTC),
            ),
        ] {
            assert_eq!(read(text), Some(at));
        }
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T12:00:00",
            "2026-02-30 12:00:00",
            // A date in China, and none any more in UTC.
            "-9999-01-01 07:59:59",
            "soon",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
