//! Contains everything that differs between SQLite and PostgreSQL. All other SQL is shared.
//!
//! **Owns** connections, transactions, version checks, and the macros that run one statement on either database.
//! **Never** knows a table.
//! **Start at** [`Pools`].
//! **Tested in** `tests/store/`; all of `tests/api/` runs on both databases.

pub mod pool;
pub mod postgres;
pub mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use pool::{Lease, Pool};
use postgres::{ThreadConn, ThreadConnections};
use sqlite::Files;
use sqlx::sqlite::SqliteError;
use sqlx::{PgConnection, SqliteConnection};

use super::StoreError;

/// How long one statement of a writing transaction may take. SQLite waits up to 10 s for another writing process.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(12);
/// How long a single reading statement may take.
pub const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one statement of a reading transaction may take. Some statements add up the whole ledger.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs one statement on a lease (a borrowed connection) until the statement's deadline. Records on the lease how the
/// statement ended. In this macro and the next ones, `$it` names the connection in the statement.
macro_rules! on_lease {
    ($lease:expr, $it:ident => $statement:expr) => {{
        let lease = $lease;
        let deadline = lease.start();
        let outcome = {
            let $it = &mut **lease;
            $crate::store::dialect::pool::run_with_timeout(deadline, async { $statement }).await
        };
        lease.finish(&outcome);
        outcome.map_err($crate::store::StoreError::from)
    }};
}

/// Runs one statement within a transaction, on either database.
macro_rules! on_tx {
    ($tx:expr, $it:ident => $statement:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => on_lease!(tx, $it => $statement),
            $crate::store::Tx::Postgres(tx) => on_lease!(tx, $it => $statement),
        }
    };
}

/// Runs one reading statement, on either database.
macro_rules! on_reader {
    ($store:expr, $it:ident => $statement:expr) => {
        on_reader!($store, $crate::store::dialect::READ_TIMEOUT, $it => $statement)
    };
    ($store:expr, $deadline:expr, $it:ident => $statement:expr) => {
        match $store.pools()? {
            $crate::store::dialect::Pools::Sqlite { reader, .. } => {
                let lease = &mut reader.acquire($deadline).await?;
                on_lease!(lease, $it => $statement)
            }
            $crate::store::dialect::Pools::Postgres { pool, .. } => {
                let lease = &mut pool.acquire($deadline).await?;
                on_lease!(lease, $it => $statement)
            }
        }
    };
}

/// Runs one writing statement that is its own transaction, on either database. On PostgreSQL the statement does not
/// wait for transactions of [`Pools::begin`].
macro_rules! on_writer {
    ($store:expr, $it:ident => $statement:expr) => {
        match $store.pools()? {
            $crate::store::dialect::Pools::Sqlite { writer, .. } => {
                let lease = &mut writer.acquire($crate::store::dialect::WRITE_TIMEOUT).await?;
                on_lease!(lease, $it => $statement)
            }
            $crate::store::dialect::Pools::Postgres { pool, .. } => {
                let lease = &mut pool.acquire($crate::store::dialect::WRITE_TIMEOUT).await?;
                on_lease!(lease, $it => $statement)
            }
        }
    };
}

/// Runs one statement that is its own transaction and only adds rows, on either database.
macro_rules! on_insert_conn {
    ($connection:expr, $it:ident => $statement:expr) => {
        match $connection {
            $crate::store::InsertConn::Sqlite(lease) => on_lease!(lease, $it => $statement),
            $crate::store::InsertConn::Postgres(lease) => on_lease!(lease, $it => $statement),
            $crate::store::InsertConn::ThreadConn(thread_conn) => {
                let $it = &mut thread_conn.connection;
                $crate::store::dialect::pool::run_with_timeout(
                    $crate::store::dialect::postgres::THREAD_CONN_TIMEOUT,
                    async { $statement },
                )
                .await
                .map_err($crate::store::StoreError::from)
            }
        }
    };
}

