//! Webhook endpoints that are created through the API. Each has its own secret and API version. This file also answers
//! `GET /v1/account`.

use serde_json::{Value, json};

use crate::api::form::Params;
use crate::state::{State, text};
use crate::{PracticeStripe, Refused, ids, objects};

/// The maximum number of webhook endpoints per account, as with Stripe.
const MAX_ENDPOINTS: usize = 16;

/// A webhook endpoint as the API shows it, and its secret. The API shows the secret only once.
pub(crate) struct Endpoint {
    pub(crate) object: Value,
    pub(crate) secret: String,
}

impl Endpoint {
    /// Whether events of this type are delivered to the endpoint.
    pub(crate) fn accepts(&self, kind: &str) -> bool {
        let selects_kind = |event: &Value| event == kind || event == "*";
        text(&self.object, "status") == "enabled"
            && self.object["enabled_events"].as_array().is_some_and(|all| all.iter().any(selects_kind))
    }

    /// The event as it is delivered to this endpoint. If the endpoint has its own API version, the event's
    /// `api_version` names it; the other fields stay the same.
    pub(crate) fn rendered(&self, mut event: Value) -> Value {
        if self.object["api_version"].is_string() {
            event["api_version"] = self.object["api_version"].clone();
        }
        event
    }
}

/// Answers every call below `/v1/webhook_endpoints`.
pub(crate) fn answer(
    state: &mut State,
    method: &str,
    id: Option<&str>,
    params: &Params,
) -> Result<Value, Refused> {
    match (method, id) {
        ("POST", None) => create(state, params),
        ("GET", None) => list(state, params),
        ("GET", Some(id)) => Ok(state.endpoints[index_of(state, id)?].object.clone()),
        ("POST", Some(id)) => update(state, id, params),
        ("DELETE", Some(id)) => {
            let at = index_of(state, id)?;
            state.endpoints.remove(at);
            Ok(json!({ "id": id, "object": "webhook_endpoint", "deleted": true }))
        }
        _ => Err(Refused::invalid(None, format!("Unrecognized method {method} for webhook endpoints."))),
    }
}

fn create(state: &mut State, params: &Params) -> Result<Value, Refused> {
    params.allow_only(&[
        "url",
        "enabled_events[*]",
        "api_version",
        "description",
        "metadata[*]",
        "connect",
    ])?;
    let url = valid_url(params.require("url")?)?;
    let events = events(params)?.ok_or_else(|| {
        Refused::param("parameter_missing", "enabled_events", "Missing required param: enabled_events.")
    })?;
    if state.endpoints.len() >= MAX_ENDPOINTS {
        return Err(Refused::invalid(
            None,
            format!("You have reached the maximum of {MAX_ENDPOINTS} webhook endpoints."),
        ));
    }
    let object = json!({
        "id": ids::new("we_"),
        "object": "webhook_endpoint",
        "api_version": params.or_null("api_version"),
        "application": null,
        "created": state.now(),
        "description": params.or_null("description"),
        "enabled_events": events,
        "livemode": false,
        "metadata": params.metadata("metadata")?,
        "status": "enabled",
        "url": url,
    });
    let secret = ids::new("whsec_");
    let mut shown = object.clone();
    shown["secret"] = json!(secret);
    state.endpoints.push(Endpoint { object, secret });
    Ok(shown)
}

fn update(state: &mut State, id: &str, params: &Params) -> Result<Value, Refused> {
    params.allow_only(&["url", "enabled_events[*]", "disabled", "description", "metadata[*]"])?;
    let at = index_of(state, id)?;
    let disabled = params.label("disabled", &["true", "false"])?;
    let (events, metadata) = (events(params)?, params.metadata("metadata")?);
    let url = params.get("url").map(valid_url).transpose()?;
    let object = &mut state.endpoints[at].object;
    if let Some(url) = url {
        object["url"] = json!(url);
    }
    if let Some(events) = events {
        object["enabled_events"] = json!(events);
    }
    if let Some(disabled) = disabled {
        object["status"] = json!(if disabled == "true" { "disabled" } else { "enabled" });
    }
    if let Some(description) = params.get("description") {
        object["description"] = json!(description);
    }
    for (key, value) in metadata.as_object().into_iter().flatten() {
        object["metadata"][key] = value.clone();
    }
    Ok(object.clone())
}

