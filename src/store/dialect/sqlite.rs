//! SQLite: one file, one connection that writes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::task::spawn_blocking;

use super::Pools;
use crate::store::{OpenError, migrations};

/// Older versions have a bug by which a write-ahead log can be damaged.
const OLDEST: (u32, u32, u32) = (3, 51, 3);
/// Connections that read.
const READERS: u32 = 4;

/// The upper levels of every index of a large ledger stay in each connection's memory, in SQLite's unit: below 0, KiB.
const CACHE: &str = "-16384";

/// Rows of one statement that wait to be read.
const ROWS_WAITING: usize = 512;

/// Whether the file is there. What can't be looked at counts as there, so that the reason comes out when it is opened.
pub fn is_made(url: &str) -> bool {
    SqliteConnectOptions::from_str(url)
        .map_or(true, |options| options.get_filename().try_exists().unwrap_or(true))
}

/// Opens the file, made if need be, and brings its tables up to date.
pub async fn open(url: &str) -> Result<Pools, OpenError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(OpenError::Url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", CACHE)
        // What one statement gives back waits here for who reads it, and does not hold up the database.
        .row_buffer_size(ROWS_WAITING);
    if let Some(folder) = options.get_filename().parent().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| OpenError::Folder { path: folder.to_owned(), error })?;
    }
    let _alone = alone(options.get_filename()).await?;
    let pool = |connections| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .min_connections(1)
            // A file does not go away as a server does, and to ask first costs as much as the statement.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
    };
    let writer = pool(1).connect_with(options.clone()).await.map_err(OpenError::Connect)?;
    assert_version(&writer).await?;
    migrations::sqlite().run(&writer).await?;
    let reader = pool(READERS).connect_with(options.read_only(true)).await.map_err(OpenError::Connect)?;
    Ok(Pools::Sqlite { writer, reader })
}

/// Whether a statement failed for what one of its rows holds: too large, against a constraint, of a wrong type.
pub fn is_about_rows(error: &dyn DatabaseError) -> bool {
    const TOO_BIG: i32 = 18;
    const CONSTRAINT: i32 = 19;
    const MISMATCH: i32 = 20;
    // The engine's code with what it says more precisely above the lowest byte.
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    code.is_some_and(|code| [TOO_BIG, CONSTRAINT, MISMATCH].contains(&(code & 0xff)))
}

/// Waits until no other process opens this database, and keeps others waiting
/// as long as what is returned lives. Making the write-ahead log and the tables
/// of a new file is not safe against a second process that does the same.
async fn alone(database: &Path) -> Result<File, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push("-start");
    let path = PathBuf::from(path);
    let at = path.clone();
    let lock = move || {
        let file = File::create(&at)?;
        file.lock()?;
        Ok(file)
    };
    spawn_blocking(lock)
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| OpenError::Lock { path, error })
}

async fn assert_version(pool: &SqlitePool) -> Result<(), OpenError> {
    let version: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await.map_err(OpenError::Connect)?;
    if is_new_enough(&version) { Ok(()) } else { Err(OpenError::OldSqlite(version)) }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST
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
