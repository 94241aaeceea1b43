//! Carries out an API call and returns its reply, with Stripe's rules of idempotency.

use serde_json::Value;

use crate::Refused;
use crate::api::form::Params;
use crate::api::{changing, endpoints, reading, resources, sessions, writing};
use crate::flows::checkout;
use crate::state::{State, StoredReply, Trouble};

/// An API call that the server received.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) request_id: String,
}

/// The reply to an API call.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) request_id: String,
    /// If this is a stored reply, the id of the request that it first answered.
    pub(crate) replayed_from: Option<String>,
}

impl Reply {
    pub(crate) fn refused(refused: &Refused, request_id: &str) -> Self {
        Self {
            status: refused.status,
            body: refused.body(),
            request_id: request_id.to_owned(),
            replayed_from: None,
        }
    }
}

/// Carries out a call. If a reply is stored under the call's idempotency key, returns that reply instead. With
/// `Trouble::Status`, the call fails; other kinds of trouble only affect how the reply is sent.
pub(crate) fn carry_out(state: &mut State, call: &Call, trouble: Option<&Trouble>) -> Reply {
    // Only POST calls need a key to be idempotent. The other methods are idempotent by themselves.
    let key = call.idempotency_key.as_ref().filter(|_| call.method == "POST");
    let fingerprint = format!("{} {}?{}", call.method, call.path, call.params.fingerprint());
    if let Some(stored) = key.and_then(|key| state.replies.get(key)) {
        return replay(stored, &fingerprint, call);
    }
    let outcome = match trouble {
        Some(Trouble::Status(status)) => Err(simulated_error(*status)),
        _ => {
            state.request = Some((call.request_id.clone(), call.idempotency_key.clone()));
            let outcome = route(state, call);
            state.request = None;
            outcome
        }
    };
    let reply_is_stored = outcome.as_ref().err().is_none_or(is_stored);
    let reply = match outcome {
        Ok(body) => Reply { status: 200, body, request_id: call.request_id.clone(), replayed_from: None },
        Err(refused) => Reply::refused(&refused, &call.request_id),
    };
    if let (Some(key), true) = (key, reply_is_stored) {
        let stored = StoredReply {
            fingerprint,
            status: reply.status,
            body: reply.body.clone(),
            request_id: reply.request_id.clone(),
        };
        state.replies.insert(key.clone(), stored);
    }
    reply
}

/// Whether Stripe stores this error under the idempotency key. Stripe stores every error of the call itself, even a
/// 500. It does not store an error that occurs before the call begins, such as an invalid parameter or a rate limit.
fn is_stored(refused: &Refused) -> bool {
    let rejected_early =
        matches!(refused.code, Some(code) if code.starts_with("parameter_") || code.ends_with("_invalid"));
    !rejected_early && !matches!(refused.status, 401 | 409 | 429)
}

fn replay(stored: &StoredReply, fingerprint: &str, call: &Call) -> Reply {
    if stored.fingerprint != fingerprint {
        let sentence = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. \
             Try using a key other than '{}' if you meant to execute a different request.",
            call.idempotency_key.as_deref().unwrap_or_default()
        );
        let refused = Refused { kind: "idempotency_error", ..Refused::invalid(None, sentence) };
        return Reply::refused(&refused, &call.request_id);
    }
    Reply {
        status: stored.status,
        body: stored.body.clone(),
        request_id: call.request_id.clone(),
        replayed_from: Some(stored.request_id.clone()),
    }
}

/// The error of a call that must fail because a test requested it with [`Trouble::Status`].
fn simulated_error(status: u16) -> Refused {
    let (kind, code) = match status {
        429 => ("invalid_request_error", Some("rate_limit")),
        402 => ("card_error", Some("card_declined")),
        500.. => ("api_error", None),
        _ => ("invalid_request_error", None),
    };
    Refused { status, kind, ..Refused::invalid(code, "The practice Stripe was told to fail this call.") }
}

fn route(state: &mut State, call: &Call) -> Result<Value, Refused> {
    let unknown = || {
        let sentence = format!("Unrecognized request URL ({}: {}).", call.method, call.path);
        Refused { status: 404, ..Refused::invalid(None, sentence) }
    };
    let path = call.path.strip_prefix("/v1/").ok_or_else(unknown)?;
    let segments: Vec<&str> = path.split('/').collect();
    let params = &call.params;
    match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["checkout", "sessions"]) => {
            let session = sessions::create(state, params)?;
            Ok(reading::expanded(state, session, params, ""))
        }
        ("POST", ["checkout", "sessions", id, "expire"]) => {
            params.allow_only(&[])?;
            checkout::expire(state, id)
        }
        ("GET", ["checkout", "sessions", id, "line_items"]) => {
            let params = Params::parse(b"expand[]=line_items");
            let resource = resources::resource("checkout/sessions").ok_or_else(unknown)?;
            Ok(reading::read_object(state, resource, id, &params)?["line_items"].clone())
        }
        ("GET", ["checkout", "sessions", id]) => read(state, "checkout/sessions", Some(id), params, unknown),
        ("GET", ["checkout", "sessions"]) => read(state, "checkout/sessions", None, params, unknown),
        ("POST", ["refunds"]) => writing::create_refund(state, params),
        ("POST", ["subscriptions", id]) => writing::update_subscription(state, id, params),
        ("DELETE", ["subscriptions", id]) => writing::cancel_subscription(state, id, params),
        ("GET", ["radar", resource]) => read(state, &format!("radar/{resource}"), None, params, unknown),
        ("GET", ["radar", resource, id]) => {
            read(state, &format!("radar/{resource}"), Some(id), params, unknown)
        }
        (method, ["webhook_endpoints"]) => endpoints::answer(state, method, None, params),
        (method, ["webhook_endpoints", id]) => endpoints::answer(state, method, Some(id), params),
        ("GET", ["account"]) => Ok(endpoints::account(state)),
        ("GET", [resource]) => read(state, resource, None, params, unknown),
        ("GET", [resource, id]) => read(state, resource, Some(id), params, unknown),
        (method, segments) => {
            changing::route(state, method, segments, params).unwrap_or_else(|| Err(unknown()))
        }
    }
}

fn read(
    state: &State,
    resource: &str,
    id: Option<&str>,
    params: &Params,
    unknown: impl Fn() -> Refused,
) -> Result<Value, Refused> {
    let resource = resources::resource(resource).ok_or_else(unknown)?;
    match id {
        Some(id) => reading::read_object(state, resource, id, params),
        None => reading::read_list(state, resource, params),
    }
}
