use std::time::Duration;

use async_trait::async_trait;
use cashier::{Database, Snapshot, Transaction};
use kernel::StoreError;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode,
    SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use sqlx::sqlite::{SqliteConnection, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection};
use tokio::time::Instant;

use crate::errors::store_error;
use crate::session::{Session, WriteTransaction};
use crate::turns::{Manners, PATIENCE, Turns};
use crate::{ConnectError, Options};

/// While another process writes, this often is looked whether it has finished.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The database: one connection that writes, several that read.
///
/// A transaction that writes begins `IMMEDIATE`, so that it never finds out halfway that another
/// process was faster. A snapshot is a read transaction: everything read from it was committed
/// before its first read.
#[derive(Clone, Debug)]
pub struct Store {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    turns: Turns,
}

impl Store {
    /// Opens the file. Changes nothing in it but its journal mode.
    pub async fn connect(options: &Options) -> Result<Self, ConnectError> {
        let driver = options.driver()?;
        options.look_at(driver.get_filename()).await?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(PATIENCE)
            .after_release(|connection, _| Box::pin(is_clean(connection)))
            // Opening may have to wait for a process that mends the log after a crash. From then on who
            // waits for another process's writing asks again soon, see `write`.
            .after_connect(|connection, _| Box::pin(look_often(connection)))
            .connect_with(driver.clone())
            .await
            .map_err(ConnectError::Open)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .max_lifetime(None)
            .test_before_acquire(false)
            .acquire_timeout(PATIENCE)
            .after_release(|connection, _| Box::pin(is_clean(connection)))
            // Not the driver's read-only mode: it cannot make the files of the write-ahead log.
            .connect_with(driver.create_if_missing(false).pragma("query_only", "ON"))
            .await
            .map_err(ConnectError::Open)?;
        Ok(Self {
            writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
            readers: SqlxSqliteConnector::from_sqlx_sqlite_pool(readers),
            turns: Turns::new(Manners::SERVING),
        })
    }

    /// The same database for a process for which nobody waits, beside one that serves: it leaves the
    /// file free half of the time.
    #[must_use]
    pub fn deferring(self) -> Self {
        Self {
            turns: Turns::new(Manners::DEFERRING),
            ..self
        }
    }

    /// Closes all connections; what was committed is in the one file then. Whoever still holds a
    /// transaction is waited for.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.readers.close_by_ref().await.map_err(store_error)?;
        self.writer.close_by_ref().await.map_err(store_error)
    }

    /// Begins to write, when it is our turn.
    pub(crate) async fn write(&self) -> Result<WriteTransaction, StoreError> {
        let turn = self.turns.next().await?;
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        // Another process may be writing. SQLite's own waiting sleeps longer and longer, and would miss
        // the short gaps that processes leave each other.
        let patience = Instant::now() + PATIENCE;
        loop {
            let begun = self.writer.begin_with_options(immediate).await;
            match begun.map_err(store_error) {
                Ok(transaction) => return Ok(WriteTransaction { transaction, turn }),
                Err(error) if error.is_conflict() && Instant::now() < patience => {}
                Err(error) if error.is_conflict() => return Err(StoreError::busy(error)),
                Err(error) => return Err(error),
            }
        }
    }

    /// Begins to read.
    pub(crate) async fn snapshot(&self) -> Result<DatabaseTransaction, StoreError> {
        let deferred = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
            ..TransactionOptions::default()
        };
        self.readers
            .begin_with_options(deferred)
            .await
            .map_err(store_error)
    }
}

async fn look_often(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let pragma = format!("PRAGMA busy_timeout = {}", LOOK_EVERY.as_millis());
    sqlx::query(AssertSqlSafe(pragma))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether a connection that comes back is in no transaction; one that is gets closed and replaced.
///
/// After a failed COMMIT (a full disk) SQLite has rolled back by itself, the driver's own rollback
/// fails, and the driver goes on counting a transaction that is no more. The next BEGIN on such a
/// connection would be a savepoint, and later commits would say Ok and be lost.
async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Waits for a rollback that is still on its way.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

#[async_trait]
impl Database for Store {
    async fn begin(&self) -> Result<Box<dyn Transaction>, StoreError> {
        let connection = self.write().await?;
        Ok(Box::new(Session { connection }))
    }

    async fn read(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        let connection = self.snapshot().await?;
        Ok(Box::new(Session { connection }))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        // Reads the file, unlike the driver's own ping.
        let look = "SELECT COUNT(*) FROM sqlite_master";
        self.readers
            .execute_unprepared(look)
            .await
            .map(|_| ())
            .map_err(store_error)
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::Statement;

    use super::*;

    async fn pragma(connection: &DatabaseConnection, name: &str) -> String {
        let ask = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        let ask = Statement::from_string(connection.get_database_backend(), ask);
        let row = connection.query_one_raw(ask).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    async fn new_store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            url: format!("sqlite://{}", folder.path().join("paydesk.db").display()),
            readers: 2,
            create: true,
        };
        let store = Store::connect(&options).await.unwrap();
        (folder, store)
    }

    async fn keep(store: &Store, user: &str) {
        let mut tx = store.begin().await.unwrap();
        tx.lock_account(&user.parse().unwrap()).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_committed_after_a_failed_commit_is_stored() {
        let (_folder, store) = new_store().await;
        let at = time::OffsetDateTime::UNIX_EPOCH;
        store.migrate(&"dev".parse().unwrap(), at).await.unwrap();
        // As after a COMMIT on a full disk: SQLite has rolled back by itself, and the driver, whose
        // own rollback fails now, would go on counting a transaction.
        let spoilt = store.write().await.unwrap();
        let connection = &spoilt.transaction;
        connection.execute_unprepared("ROLLBACK").await.unwrap();
        drop(spoilt);
        keep(&store, "before").await;
        drop(store.begin().await.unwrap());
        for user in ["a", "b", "c"] {
            keep(&store, user).await;
        }
        let count = Statement::from_string(
            store.readers.get_database_backend(),
            "SELECT COUNT(*) FROM accounts",
        );
        let row = store.readers.query_one_raw(count).await.unwrap().unwrap();
        assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), 4);
    }

    #[tokio::test]
    async fn every_connection_is_set_up_for_money() {
        let (_folder, store) = new_store().await;
        for (name, writer, reader) in [
            ("journal_mode", "wal", "wal"),
            ("synchronous", "2", "2"),
            ("foreign_keys", "1", "1"),
            ("query_only", "0", "1"),
        ] {
            assert_eq!(pragma(&store.writer, name).await, writer, "{name}");
            assert_eq!(pragma(&store.readers, name).await, reader, "{name}");
        }
        for (connection, ms) in [(&store.writer, 2), (&store.readers, 1000)] {
            let ask = "SELECT timeout FROM pragma_busy_timeout";
            let ask = Statement::from_string(connection.get_database_backend(), ask);
            let row = connection.query_one_raw(ask).await.unwrap().unwrap();
            assert_eq!(row.try_get_by_index::<i64>(0).unwrap(), ms);
        }
    }
}
