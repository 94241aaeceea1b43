//! Recomputes contributions and payments from the stored facts (what Stripe said about each object).

use serde_json::Value;

use crate::app::{App, Change, Context, MachineWrite};
use crate::store::StoreError;
use crate::store::accounts::gifts_after;

use super::book_facts::rebuild_gift;
use super::emit_events::Silent;

/// The number of gifts that are read in one query.
const BATCH: i64 = 200;

/// Recomputes every gift and writes the result: contributions and payments according to the facts, and any missing
/// ledger entries. Never changes a booked entry, and emits no domain events. Returns the number of gifts.
///
/// # Errors
/// See [`StoreError`].
pub async fn rebuild_projections(app: &App, context: &Context<'_>) -> Result<u64, StoreError> {
    let mut gifts = 0;
    for id in app.store.gifts_not_stored().await? {
        gifts += rewrite(app, context, &id).await?;
    }
    let mut after = String::new();
    loop {
        let mut tx = app.store.snapshot().await?;
        let found = gifts_after(&mut tx, &after, BATCH).await?.contributions;
        drop(tx);
        let Some(last) = found.last() else { break };
        after = last.id.as_str().to_owned();
        for gift in &found {
            gifts += rewrite(app, context, gift.id.as_str()).await?;
        }
    }
    let change = Change::new("ledger.rewrite", "all").field("contributions", Value::Null, gifts);
    context.change().await?.commit([change]).await?;
    Ok(gifts)
}

/// Recomputes and writes one gift. Returns the number of gifts that were written: 1, or 0 if `id` belongs to no gift of
/// ours.
async fn rewrite(app: &App, context: &Context<'_>, id: &str) -> Result<u64, StoreError> {
    let mut tx = context.machine_write(MachineWrite::Booking).await?;
    let mut booked = rebuild_gift::<Silent>(app, &mut tx, id).await?;
    tx.commit().await?;
    booked.announce(app);
    Ok(booked.contributions.len() as u64)
}
