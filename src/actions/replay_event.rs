//! Has the worker take an event up again.

use crate::clock::Clock;
use crate::store::{Store, StoreError, unbooked};

/// Puts a dead (or any) event back into the queue; booking it twice changes
/// nothing. False when there is no such event, or it was set aside.
///
/// # Errors
/// The database does not answer.
pub async fn replay_event(store: &Store, clock: &Clock, id: &str) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let found = unbooked::requeue(&mut tx, id, clock.now_ms()).await?;
    tx.commit().await?;
    Ok(found)
}
