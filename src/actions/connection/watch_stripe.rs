//! Watches the connection to Stripe.

use super::record_last_delivery::record_last_delivery;
use crate::app::{App, Context};
use crate::reports::inspect_stripe;
use crate::store::StoreError;
use crate::stripe::CallError;
use crate::telemetry::{LabelValue, StripeTrouble};

/// Checks the connection once, sets the metrics, and logs each problem that appeared or went away since the last
/// check. `known` contains the problems from the last check; this check replaces them.
///
/// # Errors
/// The database does not answer.
pub async fn watch_stripe(
    app: &App,
    context: &Context<'_>,
    known: &mut Vec<StripeTrouble>,
) -> Result<(), StoreError> {
    record_last_delivery(app, context).await?;
    let survey = inspect_stripe(&app.store, &app.stripe, &app.settings, app.now_ms()).await?;
    if let Some(at_ms) = survey.contact.delivered_at_ms {
        app.metrics.stripe.set_last_delivery_ms(at_ms);
    }
    // If Stripe does not answer, the check learns nothing new about the endpoint, so its known state stays.
    let is_told = !matches!(&survey.not_asked, Some(error) if !matches!(error, CallError::Refused { .. }));
    let was = std::mem::take(known);
    for what in StripeTrouble::ALL.iter().copied() {
        let before = was.contains(&what);
        let now = match what {
            StripeTrouble::Signatures => app.deliveries.are_mostly_bad(),
            what if what.is_of_endpoint() && !is_told => before,
            what => survey.troubles.contains(&what),
        };
        app.metrics.stripe.set_trouble(what, now);
        match (before, now) {
            (false, true) => tracing::warn!(what = what.as_label(), "{}", what.sentence()),
            (true, false) => tracing::info!(what = what.as_label(), "this problem with Stripe is resolved"),
            _ => {}
        }
        if now {
            known.push(what);
        }
    }
    Ok(())
}
