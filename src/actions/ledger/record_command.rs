//! Records that an operator started a command whose work is booked piece by piece.

use serde_json::Value;

use crate::app::{Change, Context};
use crate::store::StoreError;

/// Records that a comparison with Stripe was started by hand, from this time on (milliseconds since 1970; what is due where there
/// is none). What it books stands in the inbox and the ledger, each with its cause.
///
/// # Errors
/// See [`StoreError`].
pub async fn record_reconciliation(context: &Context<'_>, since_ms: Option<i64>) -> Result<(), StoreError> {
    let change = Change::new("ledger.reconcile", "all").field("since_ms", Value::Null, since_ms);
    context.change().await?.commit([change]).await
}

/// Records that the ledger is made from what Stripe has.
///
/// # Errors
/// See [`StoreError`].
pub async fn record_rebuild(context: &Context<'_>) -> Result<(), StoreError> {
    context.change().await?.commit([Change::new("ledger.rebuild", "all")]).await
}
