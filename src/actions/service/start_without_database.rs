//! Starts from the last saved snapshot while the database is down, and catches up when it is back.

use std::sync::Arc;

use super::start::{StartError, open_keys, read_everything};
use crate::actions::appeals::publish_appeals::publish_appeals;
use crate::actions::appeals::sync_appeals::activate_published;
use crate::app::App;
use crate::appeals::TickerTotals;
use crate::clock::{self, Clock};
use crate::keys::Vault;
use crate::sites::Settings;
use crate::store::last_good::{LastGood, LastGoodError};
use crate::store::switches::by_site;
use crate::store::{OpenError, Store, StoreError};
use crate::stripe::Gateway;

/// Starts without the database. `database_error` says why the database could not be opened.
///
/// # Errors
/// Returns `database_error` if there is no usable snapshot on disk.
pub(in crate::actions) fn start_without_database(
    settings: Settings,
    clock: Clock,
    stripe: Gateway,
    vault: Vault,
    database_error: OpenError,
) -> Result<Arc<App>, StartError> {
    let path = settings.last_good_file();
    let (saved, saved_at_ms) = match LastGood::read(&path, &vault.last_good_key()) {
        Ok(read) => read,
        Err(LastGoodError::Missing) => return Err(database_error.into()),
        Err(error) => {
            tracing::error!(%error, file = %path.display(), "the saved snapshot can't be used");
            return Err(database_error.into());
        }
    };
    let keys = open_keys(&vault, &saved.signing_keys)?;
    let app = App::new(settings, clock, Store::not_reached(), stripe, vault);
    app.data_folder.add(&app.settings.data_dir);
    app.set_catching_up(true);
    app.tokens.set_keys(keys);
    for (supporter, epoch) in &saved.epochs {
        app.tokens.epochs.raise(supporter, *epoch);
    }
    app.standings.add(saved.standings.iter().cloned());
    if let Some(until_ms) = saved.standings_forgotten_until_ms {
        app.standings.forget_until(until_ms);
    }
    app.learned.store(saved.learned.clone().into());
    let totals = saved.tickers.iter().cloned().collect();
    app.ticker_totals.store(Arc::new(TickerTotals { as_of_ms: saved.tickers_as_of_ms, totals }));
    app.snapshot_inputs().switches = by_site(&saved.switches).map_err(StoreError::from)?;
    publish_appeals(&app)?;
    if app.settings.appeals.file.is_none() {
        activate_published(&app, &saved.appeals, saved.publications);
    }
    app.update_last_good(|last_good| *last_good = saved);
    let mut snapshot_inputs = app.snapshot_inputs();
    snapshot_inputs.on_disk = snapshot_inputs.revision();
    drop(snapshot_inputs);
    tracing::warn!(
        error = %database_error,
        saved_at = clock::rfc3339(saved_at_ms),
        "the database can't be reached; until it is back, the banner uses the saved snapshot"
    );
    Ok(app)
}

/// Tries to reach the database, if the service started without it. If it answers, reads everything again.
///
/// # Errors
/// The database answers, but can't be used as it is. It is not an error if the database does not answer.
pub async fn reach_database(app: &App) -> Result<(), StartError> {
    if !app.is_catching_up() {
        return Ok(());
    }
    match app.store.reach(&app.settings.database_url()).await {
        Ok(()) => {}
        Err(error) if error.is_unreachable() => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    read_everything(app).await?;
    app.set_catching_up(false);
    app.tickers_changed.notify_one();
    tracing::info!("the database is back; the service is fully available again");
    Ok(())
}
