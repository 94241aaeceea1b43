//! Checks whether the data folder is still the one that was opened.

use crate::app::App;
use crate::store::files::FolderMoved;

/// Checks the data folder once. `/readyz` checks it too.
///
/// # Errors
/// The folder was moved, deleted or replaced.
pub async fn check_data_folder(app: &App) -> Result<(), FolderMoved> {
    app.data_folder.check()
}
