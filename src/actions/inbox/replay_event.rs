//! Puts an event back into the worker's queue.

use crate::app::{Change, Context};
use crate::store::{StoreError, unbooked};

/// Puts an event, dead or not, back into the queue. Booking an event twice changes nothing. Returns false if the
/// event does not exist or is quarantined.
///
/// # Errors
/// See [`StoreError`].
pub async fn replay_event(context: &Context<'_>, id: &str) -> Result<bool, StoreError> {
    let mut tx = context.change().await?;
    let is_requeued = unbooked::requeue(&mut tx, id, context.now_ms()).await?;
    tx.commit(is_requeued.then(|| Change::new("event.replay", id))).await?;
    Ok(is_requeued)
}
