//! Takes deliveries in: those that wait at the same time are committed together.
//!
//! The rule that nothing here may break: **a delivery is answered as stored only after the transaction that
//! holds it was committed.** One task writes; whoever delivers waits for its answer. A lone delivery is
//! committed at once. What comes meanwhile waits for the next commit, and shares it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::inbox::{self, Arrival, EventState, Source};
use super::{Store, dialect};
use crate::config::Mode;

/// Deliveries that can be under way; others are told that the database does not answer.
const PLACES: u32 = 2048;
/// Bytes of bodies in one transaction, unless a single one is larger. It bounds how long the database is held.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// How long one transaction may take. The databases give up sooner where they can; a network that is gone says nothing.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// Whether it is new, or why it is not known to be stored. One failure may be the answer to many.
type Answer = Result<bool, Arc<sqlx::Error>>;

/// A delivery, and where its answer is waited for.
struct Waiting {
    delivered: Delivered,
    answer: oneshot::Sender<Answer>,
    /// Free again when it was answered.
    _place: OwnedSemaphorePermit,
}

/// The way into the inbox for what is delivered.
#[derive(Debug)]
pub struct Intake {
    queue: mpsc::UnboundedSender<Waiting>,
    places: Arc<Semaphore>,
}

impl Intake {
    /// Starts the task that writes, on the runtime it is called on. `commits` counts its transactions.
    pub fn start(store: Store, commits: Counter) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        tokio::spawn(write(store, commits, waiting));
        Self { queue, places: Arc::new(Semaphore::new(PLACES as usize)) }
    }

    /// Stores a delivery; whether it is new. It is committed when this returns without an error. Who gives up
    /// waiting leaves it to be stored all the same.
    ///
    /// # Errors
    /// The database does not answer, does not take it, or too many wait for it. It may be stored nevertheless.
    pub async fn store(&self, delivered: Delivered) -> Answer {
        let away = |why| Arc::new(io::Error::new(io::ErrorKind::NotConnected, why).into());
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| away("too many deliveries wait for it, or the service is stopping"))?;
        let (answer, answered) = oneshot::channel();
        // What is not taken, and what breaks off, drops its sender: then nobody answers.
        let _ = self.queue.send(Waiting { delivered, answer, _place: place });
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

/// Writes what waits, again and again, until nobody can deliver any more.
async fn write(store: Store, commits: Counter, mut queue: mpsc::UnboundedReceiver<Waiting>) {
    let mut taken = Vec::new();
    while queue.recv_many(&mut taken, inbox::MOST_AT_ONCE).await > 0 {
        while !taken.is_empty() {
            let rest = taken.split_off(fitting(&taken));
            let together = std::mem::replace(&mut taken, rest);
            // A task of its own: a panic ends these deliveries, which nobody acknowledges then, and not the intake.
            let storing = tokio::spawn(store_and_answer(store.clone(), commits.clone(), together));
            if let Err(error) = storing.await {
                tracing::error!(%error, "storing deliveries broke off; please report it");
            }
        }
    }
}

/// How many of the first fit into one transaction; one at least.
fn fitting(waiting: &[Waiting]) -> usize {
    let mut bytes = 0_usize;
    let fit = waiting.iter().take_while(|one| {
        bytes = bytes.saturating_add(one.delivered.body.len());
        bytes <= MOST_BYTES
    });
    fit.count().max(1)
}

/// Stores them together and tells each its own outcome. Where one of them may be at fault they are stored by halves, down to that
/// one: a delivery that the database refuses fails no other.
async fn store_and_answer(store: Store, commits: Counter, mut waiting: Vec<Waiting>) {
    // Every instance adds rows in the same order, so that no two wait for each other. Of two with one id the first stays first.
    waiting.sort_by(|one, other| one.delivered.id.cmp(&other.delivered.id));
    let mut parts = vec![waiting];
    while let Some(mut part) = parts.pop() {
        let outcome = timeout(PATIENCE, commit(&store, &part)).await;
        let outcome = outcome.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
        match outcome {
            Ok(new) => {
                commits.increment(1);
                for (one, new) in part.into_iter().zip(new) {
                    // Who hung up hears nothing; it is stored.
                    let _ = one.answer.send(Ok(new));
                }
            }
            Err(error) if part.len() > 1 && dialect::is_about_rows(&error) => {
                let second = part.split_off(part.len() / 2);
                parts.extend([second, part]);
            }
            Err(error) => {
                let error = Arc::new(error);
                for one in part {
                    let _ = one.answer.send(Err(Arc::clone(&error)));
                }
            }
        }
    }
}

/// Stores them in one transaction; for each whether it is new. They may be acknowledged when this has returned, and not before:
/// the statement is a transaction of its own, and all that the database says of it is read, its commit at the end.
async fn commit(store: &Store, waiting: &[Waiting]) -> Result<Vec<bool>, sqlx::Error> {
    let arrivals: Vec<Arrival<'_>> = waiting.iter().map(|one| one.delivered.arrival()).collect();
    store.insert_all(&arrivals).await
}
