//! Stores an object that was fetched from Stripe in the inbox, and books it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::process_event::process_event;
use crate::actions::ledger::emit_events::Emitter;
use crate::app::{App, Context, MachineWrite};
use crate::keys::sha256;
use crate::store::inbox::{self, Arrival, EventState, Source};
use crate::store::{StoreError, Tx};

/// An object that was fetched from Stripe.
#[derive(Clone, Copy)]
pub(in crate::actions) struct FetchedObject<'a> {
    /// The object's id.
    pub id: &'a str,
    /// The object's type in plain words, such as `invoice`.
    pub what: &'a str,
    /// The JSON text that Stripe returned.
    pub body: &'a str,
    /// When the object was fetched, in milliseconds since 1970.
    pub fetched_at_ms: i64,
}

/// The result of storing a fetched object.
pub(in crate::actions) struct Ingested {
    /// The id of the object's row in the inbox.
    pub inbox_id: String,
    /// False if the same JSON was already stored.
    pub is_new: bool,
}

/// Stores a fetched object and processes it. The inbox id is derived from the JSON, so an unchanged object is stored
/// once.
///
/// # Errors
/// See [`StoreError`].
pub(in crate::actions) async fn ingest_fetched<E: Emitter>(
    app: &App,
    context: &Context<'_>,
    object: FetchedObject<'_>,
) -> Result<Ingested, StoreError> {
    let hash = sha256(object.body.as_bytes());
    let version = URL_SAFE_NO_PAD.encode(&hash[..12]);
    let mut tx = context.machine_write(MachineWrite::Booking).await?;
    let (inbox_id, is_new) = insert_fetched(app, &mut tx, object, &version).await?;
    tx.commit().await?;
    process_event::<E>(app, context, &inbox_id).await?;
    Ok(Ingested { inbox_id, is_new })
}

/// Adds a fetched object to the inbox. Returns its inbox id and whether it is new. `version` distinguishes two fetches
/// of the same object.
///
/// # Errors
/// See [`StoreError`].
pub(in crate::actions) async fn insert_fetched(
    app: &App,
    tx: &mut Tx,
    object: FetchedObject<'_>,
    version: &str,
) -> Result<(String, bool), StoreError> {
    let id = format!("fetched_{}_{version}", object.id);
    let kind = format!("fetched {}", object.what);
    let arrival = Arrival {
        id: &id,
        kind: &kind,
        api_version: "",
        source: Source::Fetched,
        mode: app.settings.stripe.mode,
        created_at_ms: object.fetched_at_ms,
        received_at_ms: app.now_ms(),
        body: object.body,
        state: EventState::Waiting,
    };
    let is_new = inbox::insert(tx, &arrival).await?;
    Ok((id, is_new))
}
