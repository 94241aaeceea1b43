//! Keeps the metrics small, and logs how many log lines were suppressed.

use std::convert::Infallible;

use crate::app::App;
use crate::telemetry::log_limits::report_suppressed_lines;

/// Sorts measured durations into their buckets, and logs how many lines were suppressed.
///
/// # Errors
/// This job can't fail.
pub async fn tidy(app: &App) -> Result<(), Infallible> {
    app.metrics.tidy();
    report_suppressed_lines();
    Ok(())
}
