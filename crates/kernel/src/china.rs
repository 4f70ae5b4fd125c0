//! China's calendar. Days and months of limits, bills and validity are those of +08:00, whatever
//! the machine's time zone; instants are stored in UTC.

use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset, macros::offset};

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

/// The same time of day in China so many months later, on the anchor day or, where that month is
/// shorter, on its last day.
///
/// The anchor is the day on which the first of several periods began. It is passed in because it
/// cannot be read off `from`: a period that was cut to 28 February is followed by one to 31 March.
///
/// `None` when the outcome lies outside the calendar, or the anchor is no day of any month.
pub fn add_months(from: OffsetDateTime, months: u32, anchor_day: u8) -> Option<OffsetDateTime> {
    let here = from.checked_to_offset(ZONE)?;
    let counted =
        i64::from(here.year()) * 12 + i64::from(u8::from(here.month()) - 1) + i64::from(months);
    let year = i32::try_from(counted.div_euclid(12)).ok()?;
    let month = Month::try_from(u8::try_from(counted.rem_euclid(12) + 1).ok()?).ok()?;
    let day = anchor_day.min(month.length(year));
    let date = Date::from_calendar_date(year, month, day).ok()?;
    date.with_time(here.time())
        .assume_offset(ZONE)
        .checked_to_offset(UtcOffset::UTC)
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

    #[test]
    fn r27_a_month_ends_on_the_anchor_day_or_on_its_last() {
        let from = datetime!(2026-01-31 04:00 UTC); // noon on 31 January
        for (months, end) in [
            (0, datetime!(2026-01-31 04:00 UTC)),
            (1, datetime!(2026-02-28 04:00 UTC)),
            (2, datetime!(2026-03-31 04:00 UTC)),
            (3, datetime!(2026-04-30 04:00 UTC)),
            (12, datetime!(2027-01-31 04:00 UTC)),
            (25, datetime!(2028-02-29 04:00 UTC)),
        ] {
            assert_eq!(add_months(from, months, 31), Some(end), "{months}");
        }
        let clamped = datetime!(2026-02-28 04:00 UTC);
        let next = |anchor| add_months(clamped, 1, anchor);
        assert_eq!(next(31), Some(datetime!(2026-03-31 04:00 UTC)));
        assert_eq!(next(30), Some(datetime!(2026-03-30 04:00 UTC)));
        assert_eq!(next(28), Some(datetime!(2026-03-28 04:00 UTC)));
    }

    #[test]
    fn r27_leap_years_are_those_of_the_calendar() {
        let year = |from, anchor| add_months(from, 12, anchor);
        let leap_day = datetime!(2028-02-29 04:00 UTC);
        assert_eq!(year(leap_day, 29), Some(datetime!(2029-02-28 04:00 UTC)));
        let last_of_2096 = datetime!(2096-02-29 04:00 UTC);
        let no_leap = add_months(last_of_2096, 48, 29);
        assert_eq!(no_leap, Some(datetime!(2100-02-28 04:00 UTC)));
        let from = datetime!(2027-02-28 04:00 UTC);
        assert_eq!(year(from, 29), Some(datetime!(2028-02-29 04:00 UTC)));
    }

    #[test]
    fn r27_the_day_is_the_one_in_china_at_whatever_offset_it_is_told() {
        // 00:30 on 1 February in China, still January in UTC and the day before in New York.
        let utc = datetime!(2026-01-31 16:30:00.000001 UTC);
        let end = Some(datetime!(2026-02-28 16:30:00.000001 UTC)); // 1 March in China
        assert_eq!(add_months(utc, 1, 1), end);
        assert_eq!(add_months(utc.to_offset(offset!(-5)), 1, 1), end);
        assert_eq!(add_months(utc.to_offset(offset!(+14)), 1, 1), end);
        // 23:59 on 31 January in China.
        let late = datetime!(2026-01-31 15:59 UTC);
        let end = Some(datetime!(2026-02-28 15:59 UTC));
        assert_eq!(add_months(late, 1, 31), end);
    }

    #[test]
    fn r27_what_lies_outside_the_calendar_is_no_month() {
        let from = datetime!(2026-01-31 04:00 UTC);
        assert_eq!(add_months(from, u32::MAX, 31), None);
        assert_eq!(add_months(from, 1, 0), None);
        let last = datetime!(9999-12-31 20:00 UTC); // already the next year in China
        assert_eq!(add_months(last, 0, 31), None);
    }
}
