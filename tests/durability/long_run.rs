//! Runs that take hours, in as many parts as necessary. The progress is stored in a file, and the next run continues
//! from it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The progress of a run: the number of finished repetitions, and their results.
#[derive(Debug)]
pub(crate) struct LongRun {
    name: String,
    repetitions: u64,
    file: Option<PathBuf>,
    progress: Progress,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    seed: u64,
    done: u64,
    totals: BTreeMap<String, u64>,
}

/// A part of a run. A finished round is stored as a whole, and an interrupted round is repeated as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Round {
    /// The round's own seed.
    pub(crate) seed: u64,
    /// The number of repetitions.
    pub(crate) count: u64,
}

/// The number in an environment variable. `None` if the variable is not set.
fn number_from(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number")))
}

impl LongRun {
    /// Begins or continues a run of `default` repetitions, or of as many as the environment variable says. The progress
    /// is stored if `KEEPOPEN_TEST_LONG` names a folder.
    pub(crate) fn of(name: &str, variable: &str, default: u64) -> Self {
        let folder = std::env::var_os("KEEPOPEN_TEST_LONG").map(PathBuf::from);
        let seed = number_from("KEEPOPEN_TEST_SEED").unwrap_or_else(|| fastrand::u64(..));
        Self::stored_in(folder.as_deref(), name, number_from(variable).unwrap_or(default), seed)
    }

    fn stored_in(folder: Option<&Path>, name: &str, repetitions: u64, seed: u64) -> Self {
        let file = folder.map(|folder| {
            std::fs::create_dir_all(folder).unwrap();
            folder.join(format!("{}.json", name.replace(' ', "-")))
        });
        let stored = file.as_ref().filter(|file| file.exists()).map(|file| std::fs::read(file).unwrap());
        let progress = stored.map_or_else(
            || Progress { seed, ..Progress::default() },
            |it| serde_json::from_slice(&it).unwrap(),
        );
        Self { name: name.to_owned(), repetitions, file, progress }
    }

    /// Whether the run is stored. Such a run may also measure time.
    pub(crate) fn is_long(&self) -> bool {
        self.file.is_some()
    }

    /// The next round, of at most this many repetitions; `None` if all are done.
    pub(crate) fn next_round(&self, max: u64) -> Option<Round> {
        let remaining = self.repetitions.saturating_sub(self.progress.done);
        (remaining > 0).then(|| Round {
            seed: self.progress.seed.wrapping_add(self.progress.done),
            count: remaining.min(max),
        })
    }

    /// Stores a successful round, and adds its numbers to the totals. For a name that begins with `greatest`, the
    /// total is the maximum, not the sum.
    pub(crate) fn record_success(&mut self, round: Round, numbers: &[(&str, u64)]) {
        self.progress.done += round.count;
        for (name, number) in numbers {
            let total = self.progress.totals.entry((*name).to_owned()).or_default();
            *total = if name.starts_with("greatest") { (*total).max(*number) } else { *total + number };
        }
        if let Some(file) = &self.file {
            // Writes under a temporary name and renames, so that the file is complete even if this run is interrupted.
            let new = file.with_extension("new");
            std::fs::write(&new, serde_json::to_vec_pretty(&self.progress).unwrap()).unwrap();
            std::fs::rename(new, file).unwrap();
        }
    }

    /// The total that [`Self::record_success`] computed for this name.
    pub(crate) fn total(&self, name: &str) -> u64 {
        self.progress.totals.get(name).copied().unwrap_or(0)
    }
}

impl Display for LongRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} of {} done with seed {}",
            self.name, self.progress.done, self.repetitions, self.progress.seed
        )?;
        self.progress.totals.iter().try_for_each(|(name, total)| write!(f, "; {name}: {total}"))
    }
}

#[test]
fn an_interrupted_run_continues_where_it_stopped() {
    let folder = tempfile::TempDir::new().unwrap();
    let start = |seed| LongRun::stored_in(Some(folder.path()), "kills on paper", 50, seed);
    let mut run = start(7);
    let first = run.next_round(20).unwrap();
    assert_eq!(first, Round { seed: 7, count: 20 });
    run.record_success(first, &[("acknowledged", 100), ("greatest recovery in ms", 40)]);
    // Begins a round and does not finish it.
    assert_eq!(run.next_round(20).unwrap(), Round { seed: 27, count: 20 });

    let mut run = start(8);
    let second = run.next_round(20).unwrap();
    assert_eq!(second, Round { seed: 27, count: 20 });
    run.record_success(second, &[("acknowledged", 1), ("greatest recovery in ms", 30)]);
    let last = run.next_round(20).unwrap();
    assert_eq!(last, Round { seed: 47, count: 10 });
    run.record_success(last, &[]);
    assert_eq!(run.next_round(20), None);
    let expected =
        "kills on paper: 50 of 50 done with seed 7; acknowledged: 101; greatest recovery in ms: 40";
    assert_eq!(start(9).to_string(), expected);
}
