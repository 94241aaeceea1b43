//! Responds to a request whose method no route of its path has.

use actix_web::http::header::ALLOW;
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::cors::{answer_preflight, is_preflight};
use super::problem::{Code, Problem};
use super::registry::{Route, methods};

/// Answers a request whose method no route of its path has. Answers a preflight, and refuses every other method.
pub fn answer_other_method(request: &HttpRequest, routes: &[&Route]) -> HttpResponse {
    let granted = is_preflight(request).then(|| answer_preflight(request, routes)).flatten();
    granted.unwrap_or_else(|| not_allowed(routes))
}

fn not_allowed(routes: &[&Route]) -> HttpResponse {
    let mut answer = Problem::new(Code::MethodNotAllowed).error_response();
    answer.headers_mut().insert(ALLOW, methods(routes));
    answer
}
