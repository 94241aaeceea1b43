//! `If-None-Match`: whether a caller already has the response.

use actix_web::HttpRequest;
use actix_web::http::header::{EntityTag, Header, IfNoneMatch};

/// Whether the caller already has the response with this tag. If so, the server responds with 304 and no body.
pub fn has_cached(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known_tags)) => known_tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}
