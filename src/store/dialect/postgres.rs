//! PostgreSQL 14 or newer, for several instances on one database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection, Executor as _, PgConnection};

use super::pool::{Driver, Lease, Pool, within};
use super::{Pools, is_about_connection};
use crate::clock::Stopwatch;
use crate::store::{OpenError, migrations};

/// `server_version_num` of version 14.
const OLDEST: i64 = 140_000;
/// Connections of one instance.
const CONNECTIONS: u32 = 10;
/// How long a request, or the start, waits for a connection while the server is down, before it fails.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The advisory lock that a writing transaction holds: "keepopen" as a number.
const WRITER: i64 = 0x6b65_6570_6f70_656e;
/// A transaction that waits longer for another to finish fails as unavailable and is retried, rather than hang.
const LOCK_TIMEOUT: &str = "5s";
/// How a writing transaction begins.
///
/// - The server ends a transaction that is idle for 10 s, or a statement that exceeds our timeout: an instance that
///   died or lost the server must not keep the lock. Our transactions wait for nothing but the database.
/// - Every statement finds its rows by key. A cached plan from when a table was new would read whole tables instead.
const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '10s'; SET LOCAL statement_timeout = '10s'; \
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
/// How a reading transaction begins. An idle one is ended too, but later: until then a migration waits for the tables that
/// it has read, and everybody else waits for the migration.
pub const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = '30s'; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
/// The settings of each session. sqlx can't set keepalive on its own socket, so on our side each statement has a deadline
/// and each connection is checked before use. On the server's side, keepalive ends the session of a client that is gone
/// within about 25 s, and releases what it holds.
const SESSION: [(&str, &str); 6] = [
    ("lock_timeout", LOCK_TIMEOUT),
    ("statement_timeout", "130s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25s"),
];
/// Time between two attempts to connect to a starting server.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Seconds for which a thread's own connection may be idle and still be used unchecked; also the time between two attempts
/// to open one.
const SILENT_S: f64 = 10.0;
/// Seconds after which a thread's own connection is replaced, as in the pool.
const LIFETIME_S: f64 = 30.0 * 60.0;
/// How long a statement on a thread's own connection may take. Then the same rows are tried on a connection of the pool,
/// while the caller still waits.
pub const OWN_TIMEOUT: Duration = Duration::from_secs(4);

/// Connections outside the pool: one for each thread that often adds rows.
///
/// The pool checks a connection before and after each use, and its answer wakes the thread that opened it, which wakes the
/// waiting one. For a single delivery, that would cost as much as everything else but its commit.
#[derive(Clone, Debug)]
pub struct OwnConnections {
    options: Arc<PgConnectOptions>,
    seats: Arc<Mutex<HashMap<ThreadId, Slot>>>,
}

/// The state of one thread.
#[derive(Debug)]
struct Slot {
    /// Time since it last added rows.
    used: Stopwatch,
    /// Time since it last tried to open a connection, until it has one.
    tried: Option<Stopwatch>,
    own: Option<ThreadConn>,
}

/// A connection that only one thread uses.
#[derive(Debug)]
pub struct ThreadConn {
    /// The connection.
    pub connection: PgConnection,
    made: Stopwatch,
}

impl OwnConnections {
    fn new(options: PgConnectOptions) -> Self {
        Self { options: Arc::new(options), seats: Arc::default() }
    }

    /// This thread's connection, if it was used recently. The caller puts it back after success; a failed one is dropped.
    pub fn take(&self) -> Option<ThreadConn> {
        let mut seats = self.lock();
        let seat = seats.get_mut(&thread::current().id())?;
        let own = seat.own.take()?;
        (seat.used.elapsed_s() < SILENT_S && own.made.elapsed_s() < LIFETIME_S).then_some(own)
    }

    /// Keeps it for this thread's next rows. Connections that other threads no longer use are closed.
    pub fn put(&self, own: ThreadConn) {
        let this = thread::current().id();
        let mut seats = self.lock();
        seats.retain(|thread, seat| *thread == this || seat.used.elapsed_s() < SILENT_S);
        seats.insert(this, Slot { used: Stopwatch::start(), tried: None, own: Some(own) });
    }

