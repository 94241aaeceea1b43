//! Manages our webhook endpoints at Stripe, and reads the account.

use std::collections::BTreeMap;

use miniserde::Deserialize;
use serde_json::{Value, json};
use stripe::{IdempotencyKey, RequestStrategy};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::wanted::{API_VERSION, EVENTS};
use super::{CallError, Gateway};
use crate::config::{Mode, Secret};

const PATH: &str = "/webhook_endpoints";
/// The metadata key that marks an endpoint as created by us. Endpoints without it are never changed.
const METADATA_KEY: &str = "keepopen_endpoint";
/// The number of endpoints per page of the list. Stripe allows up to 100 per page, and an account has up to sixteen.
const PAGE_SIZE: usize = 100;

/// A webhook endpoint in its state at Stripe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Stripe's id of the endpoint (`we_…`).
    pub id: String,
    /// The URL to which the endpoint delivers.
    pub url: String,
    /// The API version of the endpoint's events; `None` for the account's default.
    pub api_version: Option<String>,
    /// Whether the endpoint is enabled.
    pub enabled: bool,
    /// The endpoint's event types; `*` means nearly all.
    pub events: Vec<String>,
    /// The mode (test or live) whose events the endpoint delivers.
    pub mode: Mode,
    /// Whether we created the endpoint.
    pub is_ours: bool,
}

/// A new endpoint, and its secret, which Stripe shows only when the endpoint is created.
#[derive(Debug)]
pub struct MadeEndpoint {
    /// The endpoint's id.
    pub id: String,
    /// The secret that signs the endpoint's deliveries.
    pub secret: Secret,
}

/// What the account is allowed to do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Whether the account can take payments.
    pub charges_enabled: bool,
    /// Whether the account receives payouts.
    pub payouts_enabled: bool,
    /// The account's default payout currency.
    pub default_currency: Option<String>,
}

#[derive(Deserialize)]
struct EndpointJson {
    id: String,
    url: String,
    api_version: Option<String>,
    status: String,
    enabled_events: Vec<String>,
    livemode: bool,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<EndpointJson>,
    has_more: bool,
}

#[derive(Deserialize)]
struct CreatedJson {
    id: String,
    secret: String,
}

#[derive(Deserialize)]
struct ChangedJson {
    #[expect(dead_code, reason = "it is read only to check that the response has an id")]
    id: String,
}

impl Endpoint {
    /// Returns the required events that the endpoint does not deliver.
    pub fn missing_events(&self) -> Vec<&'static str> {
        let delivers = |required: &str| self.events.iter().any(|event| event == required || event == "*");
        EVENTS.iter().copied().filter(|required| !delivers(required)).collect()
    }

    /// Returns the events that the endpoint delivers but that we don't use.
    pub fn unneeded_events(&self) -> Vec<&str> {
        let is_unneeded = |event: &&str| !EVENTS.contains(event);
        self.events.iter().map(String::as_str).filter(is_unneeded).collect()
    }

    /// Whether the endpoint's events are exactly the required ones.
    pub fn has_right_events(&self) -> bool {
        self.missing_events().is_empty() && self.unneeded_events().is_empty()
    }

    /// Whether the endpoint's events use our API version.
    pub fn has_right_version(&self) -> bool {
        self.api_version.as_deref() == Some(API_VERSION)
    }
}

impl Gateway {
    /// Returns every webhook endpoint of the account, newest first.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, CallError> {
        let client = self.client()?;
        let mut all: Vec<Endpoint> = Vec::new();
        loop {
            let mut query = json!({ "limit": PAGE_SIZE });
            if let Some(last) = all.last() {
                query["starting_after"] = json!(last.id);
            }
            let send = || RequestBuilder::new(StripeMethod::Get, PATH).query(&query).customize::<Page>();
            let page = self.send_with_retries(client, send).await?;
            let has_more = page.has_more && !page.data.is_empty();
            all.extend(page.data.into_iter().map(Endpoint::from));
            if !has_more {
                return Ok(all);
            }
        }
    }

    /// Creates an endpoint that delivers [`EVENTS`] in [`API_VERSION`]. `key` is the idempotency key.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn make_endpoint(&self, url: &str, key: &str) -> Result<MadeEndpoint, CallError> {
        let client = self.client()?;
        let key = IdempotencyKey::new(key)
            .map_err(|_| CallError::Refused { status: 400, code: "idempotency_key".to_owned() })?;
        let form = json!({
            "url": url,
            "enabled_events": EVENTS,
            "api_version": API_VERSION,
            "description": "Keepopen: payment events",
            "metadata": { METADATA_KEY: "1" },
        });
        let send = || {
            let strategy = RequestStrategy::Idempotent(key.clone());
            RequestBuilder::new(StripeMethod::Post, PATH)
                .form(&form)
                .customize::<CreatedJson>()
                .request_strategy(strategy)
        };
        let made = self.send_with_retries(client, send).await?;
        Ok(MadeEndpoint { id: made.id, secret: Secret::from(made.secret.as_str()) })
    }

    /// Sets an endpoint's events to the required ones, and enables it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn restore_endpoint(&self, id: &str) -> Result<(), CallError> {
        self.change_endpoint(id, &json!({ "enabled_events": EVENTS, "disabled": "false" })).await
    }

    /// Disables an endpoint. It stays visible in the dashboard.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn disable_endpoint(&self, id: &str) -> Result<(), CallError> {
        self.change_endpoint(id, &json!({ "disabled": "true" })).await
    }

    /// Changes an endpoint. Repeating the call changes nothing, so it needs no idempotency key.
    async fn change_endpoint(&self, id: &str, form: &Value) -> Result<(), CallError> {
        let client = self.client()?;
        let path = format!("{PATH}/{id}");
        let send =
            || RequestBuilder::new(StripeMethod::Post, path.as_str()).form(form).customize::<ChangedJson>();
        self.send_with_retries(client, send).await.map(drop)
    }

    /// Returns what the account is allowed to do.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn account(&self) -> Result<Account, CallError> {
        let client = self.client()?;
        self.send_with_retries(client, || RequestBuilder::new(StripeMethod::Get, "/account").customize())
            .await
    }
}

impl From<EndpointJson> for Endpoint {
    fn from(json: EndpointJson) -> Self {
        Self {
            is_ours: json.metadata.is_some_and(|metadata| metadata.contains_key(METADATA_KEY)),
            id: json.id,
            url: json.url,
            api_version: json.api_version,
            enabled: json.status == "enabled",
            events: json.enabled_events,
            mode: if json.livemode { Mode::Live } else { Mode::Test },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(events: &[&str]) -> Endpoint {
        Endpoint {
            id: "we_1".to_owned(),
            url: "https://give.example.org/webhooks/stripe".to_owned(),
            api_version: Some(API_VERSION.to_owned()),
            enabled: true,
            events: events.iter().map(|event| (*event).to_owned()).collect(),
            mode: Mode::Test,
            is_ours: true,
        }
    }

    #[test]
    fn missing_and_unneeded_events_are_distinguished() {
        assert!(endpoint(EVENTS).has_right_events());
        let fewer = endpoint(&EVENTS[1..]);
        assert_eq!((fewer.missing_events(), fewer.unneeded_events()), (vec![EVENTS[0]], vec![]));
        let more = endpoint(&[EVENTS, &["person.created"]].concat());
        assert_eq!((more.missing_events(), more.unneeded_events()), (vec![], vec!["person.created"]));
        assert!(endpoint(&["*"]).missing_events().is_empty() && !endpoint(&["*"]).has_right_events());
    }
}
