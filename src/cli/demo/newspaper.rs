//! The practice newspaper: serves pages on their own origin, like those of a real site.

use std::net::SocketAddr;

use actix_web::dev::Server;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use rust_embed::Embed;

use super::Addresses;

#[derive(Embed)]
#[folder = "web/demo"]
#[include = "*.html"]
#[include = "*.css"]
struct Pages;

/// The site's id in the demo's settings.
const SITE: &str = "journal";

/// Creates the newspaper's server.
pub fn serve(address: SocketAddr, server_urls: &Addresses) -> std::io::Result<Server> {
    let values =
        PlaceholderValues { keepopen: server_urls.keepopen.clone(), practice: server_urls.practice.clone() };
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(values.clone())).default_service(web::get().to(page))
    });
    Ok(server.workers(1).disable_signals().bind(address)?.run())
}

/// The values for the placeholders in the pages.
#[derive(Clone)]
struct PlaceholderValues {
    keepopen: String,
    practice: String,
}

async fn page(request: HttpRequest, values: web::Data<PlaceholderValues>) -> HttpResponse {
    let name = match request.path().trim_start_matches('/') {
        "" => "index.html",
        name => name,
    };
    let Some(file) = Pages::get(name) else {
        return HttpResponse::NotFound().content_type("text/plain").body("This page does not exist.");
    };
    let text = String::from_utf8_lossy(&file.data)
        .replace("{{KEEPOPEN}}", &values.keepopen)
        .replace("{{PRACTICE}}", &values.practice)
        .replace("{{SITE}}", SITE);
    let kind = if name.ends_with(".css") { "text/css; charset=utf-8" } else { "text/html; charset=utf-8" };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text)
}
