//! Where facts are kept.
//!
//! **Owns** all the SQL, and what is particular to the database.
//! **Never** decides anything about money or people.
//! **Start at** [`Store::open`].
//! **Tested in** `tests/store/`, and by every test of `tests/api/`.

/// Reads a row into a struct whose fields are called as its columns.
macro_rules! from_row {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for $name {
            fn from_row(row: &sqlx::sqlite::SqliteRow) -> Result<Self, sqlx::Error> {
                use sqlx::Row as _;
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
    };
}

pub mod books;
pub mod checkouts;
pub mod counts;
pub mod health;
pub mod inbox;
pub mod keys;
mod migrations;
pub mod objects;
pub mod supporters;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

/// Older versions have a bug by which a write-ahead log can be damaged.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// Connections that read; reads never wait for the writer.
const READERS: u32 = 4;

/// The database: one connection that writes, several that read.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    reader: SqlitePool,
}

/// One transaction on the connection that writes.
pub type Tx = sqlx::Transaction<'static, sqlx::Sqlite>;

/// Why the database can't be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL can't be read.
    #[error("database.url can't be read ({0}); write sqlite:PATH")]
    Url(sqlx::Error),
    /// The folder can't be made.
    #[error("the folder {} can't be made ({error}); create it, or set data_dir to one that keepopen may write to", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The database can't be opened.
    #[error(
        "the database can't be opened ({0}); check that the file and its folder belong to the user that runs keepopen"
    )]
    Connect(sqlx::Error),
    /// A migration failed.
    #[error(
        "the database can't be brought up to date ({0}); restore the backup from before the upgrade, or run the version that wrote it"
    )]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The SQLite inside is too old.
    #[error(
        "this program was built with SQLite {0}; 3.51.3 or newer is needed, since older ones can damage a write-ahead log. Build keepopen with its bundled SQLite"
    )]
    OldSqlite(String),
}

/// A row holds something that this version can't read.
#[derive(Debug, thiserror::Error)]
#[error("the database holds a {what} that this version can't read")]
pub struct Unreadable {
    /// What could not be read.
    pub what: &'static str,
}

impl From<Unreadable> for sqlx::Error {
    fn from(error: Unreadable) -> Self {
        Self::Decode(Box::new(error))
    }
}

impl Store {
    /// Opens the database and brings its tables up to date.
    ///
    /// # Errors
    /// It can't be opened or migrated, or its engine is too old.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let options = SqliteConnectOptions::from_str(url)
            .map_err(OpenError::Url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        if let Some(folder) = options.get_filename().parent().filter(|path| !path.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| OpenError::Folder { path: folder.to_owned(), error })?;
        }
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(OpenError::Connect)?;
        assert_version(&writer).await?;
        migrations::all().run(&writer).await?;
        let reader = pool(READERS).connect_with(options.read_only(true)).await.map_err(OpenError::Connect)?;
        Ok(Self { writer, reader })
    }

    /// Starts a transaction that writes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// The connections that read.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// Closes every connection, after what is under way.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// The writing connection, for tests that try to break the rules of the tables.
    #[doc(hidden)]
    pub fn writer_for_tests(&self) -> &SqlitePool {
        &self.writer
    }
}

async fn assert_version(pool: &SqlitePool) -> Result<(), OpenError> {
    let version: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await.map_err(OpenError::Connect)?;
    if is_new_enough(&version) { Ok(()) } else { Err(OpenError::OldSqlite(version)) }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST_SQLITE
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn an_engine_that_can_damage_its_log_is_too_old() {
        assert_eq!(
            ["3.51.2", "3.9.9", "2.99.0", "", "3.51"].map(is_new_enough),
            [false, false, false, false, false]
        );
        assert_eq!(["3.51.3", "3.52.0", "4.0.0", "3.51.10"].map(is_new_enough), [true; 4]);
    }
}
