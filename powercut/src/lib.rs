//! Simulates a disk that loses data in a power cut if the data was not synced.
//!
//! **Owns** a VFS (SQLite's interface to files) that records every write, sync, truncation, creation and deletion. Also
//! owns the computation of what a disk may contain after a power cut at some moment of the recording.
//! **Never** depends on the database's content, and is never part of a program. It is a tool for tests, and the only
//! crate with unsafe code.
//! **Start at** [`Recording::start`], then [`Recording::disk_after_a_cut`].
//! **Tested in** the files here, and `tests/durability/power_cuts.rs`.

#![cfg(unix)]

mod disk;
mod log;
mod vfs;

use std::io;
use std::path::Path;
use std::sync::Arc;

pub use disk::Lost;
use log::Log;
pub use log::{Refusal, Syncs};

/// A recording of every change that SQLite makes to the files of one folder.
#[derive(Debug)]
pub struct Recording {
    log: Arc<Log>,
    vfs: String,
}

impl Recording {
    /// Starts to record the changes to the files in `folder`, which must be empty.
    ///
    /// # Errors
    /// Returns an error if the folder can't be read, or if SQLite rejects the VFS.
    pub fn start(folder: &Path, syncs: Syncs) -> io::Result<Self> {
        // SQLite passes paths in which symbolic links are resolved, so the folder's path must have none.
        let log = Arc::new(Log::new(folder.canonicalize()?, syncs));
        let vfs = vfs::register(Arc::clone(&log))?;
        Ok(Self { log, vfs })
    }

    /// The URL of a file in the folder, for sqlx. Only files that are opened with such a URL are recorded.
    pub fn url(&self, file: &str) -> String {
        format!("sqlite:{}?vfs={}", self.log.folder.join(file).display(), self.vfs)
    }

    /// Makes every write fail from now on, as on a disk that is full or broken. On a broken disk, syncs fail too. With
    /// `None`, writes and syncs succeed again.
    pub fn refuse(&self, why: Option<Refusal>) {
        self.log.refuse(why);
    }

    /// The number of steps recorded so far.
    pub fn position(&self) -> usize {
        self.log.recorded().position()
    }

    /// A random moment (a number of steps) in the recording so far.
    pub fn any_moment(&self, random: &mut fastrand::Rng) -> usize {
        random.usize(..=self.position())
    }

    /// A moment at which a power cut may undo many steps: the worst of several random moments.
    pub fn risky_moment(&self, random: &mut fastrand::Rng) -> usize {
        let recorded = self.log.recorded();
        let positions = std::iter::repeat_with(|| random.usize(..=recorded.position())).take(16);
        positions.max_by_key(|position| disk::steps_at_risk(recorded.steps_until(*position))).unwrap_or(0)
    }

    /// A random moment soon after a file was created or deleted.
    pub fn moment_of_a_directory_change(&self, random: &mut fastrand::Rng) -> usize {
        let recorded = self.log.recorded();
        let change = random.choice(recorded.directory_changes()).unwrap_or(0);
        recorded.position().min(change + random.usize(1..=4))
    }

    /// Writes into `folder` what a disk may contain after a power cut at `position`. The result has every change that
    /// was synced before the cut. Of the other changes, `random` selects those that survive.
    ///
    /// # Errors
    /// Returns an error if the folder can't be written to.
    pub fn disk_after_a_cut(
        &self,
        position: usize,
        random: &mut fastrand::Rng,
        folder: &Path,
    ) -> io::Result<Lost> {
        disk::after_a_cut(self.log.recorded().steps_until(position), random, folder)
    }
}
