//! Retries a dead task.

use crate::app::{Change, Context};
use crate::store::{StoreError, tasks};

/// Puts a dead task back into the queue, with the full number of tries. Returns false if no task with this key is
/// dead.
///
/// # Errors
/// See [`StoreError`].
pub async fn replay_task(context: &Context<'_>, key: &str) -> Result<bool, StoreError> {
    let mut tx = context.change().await?;
    let is_requeued = tasks::replay(&mut tx, key, context.now_ms()).await?;
    tx.commit(is_requeued.then(|| Change::new("task.replay", key))).await?;
    Ok(is_requeued)
}
