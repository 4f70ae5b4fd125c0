//! What a field of a bill says.

use time::format_description::BorrowedFormatItem;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// A fixed offset: China has no daylight saving time, and a container may have no zone database.
const ZONE: UtcOffset = offset!(+8);
const TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");

/// The instant a bill speaks of, in UTC.
pub(super) fn time(text: &str) -> Option<OffsetDateTime> {
    // The parser takes years with a sign.
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    PrimitiveDateTime::parse(text, TIME)
        .ok()?
        .assume_offset(ZONE)
        .checked_to_offset(UtcOffset::UTC)
}

/// A number of rows. Some summaries write it as `20.0`.
pub(super) fn count(text: &str) -> Option<u64> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let plain = !whole.is_empty() && whole.bytes().all(|digit| digit.is_ascii_digit());
    let nothing = !places.is_empty() && places.bytes().all(|digit| digit == b'0');
    (plain && nothing).then(|| whole.parse().ok())?
}

/// A number that names something; where there is nothing to name, a bill writes `0`.
pub(super) fn number(text: &str) -> Option<&str> {
    (!text.is_empty() && text != "0").then_some(text)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_of_china() {
        assert_eq!(
            time("2026-01-01 07:59:59"),
            Some(datetime!(2025-12-31 23:59:59 UTC))
        );
        for text in [
            "",
            "0",
            "2026-01-01",
            "2026-01-01T10:00:00",
            "2026-02-30 10:00:00",
            "2026-01-01 10:00:00 ",
            "2026-01-01  10:00:00",
            "2026-01-01 10：00：00",
            "-9999-01-01 00:00:00",
            "+2026-01-01 00:00:00",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn counts_are_whole() {
        for (text, value) in [("0", 0), ("2", 2), ("20.0", 20), ("007.00", 7)] {
            assert_eq!(count(text), Some(value), "{text}");
        }
        for text in [
            "",
            ".",
            "2.",
            ".0",
            "2.5",
            "-1",
            "+1",
            "1e3",
            "18446744073709551616",
        ] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn zero_names_nothing() {
        assert_eq!(number(""), None);
        assert_eq!(number("0"), None);
        assert_eq!(number("1900007291"), Some("1900007291"));
    }
}
