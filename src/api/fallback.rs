//! Responds to requests that no route takes: preflights, unsupported methods, and unknown paths.

use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::routes::ROUTES;
use super::webhooks;
use crate::web::problem::{Code, Problem};
use crate::web::{State, answer_other_method};

/// Answers a request that no route takes. If its path is another spelling of the webhook's path, such as one with an
/// additional slash, the request is handled as a delivery from Stripe.
pub async fn answer_unrouted(app: State, request: HttpRequest, payload: Payload) -> HttpResponse {
    let is_webhook = webhooks::is_webhook(&app, request.path());
    if is_webhook && request.method() == Method::POST {
        let outcome = webhooks::take_delivery(app, request, payload).await;
        return outcome.unwrap_or_else(|problem| problem.error_response());
    }
    webhooks::record_misdirected(&app, &request);
    if request.path() == "/docs/" {
        return HttpResponse::PermanentRedirect().insert_header((LOCATION, "../docs")).finish();
    }
    let routes = ROUTES.routes_at(if is_webhook { webhooks::PATH } else { request.path() });
    if routes.is_empty() {
        return Problem::new(Code::NotFound).error_response();
    }
    answer_other_method(&request, &routes)
}
