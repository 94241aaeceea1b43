//! Stores the time of Stripe's last delivery, so that other processes can read it and it survives a restart.

use crate::app::{App, Context, MachineWrite};
use crate::store::StoreError;
use crate::store::endpoints::{LastContact, record_contact, record_delivery};

/// Stores when the last delivery arrived, which endpoint's secret matched its signature, and how far the two clocks
/// differed. Does nothing if nothing was delivered since the last call.
///
/// # Errors
/// The database does not answer.
pub async fn record_last_delivery(app: &App, context: &Context<'_>) -> Result<(), StoreError> {
    let Some(unsaved) = app.deliveries.unsaved() else { return Ok(()) };
    let contact = LastContact {
        delivered_at_ms: unsaved.delivered_at_ms,
        clock_difference_ms: unsaved.clock_difference_ms,
    };
    let mut tx = context.machine_write(MachineWrite::LastDelivery).await?;
    record_contact(&mut tx, &contact).await?;
    for endpoint in app.deliveries.secrets().endpoints() {
        if let Some(at_ms) = endpoint.last_at_ms() {
            record_delivery(&mut tx, &endpoint.id, at_ms).await?;
        }
    }
    tx.commit().await?;
    app.deliveries.mark_saved(unsaved);
    if let Some(at_ms) = unsaved.delivered_at_ms {
        app.metrics.stripe.set_last_delivery_ms(at_ms);
    }
    if let Some(difference_ms) = unsaved.clock_difference_ms {
        app.metrics.stripe.set_clock_difference_ms(difference_ms);
    }
    Ok(())
}
