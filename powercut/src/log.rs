//! The log of all recorded changes to the files, in order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether a sync has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syncs {
    /// After a sync, the data is durable.
    Kept,
    /// A sync reports success and does nothing, as with `synchronous=OFF`.
    Ignored,
}

/// The reason why writes fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The disk is full.
    Full,
    /// The disk is broken.
    Fails,
}

/// One recorded step. A file keeps its number even if another file gets its name later.
#[derive(Debug)]
pub(crate) enum Step {
    Created {
        name: String,
        file: usize,
    },
    Written {
        file: usize,
        offset: usize,
        bytes: Box<[u8]>,
    },
    Truncated {
        file: usize,
        size: usize,
    },
    /// A sync of the file. It started at the step with the index `began`. The changes to the file before this step are
    /// now durable. Writes during the sync may be lost.
    Synced {
        file: usize,
        began: usize,
    },
    Deleted {
        name: String,
    },
    /// A sync of the folder, which started at the step with the index `began`. The creations and deletions of files
    /// before this step are now durable.
    FolderSynced {
        began: usize,
    },
}

/// The steps so far, and for each file name the number of the file that has it now.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    steps: Vec<Step>,
    names: HashMap<String, usize>,
    file_count: usize,
}

/// The recording of one folder, and the errors that the VFS simulates.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) folder: PathBuf,
    pub(crate) syncs: Syncs,
    recorded: Mutex<Recorded>,
    refusal: Mutex<Option<Refusal>>,
}

impl Log {
    pub(crate) fn new(folder: PathBuf, syncs: Syncs) -> Self {
        Self { folder, syncs, recorded: Mutex::default(), refusal: Mutex::default() }
    }

    /// Makes writes fail for this reason from now on. With `None`, writes succeed again.
    pub(crate) fn refuse(&self, why: Option<Refusal>) {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(crate) fn refusal(&self) -> Option<Refusal> {
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        // Each change is a single push, so a panic in another thread can't leave a partial change.
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path relative to the recorded folder; `None` if the path is outside the folder.
    pub(crate) fn name_of(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(&self.folder).ok()?.to_str()?.to_owned())
    }
}

impl Recorded {
    pub(crate) fn position(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn steps_until(&self, position: usize) -> &[Step] {
        &self.steps[..position]
    }

    /// The indices of the steps that created or deleted a file.
    pub(crate) fn directory_changes(&self) -> Vec<usize> {
        let is_change = |step: &Step| matches!(step, Step::Created { .. } | Step::Deleted { .. });
        self.steps.iter().enumerate().filter(|(_, step)| is_change(step)).map(|(index, _)| index).collect()
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The number of the file with this name. If there is no such file, records its creation.
    pub(crate) fn record_open(&mut self, name: String) -> usize {
        if let Some(file) = self.names.get(&name) {
            return *file;
        }
        let file = self.file_count;
        self.file_count += 1;
        self.names.insert(name.clone(), file);
        self.push(Step::Created { name, file });
        file
    }

    pub(crate) fn record_deletion(&mut self, name: String) {
        self.names.remove(&name);
        self.push(Step::Deleted { name });
    }
}
