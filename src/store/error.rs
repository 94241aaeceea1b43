//! Groups the failures of store operations into three kinds that a caller can act on. The database library's own
//! error is kept inside, for the log.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::dialect;

/// Why a store operation failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached, did not answer in time, or accepts no writes (because of a full disk, a
    /// read-only server, or a damaged or moved file). The request or event is not the cause: the same operation may
    /// succeed later.
    #[error("the database is unavailable ({0})")]
    Unavailable(Cause),
    /// Another change was made first: a unique key exists already, or the server rolled back one of two conflicting
    /// transactions. Reading again and retrying may succeed.
    #[error("another change was made first ({0})")]
    Conflict(Cause),
    /// The database contains, or was given, corrupt data: a value that this version can't read, a violated
    /// constraint, or a missing table or column. Retrying does not help.
    #[error("the database contains, or was given, corrupt data ({0})")]
    Corrupt(Cause),
}

/// The database library's own error. It is used only for display and logs.
#[derive(Clone, Debug)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A row contains a value that this version can't read.
#[derive(Debug, thiserror::Error)]
#[error("the database contains a {what} that this version can't read")]
pub struct Unreadable {
    /// What could not be read, in plain words.
    pub what: &'static str,
}

impl StoreError {
    /// Creates an error for stored data that can't be read, or data that can't be written as text.
    pub fn corrupt(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Corrupt(Cause(Arc::new(error)))
    }

    /// Creates an error for a database that can't be used at all.
    pub(super) fn unavailable(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Cause(Arc::new(error)))
    }

    /// Returns the database library's own error, if there is one.
    pub(super) fn library_error(&self) -> Option<&sqlx::Error> {
        let (Self::Unavailable(cause) | Self::Conflict(cause) | Self::Corrupt(cause)) = self;
        cause.0.downcast_ref()
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let kind = if dialect::is_unavailable(&error) {
            Self::Unavailable
        } else if dialect::is_conflict(&error) {
            Self::Conflict
        } else {
            Self::Corrupt
        };
        kind(Cause(Arc::new(error)))
    }
}

impl From<Unreadable> for StoreError {
    fn from(error: Unreadable) -> Self {
        Self::corrupt(error)
    }
}
