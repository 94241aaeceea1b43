//! Creates and retires our webhook endpoint at Stripe, and rolls its secret (replaces it with a new one).
//!
//! Stripe shows an endpoint's secret only when it creates the endpoint, and never changes the endpoint's API version.
//! So a new secret or a new version needs a new endpoint with the same address. Both deliver until the old one is
//! disabled; an event that arrives twice is booked once.

use serde_json::Value;

use super::sync_endpoints::label;
use crate::app::{Change, Context};
use crate::clock;
use crate::keys::Vault;
use crate::store::StoreError;
use crate::store::endpoints::{self, EndpointRow};
use crate::stripe::{API_VERSION, CallError, Endpoint};

/// What was done with one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointChange {
    /// The endpoint was created, and its secret is stored.
    Created(String),
    /// The endpoint was already correct, and nothing was changed.
    Unchanged(String),
    /// The endpoint's event list was corrected, and the endpoint is enabled.
    Corrected(Endpoint),
    /// An older endpoint of this service still delivers events.
    StillActive(Endpoint),
    /// An endpoint has the same address, but this service did not create it.
    NotOurs(String),
    /// The endpoint was disabled, and its secret was deleted from the database.
    Disabled(String),
    /// The endpoint no longer delivers: it was deleted or disabled at Stripe. Its secret was deleted from our database.
    SecretDeleted(String),
}

/// Why the connection was not changed, or was only partly changed. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum ConnectError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "this service has no webhook endpoint with its API version yet; run `keepopen stripe connect` first"
    )]
    NotConnected,
    #[error(
        "{0} has not delivered anything yet, so the old endpoint stays. Make a payment, or wait for an event, while the service runs; `keepopen stripe status` shows the time of the first delivery. To disable the old endpoint without waiting, add --force"
    )]
    NotProven(String),
    #[error(
        "the endpoint {0} is still active from an earlier roll; finish that roll first, with `keepopen stripe connect --finish`"
    )]
    NotFinished(String),
}

/// Creates an endpoint for `url`, or corrects the existing one.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect_stripe(
    context: &Context<'_>,
    vault: &Vault,
    url: &str,
) -> Result<Vec<EndpointChange>, ConnectError> {
    let endpoints_now = EndpointState::load(context, url).await?;
    let (id, first_change) = match endpoints_now.current() {
        Some(endpoint) if endpoint.enabled && endpoint.has_right_events() => {
            (endpoint.id.clone(), EndpointChange::Unchanged(endpoint.id.clone()))
        }
        Some(endpoint) => {
            context.stripe.restore_endpoint(&endpoint.id).await?;
            let change = Change::new("endpoint.fix", &*endpoint.id);
            context.change().await?.commit([change]).await?;
            (endpoint.id.clone(), EndpointChange::Corrected(endpoint.clone()))
        }
        None => {
            let id = create(context, vault, url).await?;
            (id.clone(), EndpointChange::Created(id))
        }
    };
    let mut changes = vec![first_change];
    changes.extend(endpoints_now.old(&id).cloned().map(EndpointChange::StillActive));
    changes.extend(endpoints_now.not_ours().map(|endpoint| EndpointChange::NotOurs(endpoint.id.clone())));
    Ok(changes)
}

/// Creates a second endpoint with the same address. Like every new endpoint, it has a new secret. The previous
/// endpoint still delivers.
///
/// # Errors
/// See [`ConnectError`].
pub async fn roll_stripe_secret(
    context: &Context<'_>,
    vault: &Vault,
    url: &str,
) -> Result<Vec<EndpointChange>, ConnectError> {
    let endpoints_now = EndpointState::load(context, url).await?;
    let current = endpoints_now.current().ok_or(ConnectError::NotConnected)?;
    if let Some(old) = endpoints_now.old(&current.id).next() {
        return Err(ConnectError::NotFinished(old.id.clone()));
    }
    Ok(vec![
        EndpointChange::Created(create(context, vault, url).await?),
        EndpointChange::StillActive(current.clone()),
    ])
}

