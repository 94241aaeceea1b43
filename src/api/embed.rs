//! Serves the script that a site's pages load. The script consists of several files.
//!
//! Every page includes the loader, `embed.js`. The loader fetches the other files when it needs them, and contains the
//! version of the files to fetch.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETag, EntityTag, HeaderValue, VARY,
};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get};
use rust_embed::Embed;

use crate::keys::Sha256;
use crate::web::has_cached;
use crate::web::problem::{Code, Problem};

/// The output of `npm run build`: each file uncompressed, and two compressed copies whose names end with `.gz` and
/// `.br`.
#[derive(Embed)]
#[folder = "web/embed/dist"]
struct Dist;

const LOADER: &str = "embed.js";
const CACHE_FIVE_MINUTES: &str = "public, max-age=300";
const CACHE_ONE_YEAR: &str = "public, max-age=31536000, immutable";

/// One file of the script, in each encoding.
struct Script {
    version: String,
    plain: Cow<'static, [u8]>,
    gzip: Option<Cow<'static, [u8]>>,
    brotli: Option<Cow<'static, [u8]>>,
}

/// Every file by name. The loader's version is the hash of its bytes. The other files share one version: the hash of
/// all their bytes, ordered by name. `web/embed/build.mjs` computes the same hash and writes it into the loader. If the
/// bytes change, the version therefore always changes too.
static SCRIPTS: LazyLock<BTreeMap<String, Script>> = LazyLock::new(|| {
    let mut files: BTreeMap<String, Cow<'static, [u8]>> =
        Dist::iter().filter_map(|name| Some((name.to_string(), Dist::get(&name)?.data))).collect();
    let take_compressed =
        |name: &str, ending: &str, files: &mut BTreeMap<_, _>| files.remove(&format!("{name}{ending}"));
    let names: Vec<String> = files.keys().filter(|name| name.ends_with(".js")).cloned().collect();
    let other_files: Vec<&[u8]> = names
        .iter()
        .filter(|name| *name != LOADER)
        .filter_map(|name| files.get(name).map(|bytes| &**bytes))
        .collect();
    let other_version = version_of(&other_files);
    let mut scripts = BTreeMap::new();
    for name in names {
        let gzip = take_compressed(&name, ".gz", &mut files);
        let brotli = take_compressed(&name, ".br", &mut files);
        let Some(plain) = files.remove(&name) else { continue };
        let version = if name == LOADER { version_of(&[&plain]) } else { other_version.clone() };
        scripts.insert(name, Script { version, plain, gzip, brotli });
    }
    scripts
});

/// The version of these bytes: the first 16 hex digits of their SHA-256.
fn version_of(pieces: &[&[u8]]) -> String {
    let mut hash = Sha256::begin();
    for piece in pieces {
        hash.update(piece);
    }
    hex::encode(&hash.finish()[..8])
}

/// Get the current version of the script.
///
/// A page loads the script with one tag: `<script async src="…/embed.js" data-site="journal"></script>`. Browsers
/// cache it for five minutes. The response is compressed for clients that accept Brotli or gzip.
#[utoipa::path(
    tag = "Embed",
    operation_id = "load_embed",
    params(
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the cached response"),
        ("Accept-Encoding" = Option<String>, Header, description = "`br` and `gzip` are supported"),
    ),
    responses(
        (
            status = 200, body = String, content_type = "text/javascript", description = "The script",
            headers(
                ("Cache-Control" = String, description = "Five minutes"),
                ("ETag" = String, description = "The script's version, with `-br` or `-gzip` appended if the response is compressed"),
                ("Content-Encoding" = Option<String>, description = "`br` or `gzip`; absent if the response is not compressed"),
                ("Access-Control-Allow-Origin" = String, description = "`*`, or the origin of the page that sent the request. A page needs this header to load the script with `integrity`"),
                ("Cross-Origin-Resource-Policy" = String, description = "`cross-origin`, so that any page can load it"),
            ),
        ),
        (
            status = 304, description = "The script has not changed",
            headers(
                ("Cache-Control" = String, description = "Five minutes"),
                ("ETag" = String, description = "As in the 200 response"),
            ),
        ),
    ),
)]
#[get("/embed.js")]
pub async fn latest(request: HttpRequest) -> Result<HttpResponse, Problem> {
    response(&request, SCRIPTS.get(LOADER).ok_or(Code::NotFound)?, CACHE_FIVE_MINUTES)
}

