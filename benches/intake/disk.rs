//! On which disk it is measured.

use std::path::{Path, PathBuf};

/// Where the files lie: in the target folder, or where `INTAKE_FOLDER` says.
pub fn folder() -> PathBuf {
    std::env::var_os("INTAKE_FOLDER").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from)
}

/// A folder in memory, where there is one.
pub fn memory() -> Option<&'static Path> {
    Some(Path::new("/dev/shm")).filter(|path| path.is_dir())
}

/// Says where the files lie. What is no disk is no measure.
pub fn tell(folder: &Path) {
    let kind = kind_of(folder);
    assert!(
        !["tmpfs", "ramfs"].contains(&kind.as_str()),
        "{} is in memory; set INTAKE_FOLDER to a folder on a disk",
        folder.display()
    );
    println!("files in {} ({kind})", folder.display());
}

/// The kind of file system, where the system tells.
fn kind_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap();
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let fitting = mounts.filter(|(place, _)| folder.starts_with(place));
    fitting.max_by_key(|(place, _)| place.len()).map_or("not told".to_owned(), |(_, kind)| kind.to_owned())
}
