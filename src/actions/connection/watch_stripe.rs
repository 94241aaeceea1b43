//! Watches the connection to Stripe.

use super::record_last_delivery::record_last_delivery;
use crate::app::App;
use crate::reports::inspect_stripe;
use crate::store::StoreError;
use crate::stripe::CallError;
use crate::telemetry::{LabelValue, StripeTrouble};

/// Looks once, shows what is wrong as numbers, and says in the log what has become wrong or right since the last look. `known` is
/// what was wrong then, and becomes what is wrong now.
///
/// # Errors
/// The database does not answer.
pub async fn watch_stripe(app: &App, known: &mut Vec<StripeTrouble>) -> Result<(), StoreError> {
    record_last_delivery(app).await?;
    let survey = inspect_stripe(&app.store, &app.stripe, &app.settings, app.now_ms()).await?;
    if let Some(at_ms) = survey.contact.delivered_at_ms {
        app.metrics.stripe.set_last_delivery_ms(at_ms);
    }
    // A Stripe that does not answer tells nothing of the endpoint: what was known of it stays.
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
            (true, false) => tracing::info!(what = what.as_label(), "this is right again at Stripe"),
            _ => {}
        }
        if now {
            known.push(what);
        }
    }
    Ok(())
}
