//! Counts how far appeals have come.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::put_into_force::renew_in_force;
use crate::app::App;
use crate::appeals::TickerTotals;

/// Asks the ledger for every number that the appeals in force count, and puts them into what readers are shown. Until they are
/// there for the first time, an appeal whose words speak of them keeps silent.
///
/// # Errors
/// The database does not answer; readers see the numbers from before.
pub async fn count_tickers(app: &App) -> Result<(), sqlx::Error> {
    let counts = app.snapshot.load().ticker_counts.clone();
    if counts.is_empty() {
        return Ok(());
    }
    let mut totals = BTreeMap::new();
    for count in counts {
        let total = app.store.ticker_total(&count).await?;
        totals.insert(count, total);
    }
    let as_of_ms = app.now_ms();
    let now: Vec<_> = totals.iter().map(|(count, total)| (count.clone(), *total)).collect();
    if app.in_force().kept().tickers != now {
        app.keep(|kept| (kept.tickers_as_of_ms, kept.tickers) = (as_of_ms, now));
    }
    app.ticker_totals.store(Arc::new(TickerTotals { as_of_ms, totals }));
    renew_in_force(app);
    Ok(())
}
