//! Records that an operator started a command that books in many steps.

use serde_json::Value;

use crate::app::{Change, Context};
use crate::store::StoreError;

/// Records that an operator started a comparison with Stripe. It compares everything since `since_ms` (milliseconds
/// since 1970), or only what is due if that is `None`. Its bookings are in the inbox and the ledger, with their causes.
///
/// # Errors
/// See [`StoreError`].
pub async fn record_reconciliation(context: &Context<'_>, since_ms: Option<i64>) -> Result<(), StoreError> {
    let change = Change::new("ledger.reconcile", "all").field("since_ms", Value::Null, since_ms);
    context.change().await?.commit([change]).await
}

/// Records that an operator started a rebuild of the ledger from Stripe's data.
///
/// # Errors
/// See [`StoreError`].
pub async fn record_rebuild(context: &Context<'_>) -> Result<(), StoreError> {
    context.change().await?.commit([Change::new("ledger.rebuild", "all")]).await
}
