//! Books everything that Stripe has into a new database.

use super::emit_events::Silent;
use super::reconcile::{ReconcileError, SweepStats, book_everything};
use super::record_command::record_rebuild;
use crate::actions::inbox::process_event::process_events_with;
use crate::app::App;

/// Why nothing was rebuilt, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is something in it.
    #[error(
        "this database holds events already; name an empty one in database.url, or run `keepopen reconcile --since DATE` to take in what is missing"
    )]
    NotEmpty,
    /// The comparison with Stripe stopped.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
}

/// Books everything that Stripe has. No domain events are emitted: all of it was true before.
///
/// # Errors
/// See [`RebuildError`].
pub async fn rebuild(app: &App) -> Result<SweepStats, RebuildError> {
    if !app.store.is_without_facts().await.map_err(ReconcileError::from)? {
        return Err(RebuildError::NotEmpty);
    }
    record_rebuild(&app.as_operator()).await.map_err(ReconcileError::from)?;
    let swept = book_everything::<Silent>(app).await?;
    process_events_with::<Silent>(app).await.map_err(ReconcileError::from)?;
    Ok(swept)
}
