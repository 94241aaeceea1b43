//! Computes what a disk may contain after a power cut.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use crate::log::Step;

/// The size of a sector in bytes. A disk writes a sector completely or not at all.
const SECTOR: usize = 512;

/// How much a power cut removed from the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// The number of writes and truncations that are completely lost.
    pub whole: usize,
    /// The number of writes of which only some sectors survive.
    pub torn: usize,
    /// The number of creations and deletions of files that are lost.
    pub names: usize,
}

/// Which of the changes that were not synced survive a power cut.
#[derive(Clone, Copy, Debug)]
enum Survivors {
    /// No change had reached the disk.
    None,
    /// All changes had reached the disk.
    All,
    /// All changes before this step had reached the disk. Each later step is kept or lost independently.
    AllBefore(usize),
    /// Each change is kept or lost independently, because writes may reach a disk in any order.
    Each,
}

/// What a power cut does to one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    Torn,
    Lost,
}

impl Survivors {
    fn choose(steps: usize, random: &mut fastrand::Rng) -> Self {
        match random.u8(..8) {
            0 => Self::All,
            1 | 2 => Self::None,
            3..=5 => {
                // The changes that the system has not written yet are usually recent.
                let max_lost = 1 << random.u8(..=16);
                Self::AllBefore(steps.saturating_sub(random.usize(..=max_lost)))
            }
            _ => Self::Each,
        }
    }

    fn fate(self, step: usize, random: &mut fastrand::Rng) -> Fate {
        match self {
            Self::None => Fate::Lost,
            Self::All => Fate::Kept,
            Self::AllBefore(written) if step < written => Fate::Kept,
            Self::AllBefore(_) | Self::Each => match random.u8(..3) {
                0 => Fate::Kept,
                1 => Fate::Torn,
                _ => Fate::Lost,
            },
        }
    }
}

/// Writes files into `folder`, in a state that is possible if the power is cut after these steps.
pub(crate) fn after_a_cut(steps: &[Step], random: &mut fastrand::Rng, folder: &Path) -> io::Result<Lost> {
    let survivors = Survivors::choose(steps.len(), random);
    let (files, lost) = files_after_a_cut(steps, survivors, random);
    for (name, content) in files {
        std::fs::write(folder.join(name), content)?;
    }
    Ok(lost)
}

/// Which changes are durable. For each file, these are the changes before a certain step. The same is true of the
/// creations and deletions of files.
#[derive(Default)]
struct Durable {
    /// The number of a file, and the step before which its changes are durable.
    files: HashMap<usize, usize>,
    /// The step before which the creations and deletions of files are durable.
    names: usize,
}

impl Durable {
    /// What is durable after these steps, according to the syncs among them.
    fn after(steps: &[Step]) -> Self {
        let mut durable = Self::default();
        for step in steps {
            match step {
                Step::Synced { file, began } => {
                    let durable_before = durable.files.entry(*file).or_default();
                    *durable_before = (*durable_before).max(*began);
                }
                Step::FolderSynced { began } => durable.names = durable.names.max(*began),
                _ => {}
            }
        }
        durable
    }

    /// Whether the step at this index survives every power cut.
    fn is_durable(&self, index: usize, step: &Step) -> bool {
        match step {
            // Syncing a file also syncs its directory entry.
            Step::Created { file, .. } => index < self.names || self.files.contains_key(file),
            Step::Deleted { .. } => index < self.names,
            Step::Written { file, .. } | Step::Truncated { file, .. } => {
                self.files.get(file).is_some_and(|began| index < *began)
            }
            Step::Synced { .. } | Step::FolderSynced { .. } => true,
        }
    }
}

/// The number of steps that a power cut may undo.
pub(crate) fn steps_at_risk(steps: &[Step]) -> usize {
    let durable = Durable::after(steps);
    steps.iter().enumerate().filter(|(index, step)| !durable.is_durable(*index, step)).count()
}

