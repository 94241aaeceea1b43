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
    let report = inspect_stripe(&app.store, &app.stripe, &app.settings, app.now_ms()).await?;
    if let Some(at_ms) = report.contact.delivered_at_ms {
        app.metrics.stripe.set_last_delivery_ms(at_ms);
    }
    // If Stripe does not answer, the check learns nothing new about the endpoint, so the endpoint's known problems
    // stay. If Stripe refuses the call, that counts as an answer.
    let has_answer =
        !matches!(&report.stripe_error, Some(error) if !matches!(error, CallError::Refused { .. }));
    let previous = std::mem::take(known);
    for trouble in StripeTrouble::ALL.iter().copied() {
        let was_present = previous.contains(&trouble);
        let is_present = match trouble {
            StripeTrouble::Signatures => app.deliveries.are_mostly_bad(),
            _ if trouble.is_of_endpoint() && !has_answer => was_present,
            _ => report.troubles.contains(&trouble),
        };
        app.metrics.stripe.set_trouble(trouble, is_present);
        match (was_present, is_present) {
            (false, true) => tracing::warn!(what = trouble.as_label(), "{}", trouble.sentence()),
            (true, false) => {
                tracing::info!(what = trouble.as_label(), "this problem with Stripe is resolved")
            }
            _ => {}
        }
        if is_present {
            known.push(trouble);
        }
    }
    Ok(())
}
