//! Stores deliveries: events that Stripe sends to the webhook. Deliveries that wait at the same time are committed
//! together.
//!
//! One rule must never be broken here: **a delivery is acknowledged only after its transaction was committed.** One
//! task writes at a time, and each delivery waits until its transaction has ended. If no task is writing, a delivery is
//! committed immediately. Deliveries that arrive during a commit share the next commit.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::inbox::{self, Arrival, EventState, Source};
use super::{InsertConn, Store, StoreError, dialect};
use crate::config::Mode;

/// The maximum number of deliveries that are accepted and not yet stored. Further deliveries fail as if the database
/// did not answer.
const MAX_UNSTORED: u32 = 2048;
/// The maximum size of all bodies in one transaction. It limits how long the database is locked. A single larger body
/// gets its own transaction.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How long one transaction may take. The database usually reports a failure earlier, but it can't report that the
/// network connection to it is lost.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A delivery to be stored.
#[derive(Debug)]
pub struct Delivered {
    /// Stripe's id of the event.
    pub id: String,
    /// Stripe's event type.
    pub kind: String,
    /// The API version of the event's payload; empty if the event names none.
    pub api_version: String,
    /// Whether the event is from live or test mode.
    pub mode: Mode,
    /// When Stripe created the event, in milliseconds since 1970.
    pub created_at_ms: i64,
    /// When the delivery arrived, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The raw body.
    pub body: String,
    /// The state in which the event is stored.
    pub state: EventState,
}

impl Delivered {
    fn arrival(&self) -> Arrival<'_> {
        Arrival {
            id: &self.id,
            kind: &self.kind,
            api_version: &self.api_version,
            source: Source::Webhook,
            mode: self.mode,
            created_at_ms: self.created_at_ms,
            received_at_ms: self.received_at_ms,
            body: &self.body,
            state: self.state,
        }
    }
}

/// The result of a delivery: whether its event is new, or why the event is possibly not stored.
type Answer = Result<bool, StoreError>;

/// A delivery, and the channel for its result.
#[derive(Debug)]
struct Waiting {
    delivered: Delivered,
    answer: oneshot::Sender<Answer>,
    /// The permit is released when the delivery has its result.
    _slot: OwnedSemaphorePermit,
}

/// Stores deliveries in the inbox, in batches.
#[derive(Debug)]
pub struct Intake {
    shared: Arc<Shared>,
    slots: Arc<Semaphore>,
}

/// What the intake and its writer share: the queue of waiting deliveries, and what is needed to store them.
#[derive(Debug)]
struct Shared {
    store: Store,
    commits: Counter,
    queue: Mutex<Queue>,
}

/// The deliveries that wait to be stored.
#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Whether a task is writing.
    is_being_written: bool,
}

impl Intake {
    /// Creates an empty queue. `commits` counts the transactions.
    pub fn new(store: Store, commits: Counter) -> Self {
        let shared = Arc::new(Shared { store, commits, queue: Mutex::default() });
        Self { shared, slots: Arc::new(Semaphore::new(MAX_UNSTORED as usize)) }
    }

    /// Stores a delivery. Returns whether its event is new. When this returns without an error, the event is
    /// committed. The event is stored even if the caller stops waiting.
    ///
    /// # Errors
    /// The database does not answer or rejects the event, or too many deliveries are waiting. After an error, it is
    /// still possible that the event was stored.
    pub async fn store(&self, delivered: Delivered) -> Answer {
        let unavailable = |why| StoreError::unavailable(io::Error::new(io::ErrorKind::NotConnected, why));
        let slot = Arc::clone(&self.slots).try_acquire_owned();
        let slot =
            slot.map_err(|_| unavailable("too many deliveries are waiting, or the service is stopping"))?;
        let (answer, answered) = oneshot::channel();
        let must_start_writer = {
            let mut queue = self.shared.lock();
            queue.waiting.push(Waiting { delivered, answer, _slot: slot });
            !std::mem::replace(&mut queue.is_being_written, true)
        };
        // If no task is writing, one is spawned. If a client disconnects, the task continues. The task runs on the same
        // thread, because waking another thread twice costs as much as all other work.
        if must_start_writer {
            tokio::spawn(Writer { shared: Arc::clone(&self.shared), has_ended: false }.write());
        }
        answered.await.unwrap_or_else(|_| Err(unavailable("storing the delivery was interrupted")))
    }

    /// Returns the number of accepted deliveries that have no result yet.
    #[cfg(any(test, feature = "test-support"))]
    pub fn unstored(&self) -> usize {
        MAX_UNSTORED as usize - self.slots.available_permits()
    }

