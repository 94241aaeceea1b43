//! Invoices that are paid, and of which no event said how: Stripe is asked.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{FailedList, OBJECTS_S, ON_ITS_WAY_S, ReconcileError};
use crate::actions::process_event;
use crate::app::App;
use crate::store::inbox::{self, Arrival, EventState, Source};
use crate::stripe::CallError;

/// Invoices that are asked about in one go.
const BATCH: i64 = 50;

/// Asks Stripe what paid the newest invoices of which that is not known. The event that says so may be on its way, or the
/// endpoint may not send it. When Stripe does not answer that is named, and the lists are read all the same.
pub(super) async fn ask_about_unconfirmed(app: &App) -> Result<Option<FailedList>, ReconcileError> {
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
        let hash = digest::digest(&digest::SHA256, body.as_bytes());
        let id = format!("fetched_{invoice}_{}", URL_SAFE_NO_PAD.encode(&hash.as_ref()[..12]));
        let arrival = Arrival {
            id: &id,
            kind: "fetched invoice",
            api_version: "",
            source: Source::Fetched,
            mode: app.settings.stripe.mode,
            created_at_ms: now_ms,
            received_at_ms: now_ms,
            body: &body,
            state: EventState::Waiting,
        };
        let mut tx = app.store.begin().await?;
        inbox::insert(&mut tx, &arrival).await?;
        tx.commit().await?;
        process_event(app, &id).await?;
    }
    Ok(None)
}
