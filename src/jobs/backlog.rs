//! Metrics of the inbox and the queue.

use crate::app::App;
use crate::store::StoreError;
use crate::store::health::InboxRows;
use crate::telemetry::{InboxState, LabelValue};

/// Counts the events of the inbox and the tasks of the queue, and updates the metrics.
///
/// # Errors
/// The database does not respond.
pub async fn count_backlog(app: &App) -> Result<(), StoreError> {
    count_inbox(app).await?;
    count_queue(app).await
}

/// Counts the events of the inbox.
///
/// # Errors
/// The database does not respond.
pub async fn count_inbox(app: &App) -> Result<(), StoreError> {
    let rows = app.store.inbox_rows().await?;
    let find_row = |state: InboxState| rows.iter().find(|row| row.state == state.as_label());
    for state in InboxState::ALL {
        app.metrics.inbox.set(*state, find_row(*state).map_or(0, |row| row.events));
    }
    let waiting = [InboxState::Waiting, InboxState::Retrying].into_iter().filter_map(find_row);
    let oldest_at_ms = waiting.map(|row: &InboxRows| row.oldest_received_at_ms).min();
    app.metrics.inbox.set_oldest_waiting_ms(oldest_at_ms.map_or(0, |at_ms| app.now_ms() - at_ms));
    Ok(())
}

/// Counts the tasks of the queue.
///
/// # Errors
/// The database does not respond.
async fn count_queue(app: &App) -> Result<(), StoreError> {
    let numbers = app.store.task_numbers().await?;
    let oldest_ms = numbers.oldest_at_ms.map_or(0, |at_ms| app.now_ms() - at_ms);
    app.metrics.queue.set(numbers.waiting, numbers.dead, oldest_ms);
    Ok(())
}