    /// Records that this thread added rows through the pool. The second time within a while, its own connection is
    /// opened in the background; until then it uses the pool's.
    pub fn make_if_often(&self) {
        let lately = |since: &Stopwatch| since.elapsed_s() < SILENT_S;
        let tries = match self.lock().entry(thread::current().id()) {
            Entry::Vacant(seat) => {
                seat.insert(Slot { used: Stopwatch::start(), tried: None, own: None });
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
            let own_connections = self.clone();
            // On this thread, which will own the connection.
            tokio::spawn(async move {
                let made =
                    tokio::time::timeout(TIMEOUT, PgConnection::connect_with(&own_connections.options)).await;
                match made {
                    Ok(Ok(connection)) => {
                        own_connections.put(ThreadConn { connection, made: Stopwatch::start() });
                    }
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "the intake's own connection could not be opened")
                    }
                    Err(_) => tracing::debug!("the intake's own connection could not be opened in time"),
                }
            });
        }
    }

    /// Closes them all.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.lock());
        for own in all.into_values().filter_map(|seat| seat.own) {
            // The server notices that the connection is gone, with or without a goodbye.
            let _ = tokio::time::timeout(TIMEOUT, own.connection.close()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThreadId, Slot>> {
        // Nothing panics while holding the lock.
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driver for PgConnection {
    const CHECKED: bool = true;
    const LIFETIME_S: f64 = LIFETIME_S;
    const IDLE_S: f64 = 10.0 * 60.0;

    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    /// The server ended the connection or is stopping (class 08: the connection, 57P: the server), or it can't be read.
    fn is_broken_by(error: &sqlx::Error) -> bool {
        let Some(error) = error.as_database_error() else { return is_about_connection(error) };
        let code = error.code().unwrap_or_default();
        code.starts_with("08") || code.starts_with("57P")
    }
}

/// Connects, and migrates the database.
pub async fn open(url: &str) -> Result<Pools, OpenError> {
    let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
    let options = options.application_name("keepopen");
    // Instances that start together wait for each other here, for as long as it takes: this connection has no timeouts.
    let mut first = within(TIMEOUT, options.connect()).await.map_err(OpenError::Postgres)?;
    within(TIMEOUT, assert_version(&mut first)).await.map_err(OpenError::Postgres)??;
    migrations::postgres().run_direct(None, &mut first, false).await?;
    // It ends when the server says so, or with the process.
    drop(tokio::time::timeout(TIMEOUT, first.close()).await);
    let options = options.options(SESSION);
    let first = within(TIMEOUT, connect(options.clone())).await.map_err(OpenError::Postgres)?;
    let own = OwnConnections::new(options.clone());
    let pool = Pool::new(CONNECTIONS, first, move || connect(options.clone()));
    Ok(Pools::Postgres { pool, own })
}

/// Connects. A starting server is retried until the caller gives up.
async fn connect(options: PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    loop {
        match options.connect().await {
            Err(error) if is_starting(&error) => tokio::time::sleep(RETRY_INTERVAL).await,
            outcome => return outcome,
        }
    }
}

fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        // The server is starting, or has too many connections.
        sqlx::Error::Database(error) => {
            ["57P03", "53300"].contains(&error.code().unwrap_or_default().as_ref())
        }
        _ => false,
    }
}

/// Starts a transaction once no other is writing, on any instance.
///
/// A transaction reads what is known about an object, merges, and writes back: two at the same time could each lose the
/// other's change. SQLite has only one writer anyway; here a lock that ends with the transaction ensures it, so no
/// transaction ever fails because of another. (Each statement sees what was committed before it began, so reads after the
/// lock are current.)
pub async fn begin(lease: &mut Lease<PgConnection>) -> Result<(), sqlx::Error> {
    lease.begin(BEGIN).await?;
    // Not in the same message: a caller that gives up while waiting would not yet have a transaction to roll back, and its
    // connection would keep the lock.
    let deadline = lease.start();
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITER);
    let locked = within(deadline, lock.execute(&mut **lease)).await;
    lease.finish(&locked);
    locked.map(drop)
}

/// Whether a statement failed because of one of its rows (class 22: an invalid text or number, 23: a constraint, 54: too
/// large), or because another was adding the same rows (40: rolled back, as in a deadlock).
pub fn is_about_rows(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    ["22", "23", "40", "54"].iter().any(|class| code.starts_with(class))
}

/// Whether the server rolled a transaction back because of a conflict with another (class 40: serialization failure,
/// deadlock).
pub fn is_conflict(error: &dyn DatabaseError) -> bool {
    error.code().unwrap_or_default().starts_with("40")
}

/// Whether a statement failed because of the server's state: it ended the connection or is stopping (08, 57P), a timeout
/// expired (55P03: lock, 57014: statement, 25P03 and 57P05: idle), it is read-only after a failover (25006), or it lacks
/// memory, disk or connections (53, 58).
pub fn is_about_server(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    ["08", "57P", "57014", "55P03", "25P03", "25006", "53", "58"].iter().any(|class| code.starts_with(class))
}

async fn assert_version(connection: &mut PgConnection) -> Result<Result<(), OpenError>, sqlx::Error> {
    let number: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(connection).await?;
    let good = number.parse::<i64>().is_ok_and(|number| number >= OLDEST);
    Ok(if good { Ok(()) } else { Err(OpenError::OldPostgres(number)) })
}
