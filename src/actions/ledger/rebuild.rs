//! Fills a new database by booking everything that Stripe has.

use super::emit_events::Silent;
use super::reconcile::{ReconcileError, SweepStats, book_everything};
use super::record_command::record_rebuild;
use crate::actions::inbox::process_event::process_events_with;
use crate::app::{App, Context};

/// Why the rebuild did not start or did not finish.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database is not empty.
    #[error(
        "this database already holds events; set database.url to an empty one, or run `keepopen reconcile --since DATE` to add what is missing"
    )]
    NotEmpty,
    /// The comparison with Stripe stopped.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
}

/// Books everything that Stripe has. Emits no domain events, because everything that it books happened earlier.
///
/// # Errors
/// See [`RebuildError`].
pub async fn rebuild(app: &App, context: &Context<'_>) -> Result<SweepStats, RebuildError> {
    if !app.store.is_without_facts().await.map_err(ReconcileError::from)? {
        return Err(RebuildError::NotEmpty);
    }
    record_rebuild(context).await.map_err(ReconcileError::from)?;
    let stats = book_everything::<Silent>(app, context).await?;
    process_events_with::<Silent>(app, context).await.map_err(ReconcileError::from)?;
    Ok(stats)
}
