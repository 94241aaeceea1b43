//! Receives the events that Stripe delivers to the webhook.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};
use serde_json::Value;

use crate::actions::{self, ReceiveError, Received};
use crate::app::{Actor, App};
use crate::telemetry::Delivery;
use crate::telemetry::log_limits::{MISDIRECTED_WEBHOOKS, REFUSED_WEBHOOKS, UNCHECKED_WEBHOOKS};
use crate::web::State;
use crate::web::body;
use crate::web::problem::{Code, Problem};

/// The required fields of an event. Everything else that Stripe sends is stored unchanged.
#[derive(utoipa::ToSchema)]
#[schema(as = StripeEvent)]
#[expect(dead_code, reason = "only used for the API description")]
struct EventShape {
    /// Stripe's id of the event.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        example = "evt_1a2b3c"
    )]
    id: String,
    /// The event's type.
    #[schema(
        min_length = 1,
        max_length = 255,
        pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
        example = "invoice.paid"
    )]
    r#type: String,
    /// The version of Stripe's API that the object uses.
    #[schema(max_length = 255, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$")]
    api_version: Option<String>,
    /// Whether the event is from live mode.
    livemode: Option<bool>,
    /// When Stripe created the event: seconds since 1970, or RFC 3339.
    #[schema(value_type = Option<Value>)]
    created: Option<Value>,
    /// What the event is about.
    data: Option<DataShape>,
}

/// What an event is about.
#[derive(utoipa::ToSchema)]
#[schema(as = StripeEventData)]
#[expect(dead_code, reason = "only used for the API description")]
struct DataShape {
    /// The object as it was when the event was created.
    #[schema(value_type = Option<Value>)]
    object: Option<Value>,
}

/// Deliver a Stripe event.
///
/// Returns 2xx when the event is stored on disk. This includes an event that was already stored, an event of a type
/// that is not booked, and an event of the wrong mode. After any other response, Stripe delivers the event again. The
/// signature covers the bytes of the body.
#[utoipa::path(
    tag = "Stripe",
    operation_id = "receive_stripe_event",
    params(("Stripe-Signature" = String, Header, description = "`t=…,v1=…`, as Stripe creates it")),
    request_body(content = EventShape, content_type = "application/json", description = "A Stripe event, as Stripe sends it"),
    responses((status = 200, description = "Stored")),
    extensions(("x-problems" = json!([
        Code::InvalidSignature, Code::InvalidEvent, Code::BodyTooLarge, Code::BodyTooSlow, Code::Conflict, Code::StoreUnavailable,
        Code::NotConfigured, Code::Internal,
    ]))),
)]
#[post("/webhooks/stripe")]
pub async fn receive(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    take_delivery(app, request, payload).await
}

/// Handles a delivery to the webhook's path, or to another spelling of this path.
pub async fn take_delivery(
    app: State,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let delivery_counts = &app.metrics.deliveries;
    let signature = request.headers().get("stripe-signature").and_then(|value| value.to_str().ok());
    let received = match actions::check_before_reading(&app, signature) {
        Ok(()) => {
            let body = body::read(&app, payload, app.settings.stripe.webhook_max_bytes).await;
            let body = body.inspect_err(|_| delivery_counts.count(Delivery::Unread))?;
            actions::receive_stripe_event(&app, &app.context(Actor::Stripe), signature, &body).await
        }
        Err(refused) => Err(refused),
    };
    delivery_counts.count(delivery_outcome(&received));
    match &received {
        Ok(_) => app.deliveries.record(signature, Ok(()), app.now_ms()),
        Err(ReceiveError::Signature(why)) => app.deliveries.record(signature, Err(why), app.now_ms()),
        Err(_) => {}
    }
    match received {
        Ok(_) => Ok(HttpResponse::Ok().finish()),
        Err(ReceiveError::Signature(why)) => {
            if REFUSED_WEBHOOKS.admits() {
                tracing::warn!(%why, "a webhook was rejected; check stripe.webhook_secrets against the endpoint's signing secret");
            }
            Err(Problem::with(Code::InvalidSignature, why))
        }
        Err(ReceiveError::NotAnEvent(why)) => Err(Problem::with(Code::InvalidEvent, why)),
        Err(error @ ReceiveError::NotConfigured) => {
            if UNCHECKED_WEBHOOKS.admits() {
                tracing::error!(%error, "a webhook's signature can't be checked");
            }
            Err(Code::NotConfigured.into())
        }
        Err(ReceiveError::Store(error)) => Err(Problem::store(&error)),
    }
}

fn delivery_outcome(received: &Result<Received, ReceiveError>) -> Delivery {
    match received {
        Ok(Received::Stored) => Delivery::Stored,
        Ok(Received::Duplicate) => Delivery::Duplicate,
        Ok(Received::Quarantined) => Delivery::Quarantined,
        Err(ReceiveError::Signature(_)) => Delivery::BadSignature,
        Err(ReceiveError::NotAnEvent(_)) => Delivery::NotAnEvent,
        Err(ReceiveError::NotConfigured) => Delivery::Unchecked,
        Err(ReceiveError::Store(_)) => Delivery::StoreFailed,
    }
}

/// The path of the webhook.
pub const PATH: &str = "/webhooks/stripe";
/// The maximum number of bytes of a path that are logged.
const MAX_LOGGED_PATH: usize = 100;

/// Whether a path is the webhook's. It may have additional slashes. It may also begin with the path of the public URL,
/// because some proxies do not remove that path.
pub fn is_webhook(app: &App, path: &str) -> bool {
    fn segments(path: &str) -> impl DoubleEndedIterator<Item = &str> {
        path.split('/').filter(|segment| !segment.is_empty())
    }
    let prefix = app.settings.server.public_url.path();
    segments(path).eq(segments(PATH)) || segments(path).eq(segments(prefix).chain(segments(PATH)))
}

/// Counts and logs a request with a Stripe signature to a path that does not accept webhooks. If Stripe sent the
/// request, its event is not stored, and gifts go unrecorded.
pub fn record_misdirected(app: &App, request: &HttpRequest) {
    if !request.headers().contains_key("stripe-signature") {
        return;
    }
    app.metrics.misdirected.increment(1);
    if !MISDIRECTED_WEBHOOKS.admits() {
        return;
    }
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/-_.".contains(char);
    let path: String = request.path().chars().map(|char| if is_plain(char) { char } else { '?' }).collect();
    let path = &path[..path.len().min(MAX_LOGGED_PATH)];
    tracing::warn!(
        path,
        "a request with a Stripe signature arrived at a path that does not accept webhooks; in Stripe, change the endpoint's URL so that it ends with {PATH}"
    );
}
