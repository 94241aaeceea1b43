//! Discards the progress of comparisons that can't be resumed.

use super::DAY_S;
use crate::app::{App, Context, MachineWrite};
use crate::store::{StoreError, comparisons};
use crate::stripe::List;

/// Discards the progress of comparisons that were interrupted more than a day ago. Too much may have changed since they
/// read Stripe's lists.
pub(super) async fn forget_old_runs(context: &Context<'_>, now_s: i64) -> Result<(), StoreError> {
    let mut tx = context.machine_write(MachineWrite::Reconciliation).await?;
    comparisons::forget_progress_before(&mut tx, now_s - DAY_S).await?;
    tx.commit().await
}

/// Discards the progress of each list that was read after an unreadable list. These lists were processed without the
/// unreadable list's contents, so they are read again from the beginning.
pub(super) async fn forget_after_failed(
    app: &App,
    context: &Context<'_>,
    run: &str,
) -> Result<(), StoreError> {
    let failed = app.store.failed_lists_of(run).await?;
    if failed.is_empty() {
        return Ok(());
    }
    let in_order = [List::EVENTS].into_iter().chain(List::OF_GIFTS).chain(List::OF_BALANCE);
    let is_failed = |list: &List| failed.iter().any(|name| name == list.name);
    let mut tx = context.machine_write(MachineWrite::Reconciliation).await?;
    for list in in_order.skip_while(|list| !is_failed(list)).filter(|list| !is_failed(list)) {
        comparisons::forget_progress(&mut tx, run, list.name).await?;
    }
    tx.commit().await
}
