//! `keepopen serve`: runs the service.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::CommandError;
use crate::actions;
use crate::api;
use crate::app::App;
use crate::clock::Clock;
use crate::jobs;
use crate::management;
use crate::sites::Settings;
use crate::telemetry;
use crate::web::{self, Running};

/// How long the service may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_millis(9_500);
/// How long a stop waits for Stripe's deliveries to be stored. The wait begins after the server has stopped. The
/// server's own wait for its remaining requests is `shutdown_timeout` in `src/api/server.rs`.
const INTAKE_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a stop waits for the database to be closed.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(1500);

pub fn serve(settings: Settings) -> Result<(), CommandError> {
    telemetry::start(settings.log.format, &settings.log.level)?;
    let open_files = web::raise_open_files();
    tracing::debug!(open_files, "the limit on open files");
    actix_web::rt::System::new().block_on(async {
        let app = actions::start(settings, Clock::System).await?;
        warn_about_settings(&app);
        let running = api::serve(&app)?;
        let management = management::serve(&app)?;
        let signals = StopSignals::listen()?;
        if let Some(management) = &management {
            tracing::info!(address = %management.address, "serving health checks and metrics");
        }
        tracing::info!(
            address = %running.address,
            sites = app.settings.sites.len(),
            "keepopen is serving requests"
        );
        run_until_stopped(&app, running, management, signals).await
    })
}

/// Serves requests and runs the jobs until a signal arrives, then stops within [`STOP_TIMEOUT`].
pub async fn run_until_stopped(
    app: &Arc<App>,
    running: Running,
    management: Option<Running>,
    signals: StopSignals,
) -> Result<(), CommandError> {
    let jobs = jobs::run(app);
    let handle = running.handle;
    let management = management.map(|management| {
        actix_web::rt::spawn(management.server);
        management.handle
    });
    let app_to_stop = Arc::clone(app);
    actix_web::rt::spawn(async move {
        signals.wait_for_first().await;
        tracing::info!("stopping");
        exit_after(STOP_TIMEOUT);
        app_to_stop.begin_stopping();
        handle.stop(true).await;
    });
    let outcome = running.server.await;
    // Waits for accepted deliveries that have no response yet. Their clients disconnected, but their events must still
    // be stored.
    if timeout(INTAKE_TIMEOUT, app.intake.finish()).await.is_err() {
        tracing::warn!("some deliveries were not stored before the stop; Stripe will send them again");
    }
    jobs.stop(app).await;
    // The management server stops last, so that operators can see that the service is stopping.
    if let Some(management) = management {
        management.stop(false).await;
    }
    if timeout(CLOSE_TIMEOUT, app.store.close()).await.is_err() {
        tracing::warn!("connections to the database did not close in time");
    }
    Ok(outcome?)
}

/// Ends the process after this time, whatever it is doing. Everything that a stop waits for has its own timeout. This
/// limit is for unforeseen failures, such as a disk that does not respond. No acknowledged delivery is lost, because a
/// delivery is acknowledged only after it is stored.
fn exit_after(time: Duration) {
    std::thread::spawn(move || {
        std::thread::sleep(time);
        tracing::error!("the service did not stop in time and was ended");
        std::process::exit(1);
    });
}

/// The signals SIGINT and SIGTERM. Once this value is created, the signals no longer end the process at once. Create it
/// before the server runs, because a supervisor may stop the service as soon as the service answers.
pub struct StopSignals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl StopSignals {
    #[cfg(unix)]
    pub fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn wait_for_first(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait_for_first(self) {
        // If the process can't listen for Ctrl-C, this returns at once, and the service stops.
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Warns about settings that are rarely intended, and about missing settings or data without which readers can't be
/// asked or can't give.
fn warn_about_settings(app: &App) {
    let settings = &app.settings;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    if settings.sites.is_empty() {
        tracing::warn!(
            "no site is configured; add [sites.…] to the settings (config.example.toml shows how)"
        );
    }
    if app.snapshot_inputs().documents.is_empty() {
        tracing::warn!("no appeal is active, so no reader is asked; publish one, or set appeals.file");
    }
    if settings.stripe.secret_key.is_empty() {
        tracing::warn!("no Stripe key is configured, so nobody can give; set stripe.secret_key");
    }
    if app.deliveries.secrets().all().is_empty() {
        tracing::warn!(
            "no webhook secret is configured, so no gift is recorded; run `keepopen stripe connect`, or set stripe.webhook_secrets"
        );
    }
}
