//! Supports PostgreSQL 14 or newer, with several instances on one database.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection, Executor as _, PgConnection};

use super::pool::{Driver, Lease, Pool, run_with_timeout};
use super::{Pools, is_about_connection};
use crate::clock::Stopwatch;
use crate::store::{OpenError, migrations};

/// The `server_version_num` of version 14.
const OLDEST_VERSION: i64 = 140_000;
/// The number of connections of one instance.
const CONNECTIONS: u32 = 10;
/// How long a request, or the start of the service, waits for a connection while the server is down.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The advisory lock that a writing transaction holds: "keepopen" as a number.
const WRITER_LOCK: i64 = 0x6b65_6570_6f70_656e;
/// How long a transaction waits for another one to finish. After this time, the waiting transaction fails as
/// unavailable, and is retried.
const LOCK_TIMEOUT: &str = "5s";
/// The statements that begin a writing transaction.
///
/// - The server ends a transaction that is idle for 10 s, or a statement that runs for 10 s. So an instance that died,
///   or lost its connection, does not keep the writer lock. Our transactions never idle, because they wait only for the
///   database.
/// - Hash joins and merge joins are off, so that every statement finds its rows by key. Otherwise, a plan that was
///   cached while a table was new would read whole tables.
const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '10s'; SET LOCAL statement_timeout = '10s'; \
    SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
/// The statements that begin a reading transaction. The server also ends an idle reading transaction, but only after
/// 30 s. Until then, a migration waits for the tables that the transaction has read, and all other statements on these
/// tables wait for the migration.
pub const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL idle_in_transaction_session_timeout = '30s'; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";
/// The settings of each session. With keepalive, the server notices within about 25 s that a client is gone. It then
/// ends the client's session, and releases its locks. On our side, sqlx can't set keepalive on its socket. Instead,
/// each statement has a deadline, and each connection is checked before use.
const SESSION: [(&str, &str); 6] = [
    ("lock_timeout", LOCK_TIMEOUT),
    ("statement_timeout", "130s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25s"),
];
/// The time between two attempts to connect to a server that is starting.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// The number of seconds after which an idle connection of a thread is no longer used, because it is not checked before
/// use. This is also the time between two attempts to open one, and the time within which a thread must add rows twice
/// to get one.
const IDLE_LIMIT_S: f64 = 10.0;
/// The number of seconds after which a thread's own connection is replaced, as in the pool.
const LIFETIME_S: f64 = 30.0 * 60.0;
/// How long a statement on a thread's own connection may take. After that, the same rows are tried on a connection
/// from the pool, while the caller still waits.
pub const THREAD_CONN_TIMEOUT: Duration = Duration::from_secs(4);

/// Connections outside the pool: one for each thread that often adds rows.
///
/// The pool checks a connection before and after each use. The server's answer wakes the thread that opened the
/// connection, and that thread wakes the thread that waits for the answer. For a single event that Stripe delivers,
/// these checks would cost as much as everything else except the commit.
#[derive(Clone, Debug)]
pub struct ThreadConnections {
    options: Arc<PgConnectOptions>,
    slots: Arc<Mutex<HashMap<ThreadId, Slot>>>,
}

/// The state of one thread's connection.
#[derive(Debug)]
struct Slot {
    /// The time since the thread last added rows.
    used: Stopwatch,
    /// The time since the thread last tried to open a connection. `None` once it has one.
    tried: Option<Stopwatch>,
    /// The thread's own connection. `None` if there is none yet, or while it is in use.
    thread_conn: Option<ThreadConn>,
}

/// A connection that only one thread uses.
#[derive(Debug)]
pub struct ThreadConn {
    /// The connection.
    pub connection: PgConnection,
    /// The time since the connection was opened.
    age: Stopwatch,
}

impl ThreadConnections {
    fn new(options: PgConnectOptions) -> Self {
        Self { options: Arc::new(options), slots: Arc::default() }
    }

    /// Returns this thread's connection, if it was used recently. After success, the caller puts it back; after a
    /// failure, the caller drops it.
    pub fn take(&self) -> Option<ThreadConn> {
        let mut slots = self.lock();
        let slot = slots.get_mut(&thread::current().id())?;
        let thread_conn = slot.thread_conn.take()?;
        (slot.used.elapsed_s() < IDLE_LIMIT_S && thread_conn.age.elapsed_s() < LIFETIME_S)
            .then_some(thread_conn)
    }

    /// Keeps the connection for the next rows of this thread. Closes the connections that other threads no longer use.
    pub fn put(&self, thread_conn: ThreadConn) {
        let this = thread::current().id();
        let mut slots = self.lock();
        slots.retain(|thread, slot| *thread == this || slot.used.elapsed_s() < IDLE_LIMIT_S);
        slots.insert(this, Slot { used: Stopwatch::start(), tried: None, thread_conn: Some(thread_conn) });
    }

    /// Records that this thread added rows through the pool. If the thread does so twice within a short time, its own
    /// connection is opened in the background. Until it is open, the thread uses the pool.
    pub fn open_if_frequent(&self) {
        let is_recent = |since: &Stopwatch| since.elapsed_s() < IDLE_LIMIT_S;
        let must_open = match self.lock().entry(thread::current().id()) {
            Entry::Vacant(slot) => {
                slot.insert(Slot { used: Stopwatch::start(), tried: None, thread_conn: None });
                false
            }
            Entry::Occupied(mut slot) => {
                let slot = slot.get_mut();
                let is_frequent = is_recent(&slot.used);
                slot.used = Stopwatch::start();
                let must_open =
                    is_frequent && slot.thread_conn.is_none() && !slot.tried.as_ref().is_some_and(is_recent);
                if must_open {
                    slot.tried = Some(Stopwatch::start());
                }
                must_open
            }
        };
        if must_open {
            let thread_connections = self.clone();
            // The task runs on this thread, which will own the connection.
            tokio::spawn(async move {
                let outcome =
                    tokio::time::timeout(TIMEOUT, PgConnection::connect_with(&thread_connections.options))
                        .await;
                match outcome {
                    Ok(Ok(connection)) => {
                        thread_connections.put(ThreadConn { connection, age: Stopwatch::start() });
                    }
                    Ok(Err(error)) => {
                        tracing::debug!(%error, "a connection for storing deliveries could not be opened")
                    }
                    Err(_) => {
                        tracing::debug!("a connection for storing deliveries could not be opened in time")
                    }
                }
            });
        }
    }

