//! Requeues events that an earlier version, or other settings, could not book.

use crate::actions;
use crate::app::App;
use crate::store::StoreError;

/// Requeues these events, once for each version of the program.
///
/// # Errors
/// See [`StoreError`].
pub async fn requeue_unbooked(app: &App) -> Result<(), StoreError> {
    actions::requeue_unbooked(app, &app.as_job("start"), env!("CARGO_PKG_VERSION")).await
}
