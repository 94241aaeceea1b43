//! Requeues events that an earlier version, or other settings, could not book.

use crate::actions;
use crate::app::App;
use crate::store::StoreError;

/// Requeues events that an earlier version could not book, once for each version. Also books the gifts of sites that
/// were added to the settings.
///
/// # Errors
/// See [`StoreError`].
pub async fn requeue_unbooked(app: &App) -> Result<(), StoreError> {
    actions::requeue_unbooked(app, &app.as_job("start"), env!("CARGO_PKG_VERSION")).await
}
