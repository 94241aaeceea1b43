//! Creates files that only keepopen may read, and watches files that must not move while they are open.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The identity of a file, independent of its name: its device and inode numbers. Only Unix has these numbers.
type Identity = (u64, u64);

/// A file or folder that was moved, deleted or replaced while keepopen uses it.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} was moved, deleted or replaced while keepopen runs; restore the data folder, or restart keepopen with the right data folder", .0.display()
)]
pub struct FolderMoved(pub PathBuf);

impl From<FolderMoved> for sqlx::Error {
    fn from(moved: FolderMoved) -> Self {
        Self::Io(io::Error::new(io::ErrorKind::NotFound, moved))
    }
}

/// Watched files and folders, each with its identity when it was first seen.
#[derive(Debug, Default)]
pub struct Watched(Mutex<Vec<(PathBuf, Identity)>>);

impl Watched {
    /// Starts to watch a file or folder in its present state. A missing one is not watched.
    pub fn add(&self, path: &Path) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|(other, _)| other != path);
        if let Some(identity) = identity(path) {
            watched.push((path.to_owned(), identity));
        }
    }

    /// Stops watching all files and folders.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Checks that all watched files and folders are still the same.
    ///
    /// # Errors
    /// A file or folder was moved, deleted or replaced. The error names the first one.
    pub fn check(&self) -> Result<(), FolderMoved> {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match watched.iter().find(|(path, original)| identity(path) != Some(*original)) {
            None => Ok(()),
            Some((path, _)) => Err(FolderMoved(path.clone())),
        }
    }
}

/// Creates a folder and its parents, if missing. A new folder is private to its owner, whatever the umask is.
///
/// # Errors
/// The folder can't be created.
pub fn make_folder(path: &Path) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(path)?;
    set_mode(path, 0o700)
}

/// Creates an empty file that is private to its owner, whatever the umask is. An existing file stays as it is.
///
/// # Errors
/// The file can't be created.
pub fn make_file(path: &Path) -> io::Result<()> {
    match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(_) => set_mode(path, 0o600),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes other users' access to a file, which an older version or a careless copy may have granted. If the file
/// belongs to somebody else, this fails and is logged.
pub fn make_private(path: &Path) {
    if let Err(error) = remove_access_of_others(path) {
        tracing::warn!(path = %path.display(), %error, "other users of this machine can read this private file; change its mode");
    }
}

#[cfg(unix)]
fn remove_access_of_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?,
    };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    set_mode(path, mode & 0o700)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn remove_access_of_others(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_folder_is_reported_until_the_original_is_back() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, moved) = (parent.path().join("data"), parent.path().join("moved"));
        make_folder(&folder).unwrap();
        let watched = Watched::default();
        watched.add(&folder);
        watched.add(&parent.path().join("missing"));
        watched.check().unwrap();
        std::fs::rename(&folder, &moved).unwrap();
        assert!(watched.check().is_err(), "the check must fail if the folder is missing");
        make_folder(&folder).unwrap();
        assert!(watched.check().is_err(), "the check must fail if another folder has the same path");
        std::fs::remove_dir(&folder).unwrap();
        std::fs::rename(&moved, &folder).unwrap();
        watched.check().unwrap();
    }

    #[test]
    fn make_private_removes_the_access_of_other_users() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        std::fs::write(&path, "").unwrap();
        set_mode(&path, 0o664).unwrap();
        make_private(&path);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        make_private(&folder.path().join("missing"));
    }
}
