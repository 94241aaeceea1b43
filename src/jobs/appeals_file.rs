//! Publishes the appeals file when it changes.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::job::{Outcome, Runner};
use crate::actions;
use crate::app::App;

/// The job that watches the appeals file. It remembers the file's time and size at the last read.
pub struct AppealsFile {
    path: PathBuf,
    seen: Option<Stamp>,
}

/// When a file was last modified, and its size in bytes.
type Stamp = (SystemTime, u64);

impl AppealsFile {
    /// Creates the job for the configured file, with the file's current state. Returns `None` if no file is configured.
    pub fn start(app: &App) -> Option<Box<dyn Runner>> {
        let path = app.settings.appeals.file.clone()?;
        Some(Box::new(Self { seen: read_stamp(&path), path }))
    }
}

impl Runner for AppealsFile {
    // If the file can't be used, the active appeals stay active.
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a> {
        Box::pin(async move {
            let current = read_stamp(&self.path);
            if current != self.seen {
                self.seen = current;
                actions::publish_appeals(app)?;
            }
            Ok(())
        })
    }
}

fn read_stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
