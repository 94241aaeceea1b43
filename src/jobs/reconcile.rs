//! Compares the ledger with Stripe.

use crate::actions::{self, ReconcileError};
use crate::app::App;

/// Compares what is due, unless another instance or an operator compares at this moment.
///
/// # Errors
/// As [`actions::reconcile_due`], or a list could not be read to its end.
pub async fn reconcile(app: &App) -> Result<(), ReconcileError> {
    match actions::reconcile_due(app, &app.as_job("reconcile")).await {
        Ok(swept) => swept.complete(),
        Err(ReconcileError::Busy { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
