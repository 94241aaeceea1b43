//! Logs for operators. They contain no personal data, no secrets and no request bodies.

use std::io::IsTerminal;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::log_limits::LibraryLines;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One readable line per event.
    Human,
    /// One JSON object per event.
    Json,
}

/// The log level can't be parsed.
#[derive(Debug, thiserror::Error)]
#[error(
    "log.level can't be parsed ({0}); write error, warn, info, debug, or a filter such as `info,keepopen=debug`"
)]
pub struct BadLogLevel(String);

/// Starts logging to standard error. A second call changes nothing.
///
/// # Errors
/// The level can't be parsed.
pub fn start(format: LogFormat, level: &str) -> Result<(), BadLogLevel> {
    let filter = filter(level)?;
    let registry = tracing_subscriber::registry().with(filter).with(LibraryLines);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // If logging has already started, as in a test that runs two servers, the first configuration stays.
    let _ = match format {
        LogFormat::Human => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
    Ok(())
}

/// Checks a level without starting anything.
///
/// # Errors
/// The level can't be parsed.
pub fn check_level(level: &str) -> Result<(), BadLogLevel> {
    filter(level)?;
    Ok(())
}

/// Returns the filter for a level. By default it hides PostgreSQL's notice that a table already exists, which appears
/// on each start.
fn filter(level: &str) -> Result<EnvFilter, BadLogLevel> {
    if let Some(word) = level.split(',').find(|part| is_misspelt(part.trim())) {
        return Err(BadLogLevel(format!("`{word}` is not a level")));
    }
    let directives = format!("sqlx::postgres::notice=warn,{level}");
    EnvFilter::try_new(directives).map_err(|error| BadLogLevel(error.to_string()))
}

/// Whether a part of a filter is a misspelt level. The filter's parser would read a single word such as `infoo` as the
/// name of a module, and log only that module's lines.
fn is_misspelt(part: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_filter = part.contains(['=', '[', ']', '{', '}']);
    !is_filter && !LEVELS.contains(&part.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::check_level;

    #[test]
    fn levels_and_filters_are_accepted_and_misspelt_ones_are_rejected() {
        for good in [
            "info",
            "WARN",
            "off",
            "info,keepopen=debug",
            "warn,keepopen::jobs=trace",
            "[request{id=1}]=debug",
        ] {
            assert!(check_level(good).is_ok(), "{good}");
        }
        for bad in ["infoo", "", "info,debugg", "keepopen", "keepopen=infoo", "info,"] {
            assert!(check_level(bad).is_err(), "{bad}");
        }
    }
}
