//! Decides where domain events go when a contribution is written: to the outbox, or nowhere.

use crate::contributions::DomainEvent;
use crate::store::{StoreError, Tx, outbox};

/// Receives the domain events of a booking, within its transaction.
///
/// Each action that books takes its emitter as a type parameter. A rebuild only books what happened earlier. It uses
/// [`Silent`], so it can't emit events by mistake.
pub trait Emitter: Send + Sync + 'static {
    /// Receives the events that this booking caused.
    ///
    /// # Errors
    /// See [`StoreError`]. The booking is rolled back.
    fn emit(
        tx: &mut Tx,
        events: &[DomainEvent],
        now_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Writes each event into the outbox, at most once.
#[derive(Debug)]
pub enum Recording {}

/// Emits nothing. A rebuild uses it, because everything that it books happened earlier.
#[derive(Debug)]
pub enum Silent {}

impl Emitter for Recording {
    async fn emit(tx: &mut Tx, events: &[DomainEvent], now_ms: i64) -> Result<(), StoreError> {
        record_events(tx, events, now_ms).await.map(drop)
    }
}

/// Writes events into the outbox, each at most once. Returns the new events that no later event supersedes.
///
/// # Errors
/// See [`StoreError`].
pub async fn record_events<'a>(
    tx: &mut Tx,
    events: &'a [DomainEvent],
    now_ms: i64,
) -> Result<Vec<&'a DomainEvent>, StoreError> {
    let mut new_events = Vec::new();
    for event in events {
        if outbox::put(tx, event, now_ms).await? && !event.overtaken {
            new_events.push(event);
        }
    }
    Ok(new_events)
}

impl Emitter for Silent {
    async fn emit(_: &mut Tx, _: &[DomainEvent], _: i64) -> Result<(), StoreError> {
        Ok(())
    }
}
