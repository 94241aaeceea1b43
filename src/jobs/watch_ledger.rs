//! Checks the ledger once a day, or once an hour if it has problems.

use super::job::{Outcome, Runner};
use crate::actions;
use crate::app::App;

/// The job that checks the ledger. It remembers when this process last checked it, in milliseconds since 1970.
#[derive(Default)]
pub struct WatchLedger {
    checked_at_ms: Option<i64>,
}

impl WatchLedger {
    /// Creates the job. It has not checked anything yet.
    pub fn start(_: &App) -> Option<Box<dyn Runner>> {
        Some(Box::new(Self::default()))
    }
}

impl Runner for WatchLedger {
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a> {
        Box::pin(async {
            Ok(actions::watch_ledger(app, &app.as_job("books"), &mut self.checked_at_ms).await?)
        })
    }
}