    /// Stops accepting deliveries, and finishes the accepted ones.
    pub async fn finish(&self) {
        // While the slots are held here, no new delivery can take one.
        if let Ok(every_slot) = self.slots.acquire_many(MAX_UNSTORED).await {
            every_slot.forget();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code panics while it holds the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes as many of the first waiting deliveries as fit into one transaction. If none are waiting, the result is
    /// empty, and the writer must end.
    fn take(&self) -> Vec<Waiting> {
        let mut queue = self.lock();
        let fit = count_that_fits(&queue.waiting);
        let rest = queue.waiting.split_off(fit);
        let taken = std::mem::replace(&mut queue.waiting, rest);
        queue.is_being_written = !taken.is_empty();
        taken
    }
}

/// The task that writes deliveries until none are waiting.
struct Writer {
    shared: Arc<Shared>,
    /// Whether the writer ended because no delivery was waiting. If not, it was interrupted.
    has_ended: bool,
}

impl Writer {
    async fn write(mut self) {
        loop {
            let batch = self.shared.take();
            if batch.is_empty() {
                self.has_ended = true;
                return;
            }
            // The future is boxed, because a spawned future is moved several times, and this is its largest part.
            Box::pin(store_and_answer(&self.shared.store, &self.shared.commits, batch)).await;
        }
    }
}

impl Drop for Writer {
    /// Handles a panic, or the end of the thread. The waiting deliveries fail, and the next delivery starts a new
    /// writer.
    fn drop(&mut self) {
        if !self.has_ended {
            tracing::error!("storing deliveries was interrupted");
            *self.shared.lock() = Queue::default();
        }
    }
}

/// Returns how many of the waiting deliveries, counted from the first, fit into one transaction. If any are waiting,
/// this is at least one.
fn count_that_fits(waiting: &[Waiting]) -> usize {
    let mut bytes = 0_usize;
    let fit = waiting.iter().take(inbox::MAX_BATCH).take_while(|one| {
        bytes = bytes.saturating_add(one.delivered.body.len());
        bytes <= MAX_BYTES
    });
    fit.count().max(1).min(waiting.len())
}

/// Stores deliveries together, and sends the result of each. If one of them may be the cause of a failure, they are
/// split in halves until that delivery is alone. So a delivery that the database rejects never makes another fail.
async fn store_and_answer(store: &Store, commits: &Counter, mut waiting: Vec<Waiting>) {
    // Every instance adds rows in the same order, so that no two instances wait for each other. The sort is stable: of
    // two deliveries with the same id, the first stays first.
    waiting.sort_by(|one, other| one.delivered.id.cmp(&other.delivered.id));
    let mut parts = vec![waiting];
    while let Some(mut part) = parts.pop() {
        let outcome = timeout(TIMEOUT, Box::pin(commit(store, &part))).await;
        let outcome = outcome
            .unwrap_or_else(|_| Err(StoreError::unavailable(io::Error::from(io::ErrorKind::TimedOut))));
        match outcome {
            Ok((new, connection)) => {
                commits.increment(1);
                for (one, new) in part.into_iter().zip(new) {
                    // A client that disconnected gets no result, but its event is stored.
                    let _ = one.answer.send(Ok(new));
                }
                // The connection is returned last, because that takes a while and no delivery should wait for it.
                store.return_connection(connection);
            }
            Err(error) if part.len() > 1 && dialect::is_about_rows(&error) => {
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            }
            Err(error) => {
                for one in part {
                    let _ = one.answer.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Stores deliveries in one transaction. Returns whether each delivery is new, and the connection. The deliveries may
/// be acknowledged only after this has returned. The statement is its own transaction. The database sends the end of
/// the statement's result after the commit, and the result is read to its end.
async fn commit(store: &Store, waiting: &[Waiting]) -> Result<(Vec<bool>, InsertConn), StoreError> {
    let arrivals: Vec<Arrival<'_>> = waiting.iter().map(|one| one.delivered.arrival()).collect();
    let mut connection = store.insert_connection().await?;
    let mut new = connection.insert_all(&arrivals).await;
    if new.as_ref().is_err_and(|error| connection.was_lost(error)) {
        // The connection is lost after a restart of the database server, for instance. If the server had already
        // committed the deliveries, the second call reports them as not new. The worker processes them anyway.
        connection = store.insert_connection().await?;
        new = connection.insert_all(&arrivals).await;
    }
    let new = new?;
    // If the database's file was deleted before the commit, the committed deliveries are lost, so this must fail.
    store.check_files()?;
    Ok((new, connection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_a_writer_was_interrupted_the_next_delivery_starts_a_new_one() {
        let intake = Intake::new(Store::not_reached(), Counter::noop());
        intake.shared.lock().is_being_written = true;
        drop(Writer { shared: Arc::clone(&intake.shared), has_ended: false });
        let delivered = Delivered {
            id: "evt_1".to_owned(),
            kind: "invoice.paid".to_owned(),
            api_version: String::new(),
            mode: Mode::Test,
            created_at_ms: 0,
            received_at_ms: 0,
            body: "{}".to_owned(),
            state: EventState::Waiting,
        };
        // The database is down, so the call must fail immediately instead of waiting.
        let answer = timeout(Duration::from_secs(60), intake.store(delivered)).await;
        assert!(answer.expect("the delivery must get a result").is_err());
        assert_eq!(intake.unstored(), 0);
    }
}
