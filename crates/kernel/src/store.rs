use std::error::Error;
use std::fmt;

/// A store could not do what it was asked to. What went wrong inside is kept as the source; callers
/// only need to know whether trying the whole transaction again may help.
#[derive(Debug)]
pub struct StoreError {
    kind: Kind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Conflict,
    Busy,
    Corrupt,
    Failed,
}

impl StoreError {
    /// Another transaction was in the way; the same transaction may succeed when repeated.
    pub fn conflict(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Conflict,
            source: Some(source.into()),
        }
    }

    /// No connection or no turn to write was free within the bounded waiting time.
    pub fn busy(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Busy,
            source: Some(source.into()),
        }
    }

    /// What is stored cannot be read back as what it should be.
    pub fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Corrupt,
            source: Some(source.into()),
        }
    }

    /// Anything else, an unreachable database above all.
    pub fn failed(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Failed,
            source: Some(source.into()),
        }
    }

    /// A row that was read a moment ago in this transaction and locked was not there to be updated.
    pub fn lost_update(what: &'static str) -> Self {
        Self {
            kind: Kind::Conflict,
            source: Some(what.into()),
        }
    }

    /// Whether repeating the whole transaction may succeed.
    pub fn is_conflict(&self) -> bool {
        self.kind == Kind::Conflict
    }

    /// Whether the store had no room in time.
    pub fn is_busy(&self) -> bool {
        self.kind == Kind::Busy
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Conflict => "another transaction was in the way",
            Kind::Busy => "the store had no room in time",
            Kind::Corrupt => "stored data cannot be read back",
            Kind::Failed => "the store failed",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
