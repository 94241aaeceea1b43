//! Checks and seals the ledger every night.

use crate::app::{App, Context};
use crate::clock::DAY_MS;
use crate::store::StoreError;
use crate::store::seals::Seal;

use super::seal_ledger::seal_ledger;
use crate::reports::SealKey;
use crate::reports::check_ledger;

/// Checks and seals the ledger, once per day (UTC). Problems are logged and counted in a metric; a ledger with
/// problems is not sealed. `checked_at_ms` is the time of this process's last check, and is updated here.
///
/// # Errors
/// The database does not answer.
pub async fn watch_ledger(
    app: &App,
    context: &Context<'_>,
    checked_at_ms: &mut Option<i64>,
) -> Result<(), StoreError> {
    let today = app.now_ms().div_euclid(DAY_MS);
    let key = SealKey::of(&app.vault);
    let is_of_today = |seal: &Seal| seal.made_at_ms.div_euclid(DAY_MS) >= today && key.is_valid(seal);
    let sealed = app.store.last_seal().await?.filter(is_of_today);
    let checked_ms = checked_at_ms.unwrap_or(0);
    let mut record = |problems, alarms, at_ms| {
        *checked_at_ms = Some(at_ms);
        app.metrics.ledger.set(problems, alarms, at_ms);
    };
    if let (Some(seal), 0) = (&sealed, checked_ms) {
        // Only a correct ledger is sealed, so a restart on the same day needs no second check.
        let alarms = app.store.contributions_with_alarms().await?
            + app.store.contributions_overdue_only(app.now_ms()).await?;
        record(0, usize::try_from(alarms).unwrap_or(usize::MAX), seal.made_at_ms);
        return Ok(());
    }
    // A ledger with problems is checked again once an hour, in case somebody fixed it.
    if app.now_ms() - checked_ms < DAY_MS / 24 || (sealed.is_some() && checked_ms.div_euclid(DAY_MS) >= today)
    {
        return Ok(());
    }
    let report = check_ledger(&app.store, &key).await?;
    let overdue =
        usize::try_from(app.store.contributions_overdue_only(app.now_ms()).await?).unwrap_or(usize::MAX);
    record(report.problems_total, report.gifts_to_review().saturating_add(overdue), app.now_ms());
    for sentence in &report.problems {
        tracing::error!(sentence, "the ledger check found a problem; run `keepopen books check`");
    }
    if report.is_correct() && sealed.is_none() {
        seal_ledger(context, &key).await?;
    }
    Ok(())
}
