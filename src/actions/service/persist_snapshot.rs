//! Saves the active snapshot to disk, for a start without the database.

use crate::app::App;

/// Writes the snapshot file, if anything in it changed since it was last written.
///
/// # Errors
/// The data folder can't be written to.
pub async fn persist_snapshot(app: &App) -> std::io::Result<()> {
    let (contents, revision) = {
        let snapshot_inputs = app.snapshot_inputs();
        if snapshot_inputs.on_disk == snapshot_inputs.revision() {
            return Ok(());
        }
        (snapshot_inputs.last_good().clone(), snapshot_inputs.revision())
    };
    // If somebody moved the data folder away, it is not created again: a new one would be in the way when the old one
    // is moved back.
    app.data_folder.check().map_err(std::io::Error::other)?;
    let (path, key, now_ms) = (app.settings.last_good_file(), app.vault.last_good_key(), app.now_ms());
    let write = move || contents.write(&path, &key, now_ms);
    tokio::task::spawn_blocking(write).await.unwrap_or_else(|error| Err(std::io::Error::other(error)))?;
    app.snapshot_inputs().on_disk = revision;
    Ok(())
}
