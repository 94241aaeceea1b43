//! The public server.

use std::sync::Arc;

use actix_web::HttpServer;
use actix_web::web::Data;
use utoipa_actix_web::AppExt;

use super::fallback::answer_unrouted;
use super::recent::Recent;
use super::routes::{ROUTES, register};
use crate::app::App;
use crate::web::{
    ListenError, RequestCounts, Running, ServerState, SiteOrigins, Watch, listen, max_connections,
};

/// The busiest route: every page view sends a request to it.
const BUSIEST: &str = "/v1/banner";

/// Starts to listen on the address in the settings. The caller must run the returned [`Running::server`].
///
/// # Errors
/// Listening on the address fails.
pub fn serve(app: &Arc<App>) -> Result<Running, ListenError> {
    const SETTING: &str = "server.bind";
    let (listener, address) = listen(SETTING, app.settings.server.bind)?;
    let (state, recent) = (Data::new(ServerState::new(app)), Data::new(Recent::new(app)));
    let origins = Arc::new(SiteOrigins::new(&app.settings));
    let counts = Arc::new(RequestCounts::new(&app.metrics, ROUTES, BUSIEST, &origins));
    let workers = match app.settings.server.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        number => number,
    };
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .into_utoipa_app()
            .app_data(state.clone())
            .app_data(recent.clone())
            .configure(register)
            .into_app()
            .default_service(actix_web::web::to(answer_unrouted))
            .wrap(Watch(Arc::clone(&counts)))
    })
    .disable_signals()
    // The service must stop within ten seconds (see the timeouts in `src/cli/serve.rs`). Four of these seconds are for
    // the requests in progress.
    .shutdown_timeout(4)
    .workers(workers)
    .max_connections(max_connections(workers));
    let listen_error = |error| ListenError { setting: SETTING, address, error };
    let server = server.listen(listener).map_err(listen_error)?.run();
    Ok(Running { address, handle: server.handle(), server })
}
