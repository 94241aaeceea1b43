//! A disk below SQLite that loses what was not synced.
//!
//! **Owns** a SQLite VFS that records every write, sync, truncation, creation and deletion, and computes what a disk may contain after a power cut.
//! **Never** depends on the database's content, and is part of no program. It is a tool for tests, and the only crate with unsafe code.
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

/// A recording of everything SQLite does to the files of one folder.
#[derive(Debug)]
pub struct Recording {
    log: Arc<Log>,
    vfs: String,
}

impl Recording {
    /// Starts to record the changes in `folder`, which must be empty.
    ///
    /// # Errors
    /// The folder can't be read, or SQLite refuses the VFS.
    pub fn start(folder: &Path, syncs: Syncs) -> io::Result<Self> {
        // SQLite passes paths with symbolic links resolved.
        let log = Arc::new(Log::of(folder.canonicalize()?, syncs));
        let vfs = vfs::register(Arc::clone(&log))?;
        Ok(Self { log, vfs })
    }

    /// The URL of a file in the folder, for sqlx. Only files opened with it are recorded.
    pub fn url(&self, file: &str) -> String {
        format!("sqlite:{}?vfs={}", self.log.folder.join(file).display(), self.vfs)
    }

    /// Makes every write and sync fail from now on, like a disk that is full or broken. `None` ends that.
    pub fn refuse(&self, why: Option<Refusal>) {
        self.log.refuse(why);
    }

    /// The number of steps recorded so far.
    pub fn position(&self) -> usize {
        self.log.recorded().position()
    }

    /// A random moment so far.
    pub fn any_moment(&self, random: &mut fastrand::Rng) -> usize {
        random.usize(..=self.position())
    }

    /// A moment with much unsynced data: the worst of several random ones.
    pub fn risky_moment(&self, random: &mut fastrand::Rng) -> usize {
        let recorded = self.log.recorded();
        let some = std::iter::repeat_with(|| random.usize(..=recorded.position())).take(16);
        some.max_by_key(|position| disk::at_stake(recorded.until(*position))).unwrap_or(0)
    }

    /// A moment soon after a file was created or deleted.
    pub fn moment_of_a_directory_change(&self, random: &mut fastrand::Rng) -> usize {
        let recorded = self.log.recorded();
        let name = random.choice(recorded.names_changed()).unwrap_or(0);
        recorded.position().min(name + random.usize(1..=4))
    }

    /// Writes into `folder` what a disk could contain after a power cut at `position`: everything synced by then, and of the
    /// rest what `random` selects.
    ///
    /// # Errors
    /// The folder can't be written to.
    pub fn disk_after_a_cut(
        &self,
        position: usize,
        random: &mut fastrand::Rng,
        folder: &Path,
    ) -> io::Result<Lost> {
        disk::after_a_cut(self.log.recorded().until(position), random, folder)
    }
}
