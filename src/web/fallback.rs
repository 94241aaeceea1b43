//! Responds to a request if its path has routes, but none with the request's method.

use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::cors::{answer_preflight, is_preflight};
use super::problem::{Code, Problem};
use super::registry::{Route, methods};

/// Responds to a request if none of the `routes` at its path has its method. Answers a preflight, and refuses every
/// other method.
pub fn answer_other_method(request: &HttpRequest, routes: &[&Route]) -> HttpResponse {
    let preflight_response = is_preflight(request).then(|| answer_preflight(request, routes)).flatten();
    preflight_response.unwrap_or_else(|| not_allowed(routes))
}

fn not_allowed(routes: &[&Route]) -> HttpResponse {
    let mut answer = Problem::new(Code::MethodNotAllowed).error_response();
    answer.headers_mut().insert(ALLOW, methods(routes));
    answer
}
