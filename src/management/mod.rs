//! The server for operators, on its own port: liveness, readiness, metrics, and the page `/books`.
//!
//! **Owns** the routes of the management port, which are not part of the public API.
//! **Never** writes to the store, and never identifies its callers, because the port is not public.
//! **Start at** [`serve`].
//! **Tested in** `tests/api/management.rs`, `tests/api/pages.rs`.

mod books;

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Service;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Data;
use actix_web::{HttpResponse, HttpServer, get};
use serde::Serialize;

use crate::app::App;
use crate::web::{ListenError, Running, head_as_get, listen, problem};

/// The state of the management server's handlers.
type State = Data<App>;

/// How long the database may take to respond. If it takes longer, the service reports that it is not ready.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Starts to listen on the management address of the settings. Returns `None` if the management port is switched off.
/// The caller must run the returned [`Running::server`].
///
/// # Errors
/// Listening on the address fails.
pub fn serve(app: &Arc<App>) -> Result<Option<Running>, ListenError> {
    const SETTING: &str = "management.bind";
    let Some(address) = app.settings.management.bind else { return Ok(None) };
    let (listener, address) = listen(SETTING, address)?;
    let app = Arc::clone(app);
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(Data::from(Arc::clone(&app)))
            .service(livez)
            .service(readyz)
            .service(metrics)
            .service(books::books_page)
            .wrap_fn(|mut request, service| {
                head_as_get(&mut request);
                service.call(request)
            })
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(1);
    let listen_error = |error| ListenError { setting: SETTING, address, error };
    let server = server.listen(listener).map_err(listen_error)?.run();
    Ok(Some(Running { address, handle: server.handle(), server }))
}

/// Liveness: a response shows that the process runs.
#[get("/livez")]
async fn livez() -> HttpResponse {
    text_response("alive\n".to_owned())
}

/// The body of a response that says why the service is not ready.
#[derive(Serialize)]
struct NotReady {
    title: &'static str,
    status: u16,
    /// The parts that are not ready.
    not_ready: Vec<&'static str>,
}

/// Readiness: the data folder is in place, the database responds and accepts writes, events are booked in time, and the
/// service is not stopping.
#[get("/readyz")]
async fn readyz(app: State) -> HttpResponse {
    let not_ready = not_ready(&app).await;
    if not_ready.is_empty() {
        return text_response("ready\n".to_owned());
    }
    HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, problem::MEDIA_TYPE))
        .body(
            serde_json::json!(NotReady { title: "The service is not ready.", status: 503, not_ready })
                .to_string(),
        )
}

/// The parts that are not ready.
async fn not_ready(app: &App) -> Vec<&'static str> {
    let mut not_ready = Vec::new();
    if app.is_stopping() {
        not_ready.push("stopping");
    }
    let files_moved = app.store.was_reached() && app.store.check_files().is_err();
    if files_moved || app.data_folder.check().is_err() {
        not_ready.push("data_folder");
    }
    match tokio::time::timeout(TIMEOUT, app.store.due_since_ms()).await {
        Ok(Ok(due_since_ms)) => {
            if !app.can_write() {
                not_ready.push("database_writes");
            }
            let limit_ms = i64::from(app.settings.management.max_booking_delay_seconds) * 1000;
            if limit_ms > 0 && due_since_ms.is_some_and(|since_ms| app.now_ms() - since_ms > limit_ms) {
                not_ready.push("booking");
            }
        }
        _ => not_ready.push("database"),
    }
    not_ready
}

/// Serves the metrics, in Prometheus' text format.
#[get("/metrics")]
async fn metrics(app: State) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(app.metrics.render())
}

fn text_response(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body(text)
}
