//! Supports SQLite: one file, and one connection that writes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Executor as _, SqliteConnection};
use tokio::task::spawn_blocking;

use super::pool::{Driver, Pool};
use super::{Pools, is_about_connection};
use crate::store::files::{self, FolderMoved, Watched};
use crate::store::{OpenError, migrations};

/// The oldest supported version. Older versions have a bug that can damage a write-ahead log.
const OLDEST_VERSION: (u32, u32, u32) = (3, 51, 3);
/// The number of connections that read.
const READERS: u32 = 4;

/// The size of each connection's cache. The cache has room for the upper levels of every index of a large ledger. For
/// SQLite, a negative number is a size in KiB.
const CACHE: &str = "-16384";

/// The number of rows of one statement that are buffered for the code that reads them.
const ROW_BUFFER_SIZE: usize = 512;

/// Whether the database's file exists. A file that can't be examined counts as existing, so that opening it reports the
/// reason.
pub fn is_made(url: &str) -> bool {
    SqliteConnectOptions::from_str(url)
        .map_or(true, |options| options.get_filename().try_exists().unwrap_or(true))
}

/// Opens the database's file, or creates it if it is missing, and migrates the database.
pub async fn open(url: &str) -> Result<Pools, OpenError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(OpenError::Url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", CACHE)
        // The rows of a statement are buffered, so code that reads them slowly does not block the database.
        .row_buffer_size(ROW_BUFFER_SIZE);
    let database = options.get_filename().to_owned();
    if let Some(folder) = database.parent() {
        files::make_folder(folder).map_err(|error| OpenError::Folder { path: folder.to_owned(), error })?;
    }
    let _start_lock = lock_start(&database).await?;
    // SQLite gives its other files the same permissions as this one. (A custom VFS creates its files itself.)
    if !url.contains("vfs=") {
        let connect_error = |error| OpenError::Connect(sqlx::Error::Io(error));
        files::make_file(&database).map_err(connect_error)?;
    }
    let mut first = options.connect().await.map_err(OpenError::Connect)?;
    assert_version(&mut first).await?;
    migrations::sqlite().run_direct(None, &mut first, false).await?;
    // The pools open further connections later. If the file is gone by then, it must not be created again.
    let options = options.create_if_missing(false);
    let read_options = options.clone().read_only(true);
    let first_reader = read_options.connect().await.map_err(OpenError::Connect)?;
    for path in database_files(&database) {
        files::make_private(&path);
    }
    let files =
        Arc::new(Files::watch(&database, read_options.connect().await.map_err(OpenError::Connect)?).await);
    let writer = Pool::new(1, first, connector(&files, options));
    let reader = Pool::new(READERS, first_reader, connector(&files, read_options));
    Ok(Pools::Sqlite { writer, reader, files })
}

/// Returns a function that opens a connection. The function fails if the files are not the ones that were opened at
/// the start.
fn connector(
    files: &Arc<Files>,
    options: SqliteConnectOptions,
) -> impl Fn() -> ConnectFuture + Send + Sync + 'static {
    let files = Arc::clone(files);
    move || -> ConnectFuture {
        let (files, options) = (Arc::clone(&files), options.clone());
        Box::pin(async move {
            files.check()?;
            let connection = options.connect().await?;
            files.check()?;
            Ok(connection)
        })
    }
}

type ConnectFuture = std::pin::Pin<Box<dyn Future<Output = Result<SqliteConnection, sqlx::Error>> + Send>>;

/// The files of an open database.
#[derive(Debug)]
pub struct Files {
    watched: Watched,
    /// An unused connection. While it is open, SQLite does not delete the write-ahead log, even if every other
    /// connection fails and is replaced.
    anchor: Mutex<Option<SqliteConnection>>,
}

impl Files {
    /// Starts to watch the database's file and its log in their present state.
    async fn watch(database: &Path, mut anchor: SqliteConnection) -> Self {
        // SQLite opens the log at the first read.
        if let Err(error) = anchor.run("SELECT COUNT(*) FROM sqlite_schema").await {
            tracing::warn!(%error, "the database can't be read");
        }
        let watched = Watched::default();
        for path in &database_files(database)[..2] {
            watched.add(path);
        }
        Self { watched, anchor: Mutex::new(Some(anchor)) }
    }