/// Lists the endpoints, newest first, as in every list at Stripe.
fn list(state: &State, params: &Params) -> Result<Value, Refused> {
    params.allow_only(&["limit", "starting_after"])?;
    let limit = params.integer("limit")?.unwrap_or(10);
    let limit = usize::try_from(limit).ok().filter(|limit| (1..=100).contains(limit)).ok_or_else(|| {
        Refused::param("parameter_invalid_integer", "limit", "The limit must be between 1 and 100.")
    })?;
    let skipped = match params.get("starting_after") {
        Some(id) => state.endpoints.len() - index_of(state, id)?,
        None => 0,
    };
    let mut rest = state.endpoints.iter().rev().skip(skipped);
    let data = rest.by_ref().take(limit).map(|endpoint| endpoint.object.clone()).collect();
    Ok(objects::list("/v1/webhook_endpoints", data, rest.next().is_some()))
}

/// The reply to `GET /v1/account`: the account to which the key belongs.
pub(crate) fn account(state: &State) -> Value {
    let ready = !state.account_is_limited;
    json!({
        "id": "acct_practice",
        "object": "account",
        "business_profile": { "name": state.account_name },
        "charges_enabled": ready,
        "country": "IE",
        "default_currency": "eur",
        "details_submitted": ready,
        "payouts_enabled": ready,
        "type": "standard",
    })
}

fn index_of(state: &State, id: &str) -> Result<usize, Refused> {
    let at = state.endpoints.iter().position(|endpoint| text(&endpoint.object, "id") == id);
    at.ok_or_else(|| Refused::missing("webhook endpoint", "webhook_endpoint", id))
}

fn valid_url(url: &str) -> Result<&str, Refused> {
    if url.starts_with("https://") || url.starts_with("http://") {
        Ok(url)
    } else {
        Err(Refused::param(
            "url_invalid",
            "url",
            "Invalid URL: An explicit scheme (such as https) must be provided.",
        ))
    }
}

/// Reads `enabled_events`. Returns `None` if the call does not contain it.
fn events(params: &Params) -> Result<Option<Vec<String>>, Refused> {
    let named: Vec<String> =
        params.nested("enabled_events").iter().map(|(_, event)| (*event).to_owned()).collect();
    let is_event_type = |event: &str| {
        event == "*"
            || (event.contains('.')
                && event.split('.').all(|part| {
                    !part.is_empty()
                        && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit())
                }))
    };
    match named.iter().find(|event| !is_event_type(event)) {
        Some(event) => {
            let sentence = format!("Invalid enabled_events: {event} is not a type of event.");
            Err(Refused { param: Some("enabled_events".to_owned()), ..Refused::invalid(None, sentence) })
        }
        None => Ok(Some(named).filter(|named| !named.is_empty())),
    }
}

impl PracticeStripe {
    /// With `true`, the account can't accept payments or receive payouts, like an account whose owner Stripe has not
    /// verified yet. With `false`, it can do both.
    pub fn limit_account(&self, limited: bool) {
        self.state.open().account_is_limited = limited;
    }

    /// Changes the given fields of an endpoint, as a person does in Stripe's dashboard.
    pub fn change_endpoint(&self, id: &str, fields: &Value) -> Result<(), Refused> {
        let mut state = self.state.open();
        let at = index_of(&state, id)?;
        for (name, value) in fields.as_object().into_iter().flatten() {
            state.endpoints[at].object[name] = value.clone();
        }
        Ok(())
    }

    /// All webhook endpoints, oldest first, without their secrets.
    #[must_use]
    pub fn endpoints(&self) -> Vec<Value> {
        self.state.open().endpoints.iter().map(|endpoint| endpoint.object.clone()).collect()
    }
}