    /// Closes the connections of all threads.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.lock());
        for thread_conn in all.into_values().filter_map(|slot| slot.thread_conn) {
            // The server notices that the connection is gone, whether or not it is closed properly.
            let _ = tokio::time::timeout(TIMEOUT, thread_conn.connection.close()).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ThreadId, Slot>> {
        // No code panics while it holds the lock.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driver for PgConnection {
    const IS_CHECKED: bool = true;
    const LIFETIME_S: f64 = LIFETIME_S;
    const IDLE_S: f64 = 10.0 * 60.0;

    async fn run(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.execute(sqlx::raw_sql(sql)).await.map(drop)
    }

    /// Whether the server ended the connection (class 08) or is stopping (57P), or its answer can't be read.
    fn is_broken_by(error: &sqlx::Error) -> bool {
        let Some(error) = error.as_database_error() else { return is_about_connection(error) };
        let code = error.code().unwrap_or_default();
        code.starts_with("08") || code.starts_with("57P")
    }
}

/// Connects to the server, and migrates the database.
pub async fn open(url: &str) -> Result<Pools, OpenError> {
    let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
    let options = options.application_name("keepopen");
    // Instances that start at the same time wait for each other's migrations, for as long as necessary: statements on
    // this first connection have no timeout.
    let mut first = run_with_timeout(TIMEOUT, options.connect()).await.map_err(OpenError::Postgres)?;
    run_with_timeout(TIMEOUT, assert_version(&mut first)).await.map_err(OpenError::Postgres)??;
    migrations::postgres().run_direct(None, &mut first, false).await?;
    // If the session is not closed in time, it ends soon anyway: the server ends it, or the process ends.
    drop(tokio::time::timeout(TIMEOUT, first.close()).await);
    let options = options.options(SESSION);
    let first = run_with_timeout(TIMEOUT, connect(options.clone())).await.map_err(OpenError::Postgres)?;
    let thread_connections = ThreadConnections::new(options.clone());
    let pool = Pool::new(CONNECTIONS, first, move || connect(options.clone()));
    Ok(Pools::Postgres { pool, thread_connections })
}

/// Connects to the server. If the server is starting, tries again until the caller gives up.
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
        // The server is starting, or has too many connections already.
        sqlx::Error::Database(error) => {
            ["57P03", "53300"].contains(&error.code().unwrap_or_default().as_ref())
        }
        _ => false,
    }
}

/// Starts a writing transaction, as soon as no other one runs on any instance.
///
/// A transaction reads what is known about a Stripe object, merges new data into it, and writes the result. If two
/// transactions did this at the same time, each could lose the other's change. SQLite has only one writer anyway. On
/// PostgreSQL, a lock ensures that only one transaction writes; the lock is released when the transaction ends. So no
/// transaction fails because of another. (Each statement sees everything that was committed before it began, so reads
/// after the lock are current.)
pub async fn begin(lease: &mut Lease<PgConnection>) -> Result<(), sqlx::Error> {
    lease.begin(BEGIN).await?;
    // The lock is not requested in the same message as `BEGIN`. Otherwise, a caller that gives up while it waits would
    // have no transaction to roll back yet, and its connection would keep the lock.
    let deadline = lease.start();
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(WRITER_LOCK);
    let locked = run_with_timeout(deadline, lock.execute(&mut **lease)).await;
    lease.finish(&locked);
    locked.map(drop)
}

/// Whether a statement failed because of one of its rows: an invalid text or number (class 22), a constraint (23), or
/// a row that is too large (54). Also true if this statement was rolled back because another statement was adding the
/// same rows, as in a deadlock (40).
pub fn is_about_rows(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    ["22", "23", "40", "54"].iter().any(|class| code.starts_with(class))
}

/// Whether the server rolled a transaction back because of a conflict with another one (class 40: serialization
/// failure, deadlock).
pub fn is_conflict(error: &dyn DatabaseError) -> bool {
    error.code().unwrap_or_default().starts_with("40")
}

/// Whether a statement failed because of the server's state:
///
/// - The server ended the connection or is stopping (08, 57P).
/// - A timeout expired (55P03: lock, 57014: statement, 25P03 and 57P05: idle).
/// - The server is read-only after a failover (25006).
/// - The server lacks memory, disk or connections (53, 58).
pub fn is_about_server(error: &dyn DatabaseError) -> bool {
    let code = error.code().unwrap_or_default();
    ["08", "57P", "57014", "55P03", "25P03", "25006", "53", "58"].iter().any(|class| code.starts_with(class))
}

async fn assert_version(connection: &mut PgConnection) -> Result<Result<(), OpenError>, sqlx::Error> {
    let number: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(connection).await?;
    let is_new_enough = number.parse::<i64>().is_ok_and(|number| number >= OLDEST_VERSION);
    Ok(if is_new_enough { Ok(()) } else { Err(OpenError::OldPostgres(number)) })
}
