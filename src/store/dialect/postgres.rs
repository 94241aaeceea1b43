//! PostgreSQL 14 or newer, for several instances on one database.

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

use super::Pools;
use crate::store::{OpenError, migrations};

/// `server_version_num` of version 14.
const OLDEST: i64 = 140_000;
/// Connections of one instance.
const CONNECTIONS: u32 = 10;
/// How long a request, or the start, waits for a connection while the server is away, before it is told so.
const PATIENCE: Duration = Duration::from_secs(5);
/// The advisory lock that a writing transaction holds: "keepopen" as a number.
const WRITER: i64 = 0x6b65_6570_6f70_656e;
/// Who waits longer for another to finish is told that the database does not answer, and tries again, rather than hang.
const LOCK_TIMEOUT: &str = "5s";
/// How a writing transaction begins.
///
/// - An instance whose machine is gone leaves a transaction behind that still
///   holds the lock. No transaction of ours waits for anything but the
///   database, so one that is silent for 30 s is ended by the server.
/// - Every statement finds its rows by their keys. A plan that was made while a
///   table was new, and is kept, would read whole tables instead.
const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '30s'; \
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// Connects, and brings the tables up to date.
pub async fn open(url: &str) -> Result<Pools, OpenError> {
    let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
    let options = options.application_name("keepopen");
    // A pool keeps trying and then says only that it took too long; one connection says why.
    tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options))
        .await
        .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
        .map_err(OpenError::Postgres)?
        .close()
        .await
        .map_err(OpenError::Postgres)?;
    // Instances that start together wait for each other here, for as long as it takes.
    let first = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(PATIENCE)
        .connect_with(options.clone())
        .await
        .map_err(OpenError::Postgres)?;
    assert_version(&first).await?;
    migrations::postgres().run(&first).await?;
    first.close().await;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_with(options.options([("lock_timeout", LOCK_TIMEOUT)]))
        .await
        .map_err(OpenError::Postgres)?;
    Ok(Pools::Postgres(pool))
}

/// Starts a transaction once no other writes, on any instance.
///
/// What is known of an object is read, joined and written back: two at a time
/// could each lose what the other learnt. SQLite has one writer by itself;
/// here a lock that ends with the transaction makes it so, and no transaction
/// ever fails for another's sake. (Each statement sees what was committed
/// before it began, so reads after the lock are current.)
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut tx = pool.begin_with(BEGIN).await?;
    // Not in the same message: given up while it waits, it would be no transaction yet that can be
    // rolled back, and its connection would keep the lock.
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITER).execute(&mut *tx).await?;
    Ok(tx)
}

/// Whether a statement failed for what one of its rows holds (22: a text or number that can't be kept, 23: a
/// constraint, 54: too large), or for who else was adding the same rows (40: rolled back, as in a deadlock).
pub fn is_about_rows(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    ["22", "23", "40", "54"].iter().any(|class| code.starts_with(class))
}

async fn assert_version(pool: &PgPool) -> Result<(), OpenError> {
    let number: String =
        sqlx::query_scalar("SHOW server_version_num").fetch_one(pool).await.map_err(OpenError::Postgres)?;
    let good = number.parse::<i64>().is_ok_and(|number| number >= OLDEST);
    if good { Ok(()) } else { Err(OpenError::OldPostgres(number)) }
}
