//! Counts how far appeals have come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::activate_snapshot::renew_in_force;
use crate::app::App;
use crate::appeals::{TickerCount, TickerTotals};
use crate::store::StoreError;

/// Asks the ledger for every number that the appeals in force count, and puts them into what readers are shown. Until they are
/// there for the first time, an appeal whose words speak of them keeps silent.
///
/// # Errors
/// The database does not answer; readers see the numbers from before.
pub async fn refresh_tickers(app: &App) -> Result<(), StoreError> {
    let counts = app.snapshot.load().ticker_counts.clone();
    if counts.is_empty() {
        return Ok(());
    }
    let counted = ticker_totals(app, counts).await?;
    let totals: Vec<_> = counted.totals.iter().map(|(count, total)| (count.clone(), *total)).collect();
    if app.snapshot_inputs().kept().tickers != totals {
        app.keep(|kept| (kept.tickers_as_of_ms, kept.tickers) = (counted.as_of_ms, totals));
    }
    app.ticker_totals.store(Arc::new(counted));
    renew_in_force(app);
    Ok(())
}

/// Asks the ledger for these numbers.
///
/// # Errors
/// The database does not answer.
pub async fn ticker_totals(app: &App, counts: BTreeSet<TickerCount>) -> Result<TickerTotals, StoreError> {
    let mut totals = BTreeMap::new();
    for count in counts {
        let total = app.store.ticker_total(&count).await?;
        totals.insert(count, total);
    }
    Ok(TickerTotals { as_of_ms: app.now_ms(), totals })
}