/// Disables all our endpoints except the newest, and deletes their secrets. Without `force`, this happens only after
/// the newest has delivered an event, which proves that the old ones are no longer needed.
///
/// # Errors
/// See [`ConnectError`].
pub async fn finish_stripe_roll(
    context: &Context<'_>,
    url: &str,
    force: bool,
) -> Result<Vec<EndpointChange>, ConnectError> {
    let endpoints_now = EndpointState::load(context, url).await?;
    let current = endpoints_now.current().ok_or(ConnectError::NotConnected)?;
    let old: Vec<&Endpoint> = endpoints_now.old(&current.id).collect();
    let has_delivered = endpoints_now.stored(&current.id).is_some_and(|row| row.delivered_at_ms.is_some());
    if !old.is_empty() && !has_delivered && !force {
        return Err(ConnectError::NotProven(current.id.clone()));
    }
    let mut changes = Vec::new();
    for endpoint in &old {
        context.stripe.disable_endpoint(&endpoint.id).await?;
        retire(context, &endpoint.id).await?;
        changes.push(EndpointChange::Disabled(endpoint.id.clone()));
    }
    for row in endpoints_now.stored.iter().filter(|row| row.id != current.id) {
        if !old.iter().any(|endpoint| endpoint.id == row.id) {
            retire(context, &row.id).await?;
            changes.push(EndpointChange::SecretDeleted(row.id.clone()));
        }
    }
    Ok(changes)
}

/// The endpoints that exist at Stripe, and the endpoints whose secrets are in our database.
struct EndpointState<'a> {
    url: &'a str,
    at_stripe: Vec<Endpoint>,
    stored: Vec<EndpointRow>,
}

impl<'a> EndpointState<'a> {
    async fn load(context: &Context<'_>, url: &'a str) -> Result<Self, ConnectError> {
        let at_stripe = context.stripe.endpoints().await?;
        Ok(Self { url, at_stripe, stored: context.store.endpoints(context.settings.stripe.mode).await? })
    }

    fn stored(&self, id: &str) -> Option<&EndpointRow> {
        self.stored.iter().find(|row| row.id == id)
    }

    /// Returns the newest of our endpoints that has this address and our API version, and whose secret is stored. (A
    /// lost secret can't be fetched again.)
    fn current(&self) -> Option<&Endpoint> {
        let at_stripe = |row: &EndpointRow| self.at_stripe.iter().find(|endpoint| endpoint.id == row.id);
        let mut candidates = self.stored.iter().filter_map(at_stripe);
        candidates.find(|endpoint| endpoint.url == self.url && endpoint.has_right_version())
    }

    /// Returns our other endpoints that still deliver.
    fn old(&self, current: &str) -> impl Iterator<Item = &Endpoint> {
        let is_ours = |endpoint: &Endpoint| {
            endpoint.is_ours && (endpoint.url == self.url || self.stored(&endpoint.id).is_some())
        };
        self.at_stripe
            .iter()
            .filter(move |endpoint| endpoint.enabled && endpoint.id != current && is_ours(endpoint))
    }

    /// Returns the enabled endpoints that have this address, but that this service did not create.
    fn not_ours(&self) -> impl Iterator<Item = &Endpoint> {
        self.at_stripe
            .iter()
            .filter(|endpoint| endpoint.enabled && !endpoint.is_ours && endpoint.url == self.url)
    }
}

/// Creates an endpoint, and stores its secret. Returns the endpoint's id.
async fn create(context: &Context<'_>, vault: &Vault, url: &str) -> Result<String, ConnectError> {
    let key = hex::encode(clock::random_bytes::<16>());
    let new_endpoint = context.stripe.make_endpoint(url, &format!("keepopen-endpoint-{key}")).await?;
    let row = EndpointRow {
        sealed_secret: vault.seal_secret(&new_endpoint.secret, &label(&new_endpoint.id)),
        id: new_endpoint.id,
        mode: context.settings.stripe.mode.as_str().to_owned(),
        url: url.to_owned(),
        api_version: API_VERSION.to_owned(),
        created_at_ms: context.now_ms(),
        delivered_at_ms: None,
    };
    let write = async {
        let mut tx = context.change().await?;
        endpoints::add(&mut tx, &row).await?;
        let change = Change::new("endpoint.create", &*row.id).field("url", Value::Null, url);
        tx.commit([change]).await
    };
    if let Err(error) = write.await {
        // The new endpoint's secret is lost, so the endpoint is useless. If it can't be disabled now, the operator can
        // disable it in Stripe's dashboard. The next `keepopen stripe connect --finish` disables it too.
        if let Err(error) = context.stripe.disable_endpoint(&row.id).await {
            tracing::warn!(endpoint = row.id, %error, "the secret of a new endpoint could not be stored, and the endpoint could not be disabled either; disable it in Stripe's dashboard");
        }
        return Err(error.into());
    }
    Ok(row.id)
}

/// Deletes an endpoint's secret from the database.
async fn retire(context: &Context<'_>, id: &str) -> Result<(), StoreError> {
    let mut tx = context.change().await?;
    endpoints::retire(&mut tx, id, context.now_ms()).await?;
    tx.commit([Change::new("endpoint.retire", id)]).await
}
