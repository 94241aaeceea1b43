//! Reads and writes the database.
//!
//! **Owns** all SQL, and everything that is specific to one kind of database.
//! **Never** decides anything about money or people.
//! **Start at** [`Store::open`].
//! **Tested in** `tests/store/`, and by every test of `tests/api/`.

#[macro_use]
mod dialect;

pub mod accounts;
pub mod alarms;
pub mod appeals;
pub mod audit;
pub mod checkouts;
pub mod comparisons;
pub mod counts;
pub mod endpoints;
mod error;
pub mod files;
pub mod health;
pub mod inbox;
pub mod intake;
pub mod keys;
pub mod last_good;
pub mod ledger;
mod migrations;
pub mod objects;
pub mod other_money;
pub mod outbox;
pub mod pages;
pub mod payments;
pub mod planned_weights;
pub mod results;
mod rows;
pub mod seals;
pub mod standings;
pub mod supporters;
pub mod sweeps;
pub mod switches;
pub mod tasks;
#[cfg(feature = "test-support")]
mod testing;
pub mod tickers;
pub mod unbooked;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

pub use dialect::{InsertConn, Tx};
use dialect::{Pools, postgres, sqlite};
pub use error::{Cause, StoreError, Unreadable};

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    /// The connections. Empty until the database was reached for the first time.
    pools: Arc<OnceLock<Pools>>,
}

/// Why the database can't be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL can't be parsed.
    #[error("database.url can't be read ({0}); write sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Url(sqlx::Error),
    /// The URL's scheme is unknown.
    #[error("database.url has an unknown scheme; write sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Scheme,
    /// The folder can't be created.
    #[error("the folder {} can't be created ({error}); create it, or set data_dir to one that keepopen may write to", path.display())]
    Folder {
        /// The path of the folder.
        path: PathBuf,
        /// Why the folder can't be created.
        error: std::io::Error,
    },
    /// The lock file, by which processes wait for each other, can't be locked.
    #[error("{} can't be created or locked ({error}); make its folder belong to the user that runs keepopen, on a file system with file locks", path.display())]
    Lock {
        /// The path of the lock file.
        path: PathBuf,
        /// Why the file can't be locked.
        error: std::io::Error,
    },
    /// The database can't be opened.
    #[error(
        "the database can't be opened ({0}); check that the file and its folder belong to the user that runs keepopen"
    )]
    Connect(sqlx::Error),
    /// The server can't be reached.
    #[error(
        "PostgreSQL can't be reached ({0}); check that it runs, and the host, user and password in database.url"
    )]
    Postgres(sqlx::Error),
    /// A migration failed.
    #[error(
        "the database can't be brought up to date ({0}); restore the backup from before the upgrade, or run the version that wrote it"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The bundled SQLite is too old.
    #[error(
        "this program was built with SQLite {0}; 3.51.3 or newer is needed, since older ones can damage a write-ahead log. Build keepopen with its bundled SQLite"
    )]
    OldSqlite(String),
    /// The PostgreSQL server is too old.
    #[error("the PostgreSQL server has version {0}; 14 or newer is required")]
    OldPostgres(String),
}

impl OpenError {
    /// Whether opening may succeed later without intervention: the server is down, does not answer, or is starting or
    /// stopping. A wrong password, for instance, needs intervention.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Postgres(sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) => true,
            Self::Postgres(sqlx::Error::Database(error)) => {
                // These are PostgreSQL's error classes: 08 connection, 57P01 to 57P03 stopping or starting, 53300 too
                // many connections.
                let code = error.code().unwrap_or_default();
                code.starts_with("08") || ["57P01", "57P02", "57P03", "53300"].contains(&&*code)
            }
            _ => false,
        }
    }
}

impl Store {
    /// Whether the database exists. A SQLite file can be missing. A PostgreSQL server is assumed to have the database.
    pub fn exists(url: &str) -> bool {
        !url.starts_with("sqlite:") || sqlite::is_made(url)
    }

    /// Opens and migrates the database.
    ///
    /// # Errors
    /// The database can't be opened or migrated, or its engine is too old.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let store = Self::not_reached();
        store.reach(url).await?;
        Ok(store)
    }

    /// Creates a store whose database was not reached yet. Every call fails as unavailable until [`Self::reach`] has
    /// opened it.
    pub fn not_reached() -> Self {
        Self { pools: Arc::default() }
    }

    /// Opens and migrates the database, unless that was done before.
    ///
    /// # Errors
    /// See [`Self::open`].
    pub async fn reach(&self, url: &str) -> Result<(), OpenError> {
        if self.was_reached() {
            return Ok(());
        }
        let pools = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => sqlite::open(url).await?,
            Some("postgres" | "postgresql") => postgres::open(url).await?,
            _ => return Err(OpenError::Scheme),
        };
        // Another task may have opened the database first. In that case, its connections are used, and the ones that
        // were opened here are closed.
        if let Err(second) = self.pools.set(pools) {
            second.close().await;
        }
        Ok(())
    }

    /// Whether the database was ever opened. It may be down again.
    pub fn was_reached(&self) -> bool {
        self.pools.get().is_some()
    }

    fn pools(&self) -> Result<&Pools, StoreError> {
        let not_reached = || {
            std::io::Error::new(std::io::ErrorKind::NotConnected, "it has not been reached since the start")
        };
        self.pools.get().ok_or_else(|| StoreError::unavailable(not_reached()))
    }

    /// Whether the database is PostgreSQL.
    fn is_on_postgres(&self) -> Result<bool, StoreError> {
        Ok(matches!(self.pools()?, Pools::Postgres { .. }))
    }

    /// Starts a writing transaction. Only one runs at a time; the others wait. So nothing that the transaction has
    /// read changes before it commits.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(self.pools()?.begin().await?)
    }

    /// Starts a transaction that only reads, and reads from one snapshot. No other transaction waits for it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        Ok(self.pools()?.snapshot().await?)
    }

    /// Returns a connection for statements that are their own transactions and only add rows, each of which depends
    /// only on its own key. On PostgreSQL, these statements do not wait for writing transactions.
    ///
    /// # Errors
    /// The database does not answer.
    pub(super) async fn insert_connection(&self) -> Result<InsertConn, StoreError> {
        Ok(self.pools()?.insert_connection().await?)
    }

    /// Takes back a connection of [`Self::insert_connection`] after success.
    pub(super) fn return_connection(&self, connection: InsertConn) {
        if let Some(pools) = self.pools.get() {
            pools.return_connection(connection);
        }
    }

    /// Checks that committed data is where the service will look for it at its next start. The check fails if the
    /// database's files were moved or deleted while they are open. After a failure, nothing may be acknowledged.
    ///
    /// # Errors
    /// A file was moved, deleted or replaced, or the database was not reached yet.
    pub fn check_files(&self) -> Result<(), StoreError> {
        Ok(self.pools()?.check_files()?)
    }

    /// Closes every connection as soon as it is free.
    pub async fn close(&self) {
        if let Some(pools) = self.pools.get() {
            pools.close().await;
        }
    }
}
