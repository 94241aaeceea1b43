//! The appeals file, published anew when it has changed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::actions::{self, PublishError};
use crate::app::App;

/// The file as it was last looked at.
pub struct AppealsFile {
    path: PathBuf,
    seen: Option<Stamp>,
}

type Stamp = (SystemTime, u64);

impl AppealsFile {
    /// The file that the settings name, as it is now.
    pub fn of(app: &App) -> Option<Self> {
        let path = app.settings.appeals.file.clone()?;
        Some(Self { seen: stamp(&path), path })
    }

    /// Publishes it, if it has changed.
    ///
    /// # Errors
    /// It can't be used; what was in force stays.
    pub fn look(&mut self, app: &App) -> Result<(), PublishError> {
        let now = stamp(&self.path);
        if now == self.seen {
            return Ok(());
        }
        self.seen = now;
        actions::publish_appeals(app)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}