    /// Checks that the files are still the ones that were opened.
    ///
    /// # Errors
    /// A file was moved, deleted or replaced.
    pub fn check(&self) -> Result<(), FolderMoved> {
        self.watched.check()
    }

    /// Stops watching, and closes the unused connection. The watching stops first, because SQLite deletes the log when
    /// the last connection closes.
    pub fn close(&self) {
        self.watched.clear();
        drop(self.anchor.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Returns the paths of the database's file, its write-ahead log and its shared memory.
fn database_files(database: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut path = database.as_os_str().to_owned();
        path.push(end);
        PathBuf::from(path)
    })
}

impl Driver for SqliteConnection {
    const IS_CHECKED: bool = false;
    const LIFETIME_S: f64 = f64::INFINITY;
    const IDLE_S: f64 = f64::INFINITY;

    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    /// Whether it is possible that SQLite rolled the transaction back by itself, or that the database's file is gone.
    fn is_broken_by(error: &sqlx::Error) -> bool {
        match error.as_database_error() {
            Some(error) => is_about_disk(error),
            None => is_about_connection(error),
        }
    }
}

/// Returns SQLite's primary result code. This is the lowest byte of the extended result code.
fn code(error: &dyn DatabaseError) -> Option<i32> {
    Some(error.code()?.parse::<i32>().ok()? & 0xff)
}

/// Whether a statement failed because of the disk, the file or the machine, or because it waited too long for another
/// process that writes.
pub fn is_about_disk(error: &dyn DatabaseError) -> bool {
    const BUSY: i32 = 5;
    const NO_MEMORY: i32 = 7;
    const READ_ONLY: i32 = 8;
    const INTERRUPTED: i32 = 9;
    const IO: i32 = 10;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const CAN_NOT_OPEN: i32 = 14;
    const PROTOCOL: i32 = 15;
    const NOT_A_DATABASE: i32 = 26;
    let codes =
        [BUSY, NO_MEMORY, READ_ONLY, INTERRUPTED, IO, CORRUPT, FULL, CAN_NOT_OPEN, PROTOCOL, NOT_A_DATABASE];
    code(error).is_some_and(|code| codes.contains(&code))
}

/// Whether a statement failed because of one of its rows: it is too large, violates a constraint, or has a wrong
/// type.
pub fn is_about_rows(error: &dyn DatabaseError) -> bool {
    const TOO_BIG: i32 = 18;
    const CONSTRAINT: i32 = 19;
    const MISMATCH: i32 = 20;
    code(error).is_some_and(|code| [TOO_BIG, CONSTRAINT, MISMATCH].contains(&code))
}

/// Whether a statement failed because another statement of the same process has locked the table.
pub fn is_conflict(error: &dyn DatabaseError) -> bool {
    const LOCKED: i32 = 6;
    code(error) == Some(LOCKED)
}

/// Waits until no other process is opening this database, and keeps others waiting until the returned value is
/// dropped. Two processes must not create the write-ahead log and the tables of a new file at the same time.
async fn lock_start(database: &Path) -> Result<File, OpenError> {
    let mut path = database.as_os_str().to_owned();
    path.push("-start");
    let path = PathBuf::from(path);
    let lock_path = path.clone();
    let lock = move || {
        files::make_file(&lock_path)?;
        let file = File::options().write(true).open(&lock_path)?;
        file.lock()?;
        Ok(file)
    };
    spawn_blocking(lock)
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)))
        .map_err(|error| OpenError::Lock { path, error })
}

async fn assert_version(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
        .map_err(OpenError::Connect)?;
    if is_new_enough(&version) { Ok(()) } else { Err(OpenError::OldSqlite(version)) }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= OLDEST_VERSION
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn sqlite_versions_that_can_damage_the_log_are_rejected() {
        assert_eq!(
            ["3.51.2", "3.9.9", "2.99.0", "", "3.51"].map(is_new_enough),
            [false, false, false, false, false]
        );
        assert_eq!(["3.51.3", "3.52.0", "4.0.0", "3.51.10"].map(is_new_enough), [true; 4]);
    }
}
