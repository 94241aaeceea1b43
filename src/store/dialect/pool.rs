//! Implements a pool of database connections. Each connection has one user at a time, and every statement has a
//! deadline.
//!
//! This pool replaces sqlx's pool for two reasons. First, sqlx's pool checks each returned connection without a
//! deadline. The connection's slot stays taken during the check, so callers can wait for ever. Second, sqlx's pool
//! keeps a SQLite connection whose transaction SQLite itself rolled back (for example because the disk was full). Every
//! new transaction on that connection then fails.

use std::fmt;
use std::future::Future;
use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Connection;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::clock::Stopwatch;

/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long an idle connection may take to answer the check that it is alive.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the rollback of an abandoned transaction may take.
const CLEANUP_TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum duration of a transaction, as a multiple of the statement timeout.
const TRANSACTION_TIMEOUT_FACTOR: u32 = 5;
/// How long closing the pool waits for connections in use, and then for each connection to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Defines what a pool needs to know about one kind of connection.
pub trait Driver: Connection + fmt::Debug + 'static {
    /// Whether an idle connection is checked before use. The connection to a server can be lost; a file stays open.
    const IS_CHECKED: bool;
    /// The number of seconds after which a connection is replaced.
    const LIFETIME_S: f64;
    /// The number of idle seconds after which a connection is closed.
    const IDLE_S: f64;

    /// Runs statements that return no rows.
    fn run(&mut self, sql: &'static str) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Whether this error makes the connection unusable.
    fn is_broken_by(error: &sqlx::Error) -> bool;
}

/// A function that opens a connection.
type Connect<C> = dyn Fn() -> Pin<Box<dyn Future<Output = Result<C, sqlx::Error>> + Send>> + Send + Sync;

/// A limited number of connections, which are opened on demand.
pub struct Pool<C: Driver>(Arc<Inner<C>>);

struct Inner<C: Driver> {
    connect: Box<Connect<C>>,
    size: u32,
    /// One permit for each connection that can be open at the same time.
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Idle<C>>>,
    closed: AtomicBool,
}

struct Idle<C> {
    connection: C,
    /// The time since the connection was opened.
    age: Stopwatch,
    /// The time since the connection was last used.
    unused: Stopwatch,
}

impl<C: Driver> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Driver> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("size", &self.0.size).finish_non_exhaustive()
    }
}

impl<C: Driver> Pool<C> {
    /// Creates a pool with one open connection. The pool opens the others with `connect`.
    pub fn new<F>(size: u32, first: C, connect: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<C, sqlx::Error>> + Send + 'static,
    {
        let pool = Self(Arc::new(Inner {
            connect: Box::new(move || Box::pin(connect())),
            size,
            slots: Arc::new(Semaphore::new(size as usize)),
            idle: Mutex::default(),
            closed: AtomicBool::new(false),
        }));
        pool.put(first, Stopwatch::start());
        pool
    }

    /// Borrows a connection on which each statement may take up to `statement_timeout`.
    ///
    /// # Errors
    /// No connection became free in time, or none could be opened.
    pub async fn acquire(&self, statement_timeout: Duration) -> Result<Lease<C>, sqlx::Error> {
        match timeout(ACQUIRE_TIMEOUT, self.take(statement_timeout)).await {
            Ok(lease) => lease,
            Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    async fn take(&self, statement_timeout: Duration) -> Result<Lease<C>, sqlx::Error> {
        if self.is_closed() {
            return Err(sqlx::Error::PoolClosed);
        }
        let slots = Arc::clone(&self.0.slots);
        let slot = slots.acquire_owned().await.map_err(|_| sqlx::Error::PoolClosed)?;
        let (connection, age) = match self.take_idle().await {
            Some(idle) => idle,
            None => ((self.0.connect)().await.map_err(not_connected)?, Stopwatch::start()),
        };
        let usage = Usage::default();
        Ok(Lease {
            connection: Some(connection),
            age,
            statement_timeout,
            borrowed: Stopwatch::start(),
            usage,
            pool: self.clone(),
            slot: Some(slot),
        })
    }

    /// Returns a usable idle connection with its age, or `None` if there is none.
    async fn take_idle(&self) -> Option<(C, Stopwatch)> {
        loop {
            let Idle { mut connection, age, unused } = self.lock().pop()?;
            if age.elapsed_s() > C::LIFETIME_S || unused.elapsed_s() > C::IDLE_S {
                continue;
            }
            if !C::IS_CHECKED {
                return Some((connection, age));
            }
            match timeout(PING_TIMEOUT, connection.ping()).await {
                Ok(Ok(())) => return Some((connection, age)),
                Ok(Err(error)) => tracing::debug!(%error, "replacing a database connection that has ended"),
                Err(_) => self.close_idle(),
            }
        }
    }

    /// Closes every idle connection. This is called after a connection did not answer, because the others are probably
    /// in the same state.
    fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.lock());
        tracing::warn!(
            idle = idle.len(),
            "a database connection did not answer; it and all idle connections will be replaced"
        );
    }

    fn put(&self, connection: C, age: Stopwatch) {
        if self.is_closed() || age.elapsed_s() > C::LIFETIME_S {
            return;
        }
        let mut idle = self.lock();
        idle.retain(|other| other.unused.elapsed_s() <= C::IDLE_S);
        idle.push(Idle { connection, age, unused: Stopwatch::start() });
    }

    /// Stops lending connections, waits a while for those in use, and closes all of them.
    pub async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        if timeout(CLOSE_TIMEOUT, self.0.slots.acquire_many(self.0.size)).await.is_err() {
            tracing::warn!("a database connection is still in use; the service stops without waiting for it");
        }
        self.0.slots.close();
        let idle = std::mem::take(&mut *self.lock());
        for Idle { connection, .. } in idle {
            match timeout(CLOSE_TIMEOUT, connection.close()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a database connection could not be closed"),
                Err(_) => tracing::debug!("a database connection could not be closed in time"),
            }
        }
    }

