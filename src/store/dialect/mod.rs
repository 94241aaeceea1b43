//! What differs between the databases; everything else has one text for both.
//!
//! **Owns** connections, transactions, versions, and the macros that run one statement on either.
//! **Never** knows a table.
//! **Start at** [`Pools`].
//! **Tested in** `tests/store/`; the whole of `tests/api/` runs on both.

pub mod postgres;
pub mod sqlite;

use postgres::{Own, OwnConnections};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteError;
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

/// Runs one statement within a transaction, on whichever database it is.
macro_rules! on_tx {
    ($tx:expr, $it:ident => $statement:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $it = &mut **tx;
                $statement
            }
            $crate::store::Tx::Postgres(tx) => {
                let $it = &mut **tx;
                $statement
            }
        }
    };
}

/// Runs one statement that reads, on whichever database it is.
macro_rules! on_reader {
    ($store:expr, $it:ident => $statement:expr) => {
        match $store.pools()? {
            $crate::store::dialect::Pools::Sqlite { reader: $it, .. } => $statement,
            $crate::store::dialect::Pools::Postgres { pool: $it, .. } => $statement,
        }
    };
}

/// Runs one statement that is a transaction of its own and only adds rows, on whichever database it is.
macro_rules! on_adding {
    ($adding:expr, $it:ident => $statement:expr) => {
        match $adding {
            $crate::store::Adding::Sqlite(connection) => {
                let $it = &mut **connection;
                $statement
            }
            $crate::store::Adding::Postgres(connection) => {
                let $it = &mut **connection;
                $statement
            }
            $crate::store::Adding::Own(own) => {
                let $it = &mut own.connection;
                $statement
            }
        }
    };
}

/// Reads a row of either database into a struct whose fields are called as its columns.
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

/// The connections.
#[derive(Clone, Debug)]
pub enum Pools {
    /// One connection that writes, several that read.
    Sqlite {
        /// The one that writes.
        writer: SqlitePool,
        /// Those that read; they never wait for the writer.
        reader: SqlitePool,
    },
    /// All do both.
    Postgres {
        /// For everything.
        pool: PgPool,
        /// For who adds rows again and again.
        own: OwnConnections,
    },
}

/// A transaction.
#[derive(Debug)]
pub enum Tx {
    /// On SQLite.
    Sqlite(Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// A connection for statements that are transactions of their own and only add rows.
#[derive(Debug)]
pub enum Adding {
    /// On SQLite: the one that writes.
    Sqlite(PoolConnection<Sqlite>),
    /// On PostgreSQL: one that lived just now.
    Postgres(PoolConnection<Postgres>),
    /// On PostgreSQL: the thread's own, which nobody asked whether it still lives.
    Own(Own),
}

impl Adding {
    /// Whether a failure is only this connection's, which was not asked whether it lived: the next one may do.
    pub fn was_gone(&self, error: &sqlx::Error) -> bool {
        matches!(self, Self::Own(_)) && postgres::is_about_connection(error)
    }

    /// Whether a long statement's parameters are numbered. PostgreSQL knows no others; SQLite looks for the name of each
    /// among all of them, which of a thousand takes longer than to store the rows.
    pub fn numbers_parameters(&self) -> bool {
        matches!(self, Self::Postgres(_) | Self::Own(_))
    }
}

impl Tx {
    /// Makes all of it last. Dropped without, none of it happened.
    ///
    /// # Errors
    /// The database does not answer; then nothing is known to have happened.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Whether a statement may have failed for what one of its rows holds, so that the others could be taken without it.
pub fn is_about_rows(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) if error.try_downcast_ref::<SqliteError>().is_some() => {
            sqlite::is_about_rows(&**error)
        }
        sqlx::Error::Database(error) => postgres::is_about_rows(&**error),
        _ => false,
    }
}

impl Pools {
    /// Starts a transaction that writes, alone.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?)),
            Self::Postgres { pool, .. } => Ok(Tx::Postgres(postgres::begin(pool).await?)),
        }
    }

    /// Starts a transaction that only reads, as of one moment.
    pub async fn snapshot(&self) -> Result<Tx, sqlx::Error> {
        match self {
            Self::Sqlite { reader, .. } => Ok(Tx::Sqlite(reader.begin().await?)),
            Self::Postgres { pool, .. } => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                     SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
                Ok(Tx::Postgres(pool.begin_with(begin).await?))
            }
        }
    }

    /// A connection for statements that are transactions of their own and only add rows.
    pub async fn adding(&self) -> Result<Adding, sqlx::Error> {
        match self {
            Self::Sqlite { writer, .. } => Ok(Adding::Sqlite(writer.acquire().await?)),
            Self::Postgres { pool, own } => match own.take() {
                Some(own) => Ok(Adding::Own(own)),
                None => Ok(Adding::Postgres(pool.acquire().await?)),
            },
        }
    }

    /// Takes back a connection on which everything went well. One on which it did not is dropped instead.
    pub fn take_back(&self, adding: Adding) {
        match (self, adding) {
            (Self::Postgres { own, .. }, Adding::Own(connection)) => own.put(connection),
            (Self::Postgres { own, pool }, Adding::Postgres(connection)) => {
                drop(connection);
                own.make_if_often(pool);
            }
            (_, adding) => drop(adding),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, own } => {
                own.close().await;
                pool.close().await;
            }
        }
    }
}
