//! Creates files that only keepopen may read, and watches files that must not move while they are open.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The identity of a file, independent of its name: its device and inode numbers. Some systems have no such numbers.
type Identity = (u64, u64);

/// A file or folder that was moved, deleted or replaced while keepopen uses it.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} was moved, deleted or replaced while keepopen runs; restore the data folder, or restart keepopen with the one it should use", .0.display()
)]
pub struct Moved(pub PathBuf);

impl From<Moved> for sqlx::Error {
    fn from(moved: Moved) -> Self {
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
    /// The error names the first one that is not the same.
    pub fn check(&self) -> Result<(), Moved> {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match watched.iter().find(|(path, was)| identity(path) != Some(*was)) {
            None => Ok(()),
            Some((path, _)) => Err(Moved(path.clone())),
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
    if let Err(error) = take_from_others(path) {
        tracing::warn!(path = %path.display(), %error, "other users of this machine can read this private file; change its mode");
    }
}

#[cfg(unix)]
fn take_from_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let about = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        about => about?,
    };
    let mode = about.permissions().mode() & 0o777;
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
    let about = std::fs::metadata(path).ok()?;
    Some((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn take_from_others(_: &Path) -> io::Result<()> {
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
    fn a_folder_that_is_replaced_is_not_the_one_that_was_watched_until_it_is_back() {
        let above = tempfile::tempdir().unwrap();
        let (folder, aside) = (above.path().join("data"), above.path().join("aside"));
        make_folder(&folder).unwrap();
        let watched = Watched::default();
        watched.add(&folder);
        watched.add(&above.path().join("missing"));
        watched.check().unwrap();
        std::fs::rename(&folder, &aside).unwrap();
        assert!(watched.check().is_err(), "it is gone");
        make_folder(&folder).unwrap();
        assert!(watched.check().is_err(), "it is another");
        std::fs::remove_dir(&folder).unwrap();
        std::fs::rename(&aside, &folder).unwrap();
        watched.check().unwrap();
    }

    #[test]
    fn what_others_may_read_is_taken_from_them() {
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
