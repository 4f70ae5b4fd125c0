//! The one place where the driver's errors get their meaning, and where rows are inserted.

use kernel::StoreError;
use sea_orm::sea_query::InsertStatement;
use sea_orm::{ConnAcquireErr, ConnectionTrait, DbErr, RuntimeErr, SqlErr};

/// What an error of the driver means to a use case.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    match &error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => StoreError::busy(error),
        DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => StoreError::corrupt(error),
        DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))
        | DbErr::Conn(RuntimeErr::SqlxError(cause)) => match &**cause {
            sqlx::Error::PoolTimedOut => StoreError::busy(error),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => StoreError::corrupt(error),
            sqlx::Error::Database(said) if said.code().is_some_and(|code| is_conflict(&code)) => {
                StoreError::conflict(error)
            }
            _ => StoreError::failed(error),
        },
        _ => StoreError::failed(error),
    }
}

/// Whether the database says that another transaction was in the way.
///
/// SQLite gives its number, of which the lower byte counts: 5 is `SQLITE_BUSY`, 6 is
/// `SQLITE_LOCKED`. The others give five characters of SQLSTATE: serialization failure (of MySQL's
/// errors this is 1213), PostgreSQL's deadlock, and its lock that was not available.
fn is_conflict(code: &str) -> bool {
    match code {
        "40001" | "40P01" | "55P03" => true,
        sqlstate if sqlstate.len() == 5 => false,
        number => number
            .parse::<u32>()
            .is_ok_and(|number| matches!(number & 0xff, 5 | 6)),
    }
}

/// Inserts a row that must be new.
pub(crate) async fn insert<C: ConnectionTrait>(
    connection: &C,
    row: &InsertStatement,
) -> Result<(), StoreError> {
    connection
        .execute(row)
        .await
        .map(|_| ())
        .map_err(store_error)
}

/// Inserts a row unless its key is taken; whether it was new. The database's unique key decides,
/// never a read before.
///
/// SQLite and MySQL undo only the statement that fails. PostgreSQL gives up the transaction, so its
/// adapter will have to put raw `SAVEPOINT` and `ROLLBACK TO` statements around this, here.
pub(crate) async fn insert_once<C: ConnectionTrait>(
    connection: &C,
    row: &InsertStatement,
) -> Result<bool, StoreError> {
    match connection.execute(row).await {
        Ok(_) => Ok(true),
        Err(error) if is_taken(&error) => Ok(false),
        Err(error) => Err(store_error(error)),
    }
}

fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_told_from_other_refusals() {
        for code in [
            "5", "6", "261", "262", "517", "518", "773", "40001", "40P01", "55P03",
        ] {
            assert!(is_conflict(code), "{code}");
        }
        // A full disk, a broken file, a taken key; the last two are numbers whose lower byte would
        // read as SQLite's busy, were they not SQLSTATE.
        for code in ["13", "11", "1555", "2067", "23505", "22021", "25605", ""] {
            assert!(!is_conflict(code), "{code}");
        }
    }

    #[test]
    fn no_free_connection_is_busy_and_an_unreadable_row_is_not() {
        let timed_out = DbErr::ConnectionAcquire(ConnAcquireErr::Timeout);
        assert!(store_error(timed_out).is_busy());
        let closed = DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed);
        assert!(!store_error(closed).is_busy(), "waiting would not help");
        let unreadable = store_error(DbErr::Type("not a number".to_owned()));
        assert!(!unreadable.is_busy() && !unreadable.is_conflict());
        assert_eq!(unreadable.to_string(), "stored data cannot be read back");
    }
}
