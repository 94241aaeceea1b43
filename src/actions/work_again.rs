//! Works again, after an upgrade or a change of the settings, what could not be booked before.

use crate::app::App;
use crate::store::{StoreError, tasks, unbooked};

use super::book_facts::rewrite_gift;
use super::emit_events::Recording;
use super::fetch_object::FetchObject;
use super::run_tasks::Task;

/// The first time that `version` runs, queues every event that an earlier version gave up or could not read, and
/// every object that it could not fetch. Each time it books the gifts of sites that are configured by now.
///
/// # Errors
/// See [`StoreError`].
pub async fn work_again(app: &App, version: &str) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    let queued = unbooked::requeue_for_version(&mut tx, version, app.now_ms()).await?;
    if queued.is_some() {
        tasks::replay_all(&mut tx, FetchObject::KIND, app.now_ms()).await?;
    }
    tx.commit().await?;
    if let Some(events) = queued.filter(|events| *events > 0) {
        tracing::info!(version, events, "this version works again what an earlier one could not book");
    }
    for (gift, site) in app.store.other_gifts().await? {
        if app.site(&site).is_none() {
            continue;
        }
        let mut tx = app.store.begin().await?;
        let mut booked = rewrite_gift::<Recording>(app, &mut tx, &gift).await?;
        tx.commit().await?;
        booked.announce(app);
    }
    app.event_came.notify_one();
    Ok(())
}
