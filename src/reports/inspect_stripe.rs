//! Checks the connection to Stripe.

use crate::sites::Settings;
use crate::store::endpoints::{EndpointRow, LastContact};
use crate::store::{Store, StoreError};
use crate::stripe::{CallError, Endpoint, Gateway};
use crate::telemetry::{InboxState, LabelValue, StripeTrouble};

/// How far Stripe's clock and ours may differ, in milliseconds. A signature is valid for 300 seconds.
const MAX_CLOCK_DIFFERENCE_MS: i64 = 60_000;
/// The time after which an abandoned payment page expires. Stripe sends an event when it expires.
const PAYMENT_PAGE_TTL_MS: i64 = 24 * 60 * 60 * 1000;

/// The state of the connection to Stripe.
#[derive(Debug)]
pub struct ConnectionReport {
    /// The endpoint that should deliver events to us, in its state at Stripe.
    pub endpoint: Option<Endpoint>,
    /// Other endpoints with our address, enabled or disabled.
    pub others: Vec<Endpoint>,
    /// Why the request to Stripe failed. `None` if it succeeded.
    pub stripe_error: Option<CallError>,
    /// The endpoints whose secrets are stored, newest first.
    pub stored_endpoints: Vec<EndpointRow>,
    /// The last contact with Stripe.
    pub contact: LastContact,
    /// The number of dead events. They failed so often that they are no longer retried.
    pub dead: i64,
    /// The number of quarantined events.
    pub quarantined: i64,
    /// The problems that the check found.
    pub troubles: Vec<StripeTrouble>,
}

/// Returns the URL to which our endpoint should deliver. This is the URL of the newest endpoint in `stored`. If there
/// is none, it is `/webhooks/stripe` at the public URL.
pub fn webhook_url(settings: &Settings, stored: &[EndpointRow]) -> String {
    let default_url = || format!("{}/webhooks/stripe", settings.issuer());
    stored.first().map_or_else(default_url, |row| row.url.clone())
}

/// Checks the connection, at Stripe and in the database.
///
/// # Errors
/// The database does not answer. A failure to reach Stripe is part of the report.
pub async fn inspect_stripe(
    store: &Store,
    stripe: &Gateway,
    settings: &Settings,
    now_ms: i64,
) -> Result<ConnectionReport, StoreError> {
    let stored = store.endpoints(settings.stripe.mode).await?;
    let contact = store.contact().await?;
    let inbox = store.inbox_rows().await?;
    let count = |state: InboxState| {
        inbox.iter().find(|row| row.state == state.as_label()).map_or(0, |row| row.events)
    };
    let (dead, quarantined) = (count(InboxState::Dead), count(InboxState::Quarantined));
    let listed = stripe.endpoints().await;
    let (endpoint, others) = match &listed {
        Ok(all) => ours_and_others(all, &stored, &webhook_url(settings, &stored)),
        Err(_) => (None, Vec::new()),
    };
    let mut troubles = match &listed {
        Ok(_) => troubles_of_endpoint(endpoint.as_ref(), !stored.is_empty()),
        Err(CallError::Refused { .. }) => vec![StripeTrouble::KeyRefused],
        Err(_) => Vec::new(),
    };
    if is_silent(store, settings, &contact, now_ms).await? {
        troubles.push(StripeTrouble::NoDeliveries);
    }
    if contact
        .clock_difference_ms
        .is_some_and(|difference| difference.saturating_abs() > MAX_CLOCK_DIFFERENCE_MS)
    {
        troubles.push(StripeTrouble::Clock);
    }
    if dead > 0 {
        troubles.push(StripeTrouble::DeadEvents);
    }
    Ok(ConnectionReport {
        endpoint,
        others,
        stripe_error: listed.err(),
        stored_endpoints: stored,
        contact,
        dead,
        quarantined,
        troubles,
    })
}

impl StripeTrouble {
    /// Whether this is a problem of the endpoint at Stripe or of our access to it. Only Stripe can tell us about such
    /// a problem.
    pub fn is_of_endpoint(self) -> bool {
        match self {
            Self::EndpointMissing
            | Self::EndpointDisabled
            | Self::EndpointVersion
            | Self::EndpointEvents
            | Self::KeyRefused => true,
            Self::NoDeliveries | Self::Clock | Self::Signatures | Self::DeadEvents => false,
        }
    }

