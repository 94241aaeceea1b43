//! Asks Stripe about paid invoices for which no event said how they were paid.

use super::{FailedList, OBJECTS_S, ON_ITS_WAY_S, ReconcileError};
use crate::actions::inbox::ingest_fetched::{FetchedObject, ingest_fetched};
use crate::actions::ledger::emit_events::Recording;
use crate::app::{App, Context};
use crate::stripe::CallError;

/// The number of invoices that are fetched per run.
const BATCH: i64 = 50;

/// Asks Stripe how the newest unconfirmed invoices were paid. The event that reports this may not have arrived yet, or
/// the endpoint may not subscribe to such events. If a request fails, returns the failure. The comparison continues.
pub(super) async fn ask_about_unconfirmed(
    app: &App,
    context: &Context<'_>,
) -> Result<Option<FailedList>, ReconcileError> {
    let now_ms = app.now_ms();
    let (from_ms, to_ms) = (now_ms - OBJECTS_S * 1000, now_ms - ON_ITS_WAY_S * 1000);
    for invoice in app.store.unconfirmed(from_ms, to_ms, BATCH).await? {
        let body = match app.stripe.fetch("invoice", &invoice).await {
            Err(CallError::NotFound) | Ok(None) => continue,
            Ok(Some(body)) => body,
            Err(error) => {
                tracing::warn!(invoice, %error, "Stripe could not be asked how an invoice was paid");
                return Ok(Some(FailedList {
                    list: "payments of invoices".to_owned(),
                    why: error.to_string(),
                }));
            }
        };
        let object = FetchedObject { id: &invoice, what: "invoice", body: &body, fetched_at_ms: now_ms };
        ingest_fetched::<Recording>(app, context, object).await?;
    }
    Ok(None)
}