/// Get one version of a file of the script.
///
/// The bytes of a version never change. They can be cached forever, and a page can load `embed.js` with its hash
/// (`integrity`). The script fetches its other files from this route when it needs them. If this server does not have
/// the version, it returns 404.
#[utoipa::path(
    tag = "Embed",
    operation_id = "load_embed_version",
    params(
        ("version" = String, Path, description = "For `embed.js`: the first 16 hex digits of its SHA-256. All other files share one version; `embed.js` contains it"),
        ("file" = String, Path, description = "`embed.js`, or another file of the script"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of the cached response"),
        ("Accept-Encoding" = Option<String>, Header, description = "`br` and `gzip` are supported"),
    ),
    responses((status = 304, description = "The file has not changed"), (
        status = 200, body = String, content_type = "text/javascript", description = "The script",
        headers(
            ("Cache-Control" = String, description = "One year, immutable"),
            ("ETag" = String, description = "The version, with `-br` or `-gzip` appended if the response is compressed"),
            ("Content-Encoding" = Option<String>, description = "`br` or `gzip`; absent if the response is not compressed"),
            ("Access-Control-Allow-Origin" = String, description = "`*`, or the origin of the page that sent the request, so that any page can load it as a module"),
            ("Cross-Origin-Resource-Policy" = String, description = "`cross-origin`, so that any page can load it"),
        ),
    )),
    extensions(("x-problems" = json!([Code::NotFound]))),
)]
#[get("/embed/{version}/{file}")]
pub async fn versioned(request: HttpRequest, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (version, file) = path.into_inner();
    let script = SCRIPTS.get(&file).filter(|script| script.version == version);
    response(&request, script.ok_or(Code::NotFound)?, CACHE_ONE_YEAR)
}

/// Responds with the smallest encoding that the client accepts, or with a 304.
fn response(
    request: &HttpRequest,
    script: &'static Script,
    cache: &'static str,
) -> Result<HttpResponse, Problem> {
    let accepted = request.headers().get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let accepted: Vec<&str> = accepted.flat_map(|value| value.split(',')).collect();
    let (encoding, bytes) = [("br", &script.brotli), ("gzip", &script.gzip)]
        .into_iter()
        .find_map(|(name, bytes)| Some((Some(name), bytes.as_ref().filter(|_| accepts(&accepted, name))?)))
        .unwrap_or((None, &script.plain));
    let suffix = encoding.map(|name| format!("-{name}")).unwrap_or_default();
    let tag = EntityTag::new_strong(format!("{}{suffix}", script.version));
    let unchanged = has_cached(request, &tag);

    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((CACHE_CONTROL, cache))
        .insert_header(ETag(tag))
        .insert_header((VARY, HeaderValue::from_static("Accept-Encoding")));
    if unchanged {
        return Ok(response.finish());
    }
    response
        .insert_header((CONTENT_TYPE, "text/javascript; charset=utf-8"))
        .insert_header(("cross-origin-resource-policy", "cross-origin"));
    if let Some(name) = encoding {
        response.insert_header((CONTENT_ENCODING, name));
    }
    Ok(response.body(bytes.as_ref()))
}

/// Whether a client accepts an encoding. `accepted` has the items of the request's `Accept-Encoding`. One of them must
/// be the encoding or `*`, with a weight above zero.
fn accepts(accepted: &[&str], encoding: &str) -> bool {
    let weight_of = |wanted: &str| {
        accepted.iter().find_map(|item| {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
            name.trim().eq_ignore_ascii_case(wanted).then(|| weight.unwrap_or(0.0))
        })
    };
    weight_of(encoding).or_else(|| weight_of("*")).is_some_and(|weight| weight > 0.0)
}
