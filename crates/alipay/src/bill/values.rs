//! What a cell of a bill says.

use time::OffsetDateTime;

use crate::beijing;

/// A cell without what pads it.
pub(super) fn unpadded(cell: &str) -> &str {
    cell.trim_matches(['\t', ' '])
}

/// The instant a bill speaks of, in UTC.
pub(super) fn time(text: &str) -> Option<OffsetDateTime> {
    // The parser takes years with a sign.
    text.starts_with(|first: char| first.is_ascii_digit())
        .then(|| beijing::read(text))?
}

/// A number of rows.
pub(super) fn count(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| text.parse().ok())?
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
            "-9999-01-01 10:00:00",
            "+2026-01-01 10:00:00",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn counts_are_whole() {
        for (text, value) in [("0", 0), ("10374", 10374)] {
            assert_eq!(count(text), Some(value), "{text}");
        }
        for text in ["", "-1", "+1", "1.0", "1e3", "18446744073709551616"] {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn padding_is_no_content() {
        assert_eq!(unpadded("\t2026 01\t \t"), "2026 01");
        assert_eq!(unpadded(" \t"), "");
    }
}
