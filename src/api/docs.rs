//! The API reference as a page: Swagger UI, served by the program itself.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Path;
use actix_web::{HttpResponse, HttpResponseBuilder, get};
use utoipa_swagger_ui::Config;

use crate::web::problem::{Code, Problem};
use crate::web::security_headers;

const PAGE: &str = include_str!("../../web/docs/index.html");
const SCRIPT: &str = include_str!("../../web/docs/page.js");
const STYLE: &str = include_str!("../../web/docs/page.css");

/// The content security policy of the page. Everything comes from this service, and inline code is forbidden. Data
/// URLs are allowed for the images in the library's style sheet.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The library's files that the page loads. Its other files are not served.
const LIBRARY_FILES: [&str; 3] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"];

static CONFIG: LazyLock<Arc<Config<'_>>> = LazyLock::new(|| Arc::new(Config::from("openapi.yaml")));

/// Open the API reference.
///
/// The page shows `/openapi.yaml`. When you try out a call, the page sends it to this service and nowhere else.
#[utoipa::path(
    tag = "Contract",
    operation_id = "read_docs",
    responses((
        status = 200, body = String, content_type = "text/html", description = "The page",
        headers(
            ("Cache-Control" = String, description = "`no-cache`"),
            ("Content-Security-Policy" = String, description = "Allows requests to this service only"),
            ("Referrer-Policy" = String, description = "`no-referrer`"),
            ("X-Content-Type-Options" = String, description = "`nosniff`"),
        ),
    )),
)]
#[get("/docs")]
pub async fn page() -> HttpResponse {
    answer("text/html; charset=utf-8").insert_header((CACHE_CONTROL, "no-cache")).body(PAGE)
}

/// Get a file of the API reference.
///
/// Returns a file that the page loads: a script, a style sheet or the icon.
#[utoipa::path(
    tag = "Contract",
    operation_id = "load_docs_part",
    params(("file" = String, Path, description = "The file's name", example = "page.js")),
    responses((
        status = 200, description = "The file",
        content(
            (String = "text/javascript"),
            (String = "text/css"),
            (String = "image/png"),
        ),
        headers(
            ("Cache-Control" = String, description = "One hour"),
            ("Content-Encoding" = Option<String>, description = "`gzip`; absent if the file is not compressed"),
            ("Content-Security-Policy" = String, description = "Allows requests to this service only"),
            ("Referrer-Policy" = String, description = "`no-referrer`"),
            ("X-Content-Type-Options" = String, description = "`nosniff`"),
        ),
    )),
    extensions(("x-problems" = json!([Code::NotFound]))),
)]
#[get("/docs/{file}")]
pub async fn part(file: Path<String>) -> Result<HttpResponse, Problem> {
    let own_file = match file.as_str() {
        "page.js" => Some(("text/javascript", SCRIPT)),
        "page.css" => Some(("text/css", STYLE)),
        _ => None,
    };
    let cache = (CACHE_CONTROL, "public, max-age=3600");
    if let Some((media_type, text)) = own_file {
        return Ok(answer(media_type).insert_header(cache).body(text));
    }
    let name = LIBRARY_FILES.into_iter().find(|name| *name == *file).ok_or(Code::NotFound)?;
    let part = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten().ok_or(Code::NotFound)?;
    // The library stores its files compressed, but does not set the encoding. Every gzip file begins with these bytes.
    let is_compressed = part.bytes.starts_with(&[0x1f, 0x8b]);
    let mut answer = answer(&part.content_type);
    answer.insert_header(cache);
    if is_compressed {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(match part.bytes {
        Cow::Borrowed(bytes) => answer.body(bytes),
        Cow::Owned(bytes) => answer.body(bytes),
    })
}

fn answer(media_type: &str) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, media_type));
    security_headers(POLICY).into_iter().for_each(|header| {
        answer.insert_header(header);
    });
    answer
}
