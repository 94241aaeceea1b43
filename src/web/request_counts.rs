//! Requests by route, method and status class: registered once, so that counting is a few additions.

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

/// The classes of statuses, as labels.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
/// The route of a path that no route takes, and the method that no route has: callers can't make series.
const OTHER: &str = "other";

/// Every path's numbers.
pub struct RequestCounts {
    paths: FxHashMap<&'static str, Methods>,
    other: Methods,
}

struct Methods {
    known: Vec<(Method, Arc<Counted>)>,
    other: Arc<Counted>,
}

/// The numbers of one route, and what its answers say to pages of other origins.
pub struct Counted {
    route: &'static str,
    method: String,
    /// Whether its requests have a span only at level debug.
    is_busiest: bool,
    classes: [Counter; CLASSES.len()],
    seconds: Histogram,
    pub cors: CrossOrigin,
}

impl RequestCounts {
    /// Numbers for every route of the table, at zero. `busiest` is the path whose requests have a span only at level debug.
    pub fn new(metrics: &Metrics, routes: Registry, busiest: &str, sites: &Arc<SiteOrigins>) -> Self {
        let counted = |path: &'static str, method: &str, cors: Cors| {
            let cors = CrossOrigin::new(cors, sites);
            Arc::new(Counted::new(metrics, path, method, path == busiest, cors))
        };
        let methods = |path: &'static str, routes: &[&Route]| {
            let known =
                routes.iter().map(|it| (it.method.clone(), counted(path, it.method.as_str(), it.cors)));
            // What a page may ask of one method here, it may be told of the others.
            let widest = routes.iter().map(|it| it.cors).max().unwrap_or(Cors::SameOrigin);
            Methods { known: known.collect(), other: counted(path, OTHER, widest) }
        };
        let paths = routes.by_path();
        Self {
            paths: paths.map(|(path, routes)| (path, methods(path, &routes))).collect(),
            other: methods(OTHER, &[]),
        }
    }

    /// The numbers of a request's route and method.
    pub fn of(&self, request: &ServiceRequest) -> Arc<Counted> {
        // The pattern of most routes is their path. The others', and that no route fits, is found by trying all of them.
        let by_path = self.paths.get(request.path());
        let by_pattern = || self.paths.get(request.match_pattern()?.as_str());
        let methods = by_path.or_else(by_pattern).unwrap_or(&self.other);
        let known = methods.known.iter().find(|(known, _)| known == request.method());
        Arc::clone(known.map_or(&methods.other, |(_, counted)| counted))
    }
}

fn text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}

impl Counted {
    fn new(
        metrics: &Metrics,
        route: &'static str,
        method: &str,
        is_busiest: bool,
        cors: CrossOrigin,
    ) -> Self {
        let labels = [("route", route), ("method", method)];
        let help = "How long a request took until its answer began, in seconds.";
        let seconds = metrics.durations("keepopen_http_request_seconds", help, &labels);
        let classes = CLASSES.map(|class| {
            let labels = [("route", route), ("method", method), ("status", class)];
            metrics.counter(
                "keepopen_http_requests_total",
                "Requests, by route, method and class of the answer's status.",
                &labels,
            )
        });
        Self { route, method: method.to_owned(), is_busiest, classes, seconds, cors }
    }

    /// What its log lines stand in. Where nobody is waited for and next to nothing is logged, only those who ask for more than usual
    /// have it: it would cost as much as the decision.
    pub fn span(&self, id: &HeaderValue) -> Span {
        let (method, route) = (self.method.as_str(), self.route);
        if self.is_busiest {
            tracing::debug_span!("request", id = text(id), method, route)
        } else {
            tracing::info_span!("request", id = text(id), method, route)
        }
    }

    /// Counts one answer.
    pub fn count(&self, status: StatusCode, took_s: f64) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.classes[class].increment(1);
        self.seconds.record(took_s);
    }
}
