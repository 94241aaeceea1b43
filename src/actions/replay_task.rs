//! Has a dead task tried again.

use crate::clock::Clock;
use crate::store::{Store, StoreError, tasks};

/// Puts a dead task back into the queue, with all its tries. False when no task with this key is dead.
///
/// # Errors
/// See [`StoreError`].
pub async fn replay_task(store: &Store, clock: &Clock, key: &str) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let found = tasks::replay(&mut tx, key, clock.now_ms()).await?;
    tx.commit().await?;
    Ok(found)
}
