//! Which pages may read our answers: those of the sites' exact origins.

use actix_cors::Cors;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, ETAG, IF_NONE_MATCH, RETRY_AFTER};
use rustc_hash::FxHashSet;

use crate::config::Settings;

/// The rules for browsers. A request from another origin is answered, but no
/// other page can read the answer.
pub fn cors(settings: &Settings) -> Cors {
    let origins: FxHashSet<Vec<u8>> = settings
        .sites
        .values()
        .flat_map(|site| &site.origins)
        .map(|origin| origin.clone().into_bytes())
        .collect();
    Cors::default()
        .allowed_origin_fn(move |origin, _| origins.contains(origin.as_bytes()))
        .allowed_methods(["GET", "POST"])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH])
        // A reader's clock may be wrong: the script goes by our date.
        .expose_headers([DATE, ETAG, RETRY_AFTER])
        .block_on_origin_mismatch(false)
        .max_age(86_400)
}
