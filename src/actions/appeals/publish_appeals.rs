//! Reads the appeals file and activates its appeals.

use std::path::{Path, PathBuf};

use super::activate_snapshot::activate_snapshot;
use crate::app::App;
use crate::appeals::file::{self, Format, InvalidFile};
use crate::appeals::{AppealDocument, AppealProblem};

/// Why the file can't be used at all. The active appeals then stay active.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum PublishError {
    #[error("the appeals file {} can't be read ({error}); create it, or remove appeals.file", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("the appeals file {} can't be parsed: {error}", path.display())]
    Parse { path: PathBuf, error: InvalidFile },
}

/// Publishes the configured file, if there is one.
///
/// # Errors
/// See [`PublishError`].
pub fn publish_appeals(app: &App) -> Result<(), PublishError> {
    let Some(path) = &app.settings.appeals.file else { return Ok(()) };
    let (documents, problems) = read(path)?;
    activate_snapshot(app, |snapshot_inputs| {
        (snapshot_inputs.documents, snapshot_inputs.problems, snapshot_inputs.publication_count) =
            (documents, problems, 0)
    });
    Ok(())
}

/// Reads and parses the file. The file's text is freed before the appeals are compiled.
fn read(path: &Path) -> Result<(Vec<AppealDocument>, Vec<AppealProblem>), PublishError> {
    let text =
        std::fs::read_to_string(path).map_err(|error| PublishError::Read { path: path.to_owned(), error })?;
    file::read(&text, Format::of(path)).map_err(|error| PublishError::Parse { path: path.to_owned(), error })
}
