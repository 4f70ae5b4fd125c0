//! China's calendar. Days and months of limits, bills and validity are those of +08:00, whatever
//! the machine's time zone; instants are stored in UTC.

use time::{Date, Duration, OffsetDateTime, Time, UtcOffset, macros::offset};

/// China has one zone and no daylight saving time.
pub const ZONE: UtcOffset = offset!(+8);

/// The calendar day in China at that instant.
pub fn day(at: OffsetDateTime) -> Date {
    at.to_offset(ZONE).date()
}

/// The instant at which a day begins in China, in UTC.
pub fn start_of(day: Date) -> OffsetDateTime {
    day.with_time(Time::MIDNIGHT)
        .assume_offset(ZONE)
        .to_offset(UtcOffset::UTC)
}

/// The first instant at which something granted at `granted_at` and valid for `days` days is no
/// longer valid: the end of the n-th day after the day of the grant. The rest of the day of the
/// grant comes on top, so that nobody who buys shortly before midnight loses a day.
///
/// `None` when that lies outside the calendar.
pub fn end_of_validity(granted_at: OffsetDateTime, days: u32) -> Option<OffsetDateTime> {
    let after = day(granted_at).checked_add(Duration::days(i64::from(days) + 1))?;
    Some(start_of(after))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn r27_a_day_ends_at_midnight_in_china() {
        assert_eq!(
            day(datetime!(2026-01-01 15:59:59.999999 UTC)).to_string(),
            "2026-01-01"
        );
        assert_eq!(
            day(datetime!(2026-01-01 16:00 UTC)).to_string(),
            "2026-01-02"
        );
    }

    #[test]
    fn r27_validity_runs_to_the_end_of_the_last_day() {
        let bought = datetime!(2026-01-01 15:59 UTC); // 23:59 on 1 January in China
        assert_eq!(
            end_of_validity(bought, 1),
            Some(datetime!(2026-01-02 16:00 UTC))
        );
        assert_eq!(
            end_of_validity(bought, 0),
            Some(datetime!(2026-01-01 16:00 UTC))
        );
        let leap = datetime!(2028-02-28 04:00 UTC);
        assert_eq!(
            end_of_validity(leap, 1),
            Some(datetime!(2028-02-29 16:00 UTC))
        );
        assert_eq!(end_of_validity(leap, u32::MAX), None);
    }
}
