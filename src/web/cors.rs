//! Decides which pages of other origins may read a response. This depends on the [`Cors`] class of the route.
//! The server answers every request; only the browser prevents a page from reading the response.

use std::sync::Arc;

use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use rustc_hash::FxHashSet;

use super::registry::{self, Cors, Route};
use crate::sites::Settings;

/// Headers that a page may send.
static REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type, if-none-match");
/// Headers that a page may read. A reader's clock may be wrong, so the script uses the server's date.
static READABLE_HEADERS: HeaderValue = HeaderValue::from_static("date, etag, retry-after");
/// How long a browser may cache the response to a preflight.
static PREFLIGHT_TTL_S: HeaderValue = HeaderValue::from_static("86400");

/// The origins of every site.
pub struct SiteOrigins(FxHashSet<Vec<u8>>);

impl SiteOrigins {
    /// The origins in the settings.
    pub fn new(settings: &Settings) -> Self {
        let origins = settings.sites.values().flat_map(|site| &site.origins);
        Self(origins.map(|origin| origin.clone().into_bytes()).collect())
    }
}

/// The CORS headers of a route's responses.
#[derive(Clone)]
pub struct CrossOrigin {
    class: Cors,
    sites: Arc<SiteOrigins>,
}

impl CrossOrigin {
    /// The headers for a class of routes.
    pub fn new(class: Cors, sites: &Arc<SiteOrigins>) -> Self {
        Self { class, sites: Arc::clone(sites) }
    }

    /// Adds the headers that let a page read the response.
    pub fn add_headers<B>(&self, answer: &mut ServiceResponse<B>) {
        if self.class == Cors::SameOrigin {
            return;
        }
        let origin = answer.request().headers().get(ORIGIN);
        let site_origin = origin.filter(|origin| self.sites.0.contains(origin.as_bytes())).cloned();
        let headers = answer.headers_mut();
        let other_names = headers.get(VARY).and_then(|value| value.to_str().ok());
        let vary = other_names.and_then(|names| HeaderValue::from_str(&format!("{names}, Origin")).ok());
        headers.insert(VARY, vary.unwrap_or(HeaderValue::from_static("Origin")));
        let allowed = match (self.class, site_origin) {
            (_, Some(origin)) => origin,
            (Cors::AnyPage, None) => HeaderValue::from_static("*"),
            _ => return,
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, READABLE_HEADERS.clone());
    }
}

/// Whether a request is a preflight.
pub fn is_preflight(request: &HttpRequest) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The response to a preflight for one of the routes at its path. `None` if pages of other origins may not call that
/// route. The page's origin is checked later, in [`CrossOrigin::add_headers`].
pub fn answer_preflight(request: &HttpRequest, routes: &[&Route]) -> Option<HttpResponse> {
    let method = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD)?.to_str().ok()?;
    let open_routes: Vec<&Route> =
        routes.iter().copied().filter(|route| route.cors > Cors::SameOrigin).collect();
    let has_method =
        |route: &&Route| route.method == *method || (route.method == Method::GET && method == "HEAD");
    open_routes.iter().find(|route| has_method(route))?;
    let mut answer = HttpResponse::build(StatusCode::NO_CONTENT);
    answer
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, registry::methods(&open_routes)))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS.clone()))
        .insert_header((ACCESS_CONTROL_MAX_AGE, PREFLIGHT_TTL_S.clone()));
    Some(answer.finish())
}
