//! Logs: what an operator reads. No personal data, no secrets, no bodies.

use std::io::IsTerminal;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One readable line each.
    Human,
    /// One JSON object each.
    Json,
}

/// The log level is not one that can be understood.
#[derive(Debug, thiserror::Error)]
#[error(
    "log.level is not understood ({0}); write error, warn, info, debug, or a filter such as `info,keepopen=debug`"
)]
pub struct BadLogLevel(#[from] tracing_subscriber::filter::ParseError);

/// Starts logging to standard error. A second call changes nothing.
///
/// # Errors
/// The level is not understood.
pub fn start(format: LogFormat, level: &str) -> Result<(), BadLogLevel> {
    let filter = filter(level)?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start (a test that runs two servers) keeps the first.
    let _ = match format {
        LogFormat::Human => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    Ok(())
}

/// Checks a level without starting anything.
///
/// # Errors
/// The level is not understood.
pub fn check_level(level: &str) -> Result<(), BadLogLevel> {
    filter(level)?;
    Ok(())
}

/// PostgreSQL remarks on each start that a table is there already; that is nothing to tell an operator, unless asked for.
fn filter(level: &str) -> Result<EnvFilter, BadLogLevel> {
    let remarks = format!("sqlx::postgres::notice=warn,{level}");
    Ok(EnvFilter::try_new(remarks)?)
}
