//! Records that an operator started a command that books in many steps.

use serde_json::Value;

use crate::app::{Change, Context};
use crate::store::StoreError;

/// Records that an operator started a comparison with Stripe. The comparison covers everything since `since_ms`
/// (milliseconds since 1970), or only what is due if `since_ms` is `None`. The inbox and the ledger record what the
/// comparison books.
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
