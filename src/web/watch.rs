//! Gives every request an id, a span and a count. The span adds the request's id, method and route to its log lines.
//!
//! Spans and counts contain the route's pattern, but not the path, the query, the address or the user agent. Those may
//! contain ids and personal data.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{self, Poll};

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use pin_project_lite::pin_project;
use tracing::Instrument;
use tracing::instrument::Instrumented;

use super::request_counts::{RequestCounts, RouteMetrics};
use super::unread::{Answer, Unread};
use crate::clock::{self, Stopwatch};

/// The header with a request's id, in requests and responses.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The maximum length of a request id that the caller sends.
const MAX_ID_LEN: usize = 64;

/// Handles a HEAD request like a GET request. The HTTP library then leaves out the body (RFC 9110, section 9.3.2).
pub fn head_as_get(request: &mut ServiceRequest) {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
}

/// The middleware of one server: gives each request an id, a span and a count.
pub struct Watch(pub Arc<RequestCounts>);

/// A service with this middleware.
pub struct Watched<S> {
    service: S,
    counts: Arc<RequestCounts>,
}

impl<S, B> Transform<S, ServiceRequest> for Watch
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<Answer<B>>;
    type Error = Error;
    type Transform = Watched<S>;
    type InitError = ();
    type Future = Ready<Result<Watched<S>, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(Watched { service, counts: Arc::clone(&self.0) }))
    }
}

impl<S, B> Service<ServiceRequest> for Watched<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<Answer<B>>;
    type Error = Error;
    type Future = Watching<S::Future>;

    forward_ready!(service);

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        head_as_get(&mut request);
        let unread = Unread::hold(&mut request);
        let began = Stopwatch::start();
        let id = id_of(request.headers());
        if request.headers().contains_key(AUTHORIZATION) {
            // A caller with credentials may change something, and the audit log records the request's id. The handler
            // reads the id from this header.
            request.headers_mut().insert(REQUEST_ID.clone(), id.clone());
        }
        let route_metrics = self.counts.metrics_of(&request);
        let span = route_metrics.span(&id);
        let answer = span.in_scope(|| self.service.call(request));
        Watching { answer: answer.instrument(span), began, route_metrics, id: Some(id), unread }
    }
}

pin_project! {
    /// A request in progress. Every banner request creates one, so it is stored in place and not in a box.
    pub struct Watching<F> {
        #[pin]
        answer: Instrumented<F>,
        began: Stopwatch,
        route_metrics: Arc<RouteMetrics>,
        id: Option<HeaderValue>,
        unread: Option<Unread>,
    }
}

impl<F, B> Future for Watching<F>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<Answer<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut outcome = std::task::ready!(this.answer.poll(context));
        let status = match &outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        this.route_metrics.count(status, this.began.elapsed_s());
        if let (Ok(response), Some(id)) = (&mut outcome, this.id.take()) {
            response.headers_mut().insert(REQUEST_ID.clone(), id);
            this.route_metrics.cors.add_headers(response);
        }
        let unread = this.unread.take();
        Poll::Ready(outcome.map(|response| response.map_body(|_, body| Answer { body, unread })))
    }
}

/// The request id that the caller sent, if it is safe in a log line; otherwise a new one.
fn id_of(headers: &HeaderMap) -> HeaderValue {
    match headers.get(&REQUEST_ID) {
        Some(id) if is_safe(id.as_bytes()) => id.clone(),
        _ => HeaderValue::from_bytes(&clock::request_id()).expect("an id must consist of hexadecimal digits"),
    }
}

fn is_safe(id: &[u8]) -> bool {
    let is_safe_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_ID_LEN).contains(&id.len()) && id.iter().all(is_safe_byte)
}

#[cfg(test)]
mod tests {
    use super::is_safe;

    #[test]
    fn an_id_that_could_break_a_log_line_is_not_safe() {
        let longest = "a".repeat(64);
        for good in ["a", "018f-2b_c.9", "0af7651916cd43dd8448eb211c80319c", &longest] {
            assert!(is_safe(good.as_bytes()), "{good}");
        }
        let longer = "a".repeat(65);
        for bad in ["", "a b", "a\tb", "\u{1b}[31m", "a@example.org", "a\"b", "a=b", "a/b", "é", &longer] {
            assert!(!is_safe(bad.as_bytes()), "{bad}");
        }
    }
}
