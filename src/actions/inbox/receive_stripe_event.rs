//! Stores an event that Stripe delivered. The delivery is acknowledged only after the event is stored.

use crate::actions::queue::fetch_object::FetchObject;
use crate::actions::queue::replay_task::replay_task;
use crate::app::{App, Change, Context};
use crate::store::inbox::EventState;
use crate::store::intake::Delivered;
use crate::store::{StoreError, unbooked};
use crate::stripe::{self, BadSignature, Envelope, NotAnEvent};

/// The result of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The event is now stored.
    Stored,
    /// The event was already stored.
    Duplicate,
    /// The event's mode (test or live) is wrong. It is stored, but never booked.
    Quarantined,
}

/// Why a delivery was not acknowledged to Stripe.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum ReceiveError {
    #[error("no webhook secret is configured; run `keepopen stripe connect`, or set stripe.webhook_secrets")]
    NotConfigured,
    #[error(transparent)]
    Signature(#[from] BadSignature),
    #[error(transparent)]
    NotAnEvent(#[from] NotAnEvent),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks whether a delivery's body is worth reading: a secret is configured, and the header looks like a signature.
///
/// # Errors
/// See [`ReceiveError`].
pub fn check_before_reading(app: &App, signature: Option<&str>) -> Result<(), ReceiveError> {
    if app.deliveries.secrets().all().is_empty() {
        return Err(ReceiveError::NotConfigured);
    }
    Ok(stripe::check_form(signature)?)
}

/// Checks the signature over the raw bytes, then stores and commits the event.
///
/// # Errors
/// See [`ReceiveError`].
pub async fn receive_stripe_event(
    app: &App,
    context: &Context<'_>,
    signature: Option<&str>,
    body: &[u8],
) -> Result<Received, ReceiveError> {
    let secrets = app.deliveries.secrets();
    if secrets.all().is_empty() {
        return Err(ReceiveError::NotConfigured);
    }
    let now_ms = app.now_ms();
    let secret_index = stripe::find_secret(signature, body, secrets.all(), now_ms.div_euclid(1000))?;
    secrets.record_match(secret_index, now_ms);
    let text = std::str::from_utf8(body).map_err(|_| NotAnEvent)?;
    let envelope = Envelope::read(text)?;
    let is_right_mode = envelope.mode() == app.settings.stripe.mode;
    // A thin event names its object, but does not contain it.
    let is_thin = envelope.related().is_some();
    let delivered = Delivered {
        mode: envelope.mode(),
        created_at_ms: envelope.created_s().saturating_mul(1000),
        received_at_ms: now_ms,
        body: text.to_owned(),
        state: if is_right_mode { EventState::Waiting } else { EventState::Quarantined },
        id: envelope.id.clone(),
        kind: envelope.kind,
        api_version: envelope.api_version.unwrap_or_default(),
    };
    // When this returns, the event is committed, in one transaction with other events that arrived at the same time.
    let is_new = app.intake.store(delivered).await?;
    if !is_new {
        requeue_if_dead(app, context, &envelope.id).await?;
        if is_thin {
            retry_fetch_if_dead(app, context, &envelope.id).await?;
        }
        return Ok(Received::Duplicate);
    }
    if !is_right_mode {
        tracing::warn!(
            event = envelope.id,
            "an event of the other mode was quarantined; check which endpoint sends it, and stripe.mode"
        );
        return Ok(Received::Quarantined);
    }
    app.inbox_notify.notify_one();
    Ok(Received::Stored)
}

/// Requeues a dead event (one that failed at every try) when Stripe delivers it again.
async fn requeue_if_dead(app: &App, context: &Context<'_>, id: &str) -> Result<(), StoreError> {
    if !app.store.is_dead(id).await? {
        return Ok(());
    }
    let mut tx = context.change().await?;
    unbooked::requeue(&mut tx, id, app.now_ms()).await?;
    tx.commit([Change::new("event.requeue", id)]).await?;
    tracing::info!(event = id, "a dead event was delivered again and will be retried");
    app.inbox_notify.notify_one();
    Ok(())
}

/// When Stripe delivers a thin event again, fetches its object again if every earlier try failed.
async fn retry_fetch_if_dead(app: &App, context: &Context<'_>, event: &str) -> Result<(), StoreError> {
    let task = FetchObject::key_of(event);
    if !app.store.is_task_dead(&task).await? {
        return Ok(());
    }
    if replay_task(context, &task).await? {
        tracing::info!(event, "the event of a dead task was delivered again, and the task is tried again");
        app.task_added.notify_one();
    }
    Ok(())
}
