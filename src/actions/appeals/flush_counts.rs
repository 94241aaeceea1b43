//! Stores the views, clicks, dismissals and checkouts that were counted since the last flush.

use crate::app::{App, Context, MachineWrite};
use crate::store::{StoreError, counts};

/// Stores the counts. Counts that can't be stored are kept for the next flush.
///
/// # Errors
/// The database does not answer.
pub async fn flush_counts(app: &App, context: &Context<'_>) -> Result<(), StoreError> {
    let taken = app.counters.take();
    if taken.is_empty() {
        return Ok(());
    }
    let stored = async {
        let mut tx = context.machine_write(MachineWrite::Counts).await?;
        for (key, count) in &taken {
            counts::add(&mut tx, key, *count).await?;
        }
        tx.commit().await
    };
    let outcome = stored.await;
    if outcome.is_err() {
        app.counters.put_back(taken);
    }
    outcome
}
