//! Checks whether the database accepts writes.

use crate::app::{App, Context, MachineWrite};
use crate::store::StoreError;
use crate::store::health::write_proof;

/// Writes and commits one row, and stores the result for the readiness check.
///
/// The row is committed, because a full disk shows only at the commit.
///
/// # Errors
/// The database does not answer, or does not accept writes.
pub async fn probe_writes(app: &App, context: &Context<'_>) -> Result<(), StoreError> {
    let write = async {
        let mut tx = context.machine_write(MachineWrite::WriteProbe).await?;
        write_proof(&mut tx, app.now_ms()).await?;
        tx.commit().await
    };
    let outcome = write.await;
    app.set_can_write(outcome.is_ok());
    outcome
}
