//! Watches the connection to Stripe.

use super::job::{Outcome, Runner};
use crate::actions;
use crate::app::App;
use crate::telemetry::StripeTrouble;

/// The problems found by the last check.
#[derive(Default)]
pub struct WatchStripe {
    troubles: Vec<StripeTrouble>,
}

impl WatchStripe {
    /// The state before the first check: no problem is known.
    pub fn start(_: &App) -> Option<Box<dyn Runner>> {
        Some(Box::new(Self::default()))
    }
}

impl Runner for WatchStripe {
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a> {
        Box::pin(async { Ok(actions::watch_stripe(app, &app.as_job("stripe"), &mut self.troubles).await?) })
    }
}
