//! Reads the totals for the appeals' tickers. A ticker shows readers how much was given, or how many people gave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::activate_snapshot::rebuild_snapshot;
use crate::app::App;
use crate::appeals::{TickerCount, TickerTotals};
use crate::store::StoreError;

/// Reads from the ledger every total that the active appeals show, and rebuilds the snapshot with these totals. Until
/// the first read, an appeal whose copy mentions its ticker is not shown.
///
/// # Errors
/// The database does not answer; readers see the previous totals.
pub async fn refresh_tickers(app: &App) -> Result<(), StoreError> {
    let counts = app.snapshot.load().ticker_counts.clone();
    if counts.is_empty() {
        return Ok(());
    }
    let counted = ticker_totals(app, counts).await?;
    let totals: Vec<_> = counted.totals.iter().map(|(count, total)| (count.clone(), *total)).collect();
    if app.snapshot_inputs().last_good().tickers != totals {
        app.update_last_good(|last_good| {
            (last_good.tickers_as_of_ms, last_good.tickers) = (counted.as_of_ms, totals);
        });
    }
    app.ticker_totals.store(Arc::new(counted));
    rebuild_snapshot(app);
    Ok(())
}

/// Reads the totals in `counts` from the ledger.
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
