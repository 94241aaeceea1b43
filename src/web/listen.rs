//! A server that listens, and how many connections it takes.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::{Server, ServerHandle};

use super::open_files::open_files;

/// The most connections of one worker.
const MAX_CONNECTIONS: usize = 25_000;

/// A server that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// Stops it.
    pub handle: ServerHandle,
    /// Runs until it is stopped.
    pub server: Server,
}

/// The server can't listen.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address} ({error}); choose another {setting}, or stop what listens there")]
pub struct ListenError {
    /// Which setting says so.
    pub setting: &'static str,
    /// Where.
    pub address: SocketAddr,
    /// Why not.
    pub error: std::io::Error,
}

/// Starts to listen on an address from the settings, which `setting` names. Returns the listener and the address with its port.
///
/// # Errors
/// Listening on the address fails.
pub fn listen(setting: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let failed = |error| ListenError { setting, address, error };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// The maximum number of connections per worker. A quarter of the limit on open files remains for the database, calls to Stripe and
/// the management port.
pub fn max_connections(workers: usize) -> usize {
    let open_files = open_files();
    let all = usize::try_from(open_files - open_files / 4).unwrap_or(usize::MAX);
    (all / workers).clamp(16, MAX_CONNECTIONS)
}
