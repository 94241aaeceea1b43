//! The limit on open files and connections.

/// The assumed limit if the system does not report one.
#[cfg(not(unix))]
const USUAL: u64 = 1024;

/// Raises the limit to the highest that is allowed without privileges, and returns it.
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

/// The current limit.
#[cfg(unix)]
pub fn open_files() -> u64 {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Does nothing here.
#[cfg(not(unix))]
pub fn raise_open_files() -> u64 {
    USUAL
}

/// An assumed limit.
#[cfg(not(unix))]
pub fn open_files() -> u64 {
    USUAL
}
