//! After an upgrade or a change of the settings, tries again to book what could not be booked before.

use serde_json::Value;

use crate::app::{App, Change, Context, MachineWrite};
use crate::store::{StoreError, tasks, unbooked};

use crate::actions::ledger::book_facts::rebuild_gift;
use crate::actions::ledger::emit_events::Recording;
use crate::actions::queue::fetch_object::FetchObject;
use crate::actions::queue::run_tasks::Task;

/// On the first start of `version`, requeues every event that an earlier version gave up on or could not read. Also
/// requeues every task in which an earlier version could not fetch an object. On every start, books the gifts of sites
/// that were added to the settings.
///
/// # Errors
/// See [`StoreError`].
pub async fn requeue_unbooked(app: &App, context: &Context<'_>, version: &str) -> Result<(), StoreError> {
    let queued = requeue(context, version).await?;
    if let Some(events) = queued.filter(|events| *events > 0) {
        tracing::info!(
            version,
            events,
            "this version retries the events that an earlier version could not book"
        );
    }
    for (gift, site) in app.store.other_gifts().await? {
        if app.site(&site).is_none() {
            continue;
        }
        let mut tx = context.machine_write(MachineWrite::Booking).await?;
        let mut booked = rebuild_gift::<Recording>(app, &mut tx, &gift).await?;
        tx.commit().await?;
        booked.announce(app);
    }
    app.inbox_notify.notify_one();
    Ok(())
}

/// Requeues what earlier versions could not book. Returns the number of events. Does nothing and returns `None` if this
/// version has run before.
async fn requeue(context: &Context<'_>, version: &str) -> Result<Option<usize>, StoreError> {
    let mut tx = context.change().await?;
    let queued = unbooked::requeue_for_version(&mut tx, version, context.now_ms()).await?;
    if queued.is_some() {
        tasks::replay_all(&mut tx, FetchObject::KIND, context.now_ms()).await?;
    }
    tx.commit(
        queued.map(|events| Change::new("inbox.requeue", version).field("events", Value::Null, events)),
    )
    .await?;
    Ok(queued)
}
