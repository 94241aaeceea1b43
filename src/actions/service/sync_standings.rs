//! Reads which supporters' standings (such as `recurring` or `lapsed`) changed, on any instance.

use crate::app::App;
use crate::store::StoreError;
use crate::store::standings::ChangedStanding;
use crate::supporters::{MAX_RECENT_STANDINGS, RecentStandings, StandingChange, standing_of};

/// The maximum time between the recorded time of a change and its commit: twice the longest statement timeout.
const OVERLAP_MS: i64 = 60_000;

/// Reads, at the start, every change of standing so recent that a token from before the change may still be valid.
///
/// # Errors
/// The database does not answer.
pub async fn read_standings(app: &App) -> Result<(), StoreError> {
    sync_since(app, RecentStandings::relevant_since_ms(app.now_ms())).await
}

/// Reads the changes of the last minute, so that every instance uses them for banner requests.
///
/// # Errors
/// The database does not answer.
pub async fn sync_standings(app: &App) -> Result<(), StoreError> {
    sync_since(app, app.now_ms() - OVERLAP_MS).await
}

async fn sync_since(app: &App, since_ms: i64) -> Result<(), StoreError> {
    let limit = MAX_RECENT_STANDINGS + 1;
    let rows = app.store.standings_changed_since(since_ms, limit).await?;
    if let Some(oldest) = rows.last().filter(|_| rows.len() == limit) {
        app.standings.forget_until(oldest.changed_at_ms);
    }
    app.standings.add(rows.into_iter().filter_map(|row| to_change(app, row)));
    app.standings.expire(app.now_ms());
    if app.standings.take_has_changed() {
        let (standings, forgotten_until_ms) = (app.standings.all(), app.standings.forgotten_until_ms());
        app.update_last_good(|last_good| {
            last_good.standings = standings;
            last_good.standings_forgotten_until_ms = forgotten_until_ms;
        });
    }
    Ok(())
}

/// Converts a change into the form that banner requests need. Returns `None` for a site that is not in the settings.
fn to_change(app: &App, row: ChangedStanding) -> Option<StandingChange> {
    let now = standing_of(&row.given, app.site(&row.site)?.quiet_days, app.now_ms());
    let ChangedStanding { supporter, site, changed_at_ms, .. } = row;
    Some(StandingChange { supporter, site, changed_at_ms, now })
}
