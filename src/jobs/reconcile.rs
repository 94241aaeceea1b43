//! Compares the ledger with Stripe.

use crate::actions::{self, ReconcileError};
use crate::app::App;

/// Compares the ledger with Stripe if that is due, unless another instance or an operator is already doing it.
///
/// # Errors
/// The errors of [`actions::reconcile_due`], and an error if one of Stripe's lists could not be read to its end.
pub async fn reconcile(app: &App) -> Result<(), ReconcileError> {
    match actions::reconcile_due(app, &app.as_job("reconcile")).await {
        Ok(stats) => stats.complete(),
        Err(ReconcileError::Busy { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
