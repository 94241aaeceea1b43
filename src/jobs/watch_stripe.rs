//! Watches the connection to Stripe.

use super::job::{Outcome, Runner};
use crate::actions;
use crate::app::App;
use crate::telemetry::StripeTrouble;

/// The job that checks the connection to Stripe. It remembers the problems that the last check found.
#[derive(Default)]
pub struct WatchStripe {
    troubles: Vec<StripeTrouble>,
}

impl WatchStripe {
    /// Creates the job. No problem is known yet.
    pub fn start(_: &App) -> Option<Box<dyn Runner>> {
        Some(Box::new(Self::default()))
    }
}

impl Runner for WatchStripe {
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a> {
        Box::pin(async { Ok(actions::watch_stripe(app, &app.as_job("stripe"), &mut self.troubles).await?) })
    }
}