/// Reads a row of either database into a struct whose fields have the names of its columns.
macro_rules! from_row {
    ($name:ident { $($field:ident),+ $(,)? }) => {
        impl<'r, R> sqlx::FromRow<'r, R> for $name
        where
            R: sqlx::Row,
            &'static str: sqlx::ColumnIndex<R>,
            String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
    };
}

/// Writes one row. Each column is next to its value, so that no two values can be swapped. `insert` adds the row,
/// `insert_new` adds it unless its key exists, and `upsert` replaces the row with this key. Returns the number of
/// written rows.
macro_rules! write_row {
    ($tx:expr, $how:ident $table:literal $(by $key:literal)?, { $($column:ident: $value:expr),+ $(,)? }) => {{
        let sql = $crate::store::rows::$how($table, &[$(stringify!($column)),+] $(, $key)?);
        on_tx!($tx, db => sqlx::query(sql)
            $(.bind($value))+
            .execute(db)
            .await
            .map(|done| done.rows_affected()))
    }};
}

/// Declares a row that is always read and written as a whole. Creates a struct whose fields have the names of the
/// columns, the list of these columns, and the code that binds them. All three come from one list of fields, so no two
/// columns can be swapped.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type),+
        }

        from_row!($name { $($field),+ });

        impl $name {
            /// The names of the columns, in the order in which `bind_to` binds them.
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];

            /// Binds every column to a statement of [`crate::store::rows::insert`].
            fn bind_to<'q, DB>(
                &self,
                query: sqlx::query::Query<'q, DB, DB::Arguments>,
            ) -> sqlx::query::Query<'q, DB, DB::Arguments>
            where
                DB: sqlx::Database,
                $($type: for<'t> sqlx::Encode<'t, DB> + sqlx::Type<DB>),+
            {
                query$(.bind(&self.$field))+
            }
        }
    };
}

/// The connections to the database.
#[derive(Clone, Debug)]
pub enum Pools {
    /// SQLite: one connection writes, and several read.
    Sqlite {
        /// The connection that writes.
        writer: Pool<SqliteConnection>,
        /// The connections that read. They never wait for the writer.
        reader: Pool<SqliteConnection>,
        /// The database's files, with their identity when they were opened.
        files: Arc<Files>,
    },
    /// PostgreSQL: every connection reads and writes.
    Postgres {
        /// The connections for everything.
        pool: Pool<PgConnection>,
        /// The connections of threads that often add rows.
        thread_connections: ThreadConnections,
    },
}

/// A transaction.
#[derive(Debug)]
pub enum Tx {
    /// A transaction on SQLite.
    Sqlite(Lease<SqliteConnection>),
    /// A transaction on PostgreSQL.
    Postgres(Lease<PgConnection>),
}

/// A connection for statements that are their own transactions and only add rows.
#[derive(Debug)]
pub enum InsertConn {
    /// SQLite's writing connection.
    Sqlite(Lease<SqliteConnection>),
    /// A connection from PostgreSQL's pool, which has just been checked.
    Postgres(Lease<PgConnection>),
    /// The thread's own connection to PostgreSQL, which is not checked before use.
    ThreadConn(ThreadConn),
}

impl InsertConn {
    /// Whether the statement failed because this connection, which is not checked before use, was lost. Another
    /// connection may work.
    pub fn was_lost(&self, error: &StoreError) -> bool {
        matches!(self, Self::ThreadConn(_))
            && error.library_error().is_some_and(<PgConnection as pool::Driver>::is_broken_by)
    }

    /// Whether the parameters of a long statement are numbered. PostgreSQL requires numbers (`$1`, `$2`). SQLite would
    /// look up each number among all others. For a thousand parameters, that takes longer than storing the rows.
    pub fn numbers_parameters(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::ThreadConn(_))
    }
}

impl Tx {
    /// Commits the transaction. To roll it back instead, drop it.
    ///
    /// # Errors
    /// The database does not answer. It is then unknown whether the transaction was committed.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(lease) => lease.commit().await?,
            Self::Postgres(lease) => lease.commit().await?,
        }
        Ok(())
    }
}

