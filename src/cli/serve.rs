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
        tracing::info!(address = %running.address, sites = app.settings.sites.len(), "keepopen answers");
        run_until_stopped(&app, running).await
    })
}

/// Serves and runs the jobs until a signal comes; then ends what is under way.
pub async fn run_until_stopped(app: &Arc<App>, running: Running) -> Result<(), Stopped> {
    let jobs = jobs::run(app);
    let handle = running.handle;
    actix_web::rt::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping");
        handle.stop(true).await;
    });
    let outcome = running.server.await;
    jobs.stop(app).await;
    app.store.close().await;
    Ok(outcome?)
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = match signal(SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(error) => {
                tracing::error!(%error, "SIGTERM can't be heard; stop with SIGINT");
                let _ = interrupt.await;
                return;
            }
        };
        tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
}

fn warn_of_gaps(app: &App) {
    let settings = &app.settings;
    if settings.sites.is_empty() {
        tracing::warn!(
            "no site is configured; add [sites.…] to the settings (config.example.toml shows how)"
        );
    }
    if settings.appeals.file.is_none() {
        tracing::warn!("no appeals file is configured, so nobody is asked; set appeals.file");
    }
    if settings.stripe.secret_key.is_empty() {
        tracing::warn!("no Stripe key is configured, so nobody can give; set stripe.secret_key");
    }
    if settings.stripe.webhook_secrets.is_empty() {
        tracing::warn!("no webhook secret is configured, so no gift is recorded; set stripe.webhook_secrets");
    }
}
