//! The script that a site's pages load.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get};
use aws_lc_rs::digest;

use super::problem::{Code, Problem};

const SCRIPT: &str = include_str!("../../web/embed/dist/embed.js");

/// The first 16 hex digits of the script's SHA-256: other bytes, another version.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let hash = digest::digest(&digest::SHA256, SCRIPT.as_bytes());
    hash.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
});

/// The script, as it is now.
///
/// What a page loads, with one tag: `<script async src="…/embed.js" data-site="journal"></script>`. Browsers keep it for five minutes.
#[utoipa::path(
    tag = "Embed",
    operation_id = "load_embed",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` that is known already")),
    responses(
        (
            status = 200, body = String, content_type = "text/javascript", description = "The script",
            headers(
                ("Cache-Control" = String, description = "Five minutes"),
                ("ETag" = String, description = "Changes with the script"),
                ("Cross-Origin-Resource-Policy" = String, description = "`cross-origin`: any page may load it"),
            ),
        ),
        (
            status = 304, description = "It has not changed",
            headers(
                ("Cache-Control" = String, description = "Five minutes"),
                ("ETag" = String, description = "Changes with the script"),
            ),
        ),
    ),
)]
#[get("/embed.js")]
pub async fn latest(request: HttpRequest) -> HttpResponse {
    let tag = format!("\"{}\"", *VERSION);
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let cache = (CACHE_CONTROL, "public, max-age=300");
    if known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)) {
        return HttpResponse::NotModified().insert_header(cache).insert_header((ETAG, tag)).finish();
    }
    script().insert_header(cache).insert_header((ETAG, tag)).body(SCRIPT)
}

/// One version of the script.
///
/// These bytes never change, so a page may name their hash (`integrity`) and keep them for good. A version that this server does not have is a 404.
#[utoipa::path(
    tag = "Embed",
    operation_id = "load_embed_version",
    params(("version" = String, Path, description = "The first 16 hex digits of the script's SHA-256")),
    responses((
        status = 200, body = String, content_type = "text/javascript", description = "The script",
        headers(
            ("Cache-Control" = String, description = "A year, immutable"),
            ("Cross-Origin-Resource-Policy" = String, description = "`cross-origin`: any page may load it"),
        ),
    )),
    extensions(("x-problems" = json!([Code::NotFound]))),
)]
#[get("/embed/{version}/embed.js")]
pub async fn versioned(version: Path<String>) -> Result<HttpResponse, Problem> {
    if *version != *VERSION {
        return Err(Code::NotFound.into());
    }
    Ok(script().insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable")).body(SCRIPT))
}

fn script() -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, "text/javascript; charset=utf-8"));
    answer.insert_header(("cross-origin-resource-policy", "cross-origin"));
    answer
}
