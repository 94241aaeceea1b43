//! Takes deliveries in: those that wait at the same time are committed together.
//!
//! The rule that nothing here may break: **a delivery is answered as stored only after the transaction that
//! holds it was committed.** One writes at a time; whoever delivers waits for its answer. A lone delivery is
//! committed at once. What comes meanwhile waits for the next commit, and shares it.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use super::inbox::{self, Arrival, EventState, Source};
use super::{InsertConn, Store, StoreError, dialect};
use crate::config::Mode;

/// Deliveries that can be under way; others are told that the database does not answer.
const PLACES: u32 = 2048;
/// Bytes of bodies in one transaction, unless a single one is larger. It bounds how long the database is held.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How long one transaction may take. The databases give up sooner where they can; a network that is gone says nothing.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A delivery, as it is to be stored.
#[derive(Debug)]
pub struct Delivered {
    /// Stripe's id of the event.
    pub id: String,
    /// Stripe's type of the event.
    pub kind: String,
    /// The API version its payload is written in; empty when it says none.
    pub api_version: String,
    /// The world it comes from.
    pub mode: Mode,
    /// When Stripe made it.
    pub created_at_ms: i64,
    /// When it came.
    pub received_at_ms: i64,
    /// The bytes, as they came.
    pub body: String,
    /// Whether it waits for the worker.
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

/// Whether it is new, or why it is not known to be stored.
type Answer = Result<bool, StoreError>;

/// A delivery, and where its answer is waited for.
#[derive(Debug)]
struct Waiting {
    delivered: Delivered,
    answer: oneshot::Sender<Answer>,
    /// Free again when it was answered.
    _place: OwnedSemaphorePermit,
}

/// The way into the inbox for what is delivered.
#[derive(Debug)]
pub struct Intake {
    line: Arc<Line>,
    places: Arc<Semaphore>,
}

/// Where deliveries wait.
#[derive(Debug)]
struct Line {
    store: Store,
    commits: Counter,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Whether somebody writes.
    written: bool,
}

impl Intake {
    /// An empty line. `commits` counts the transactions.
    pub fn new(store: Store, commits: Counter) -> Self {
        let line = Arc::new(Line { store, commits, queue: Mutex::default() });
        Self { line, places: Arc::new(Semaphore::new(PLACES as usize)) }
    }

    /// Stores a delivery; whether it is new. It is committed when this returns without an error. Who gives up
    /// waiting leaves it to be stored all the same.
    ///
    /// # Errors
    /// The database does not answer, does not take it, or too many wait for it. It may be stored nevertheless.
    pub async fn store(&self, delivered: Delivered) -> Answer {
        let away = |why| StoreError::unavailable(io::Error::new(io::ErrorKind::NotConnected, why));
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| away("too many deliveries wait for it, or the service is stopping"))?;
        let (answer, answered) = oneshot::channel();
        let nobody_writes = {
            let mut queue = self.line.lock();
            queue.waiting.push(Waiting { delivered, answer, _place: place });
            !std::mem::replace(&mut queue.written, true)
        };
        // Who comes while nobody writes has it done beside, so that to hang up ends only the waiting. It is done on the
        // same thread: to wake another one twice costs as much as all the rest.
        if nobody_writes {
            tokio::spawn(Writer { line: Arc::clone(&self.line), ended: false }.write());
        }
        answered.await.unwrap_or_else(|_| Err(away("storing broke off")))
    }

    /// How many are under way: taken in, and not answered yet.
    pub fn under_way(&self) -> usize {
        PLACES as usize - self.places.available_permits()
    }

    /// Takes no more in, and ends what was taken in.
    pub async fn finish(&self) {
        // Places that are kept are nobody else's.
        if let Ok(every_place) = self.places.acquire_many(PLACES).await {
            every_place.forget();
        }
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // Nothing panics while holding it.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first that wait, as many as fit into one transaction; none ends the writing.
    fn take(&self) -> Vec<Waiting> {
        let mut queue = self.lock();
        let fit = fitting(&queue.waiting);
        let rest = queue.waiting.split_off(fit);
        let taken = std::mem::replace(&mut queue.waiting, rest);
        queue.written = !taken.is_empty();
        taken
    }
}

/// Writes what waits until nothing does.
struct Writer {
    line: Arc<Line>,
    /// Whether it left the line to the next who comes.
    ended: bool,
}

impl Writer {
    async fn write(mut self) {
        loop {
            let together = self.line.take();
            if together.is_empty() {
                self.ended = true;
                return;
            }
            // Boxed, since what is spawned is moved several times, and this is most of it.
            Box::pin(store_and_answer(&self.line.store, &self.line.commits, together)).await;
        }
    }
}

impl Drop for Writer {
    /// After a panic, or at the end of its thread: who still waits is told that it is not stored, and the next delivery
    /// is written by another.
    fn drop(&mut self) {
        if !self.ended {
            tracing::error!("storing deliveries broke off");
            *self.line.lock() = Queue::default();
        }
    }
}

/// How many of the first fit into one transaction; one at least, if there is one.
fn fitting(waiting: &[Waiting]) -> usize {
    let mut bytes = 0_usize;
    let fit = waiting.iter().take(inbox::MAX_BATCH).take_while(|one| {
        bytes = bytes.saturating_add(one.delivered.body.len());
        bytes <= MAX_BYTES
    });
    fit.count().max(1).min(waiting.len())
}

/// Stores them together and tells each its own outcome. Where one of them may be at fault they are stored by halves, down to that
/// one: a delivery that the database refuses fails no other.
async fn store_and_answer(store: &Store, commits: &Counter, mut waiting: Vec<Waiting>) {
    // Every instance adds rows in the same order, so that no two wait for each other. Of two with one id the first stays first.
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
                    // Who hung up hears nothing; it is stored.
                    let _ = one.answer.send(Ok(new));
                }
                // To give it back takes a while, for which nobody waits.
                store.take_back(connection);
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

/// Stores them in one transaction; for each whether it is new, and the connection. They may be acknowledged when this has
/// returned, and not before: the statement is a transaction of its own, and all that the database says of it is read,
/// its commit at the end.
async fn commit(store: &Store, waiting: &[Waiting]) -> Result<(Vec<bool>, InsertConn), StoreError> {
    let arrivals: Vec<Arrival<'_>> = waiting.iter().map(|one| one.delivered.arrival()).collect();
    let mut connection = store.adding().await?;
    let mut new = connection.insert_all(&arrivals).await;
    if new.as_ref().is_err_and(|error| connection.was_gone(error)) {
        // Such as after the server was restarted. If it had committed them nevertheless, they are there, and count as
        // not new: the worker finds them by itself.
        connection = store.adding().await?;
        new = connection.insert_all(&arrivals).await;
    }
    let new = new?;
    // Committed into a file that was deleted meanwhile, they would be lost.
    store.check_files()?;
    Ok((new, connection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_writer_that_broke_off_leaves_the_line_to_the_next_who_comes() {
        let intake = Intake::new(Store::away(), Counter::noop());
        intake.line.lock().written = true;
        drop(Writer { line: Arc::clone(&intake.line), ended: false });
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
        // The database is away: that is said, and not waited for.
        let answer = timeout(Duration::from_secs(60), intake.store(delivered)).await;
        assert!(answer.expect("it is answered").is_err());
        assert_eq!(intake.under_way(), 0);
    }
}
