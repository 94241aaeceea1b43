//! What happened to the files, in its order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a sync is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syncs {
    /// What was synced lasts.
    Kept,
    /// The disk says yes and does nothing, as if nobody had asked: `synchronous=OFF`.
    Ignored,
}

/// Why a disk takes nothing that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is full.
    Full,
    /// It fails.
    Fails,
}

/// One thing that was done. A file keeps its number when its name is given to another.
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
    /// Only what was done to the file before the sync began is durable: more may have been written meanwhile.
    Synced {
        file: usize,
        began: usize,
    },
    Deleted {
        name: String,
    },
    /// The names in the folder last, as they were before this began.
    FolderSynced {
        began: usize,
    },
}

/// The steps so far, and which file has which name.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    steps: Vec<Step>,
    names: HashMap<String, usize>,
    files: usize,
}

#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) folder: PathBuf,
    pub(crate) syncs: Syncs,
    recorded: Mutex<Recorded>,
    refuses: Mutex<Option<Refusal>>,
}

impl Log {
    pub(crate) fn of(folder: PathBuf, syncs: Syncs) -> Self {
        Self { folder, syncs, recorded: Mutex::default(), refuses: Mutex::default() }
    }

    /// Why nothing is written from now on; none where it is.
    pub(crate) fn refuse(&self, why: Option<Refusal>) {
        *self.refuses.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(crate) fn refuses(&self) -> Option<Refusal> {
        *self.refuses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        // Each change is one push; a panic elsewhere leaves no half of one.
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name that a path has in the folder; none where it is somewhere else.
    pub(crate) fn name_of(&self, path: &Path) -> Option<String> {
        Some(path.strip_prefix(&self.folder).ok()?.to_str()?.to_owned())
    }
}

impl Recorded {
    pub(crate) fn position(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn until(&self, position: usize) -> &[Step] {
        &self.steps[..position]
    }

    /// Where names were given or taken.
    pub(crate) fn names_changed(&self) -> Vec<usize> {
        let changes = |step: &Step| matches!(step, Step::Created { .. } | Step::Deleted { .. });
        self.steps.iter().enumerate().filter(|(_, step)| changes(step)).map(|(at, _)| at).collect()
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// The number of the file with this name, which is made if there is none.
    pub(crate) fn opened(&mut self, name: String) -> usize {
        if let Some(file) = self.names.get(&name) {
            return *file;
        }
        let file = self.files;
        self.files += 1;
        self.names.insert(name.clone(), file);
        self.push(Step::Created { name, file });
        file
    }

    pub(crate) fn deleted(&mut self, name: String) {
        self.names.remove(&name);
        self.push(Step::Deleted { name });
    }
}