/// Whether it is possible that a statement failed because of one of its rows. If so, the other rows can be stored
/// without that row.
pub fn is_about_rows(error: &StoreError) -> bool {
    match error.library_error() {
        Some(sqlx::Error::Encode(_)) => true,
        Some(sqlx::Error::Database(error)) if error.try_downcast_ref::<SqliteError>().is_some() => {
            sqlite::is_about_rows(&**error)
        }
        Some(sqlx::Error::Database(error)) => postgres::is_about_rows(&**error),
        _ => false,
    }
}

/// Whether a statement failed because of the database as a whole: it does not answer, or accepts no writes. The same
/// statement may succeed later.
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) if error.try_downcast_ref::<SqliteError>().is_some() => {
            sqlite::is_about_disk(&**error)
        }
        sqlx::Error::Database(error) => postgres::is_about_server(&**error),
        error => is_about_connection(error),
    }
}

/// Whether a statement failed because another change was made first. Either a unique key exists already, or the
/// database rolled back one of several conflicting transactions.
pub fn is_conflict(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) if error.is_unique_violation() => true,
        sqlx::Error::Database(error) if error.try_downcast_ref::<SqliteError>().is_some() => {
            sqlite::is_conflict(&**error)
        }
        sqlx::Error::Database(error) => postgres::is_conflict(&**error),
        _ => false,
    }
}

/// Whether an error of the client library means that the connection can't be used any more.
fn is_about_connection(error: &sqlx::Error) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
    matches!(error, Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed)
}

impl Pools {
    /// Starts a writing transaction. Only one runs at a time.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite { writer, files, .. } => {
                files.check()?;
                let mut lease = writer.acquire(WRITE_TIMEOUT).await?;
                lease.begin("BEGIN IMMEDIATE").await?;
                Ok(Tx::Sqlite(lease))
            }
            Self::Postgres { pool, .. } => {
                let mut lease = pool.acquire(WRITE_TIMEOUT).await?;
                postgres::begin(&mut lease).await?;
                Ok(Tx::Postgres(lease))
            }
        }
    }

    /// Starts a transaction that only reads, and reads from one snapshot.
    pub async fn snapshot(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite { reader, .. } => {
                let mut lease = reader.acquire(SNAPSHOT_TIMEOUT).await?;
                lease.begin("BEGIN").await?;
                Ok(Tx::Sqlite(lease))
            }
            Self::Postgres { pool, .. } => {
                let mut lease = pool.acquire(SNAPSHOT_TIMEOUT).await?;
                lease.begin(postgres::SNAPSHOT).await?;
                Ok(Tx::Postgres(lease))
            }
        }
    }

    /// Returns a connection for statements that are their own transactions and only add rows.
    pub async fn insert_connection(&self) -> Result<InsertConn, sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => Ok(InsertConn::Sqlite(writer.acquire(WRITE_TIMEOUT).await?)),
            Self::Postgres { pool, thread_connections } => match thread_connections.take() {
                Some(thread_conn) => Ok(InsertConn::ThreadConn(thread_conn)),
                None => Ok(InsertConn::Postgres(pool.acquire(WRITE_TIMEOUT).await?)),
            },
        }
    }

    /// Takes back a connection after its statement succeeded. After a failure, drop the connection instead.
    pub fn return_connection(&self, connection: InsertConn) {
        match (self, connection) {
            (Self::Postgres { thread_connections, .. }, InsertConn::ThreadConn(connection)) => {
                thread_connections.put(connection);
            }
            (Self::Postgres { thread_connections, .. }, InsertConn::Postgres(connection)) => {
                drop(connection);
                thread_connections.open_if_frequent();
            }
            (_, connection) => drop(connection),
        }
    }

    /// Checks that committed data is where the service will look for it at its next start. The check fails if the
    /// database's files were moved or deleted while they are open.
    ///
    /// # Errors
    /// A file was moved, deleted or replaced. The error names the file.
    pub fn check_files(&self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite { files, .. } => Ok(files.check()?),
            Self::Postgres { .. } => Ok(()),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader, files } => {
                files.close();
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, thread_connections } => {
                thread_connections.close().await;
                pool.close().await;
            }
        }
    }
}
