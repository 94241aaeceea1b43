//! The limit on open files and connections.

/// The assumed limit on open files. Only on Unix does this program read and raise the real limit.
#[cfg(not(unix))]
const ASSUMED_LIMIT: u64 = 1024;

/// Raises the limit on open files to the highest value that needs no privileges. If that fails, logs a warning and
/// leaves the limit as it is. Returns the limit that applies afterwards.
#[cfg(unix)]
pub fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let highest = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum
        && let Err(error) = setrlimit(Resource::Nofile, highest)
    {
        tracing::warn!(%error, "can't raise the limit on open files; set LimitNOFILE in the service's unit, or ulimit -n");
    }
    open_files()
}

/// The current limit on open files.
#[cfg(unix)]
pub fn open_files() -> u64 {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Raises nothing, and returns the assumed limit.
#[cfg(not(unix))]
pub fn raise_open_files() -> u64 {
    ASSUMED_LIMIT
}

/// The assumed limit on open files.
#[cfg(not(unix))]
pub fn open_files() -> u64 {
    ASSUMED_LIMIT
}