/// The files that a disk contains after these steps and a power cut, and how much the cut removed.
fn files_after_a_cut(
    steps: &[Step],
    survivors: Survivors,
    random: &mut fastrand::Rng,
) -> (BTreeMap<String, Vec<u8>>, Lost) {
    let durable = Durable::after(steps);
    let mut contents = HashMap::<usize, Vec<u8>>::new();
    let mut names = BTreeMap::<String, usize>::new();
    let mut lost = Lost::default();
    for (index, step) in steps.iter().enumerate() {
        let fate = if durable.is_durable(index, step) { Fate::Kept } else { survivors.fate(index, random) };
        match step {
            Step::Created { .. } | Step::Deleted { .. } if fate != Fate::Kept => lost.names += 1,
            Step::Written { .. } if fate == Fate::Lost => lost.whole += 1,
            Step::Truncated { .. } if fate != Fate::Kept => lost.whole += 1,
            Step::Created { name, file } => drop(names.insert(name.clone(), *file)),
            Step::Deleted { name } => drop(names.remove(name)),
            Step::Written { file, offset, bytes } => {
                let content = contents.entry(*file).or_default();
                if fate == Fate::Torn {
                    lost.torn += 1;
                    write_torn(content, *offset, bytes, random);
                } else {
                    write(content, *offset, bytes);
                }
            }
            Step::Truncated { file, size } => contents.entry(*file).or_default().resize(*size, 0),
            Step::Synced { .. } | Step::FolderSynced { .. } => {}
        }
    }
    let files = names.into_iter().map(|(name, file)| (name, contents.remove(&file).unwrap_or_default()));
    (files.collect(), lost)
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

/// Writes a random selection of the sectors that `bytes` covers.
fn write_torn(content: &mut Vec<u8>, offset: usize, bytes: &[u8], random: &mut fastrand::Rng) {
    let mut from = 0;
    while from < bytes.len() {
        let to = bytes.len().min(from + SECTOR - (offset + from) % SECTOR);
        if random.bool() {
            write(content, offset + from, &bytes[from..to]);
        }
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn created(name: &str, file: usize) -> Step {
        Step::Created { name: name.to_owned(), file }
    }

    fn written(offset: usize, bytes: &[u8]) -> Step {
        Step::Written { file: 0, offset, bytes: bytes.into() }
    }

    /// Simulates 500 random power cuts after these steps. Returns every different result: the content of the file `db`,
    /// or `None` if the file is missing.
    fn outcomes(steps: &[Step]) -> BTreeSet<Option<Vec<u8>>> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut random_outcome = || {
            let survivors = Survivors::choose(steps.len(), &mut random);
            files_after_a_cut(steps, survivors, &mut random).0.remove("db")
        };
        std::iter::repeat_with(&mut random_outcome).take(500).collect()
    }

    fn content(text: &str) -> Option<Vec<u8>> {
        Some(text.as_bytes().to_vec())
    }

    #[test]
    fn synced_writes_survive_every_cut() {
        let steps = [created("db", 0), written(0, b"one"), Step::Synced { file: 0, began: 2 }];
        assert_eq!(outcomes(&steps), [content("one")].into());
    }

    #[test]
    fn unsynced_writes_may_be_lost() {
        let synced = Step::Synced { file: 0, began: 2 };
        let steps = [created("db", 0), written(0, b"one"), synced, written(1, b"XY")];
        assert_eq!(outcomes(&steps), [content("one"), content("oXY")].into());
        let steps = [created("db", 0), written(0, b"one")];
        assert_eq!(outcomes(&steps), [None, content(""), content("one")].into());
    }

    #[test]
    fn a_write_during_a_sync_may_be_lost() {
        let steps =
            [created("db", 0), written(0, b"one"), written(0, b"two"), Step::Synced { file: 0, began: 2 }];
        assert_eq!(outcomes(&steps), [content("one"), content("two")].into());
    }

    #[test]
    fn a_later_write_may_survive_while_an_earlier_one_is_lost() {
        let steps = [created("db", 0), written(0, b"1"), written(1, b"2"), Step::FolderSynced { began: 1 }];
        let all = outcomes(&steps);
        assert!(all.contains(&content("\x002")), "{all:?}");
        assert!(all.contains(&content("1")) && all.contains(&content("12")), "{all:?}");
    }

    #[test]
    fn a_write_may_be_torn_between_sectors_but_not_within_one() {
        let synced = Step::Synced { file: 0, began: 2 };
        let steps = [created("db", 0), written(0, &[0; 1500]), synced, written(500, &[1; 524])];
        let mut seen = BTreeSet::new();
        for content in outcomes(&steps) {
            let content = content.unwrap();
            assert_eq!(
                (content.len(), &content[..500], &content[1024..]),
                (1500, &[0; 500][..], &[0; 476][..])
            );
            let sectors = [&content[500..512], &content[512..1024]];
            for sector in sectors {
                assert!(sector.iter().all(|byte| *byte == sector[0]), "a write within one sector is torn");
            }
            seen.insert(sectors.map(|sector| sector[0]));
        }
        assert_eq!(seen, [[0, 0], [0, 1], [1, 0], [1, 1]].into());
    }

    #[test]
    fn a_deletion_is_durable_after_the_folder_is_synced() {
        let synced = || Step::Synced { file: 0, began: 2 };
        let deleted = || Step::Deleted { name: "db".to_owned() };
        let steps = [created("db", 0), written(0, b"one"), synced(), deleted()];
        assert_eq!(outcomes(&steps), [None, content("one")].into());
        let steps =
            [created("db", 0), written(0, b"one"), synced(), deleted(), Step::FolderSynced { began: 4 }];
        assert_eq!(outcomes(&steps), [None].into());
    }

    #[test]
    fn only_unsynced_steps_are_at_risk() {
        let mut steps = vec![created("db", 0), written(0, b"one")];
        assert_eq!(steps_at_risk(&steps), 2);
        steps.push(Step::Synced { file: 0, began: 2 });
        assert_eq!(steps_at_risk(&steps), 0);
        steps.push(written(1, b"XY"));
        assert_eq!(steps_at_risk(&steps), 1);
    }

    #[test]
    fn a_truncation_may_be_lost() {
        let steps = [
            created("db", 0),
            written(0, b"one"),
            Step::Synced { file: 0, began: 2 },
            Step::Truncated { file: 0, size: 1 },
        ];
        assert_eq!(outcomes(&steps), [content("o"), content("one")].into());
    }
}
