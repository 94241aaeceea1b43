//! Pages for people: the hosted payment page and the console.
//!
//! **Owns**: the HTML, its style, and the requests of its buttons.
//! **Never**: looks like Stripe, needs a script, or shows unescaped text from outside.
//! **Start at**: `pay.rs` for the payment page, `console.rs` for the console.
//! **Tested in**: `practice/tests/practice/pages.rs`.

mod act;
mod console;
mod html;
mod pay;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

/// Registers the routes of the pages.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/", web::get().to(async || see_other("/console")))
        .route("/pay/{session}", web::get().to(pay::show))
        .route("/pay/{session}", web::post().to(pay::act))
        .route("/console", web::get().to(console::show))
        .route("/console/do", web::post().to(act::act));
}

fn see_other(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
}

fn page(status: u16, body: String) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header((
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
        ))
        .body(body)
}

/// Whether a form comes from one of these pages, and not from another site in the same browser.
fn is_own_form(request: &HttpRequest) -> bool {
    let read = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    match (read(header::ORIGIN), read(header::HOST)) {
        (Some(origin), Some(host)) => origin.strip_prefix("http://") == Some(host),
        // A browser always sends an Origin header with a form. A request without one comes from a program.
        (None, _) => true,
        _ => false,
    }
}

fn reject_foreign_form() -> HttpResponse {
    page(403, html::message("Form rejected", "This form was sent from another site, so nothing was done."))
}
