//! The parts of Stripe's HTTP API that a contribution service needs.
//!
//! **Owns**: keys, idempotency, parameters, routes and the shape of every response.
//! **Never**: decides the effects of a payment; `flows/` does that.
//! **Start at**: `answer` below, then `calls.rs` for the routes.
//! **Tested in**: `practice/tests/practice/api.rs`.

mod calls;
mod changing;
pub(crate) mod endpoints;
mod filters;
pub(crate) mod form;
mod reading;
mod resources;
mod sessions;
mod writing;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::api::calls::{Call, Reply};
use crate::api::form::Params;
use crate::state::{SharedState, State, Trouble};
use crate::{API_VERSION, Refused, ids};

/// The URL path, relative to `/v1/`, for this kind of object. `None` if no call reads objects of this kind.
pub(crate) fn resource_path(kind: &str) -> Option<&'static str> {
    resources::RESOURCES.iter().find(|resource| resource.kind == kind).map(|resource| resource.path)
}

/// Answers an API call. Every request that is not for a page is treated as an API call.
pub(crate) async fn answer(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<SharedState>,
) -> HttpResponse {
    let version = header(&request, "Stripe-Version").unwrap_or_else(|| API_VERSION.to_owned());
    let call = Call {
        method: request.method().as_str().to_owned(),
        path: request.path().to_owned(),
        params: Params::parse(if body.is_empty() { request.query_string().as_bytes() } else { &body }),
        idempotency_key: header(&request, "Idempotency-Key"),
        request_id: ids::new("req_"),
    };
    let (reply, trouble) = {
        let mut state = state.open();
        match check_key(&state, &request) {
            Err(refused) => (Reply::refused(&refused, &call.request_id), None),
            Ok(()) => {
                let trouble = next_trouble(&mut state);
                (calls::carry_out(&mut state, &call, trouble.as_ref()), trouble)
            }
        }
    };
    match trouble {
        Some(Trouble::HtmlBadGateway) => html_bad_gateway(),
        Some(Trouble::Drop) => interrupted_response(),
        Some(Trouble::Hang(time)) => {
            tokio::time::sleep(time).await;
            respond(&reply, &version, &call)
        }
        Some(Trouble::Status(_)) | None => respond(&reply, &version, &call),
    }
}

fn respond(reply: &Reply, version: &str, call: &Call) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response
        .insert_header(("Request-Id", reply.request_id.as_str()))
        .insert_header(("Stripe-Version", version))
        .insert_header(("Cache-Control", "no-cache, no-store"));
    if let Some(key) = &call.idempotency_key {
        response.insert_header(("Idempotency-Key", key.as_str()));
    }
    if let Some(first) = &reply.replayed_from {
        response
            .insert_header(("Idempotent-Replayed", "true"))
            .insert_header(("Original-Request", first.as_str()));
    }
    response.content_type("application/json").body(pretty(&reply.body))
}

fn pretty(body: &Value) -> String {
    format!("{body:#}")
}

/// Checks the API key. As with Stripe, the key may be a bearer token or the user name of Basic authentication.
fn check_key(state: &State, request: &HttpRequest) -> Result<(), Refused> {
    let unauthorised = |message: String| Refused { status: 401, ..Refused::invalid(None, message) };
    let authorisation = header(request, "Authorization").unwrap_or_default();
    let key = if let Some(key) = authorisation.strip_prefix("Bearer ") {
        key.trim().to_owned()
    } else if let Some(encoded) = authorisation.strip_prefix("Basic ") {
        let bytes = STANDARD.decode(encoded.trim()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).split(':').next().unwrap_or_default().to_owned()
    } else {
        let sentence = "You did not provide an API key. Send the secret test key as a bearer token in the Authorization header.";
        return Err(unauthorised(sentence.to_owned()));
    };
    if key == state.secret_key {
        return Ok(());
    }
    let end: String = key.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    Err(unauthorised(format!("Invalid API Key provided: ****{end}")))
}

/// Returns the failure that a test set for this call, if any. Also counts down the calls that must first succeed, and
/// the calls that must fail.
fn next_trouble(state: &mut State) -> Option<Trouble> {
    let (trouble, calls_left) = state.trouble.clone()?;
    if state.calls_before_trouble > 0 {
        state.calls_before_trouble -= 1;
        return None;
    }
    match calls_left {
        Some(0 | 1) => state.trouble = None,
        Some(count) => state.trouble = Some((trouble.clone(), Some(count - 1))),
        None => {}
    }
    Some(trouble)
}

fn html_bad_gateway() -> HttpResponse {
    HttpResponse::BadGateway()
        .content_type("text/html; charset=utf-8")
        .body("<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>")
}

/// A response whose `Content-Length` promises 1,000 bytes, but whose connection closes before the first one.
fn interrupted_response() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(InterruptedBody)
}

struct InterruptedBody;

impl actix_web::body::MessageBody for InterruptedBody {
    type Error = std::io::Error;

    fn size(&self) -> actix_web::body::BodySize {
        actix_web::body::BodySize::Sized(1_000)
    }

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<web::Bytes, Self::Error>>> {
        std::task::Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get(name)?.to_str().ok().map(str::to_owned)
}
