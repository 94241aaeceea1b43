//! PostgreSQL 14 or newer, for several instances on one database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

use super::Pools;
use crate::clock::Stopwatch;
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

/// Seconds for which a thread's own connection may be silent and still be used without asking it first; and between two
/// tries to make one.
const SILENT_S: f64 = 10.0;
/// Seconds after which a thread's own connection is made anew, as the pool does with its own.
const LIFETIME_S: f64 = 30.0 * 60.0;

/// Connections beside the pool: one for each thread that adds rows again and again.
///
/// A connection of the pool is asked whether it lives before each use and after it, and when an answer comes it wakes
/// the thread that made it, which wakes the one that waits. A lone delivery would spend as much on that as on all else
/// but its commit.
#[derive(Clone, Debug, Default)]
pub struct OwnConnections(Arc<Mutex<HashMap<ThreadId, Seat>>>);

/// What a thread has.
#[derive(Debug)]
struct Seat {
    /// Since it last added rows.
    used: Stopwatch,
    /// Since it last tried to make a connection, until it has one.
    tried: Option<Stopwatch>,
    own: Option<Own>,
}

/// A connection that only one thread uses.
#[derive(Debug)]
pub struct Own {
    /// Itself.
    pub connection: PgConnection,
    made: Stopwatch,
}

impl OwnConnections {
    /// This thread's, if it was used lately. Who takes it puts it back, or it is closed: one that failed is of no use.
    pub fn take(&self) -> Option<Own> {
        let mut seats = self.lock();
        let seat = seats.get_mut(&thread::current().id())?;
        let own = seat.own.take()?;
        (seat.used.elapsed_s() < SILENT_S && own.made.elapsed_s() < LIFETIME_S).then_some(own)
    }

    /// Keeps it for this thread's next rows. What other threads no longer use is closed.
    pub fn put(&self, own: Own) {
        let this = thread::current().id();
        let mut seats = self.lock();
        seats.retain(|thread, seat| *thread == this || seat.used.elapsed_s() < SILENT_S);
        seats.insert(this, Seat { used: Stopwatch::start(), tried: None, own: Some(own) });
    }

    /// Notes that this thread added rows over the pool. The second time within a while it gets a connection of its own,
    /// made beside: nobody waits for it, and without it the pool's are good enough.
    pub fn make_if_often(&self, pool: &PgPool) {
        let lately = |since: &Stopwatch| since.elapsed_s() < SILENT_S;
        let tries = match self.lock().entry(thread::current().id()) {
            Entry::Vacant(seat) => {
                seat.insert(Seat { used: Stopwatch::start(), tried: None, own: None });
                false
            }
            Entry::Occupied(mut seat) => {
                let seat = seat.get_mut();
                let often = lately(&seat.used);
                seat.used = Stopwatch::start();
                let tries = often && seat.own.is_none() && !seat.tried.as_ref().is_some_and(lately);
                if tries {
                    seat.tried = Some(Stopwatch::start());
                }
                tries
            }
        };
        if tries {
            let (own_connections, options) = (self.clone(), pool.connect_options());
            // On this thread, whose connection it is to be.
            tokio::spawn(async move {
                let made = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
                match made {
                    Ok(Ok(connection)) => {
                        own_connections.put(Own { connection, made: Stopwatch::start() });
                    }
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a connection of the intake's own was not made")
                    }
                    Err(_) => tracing::debug!("a connection of the intake's own was not made in time"),
                }
            });
        }
    }

    /// Closes them all.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.lock());
        for own in all.into_values().filter_map(|seat| seat.own) {
            // Its server sees that it is gone, with or without a farewell.
            let _ = tokio::time::timeout(PATIENCE, own.connection.close()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThreadId, Seat>> {
        // Nothing panics while holding it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
    Ok(Pools::Postgres { pool, own: OwnConnections::default() })
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

/// Whether a statement failed for its connection, and not for what the server found wrong with it (08: the connection,
/// 57P: the server ended it, or is stopping).
pub fn is_about_connection(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return true };
    let code = error.code().unwrap_or_default();
    code.starts_with("08") || code.starts_with("57P")
}

async fn assert_version(pool: &PgPool) -> Result<(), OpenError> {
    let number: String =
        sqlx::query_scalar("SHOW server_version_num").fetch_one(pool).await.map_err(OpenError::Postgres)?;
    let good = number.parse::<i64>().is_ok_and(|number| number >= OLDEST);
    if good { Ok(()) } else { Err(OpenError::OldPostgres(number)) }
}
