//! A listening server, and how many connections it accepts.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::{Server, ServerHandle};

use super::open_files::open_files;

/// The upper limit for connections per worker.
const MAX_CONNECTIONS: usize = 25_000;

/// A server that listens for connections. It answers no request until the caller runs it.
pub struct Running {
    /// The address on which the server listens.
    pub address: SocketAddr,
    /// Stops the server.
    pub handle: ServerHandle,
    /// The server itself. The caller runs it until it is stopped.
    pub server: Server,
}

/// The server can't listen.
#[derive(Debug, thiserror::Error)]
#[error(
    "can't listen on {address} ({error}); choose another {setting}, or stop the program that listens there"
)]
pub struct ListenError {
    /// The name of the setting that contains the address.
    pub setting: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// The system's error.
    pub error: std::io::Error,
}

/// Starts to listen on `address`. `setting` is the name of the setting that contains it, for the error message.
/// Returns the listener and the actual address: port 0 is replaced by the port that the system chose.
///
/// # Errors
/// Listening on the address fails.
pub fn listen(setting: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let listen_error = |error| ListenError { setting, address, error };
    let listener = TcpListener::bind(address).map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    Ok((listener, address))
}

/// The maximum number of connections per worker, at least 16. The workers together get three quarters of the limit on
/// open files, unless the minimum needs more. The rest is for the database, calls to Stripe and the management port.
pub fn max_connections(workers: usize) -> usize {
    let open_files = open_files();
    let total = usize::try_from(open_files - open_files / 4).unwrap_or(usize::MAX);
    (total / workers).clamp(16, MAX_CONNECTIONS)
}
