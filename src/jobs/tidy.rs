//! Keeps metrics small, and logs how many lines were suppressed.

use std::convert::Infallible;

use crate::app::App;
use crate::telemetry::log_limits::report_suppressed_lines;

/// Does so once.
///
/// # Errors
/// None.
pub async fn tidy(app: &App) -> Result<(), Infallible> {
    app.metrics.tidy();
    report_suppressed_lines();
    Ok(())
}
