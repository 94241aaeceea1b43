//! Counts requests by route, method and status class. The counters are registered once, so that counting a request
//! takes only a few additions.

use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram};
use rustc_hash::FxHashMap;
use tracing::Span;

use super::cors::{CrossOrigin, SiteOrigins};
use super::registry::{Cors, Registry, Route};
use crate::telemetry::Metrics;

/// The status classes, as labels.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The label for unknown routes and methods, so that callers can't create new labels.
const OTHER: &str = "other";

/// The metrics of every path.
pub struct RequestCounts {
    paths: FxHashMap<&'static str, Methods>,
    /// The metrics of requests to unknown paths.
    other: Methods,
}

/// The metrics of one path, by method.
struct Methods {
    known: Vec<(Method, Arc<RouteMetrics>)>,
    /// The metrics of requests with a method for which the path has no route.
    other: Arc<RouteMetrics>,
}

/// The metrics of one route, and its CORS headers.
pub struct RouteMetrics {
    route: &'static str,
    method: String,
    /// Whether the route's requests have a span only at level debug.
    is_busiest: bool,
    /// The number of responses in each status class.
    classes: [Counter; CLASSES.len()],
    /// How long the requests took.
    seconds: Histogram,
    pub cors: CrossOrigin,
}

impl RequestCounts {
    /// Creates the metrics of every route in the table, at zero.
    pub fn new(metrics: &Metrics, routes: Registry, busiest: &str, sites: &Arc<SiteOrigins>) -> Self {
        let route_metrics = |path: &'static str, method: &str, cors: Cors| {
            let cors = CrossOrigin::new(cors, sites);
            Arc::new(RouteMetrics::new(metrics, path, method, path == busiest, cors))
        };
        let methods = |path: &'static str, routes: &[&Route]| {
            let known = routes
                .iter()
                .map(|route| (route.method.clone(), route_metrics(path, route.method.as_str(), route.cors)));
            // A page that may call one method of this path may also read the error responses to all other methods.
            let widest = routes.iter().map(|route| route.cors).max().unwrap_or(Cors::SameOrigin);
            Methods { known: known.collect(), other: route_metrics(path, OTHER, widest) }
        };
        let paths = routes.by_path();
        Self {
            paths: paths.map(|(path, routes)| (path, methods(path, &routes))).collect(),
            other: methods(OTHER, &[]),
        }
    }

    /// The metrics of a request's route and method.
    pub fn metrics_of(&self, request: &ServiceRequest) -> Arc<RouteMetrics> {
        // For most routes, the pattern is the path itself. For the others, the request's path is compared with all
        // patterns.
        let by_path = self.paths.get(request.path());
        let by_pattern = || self.paths.get(request.match_pattern()?.as_str());
        let methods = by_path.or_else(by_pattern).unwrap_or(&self.other);
        let known = methods.known.iter().find(|(known, _)| known == request.method());
        Arc::clone(known.map_or(&methods.other, |(_, route_metrics)| route_metrics))
    }
}

fn id_text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}

impl RouteMetrics {
    fn new(
        metrics: &Metrics,
        route: &'static str,
        method: &str,
        is_busiest: bool,
        cors: CrossOrigin,
    ) -> Self {
        let labels = [("route", route), ("method", method)];
        let help = "Time from a request to the start of its response, in seconds.";
        let seconds = metrics.durations("keepopen_http_request_seconds", help, &labels);
        let classes = CLASSES.map(|class| {
            let labels = [("route", route), ("method", method), ("status", class)];
            metrics.counter(
                "keepopen_http_requests_total",
                "Requests, by route, method and status class.",
                &labels,
            )
        });
        Self { route, method: method.to_owned(), is_busiest, classes, seconds, cors }
    }

    /// The span of the request's log lines. The busiest route has a span only at level debug, because a span would
    /// cost as much time as the decision whether to show an appeal.
    pub fn span(&self, id: &HeaderValue) -> Span {
        let (method, route) = (self.method.as_str(), self.route);
        if self.is_busiest {
            tracing::debug_span!("request", id = id_text(id), method, route)
        } else {
            tracing::info_span!("request", id = id_text(id), method, route)
        }
    }

    /// Counts one response.
    pub fn count(&self, status: StatusCode, took_s: f64) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.classes[class].increment(1);
        self.seconds.record(took_s);
    }
}
