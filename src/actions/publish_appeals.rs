//! Reads the appeals file and puts it into force.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::App;
use crate::appeals::{self, AppealProblem, Draft, Snapshot};

/// The file can't be used at all; what was in force stays.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its sentence")]
pub enum PublishError {
    #[error("the appeals file {} can't be read ({error}); create it, or remove appeals.file", path.display())]
    Read { path: PathBuf, error: std::io::Error },
    #[error("the appeals file {} is not understood: {error}", path.display())]
    Understand { path: PathBuf, error: Box<toml::de::Error> },
}

/// Publishes the configured file, if there is one.
///
/// # Errors
/// See [`PublishError`].
pub fn publish_appeals(app: &App) -> Result<(), PublishError> {
    let Some(path) = app.settings.appeals.file.clone() else { return Ok(()) };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return Err(PublishError::Read { path, error }),
    };
    let (drafts, problems) = match appeals::file::read(&text) {
        Ok(read) => read,
        Err(error) => return Err(PublishError::Understand { path, error: Box::new(error) }),
    };
    put_into_force(app, &drafts, problems, 0);
    Ok(())
}

/// Swaps what readers are asked. An appeal that can't be used is left out and logged, the others go into force.
pub(super) fn put_into_force(app: &App, drafts: &[Draft], problems: Vec<AppealProblem>, number: i64) {
    let mut snapshot = Snapshot::build(&app.settings.sites, drafts, problems);
    snapshot.number = number;
    snapshot.compiled.learn(&app.learned.load().weights);
    for problem in &snapshot.problems {
        tracing::error!(
            appeal = problem.appeal,
            problem = %problem,
            "an appeal is left out; mend it where it was written"
        );
    }
    tracing::info!(appeals = drafts.len(), left_out = snapshot.problems.len(), "appeals are in force");
    app.snapshot.store(Arc::new(snapshot));
}
