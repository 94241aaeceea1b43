//! Makes, rolls and retires our webhook endpoint at Stripe.
//!
//! Stripe tells an endpoint's secret only when it is made, and never changes its version: a new secret and a new version
//! are a new endpoint with the same address. Both deliver until the old one is disabled; what comes twice is booked once.

use serde_json::Value;

use super::sync_endpoints::label;
use crate::app::{Change, Context};
use crate::clock;
use crate::keys::Vault;
use crate::store::StoreError;
use crate::store::endpoints::{self, EndpointRow};
use crate::stripe::{API_VERSION, CallError, Endpoint};

/// What was done with one endpoint, or left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndpointChange {
    /// It was made, and its secret is kept.
    Made(String),
    /// It was as it should be.
    Kept(String),
    /// Its events were put right, and it is enabled.
    Mended(Endpoint),
    /// An older one of ours delivers still.
    StillDelivers(Endpoint),
    /// Somebody else's delivers to the same address.
    NotOurs(String),
    /// It delivers no more, and its secret is forgotten.
    Disabled(String),
    /// It is not at Stripe any more; its secret is forgotten.
    Forgotten(String),
}

/// Why the connection was not changed, or not wholly, and what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its sentence")]
pub enum ConnectError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no endpoint of ours in this version yet; run `keepopen stripe connect` first")]
    NotConnected,
    #[error(
        "{0} has not delivered anything yet, so the old endpoint stays. Give once, or wait for an event, while the service runs; `keepopen stripe status` says when it came. --force does not wait"
    )]
    NotProven(String),
    #[error("{0} still delivers from before; finish that first with --finish")]
    NotFinished(String),
}

/// Makes an endpoint for `url`, or puts the one right that is there.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect_stripe(
    context: &Context<'_>,
    vault: &Vault,
    url: &str,
) -> Result<Vec<EndpointChange>, ConnectError> {
    let here = EndpointState::look(context, url).await?;
    let (id, done) = match here.current() {
        Some(endpoint) if endpoint.enabled && endpoint.has_right_events() => {
            (endpoint.id.clone(), EndpointChange::Kept(endpoint.id.clone()))
        }
        Some(endpoint) => {
            context.stripe.mend_endpoint(&endpoint.id).await?;
            let change = Change::new("endpoint.fix", &*endpoint.id);
            context.change().await?.commit([change]).await?;
            (endpoint.id.clone(), EndpointChange::Mended(endpoint.clone()))
        }
        None => {
            let id = make(context, vault, url).await?;
            (id.clone(), EndpointChange::Made(id))
        }
    };
    let mut all = vec![done];
    all.extend(here.old(&id).cloned().map(EndpointChange::StillDelivers));
    all.extend(here.not_ours().map(|endpoint| EndpointChange::NotOurs(endpoint.id.clone())));
    Ok(all)
}

/// Makes another endpoint with the same address, and so another secret; the one before delivers still.
///
/// # Errors
/// See [`ConnectError`].
pub async fn roll_stripe_secret(
    context: &Context<'_>,
    vault: &Vault,
    url: &str,
) -> Result<Vec<EndpointChange>, ConnectError> {
    let here = EndpointState::look(context, url).await?;
    let current = here.current().ok_or(ConnectError::NotConnected)?;
    if let Some(old) = here.old(&current.id).next() {
        return Err(ConnectError::NotFinished(old.id.clone()));
    }
    Ok(vec![
        EndpointChange::Made(make(context, vault, url).await?),
        EndpointChange::StillDelivers(current.clone()),
    ])
}

