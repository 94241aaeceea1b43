//! Reads the epochs that other instances raised. A supporter's epoch is a number that the supporter's tokens contain.
//! Raising it invalidates the older tokens (see `docs/decisions/0009-token-epochs.md`).

use crate::app::App;
use crate::clock::DAY_MS;
use crate::store::StoreError;

/// Reads the epochs that were raised in the last two days. Banner requests use them to reject older tokens that have
/// not expired yet. A token is valid for at most a day. The second day is a margin for clocks that differ.
///
/// # Errors
/// The database does not answer.
pub async fn sync_epochs(app: &App) -> Result<(), StoreError> {
    let mut raised = app.store.epochs_raised_since(app.now_ms() - 2 * DAY_MS).await?;
    for (supporter, epoch) in &raised {
        app.tokens.epochs.raise(supporter, *epoch);
    }
    raised.sort();
    if app.snapshot_inputs().last_good().epochs != raised {
        app.update_last_good(|last_good| last_good.epochs = raised);
    }
    Ok(())
}
