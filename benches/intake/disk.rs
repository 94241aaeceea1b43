//! Selects the disk on which the benchmark stores its files.

use std::path::{Path, PathBuf};

/// The folder for the files: the folder that `INTAKE_FOLDER` names, or by default one in Cargo's target folder.
pub fn folder() -> PathBuf {
    std::env::var_os("INTAKE_FOLDER").map_or_else(|| env!("CARGO_TARGET_TMPDIR").into(), PathBuf::from)
}

/// A folder in memory, if the system has one.
pub fn memory() -> Option<&'static Path> {
    Some(Path::new("/dev/shm")).filter(|path| path.is_dir())
}

/// Prints where the files are. Panics if the folder is in memory, where the measurement would be meaningless.
pub fn print_location(folder: &Path) {
    let kind = kind_of(folder);
    assert!(
        !["tmpfs", "ramfs"].contains(&kind.as_str()),
        "{} is in memory; set INTAKE_FOLDER to a folder on a disk",
        folder.display()
    );
    println!("files in {} ({kind})", folder.display());
}

/// The kind of file system that contains the folder, if the system reports it.
fn kind_of(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap();
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let containing = mounts.filter(|(mount_point, _)| folder.starts_with(mount_point));
    let nearest = containing.max_by_key(|(mount_point, _)| mount_point.len());
    nearest.map_or("unknown".to_owned(), |(_, kind)| kind.to_owned())
}
