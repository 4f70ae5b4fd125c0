use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::filesystem::network_of;

/// How long a statement waits for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Where the database is and how it is used.
#[derive(Clone)]
pub struct Options {
    /// `sqlite:` and a path: `sqlite://paydesk.db` is relative, `sqlite:///var/lib/paydesk.db` is
    /// absolute.
    pub url: String,
    /// Connections for reading, at least 1.
    pub readers: u32,
    /// Whether a missing file is made. Only the command that migrates wants this: any other
    /// program would start on an empty database after a typing error.
    pub create: bool,
}

impl fmt::Debug for Options {
    /// Without the URL: those of other databases carry a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("readers", &self.readers)
            .field("create", &self.create)
            .finish_non_exhaustive()
    }
}

/// Why there is no connection. Each text is one line, fit for the person who started the program,
/// and never shows the URL.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not a database that this version can use.
    #[error("database.url: only sqlite: is supported so far")]
    Scheme,
    /// `sqlite::memory:` or `mode=memory`.
    #[error("database.url: a database in memory cannot be shared by connections, name a file")]
    InMemory,
    /// What follows `sqlite:` is not understood.
    #[error("database.url: not understood: {0}")]
    Url(String),
    /// There is no file and none is to be made.
    #[error("database.url: there is no database at {}: run `paydesk-api migrate` first", .0.display())]
    Missing(PathBuf),
    /// A file cannot be made where there is no folder.
    #[error("database.url: the folder of {} does not exist", .0.display())]
    NoFolder(PathBuf),
    /// The file lies on another machine.
    #[error("database.url: {} lies on a network file system ({kind}), where SQLite loses data", path.display())]
    NetworkFileSystem {
        /// The file.
        path: PathBuf,
        /// The type of the file system.
        kind: String,
    },
    /// The file cannot be opened.
    #[error("cannot open the database: {0}")]
    Open(#[source] sqlx::Error),
}

impl Options {
    /// How the driver is to open the file.
    pub(crate) fn driver(&self) -> Result<SqliteConnectOptions, ConnectError> {
        let Some(rest) = self.url.strip_prefix("sqlite:") else {
            return Err(ConnectError::Scheme);
        };
        let memory = rest.trim_start_matches('/').starts_with(":memory:");
        if memory || rest.contains("mode=memory") {
            return Err(ConnectError::InMemory);
        }
        let parsed = SqliteConnectOptions::from_str(&self.url)
            .map_err(|error| ConnectError::Url(error.to_string()))?;
        if parsed.get_filename().file_name().is_none() {
            return Err(ConnectError::Url("it names no file".to_owned()));
        }
        Ok(parsed
            .create_if_missing(self.create)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // With less, a payment that was acknowledged may be gone after a power failure.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .disable_statement_logging())
    }

    /// Refuses places where opening would fail or, worse, work.
    pub(crate) async fn look_at(&self, file: &Path) -> Result<(), ConnectError> {
        let exists = tokio::fs::try_exists(file).await.unwrap_or(false);
        if !exists && !self.create {
            return Err(ConnectError::Missing(file.to_owned()));
        }
        let folder = match file.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let Ok(folder) = tokio::fs::canonicalize(folder).await else {
            return Err(ConnectError::NoFolder(file.to_owned()));
        };
        // The file may be a link to elsewhere; one that does not exist yet is made in the folder.
        let place = tokio::fs::canonicalize(file).await.unwrap_or(folder);
        // There is no such list but on Linux; elsewhere the operator has to know.
        let mounts = tokio::fs::read_to_string("/proc/self/mountinfo")
            .await
            .unwrap_or_default();
        match network_of(&mounts, &place) {
            Some(kind) => Err(ConnectError::NetworkFileSystem {
                path: file.to_owned(),
                kind: kind.to_owned(),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> Options {
        Options {
            url: url.to_owned(),
            readers: 2,
            create: false,
        }
    }

    #[test]
    fn both_forms_of_the_address_name_the_same_file() {
        for (url, path) in [
            ("sqlite:paydesk.db", "paydesk.db"),
            ("sqlite://paydesk.db", "paydesk.db"),
            (
                "sqlite:///var/lib/paydesk.db?mode=rw",
                "/var/lib/paydesk.db",
            ),
        ] {
            assert_eq!(
                options(url).driver().unwrap().get_filename(),
                Path::new(path)
            );
        }
    }

    #[test]
    fn other_databases_are_refused_without_showing_the_password() {
        let options = options("mysql://paydesk:hunter2@db/paydesk");
        let error = options.driver().unwrap_err();
        assert_eq!(
            error.to_string(),
            "database.url: only sqlite: is supported so far"
        );
        assert!(!format!("{error:?}{options:?}").contains("hunter2"));
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        for url in [
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite://x.db?mode=memory",
        ] {
            assert!(
                matches!(options(url).driver(), Err(ConnectError::InMemory)),
                "{url}"
            );
        }
    }

    #[test]
    fn an_address_without_a_file_is_refused() {
        for url in [
            "sqlite:",
            "sqlite://",
            "sqlite:///",
            "sqlite://x.db?colour=red",
        ] {
            assert!(
                matches!(options(url).driver(), Err(ConnectError::Url(_))),
                "{url}"
            );
        }
    }

    #[tokio::test]
    async fn a_missing_file_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("none.db");
        let error = options("sqlite:x").look_at(&file).await.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("run `paydesk-api migrate` first"),
            "{error}"
        );
        let create = Options {
            create: true,
            ..options("sqlite:x")
        };
        assert!(create.look_at(&file).await.is_ok());
        let nowhere = folder.path().join("no/where.db");
        assert!(matches!(
            create.look_at(&nowhere).await,
            Err(ConnectError::NoFolder(_))
        ));
    }
}
