//! What Stripe delivers.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};

use super::State;
use super::body;
use super::problem::{Code, Problem};
use crate::actions::{self, ReceiveError, Received};
use crate::telemetry::Delivery;

/// Deliver a Stripe event.
///
/// Answered with 2xx once the event is on disk: also when it was there before,
/// is of a type that nothing is booked from, or is of the other mode.
#[utoipa::path(
    tag = "Stripe",
    params(("Stripe-Signature" = String, Header, description = "`t=…,v1=…`")),
    request_body(content = String, content_type = "application/json", description = "A Stripe event, as Stripe sends it"),
    responses(
        (status = 200, description = "Stored"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_signature`, `invalid_event`"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "`body_too_large`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`store_unavailable`, `not_configured`"),
    )
)]
#[post("/webhooks/stripe")]
pub async fn receive(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let deliveries = &app.metrics.deliveries;
    let body = body::read(payload, app.settings.stripe.webhook_max_bytes).await;
    let body = body.inspect_err(|_| deliveries.count(Delivery::Unread))?;
    let signature = request.headers().get("stripe-signature").and_then(|value| value.to_str().ok());
    let received = actions::receive_stripe_event(&app, signature, &body).await;
    deliveries.count(outcome(&received));
    match received {
        Ok(_) => Ok(HttpResponse::Ok().finish()),
        Err(ReceiveError::Signature(why)) => {
            tracing::warn!(%why, "a webhook was refused; check stripe.webhook_secrets against the endpoint's signing secret");
            Err(Problem::with(Code::InvalidSignature, why))
        }
        Err(ReceiveError::NotAnEvent(why)) => Err(Problem::with(Code::InvalidEvent, why)),
        Err(error @ ReceiveError::NotConfigured) => {
            tracing::error!(%error, "a webhook can't be checked");
            Err(Code::NotConfigured.into())
        }
        Err(ReceiveError::Database(error)) => Err(Problem::store(&error)),
    }
}

fn outcome(received: &Result<Received, ReceiveError>) -> Delivery {
    match received {
        Ok(Received::Stored) => Delivery::Stored,
        Ok(Received::Duplicate) => Delivery::Duplicate,
        Ok(Received::SetAside) => Delivery::SetAside,
        Err(ReceiveError::Signature(_)) => Delivery::BadSignature,
        Err(ReceiveError::NotAnEvent(_)) => Delivery::NotAnEvent,
        Err(ReceiveError::NotConfigured) => Delivery::Unchecked,
        Err(ReceiveError::Database(_)) => Delivery::StoreFailed,
    }
}
