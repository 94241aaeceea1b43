//! Reads which tokens other instances invalidated.

use crate::app::App;
use crate::clock::DAY_MS;
use crate::store::StoreError;

/// Reads the epochs that were raised within the lifetime of a token (a day, plus a margin for clocks that differ), for the
/// banner path.
///
/// # Errors
/// The database does not answer.
pub async fn sync_epochs(app: &App) -> Result<(), StoreError> {
    let mut raised = app.store.epochs_raised_since(app.now_ms() - 2 * DAY_MS).await?;
    for (supporter, epoch) in &raised {
        app.tokens.epochs.raise(supporter, *epoch);
    }
    raised.sort();
    if app.snapshot_inputs().kept().epochs != raised {
        app.keep(|kept| kept.epochs = raised);
    }
    Ok(())
}