    /// Returns the maximum number of connections.
    #[cfg(feature = "test-support")]
    pub fn size(&self) -> u32 {
        self.0.size
    }

    fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Idle<C>>> {
        // No code panics while it holds the lock.
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the last user may have left unfinished on a connection.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    /// Whether a statement was started and did not finish.
    in_statement: bool,
    /// Whether a transaction was started, and neither committed nor rolled back.
    in_transaction: bool,
    /// Whether the connection can't be used any more.
    is_broken: bool,
}

/// A borrowed connection. When the lease is dropped, an open transaction is rolled back, and the connection returns to
/// the pool. A connection that failed is closed instead, and the pool opens another.
pub struct Lease<C: Driver> {
    connection: Option<C>,
    age: Stopwatch,
    /// How long each statement may take.
    statement_timeout: Duration,
    /// The time since the connection was borrowed.
    borrowed: Stopwatch,
    usage: Usage,
    pool: Pool<C>,
    slot: Option<OwnedSemaphorePermit>,
}

impl<C: Driver> fmt::Debug for Lease<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("use", &self.usage).finish_non_exhaustive()
    }
}

impl<C: Driver> Lease<C> {
    /// Begins a transaction with the statements in `sql`.
    pub async fn begin(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        self.usage.in_transaction = true;
        let deadline = self.start();
        let outcome = run_with_timeout(deadline, self.run(sql)).await;
        self.finish(&outcome);
        outcome
    }

    /// Commits the transaction.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        let deadline = self.start();
        let outcome = run_with_timeout(deadline, self.run("COMMIT")).await;
        self.finish(&outcome);
        if outcome.is_ok() {
            self.usage.in_transaction = false;
        }
        outcome
    }

    /// Records that a statement starts. Returns how long it may take: the statement timeout, or what remains of the
    /// transaction's time if that is shorter.
    pub fn start(&mut self) -> Duration {
        self.usage.in_statement = true;
        let transaction_timeout = self.statement_timeout * TRANSACTION_TIMEOUT_FACTOR;
        let elapsed = Duration::from_secs_f64(self.borrowed.elapsed_s());
        self.statement_timeout.min(transaction_timeout.saturating_sub(elapsed))
    }

    /// Records how a statement ended.
    pub fn finish<T>(&mut self, outcome: &Result<T, sqlx::Error>) {
        self.usage.in_statement = false;
        let Err(error) = outcome else { return };
        if is_timeout(error) {
            self.usage.is_broken = true;
            self.pool.close_idle();
        } else if C::is_broken_by(error) {
            self.usage.is_broken = true;
        }
    }
}

impl<C: Driver> Deref for Lease<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.connection.as_ref().expect("the connection must be present until the lease is dropped")
    }
}

impl<C: Driver> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut C {
        self.connection.as_mut().expect("the connection must be present until the lease is dropped")
    }
}

impl<C: Driver> Drop for Lease<C> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.usage.is_broken {
            return;
        }
        if !self.usage.in_statement && !self.usage.in_transaction {
            self.pool.put(connection, self.age);
            return;
        }
        // At the end of the process, there may be no runtime. The connection is then closed.
        let Ok(runtime) = Handle::try_current() else { return };
        let (pool, age, in_transaction) = (self.pool.clone(), self.age, self.usage.in_transaction);
        // The slot stays taken until the connection is clean, so that the next user gets a clean connection.
        let slot = self.slot.take();
        runtime.spawn(async move {
            let cleaned = timeout(CLEANUP_TIMEOUT, async {
                if in_transaction { connection.run("ROLLBACK").await } else { connection.ping().await }
            });
            match cleaned.await {
                Ok(Ok(())) => pool.put(connection, age),
                // SQLite reports an error here if it has already rolled back by itself. The connection is closed,
                // because opening another costs little.
                Ok(Err(error)) => tracing::debug!(%error, "replacing a database connection"),
                Err(_) => pool.close_idle(),
            }
            drop(slot);
        });
    }
}

/// Runs a statement. If it takes longer than `deadline`, fails with a timeout.
pub async fn run_with_timeout<T>(
    deadline: Duration,
    statement: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(deadline, statement).await.unwrap_or_else(|_| Err(timed_out()))
}

/// Turns the error of a failed connection attempt into an error that means "unavailable". Without a connection, the
/// database is unavailable, whatever reason the server gives (such as a changed password).
fn not_connected(error: sqlx::Error) -> sqlx::Error {
    match error {
        error @ sqlx::Error::Io(_) => error,
        error => sqlx::Error::Io(io::Error::new(io::ErrorKind::NotConnected, error)),
    }
}

fn timed_out() -> sqlx::Error {
    let error = io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time");
    sqlx::Error::Io(error)
}

fn is_timeout(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}
