//! Deletes checkout attempts that were never paid.

use crate::app::{App, Context, MachineWrite};
use crate::clock::DAY_MS;
use crate::store::{StoreError, checkouts};

/// How long an attempt is kept.
const KEPT_MS: i64 = 30 * DAY_MS;
/// How many attempts are deleted in one transaction.
const BATCH: u32 = 1000;
/// The maximum number of batches per run. The next run deletes the rest.
const MAX_BATCHES: u32 = 50;

/// Deletes attempts that began more than 30 days ago and were never paid. Older attempts are never used: a payment page
/// expires after a day, and a token can be fetched for at most a day after the payment.
///
/// # Errors
/// The database does not answer.
pub async fn remove_unused_attempts(app: &App, context: &Context<'_>) -> Result<(), StoreError> {
    let before_ms = app.now_ms() - KEPT_MS;
    for _ in 0..MAX_BATCHES {
        let mut tx = context.machine_write(MachineWrite::Checkout).await?;
        let removed = checkouts::remove_unused(&mut tx, before_ms, BATCH).await?;
        tx.commit().await?;
        if removed < u64::from(BATCH) {
            break;
        }
    }
    Ok(())
}
