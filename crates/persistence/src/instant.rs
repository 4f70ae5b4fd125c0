//! Instants as the database keeps them: microseconds since 1970 in UTC.

use kernel::StoreError;
use sea_orm::DbBackend;
use sea_orm::sea_query::{Expr, SimpleExpr};
use time::{Duration, OffsetDateTime};

const PER_SECOND: i64 = 1_000_000;

/// The stored form. Years 1 to 9999 fit; what is finer than a microsecond is cut off.
pub(crate) fn stored(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * PER_SECOND + i64::from(at.microsecond())
}

/// The instant of a stored form.
pub(crate) fn read(micros: i64) -> Result<OffsetDateTime, StoreError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000)
        .map_err(StoreError::corrupt)
}

/// A length of time in the stored unit; what does not fit is as good as for ever.
pub(crate) fn micros(length: Duration) -> i64 {
    i64::try_from(length.whole_microseconds()).unwrap_or(if length.is_negative() {
        -FOR_EVER
    } else {
        FOR_EVER
    })
}

/// Some 9,000 years: added to any present instant it still fits.
const FOR_EVER: i64 = 300_000_000_000 * PER_SECOND;

/// This instant by the database's own clock. Leases and due times are compared with it, so that
/// processes whose clocks differ agree about them.
pub(crate) fn database_now(backend: DbBackend) -> SimpleExpr {
    Expr::cust(match backend {
        DbBackend::MySql => "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)",
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        // Any other is one that SeaORM adds later; what this crate connects to is SQLite.
        _ => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    })
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn instants_come_back_to_the_microsecond() {
        for at in [
            datetime!(2026-01-01 10:05:06.123456 UTC),
            datetime!(1969-12-31 23:59:59.999999 UTC),
            datetime!(0001-01-01 0:00 UTC),
            datetime!(9999-12-31 23:59:59.999999 UTC),
        ] {
            assert_eq!(read(stored(at)).unwrap(), at);
        }
        let finer = datetime!(2026-01-01 10:05:06.123456789 UTC);
        assert_eq!(
            read(stored(finer)).unwrap(),
            datetime!(2026-01-01 10:05:06.123456 UTC)
        );
    }

    #[test]
    fn what_is_no_instant_is_corrupt_and_no_panic() {
        assert!(read(i64::MAX).is_err());
        assert!(read(i64::MIN).is_err());
    }

    #[test]
    fn the_longest_pause_does_not_overflow() {
        let now = stored(datetime!(2026-01-01 10:05 UTC));
        assert!(now.checked_add(micros(Duration::MAX)).is_some());
        assert!(now.checked_add(micros(Duration::MIN)).is_some());
    }
}
