//! `keepopen serve`

use std::sync::Arc;

use super::Stopped;
use crate::actions;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::http::{self, Running};
use crate::jobs;
use crate::telemetry;

pub fn serve(settings: Settings) -> Result<(), Stopped> {
    telemetry::start(settings.log.format, &settings.log.level)?;
    actix_web::rt::System::new().block_on(async {
        let app = actions::start(settings, Clock::System).await?;
        warn_of_gaps(&app);
        let running = http::serve(&app)?;
        let management = http::serve_management(&app)?;
        let signals = StopSignals::listen()?;
        if let Some(management) = &management {
            tracing::info!(address = %management.address, "health and metrics answer");
        }
        tracing::info!(address = %running.address, sites = app.settings.sites.len(), "keepopen answers");
        run_until_stopped(&app, running, management, signals).await
    })
}

/// Serves and runs the jobs until a signal comes; then ends what is under way.
pub async fn run_until_stopped(
    app: &Arc<App>,
    running: Running,
    management: Option<Running>,
    signals: StopSignals,
) -> Result<(), Stopped> {
    let jobs = jobs::run(app);
    let handle = running.handle;
    let management = management.map(|management| {
        actix_web::rt::spawn(management.server);
        management.handle
    });
    let stopping = Arc::clone(app);
    actix_web::rt::spawn(async move {
        signals.first().await;
        tracing::info!("stopping");
        stopping.begin_stopping();
        handle.stop(true).await;
    });
    let outcome = running.server.await;
    app.intake.finish().await;
    jobs.stop(app).await;
    // Last, so that it can be seen that the service is stopping.
    if let Some(management) = management {
        management.stop(false).await;
    }
    app.store.close().await;
    Ok(outcome?)
}

/// SIGINT and SIGTERM, heard from the moment this exists: whoever was told
/// that the service answers may stop it at once, and what is under way ends well.
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
    async fn first(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn first(self) {
        // An error means that no signal can come; then only the process's end stops it.
        let _ = tokio::signal::ctrl_c().await;
    }
}

fn warn_of_gaps(app: &App) {
    let settings = &app.settings;
    if settings.sites.is_empty() {
        tracing::warn!(
            "no site is configured; add [sites.…] to the settings (config.example.toml shows how)"
        );
    }
    if app.in_force().drafts.is_empty() {
        tracing::warn!("no appeals are in force, so nobody is asked; publish one, or set appeals.file");
    }
    if settings.stripe.secret_key.is_empty() {
        tracing::warn!("no Stripe key is configured, so nobody can give; set stripe.secret_key");
    }
    if app.deliveries.secrets().all().is_empty() {
        tracing::warn!(
            "no webhook secret is known, so no gift is recorded; run `keepopen stripe connect`, or set stripe.webhook_secrets"
        );
    }
}