    /// Says what is wrong, and what to do.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::EndpointMissing => {
                "our webhook endpoint no longer exists at Stripe; run `keepopen stripe connect`"
            }
            Self::EndpointDisabled => {
                "our webhook endpoint is disabled at Stripe, so no gift is recorded; run `keepopen stripe connect`"
            }
            Self::EndpointVersion => {
                "our webhook endpoint has a different version of Stripe's API than this program; run `keepopen stripe connect`"
            }
            Self::EndpointEvents => {
                "our webhook endpoint does not deliver every required event; run `keepopen stripe connect`"
            }
            Self::KeyRefused => {
                "the key has no permission to read webhook endpoints; give it the permission Webhook Endpoints: read, or set another key"
            }
            Self::NoDeliveries => {
                "Stripe has delivered no events for some time, although it should have; check the endpoint's deliveries in the dashboard"
            }
            Self::Clock => {
                "this machine's clock differs from Stripe's by more than a minute; synchronise it with NTP"
            }
            Self::Signatures => {
                "at least half of the last deliveries had a bad signature; check `keepopen stripe status`, and the proxy in front of the service"
            }
            Self::DeadEvents => "some events could not be processed; see `keepopen events list --state dead`",
        }
    }
}

/// Returns the endpoint that should deliver to us, and the other endpoints with our address. If we created no
/// endpoint, the first is any endpoint with our address, preferably an enabled one.
fn ours_and_others(all: &[Endpoint], stored: &[EndpointRow], url: &str) -> (Option<Endpoint>, Vec<Endpoint>) {
    let with_our_url = || all.iter().filter(|endpoint| is_same_address(&endpoint.url, url));
    let found = match stored.first() {
        Some(newest) => all.iter().find(|endpoint| endpoint.id == newest.id),
        None => with_our_url().find(|endpoint| endpoint.enabled).or_else(|| with_our_url().next()),
    };
    let is_other = |endpoint: &&Endpoint| found.is_none_or(|found| found.id != endpoint.id);
    (found.cloned(), with_our_url().filter(is_other).cloned().collect())
}

/// Whether two URLs mean the same path of the same host. Additional slashes make no difference.
fn is_same_address(one: &str, other: &str) -> bool {
    let parts = |text: &str| {
        let (scheme, rest) = text.split_once("://")?;
        let segments = rest.split('/').filter(|segment| !segment.is_empty());
        Some((scheme.to_owned(), segments.map(str::to_owned).collect::<Vec<String>>()))
    };
    one == other || parts(one).is_some_and(|one| Some(one) == parts(other))
}

/// Returns the problems of an endpoint. If we did not create the endpoint, its API version is not checked, because we
/// can read events of other versions too.
fn troubles_of_endpoint(endpoint: Option<&Endpoint>, is_made_by_us: bool) -> Vec<StripeTrouble> {
    let Some(endpoint) = endpoint else {
        return if is_made_by_us { vec![StripeTrouble::EndpointMissing] } else { Vec::new() };
    };
    let checks = [
        (!endpoint.enabled, StripeTrouble::EndpointDisabled),
        (is_made_by_us && !endpoint.has_right_version(), StripeTrouble::EndpointVersion),
        (!endpoint.missing_events().is_empty(), StripeTrouble::EndpointEvents),
    ];
    checks.into_iter().filter_map(|(is_wrong, trouble)| is_wrong.then_some(trouble)).collect()
}

/// Whether Stripe delivered no event for the configured time, although it should have sent one about a checkout.
async fn is_silent(
    store: &Store,
    settings: &Settings,
    contact: &LastContact,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let silence_ms = i64::from(settings.stripe.silence_minutes) * 60_000;
    if silence_ms == 0 {
        return Ok(false);
    }
    let since_ms = contact.delivered_at_ms.unwrap_or(0);
    let paid_before_ms = now_ms - silence_ms;
    store.is_event_overdue(since_ms, paid_before_ms, paid_before_ms - PAYMENT_PAGE_TTL_MS).await
}
