//! The answer to requests that no handler takes: preflights, methods that a path does not have, and paths that are not there.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, LOCATION};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::problem::{Code, Problem};
use super::routes::ROUTES;
use super::{State, webhooks};
use crate::web::{Route, answer_preflight, is_preflight, methods};

/// Answers what no handler took.
pub async fn answer_the_rest(app: State, request: HttpRequest, payload: Payload) -> HttpResponse {
    let is_webhook = webhooks::is_webhook(&app, request.path());
    if is_webhook && request.method() == Method::POST {
        let outcome = webhooks::take_delivery(app, request, payload).await;
        return outcome.unwrap_or_else(|problem| problem.error_response());
    }
    webhooks::record_misdirected(&app, &request);
    if request.path() == "/docs/" {
        return HttpResponse::PermanentRedirect().insert_header((LOCATION, "../docs")).finish();
    }
    let routes = ROUTES.at(if is_webhook { webhooks::PATH } else { request.path() });
    if routes.is_empty() {
        return Problem::new(Code::NotFound).error_response();
    }
    let granted = is_preflight(&request).then(|| answer_preflight(&request, &routes)).flatten();
    granted.unwrap_or_else(|| not_allowed(&routes))
}

fn not_allowed(routes: &[&Route]) -> HttpResponse {
    let mut answer = Problem::new(Code::MethodNotAllowed).error_response();
    answer.headers_mut().insert(ALLOW, methods(routes));
    answer
}
