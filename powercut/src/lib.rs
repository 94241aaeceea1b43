//! A disk below SQLite that loses what was not synced.
//!
//! **Owns** a SQLite VFS that notes every write, sync, truncation, creation and deletion, and what a disk may hold of them after a power cut.
//! **Never** knows whose database it is, and is in no program: it is a tool of the tests, and the one crate with unsafe code.
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

/// What SQLite does to the files of one folder, from the start on.
#[derive(Debug)]
pub struct Recording {
    log: Arc<Log>,
    vfs: String,
}

impl Recording {
    /// Begins to note what happens in `folder`, which must be empty.
    ///
    /// # Errors
    /// The folder can't be read, or SQLite refuses the VFS.
    pub fn start(folder: &Path, syncs: Syncs) -> io::Result<Self> {
        // SQLite tells us names without links.
        let log = Arc::new(Log::of(folder.canonicalize()?, syncs));
        let vfs = vfs::register(Arc::clone(&log))?;
        Ok(Self { log, vfs })
    }

    /// Where a file of the folder is, for sqlx: only what is opened with this is noted.
    pub fn url(&self, file: &str) -> String {
        format!("sqlite:{}?vfs={}", self.log.folder.join(file).display(), self.vfs)
    }

    /// Refuses every write and sync from now on, as a disk does that is full or fails; none ends it.
    pub fn refuse(&self, why: Option<Refusal>) {
        self.log.refuse(why);
    }

    /// How much was noted so far.
    pub fn position(&self) -> usize {
        self.log.recorded().position()
    }

    /// Any moment so far.
    pub fn any_moment(&self, random: &mut fastrand::Rng) -> usize {
        random.usize(..=self.position())
    }

    /// A moment at which much is written and not synced: the worst of some.
    pub fn risky_moment(&self, random: &mut fastrand::Rng) -> usize {
        let recorded = self.log.recorded();
        let some = std::iter::repeat_with(|| random.usize(..=recorded.position())).take(16);
        some.max_by_key(|position| disk::at_stake(recorded.until(*position))).unwrap_or(0)
    }

    /// A moment soon after a file was made or deleted.
    pub fn moment_of_a_name(&self, random: &mut fastrand::Rng) -> usize {
        let recorded = self.log.recorded();
        let name = random.choice(recorded.names_changed()).unwrap_or(0);
        recorded.position().min(name + random.usize(1..=4))
    }

    /// Writes into `folder` what a disk could hold after a power cut at `position`: everything synced by then, and of the
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