/// Disables every endpoint of ours but the newest, and forgets their secrets. Unless `force`, only when the newest has
/// delivered: from then on it is known that nothing hangs on the old ones.
///
/// # Errors
/// See [`ConnectError`].
pub async fn finish_stripe_roll(
    context: &Context<'_>,
    url: &str,
    force: bool,
) -> Result<Vec<EndpointChange>, ConnectError> {
    let here = EndpointState::look(context, url).await?;
    let current = here.current().ok_or(ConnectError::NotConnected)?;
    let old: Vec<&Endpoint> = here.old(&current.id).collect();
    let has_delivered = here.held(&current.id).is_some_and(|row| row.delivered_at_ms.is_some());
    if !old.is_empty() && !has_delivered && !force {
        return Err(ConnectError::NotProven(current.id.clone()));
    }
    let mut done = Vec::new();
    for endpoint in &old {
        context.stripe.disable_endpoint(&endpoint.id).await?;
        retire(context, &endpoint.id).await?;
        done.push(EndpointChange::Disabled(endpoint.id.clone()));
    }
    for row in here.held.iter().filter(|row| row.id != current.id) {
        if !old.iter().any(|endpoint| endpoint.id == row.id) {
            retire(context, &row.id).await?;
            done.push(EndpointChange::Forgotten(row.id.clone()));
        }
    }
    Ok(done)
}

/// What is at Stripe, and what we hold secrets of.
struct EndpointState<'a> {
    url: &'a str,
    at_stripe: Vec<Endpoint>,
    held: Vec<EndpointRow>,
}

impl<'a> EndpointState<'a> {
    async fn look(context: &Context<'_>, url: &'a str) -> Result<Self, ConnectError> {
        let at_stripe = context.stripe.endpoints().await?;
        Ok(Self { url, at_stripe, held: context.store.endpoints(context.settings.stripe.mode).await? })
    }

    fn held(&self, id: &str) -> Option<&EndpointRow> {
        self.held.iter().find(|row| row.id == id)
    }

    /// The newest of ours with this address, in our version, whose secret we hold. (A secret that is lost can't be had
    /// again.)
    fn current(&self) -> Option<&Endpoint> {
        let at_stripe = |row: &EndpointRow| self.at_stripe.iter().find(|endpoint| endpoint.id == row.id);
        let mut good = self.held.iter().filter_map(at_stripe);
        good.find(|endpoint| endpoint.url == self.url && endpoint.has_right_version())
    }

    /// Those of ours that deliver beside this one.
    fn old(&self, current: &str) -> impl Iterator<Item = &Endpoint> {
        let is_ours = |endpoint: &Endpoint| {
            endpoint.ours && (endpoint.url == self.url || self.held(&endpoint.id).is_some())
        };
        self.at_stripe
            .iter()
            .filter(move |endpoint| endpoint.enabled && endpoint.id != current && is_ours(endpoint))
    }

    fn not_ours(&self) -> impl Iterator<Item = &Endpoint> {
        self.at_stripe
            .iter()
            .filter(|endpoint| endpoint.enabled && !endpoint.ours && endpoint.url == self.url)
    }
}

async fn make(context: &Context<'_>, vault: &Vault, url: &str) -> Result<String, ConnectError> {
    let key = hex::encode(clock::random_bytes::<16>());
    let made = context.stripe.make_endpoint(url, &format!("keepopen-endpoint-{key}")).await?;
    let row = EndpointRow {
        sealed_secret: vault.seal_secret(&made.secret, &label(&made.id)),
        id: made.id,
        mode: context.settings.stripe.mode.as_str().to_owned(),
        url: url.to_owned(),
        api_version: API_VERSION.to_owned(),
        created_at_ms: context.now_ms(),
        delivered_at_ms: None,
    };
    let kept = async {
        let mut tx = context.change().await?;
        endpoints::add(&mut tx, &row).await?;
        let change = Change::new("endpoint.create", &*row.id).field("url", Value::Null, url);
        tx.commit([change]).await
    };
    if let Err(error) = kept.await {
        // Nobody knows its secret now. Should this fail too, the next --finish disables it.
        if let Err(error) = context.stripe.disable_endpoint(&row.id).await {
            tracing::warn!(endpoint = row.id, %error, "an endpoint whose secret could not be kept is not disabled");
        }
        return Err(error.into());
    }
    Ok(row.id)
}

async fn retire(context: &Context<'_>, id: &str) -> Result<(), StoreError> {
    let mut tx = context.change().await?;
    endpoints::retire(&mut tx, id, context.now_ms()).await?;
    tx.commit([Change::new("endpoint.retire", id)]).await
}
