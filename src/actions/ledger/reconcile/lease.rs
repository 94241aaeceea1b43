//! Ensures with a lease that only one comparison runs at a time. A process that dies loses the lease within seconds.

use std::time::Duration;

use super::ReconcileError;
use crate::app::{App, Context, MachineWrite};
use crate::clock;
use crate::store::{StoreError, comparisons};

/// How long a lease lasts unless it is renewed.
pub(super) const LEASE_MS: i64 = 10_000;
/// How often a running comparison renews its lease.
const RENEW_INTERVAL: Duration = Duration::from_secs(2);

/// Runs `work` under the lease, so that no other comparison runs at the same time.
///
/// # Errors
/// [`ReconcileError::Busy`] if another comparison is running; otherwise the errors of `work`.
pub(super) async fn with_lease<T>(
    app: &App,
    context: &Context<'_>,
    work: impl Future<Output = Result<T, ReconcileError>>,
) -> Result<T, ReconcileError> {
    let owner = String::from_utf8_lossy(&clock::request_id()).into_owned();
    if !take_or_renew(app, context, &owner).await? {
        let until_ms = app.store.lease_held_until_ms().await?.unwrap_or(0);
        let seconds = until_ms.saturating_sub(app.now_ms()).max(0).div_euclid(1000) + 1;
        return Err(ReconcileError::Busy { seconds });
    }
    let work = Box::pin(work);
    let outcome = tokio::select! {
        outcome = work => outcome,
        lost = renew(app, context, &owner) => Err(lost),
    };
    if let Err(error) = release(context, &owner).await {
        tracing::warn!(%error, "the lease of a comparison could not be released; it expires by itself");
    }
    outcome
}

/// Takes the lease, or renews it if `owner` already holds it. Returns false if another owner holds the lease.
async fn take_or_renew(app: &App, context: &Context<'_>, owner: &str) -> Result<bool, StoreError> {
    let mut tx = context.machine_write(MachineWrite::Reconciliation).await?;
    let now_ms = app.now_ms();
    let held = comparisons::hold_lease(&mut tx, owner, now_ms, now_ms + LEASE_MS).await?;
    tx.commit().await?;
    Ok(held)
}

async fn release(context: &Context<'_>, owner: &str) -> Result<(), StoreError> {
    let mut tx = context.machine_write(MachineWrite::Reconciliation).await?;
    comparisons::release_lease(&mut tx, owner).await?;
    tx.commit().await
}

/// Renews the lease until the future is dropped. Returns only if another process took the lease.
async fn renew(app: &App, context: &Context<'_>, owner: &str) -> ReconcileError {
    loop {
        tokio::time::sleep(RENEW_INTERVAL).await;
        match take_or_renew(app, context, owner).await {
            Ok(true) => {}
            Ok(false) => return ReconcileError::LeaseLost,
            Err(error) => tracing::warn!(%error, "the lease of a comparison could not be renewed"),
        }
    }
}
