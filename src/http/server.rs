//! The public server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::HttpServer;
use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use utoipa_actix_web::AppExt;

use super::fallback::answer_the_rest;
use super::open_files::open_files;
use super::request_counts::RequestCounts;
use super::routes::{ROUTES, register};
use super::watch::Watch;
use crate::app::App;
use crate::web::SiteOrigins;

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

/// Starts to listen on the settings' address. The caller runs `server`.
///
/// # Errors
/// The address can't be listened on.
pub fn serve(app: &Arc<App>) -> Result<Running, ListenError> {
    let address = app.settings.server.bind;
    let failed = |error| ListenError { setting: "server.bind", address, error };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let app = Arc::clone(app);
    let counts =
        Arc::new(RequestCounts::new(&app.metrics, ROUTES, &Arc::new(SiteOrigins::new(&app.settings))));
    let workers = match app.settings.server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        number => number,
    };
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .into_utoipa_app()
            .app_data(Data::from(Arc::clone(&app)))
            .configure(register)
            .into_app()
            .default_service(actix_web::web::to(answer_the_rest))
            .wrap(Watch(Arc::clone(&counts)))
    })
    .disable_signals()
    // The whole stop may take ten seconds (`src/cli/serve.rs`).
    .shutdown_timeout(4)
    .workers(workers)
    .max_connections(max_connections(open_files(), workers));
    let server = server.listen(listener).map_err(failed)?.run();
    Ok(Running { address, handle: server.handle(), server })
}

/// The connections of one worker. They leave a quarter of the files that may be open to the database, to calls to Stripe and to
/// the operator's port.
fn max_connections(open_files: u64, workers: usize) -> usize {
    let all = usize::try_from(open_files - open_files / 4).unwrap_or(usize::MAX);
    (all / workers).clamp(16, MAX_CONNECTIONS)
}
