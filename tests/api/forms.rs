//! Forms on pages for people who are signed in. The tests build a small page from the web kit, and send its form as
//! browsers would, from our own page and from others.

use std::time::Duration;

use actix_web::cookie::Cookie;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN, REFERRER_POLICY};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use keepopen::keys::SessionSecret;
use keepopen::web::problem::{Code, Problem};
use keepopen::web::{FORM_TOKEN, Frame, PageProblem, ServerState, SessionCookie, page, read_form};
use serde::Deserialize;

use crate::helpers::TestApp;

/// The path of the form, which is also its name.
const FORM: &str = "/notes";
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Template)]
#[template(
    source = r#"<form method="post"><input type="hidden" name="{{ field }}" value="{{ token }}"><input name="text"></form>"#,
    ext = "html"
)]
struct NotesPage {
    field: &'static str,
    token: String,
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

fn session_cookie() -> SessionCookie {
    SessionCookie::new("test")
}

/// Shows the form to a person who is signed in.
async fn show(request: HttpRequest) -> Result<HttpResponse, PageProblem> {
    let session = session_cookie().read(&request).ok_or(Problem::new(Code::NotFound))?;
    let frame = Frame::new("Notes", [7; 16]).with_forms();
    page(&frame, &NotesPage { field: FORM_TOKEN, token: session.form_token(FORM) })
}

/// Responds with the text that the form contains.
async fn write(request: HttpRequest, payload: Payload) -> Result<HttpResponse, PageProblem> {
    let session = session_cookie().read(&request).ok_or(Problem::new(Code::NotFound))?;
    let note: Note = read_form(&request, payload, &session, FORM).await?;
    Ok(HttpResponse::Ok().body(note.text))
}

fn secret() -> SessionSecret {
    SessionSecret::make()
}

/// Returns the status and the text of a response.
async fn read(answer: ServiceResponse) -> (u16, String) {
    let status = answer.status().as_u16();
    (status, String::from_utf8(read_body(answer).await.to_vec()).unwrap())
}

/// Returns a request that sends the form with this token, as a browser does.
fn form(token: &str) -> TestRequest {
    TestRequest::post()
        .uri(FORM)
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(format!("{FORM_TOKEN}={token}&text=Caf%C3%A9+at+noon"))
}

/// Builds the page. This is a macro and not a function, because the type of the service can't be named here.
macro_rules! service {
    ($app:expr) => {
        init_service(
            actix_web::App::new()
                .app_data(Data::new(ServerState::new(&$app.app)))
                .route(FORM, web::get().to(show))
                .route(FORM, web::post().to(write)),
        )
        .await
    };
}

#[actix_web::test]
async fn a_form_is_accepted_from_our_own_page() {
    let app = TestApp::start().await;
    let service = service!(app);
    let cookie = session_cookie().set(&secret(), HOUR);
    let shown =
        call_service(&service, TestRequest::get().uri(FORM).cookie(cookie.clone()).to_request()).await;
    let policy = shown.headers().get(CONTENT_SECURITY_POLICY).unwrap().to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self';"), "the browser would not send the form: {policy}");
    let referrer_policy = shown.headers().get(REFERRER_POLICY).unwrap();
    assert_eq!(referrer_policy, "same-origin", "an old browser would send the form with `Origin: null`");
    let (_, html) = read(shown).await;
    let token = html.split_once("value=\"").unwrap().1.split_once('"').unwrap().0;

    let new_browser = form(token).insert_header(("sec-fetch-site", "same-origin")).cookie(cookie.clone());
    let sent = read(call_service(&service, new_browser.to_request()).await).await;
    assert_eq!(sent, (200, "Café at noon".to_owned()));

    let own_origin = app.app.settings.server.public_url.origin().ascii_serialization();
    let old_browser = form(token).insert_header((ORIGIN, own_origin)).cookie(cookie);
    let sent = read(call_service(&service, old_browser.to_request()).await).await;
    assert_eq!(sent, (200, "Café at noon".to_owned()));
    app.finish().await;
}

#[actix_web::test]
async fn a_form_from_another_page_or_with_a_wrong_token_is_refused() {
    let app = TestApp::start().await;
    let service = service!(app);
    let session = secret();
    let cookie: Cookie = session_cookie().set(&session, HOUR);
    let good = session.form_token(FORM);
    let own_origin = app.app.settings.server.public_url.origin().ascii_serialization();
    let from_our_page = |token: &str| form(token).insert_header(("sec-fetch-site", "same-origin"));
    let contexts = [
        ("another site", form(&good).insert_header(("sec-fetch-site", "cross-site"))),
        ("a sibling sub-domain", form(&good).insert_header(("sec-fetch-site", "same-site"))),
        ("no page", form(&good).insert_header(("sec-fetch-site", "none"))),
        (
            "another site, with our origin",
            form(&good).insert_header(("sec-fetch-site", "cross-site")).insert_header((ORIGIN, own_origin)),
        ),
        (
            "another origin, in an old browser",
            form(&good).insert_header((ORIGIN, "https://evil.example.org")),
        ),
        ("a sandboxed frame, in an old browser", form(&good).insert_header((ORIGIN, "null"))),
        ("a program that is no browser", form(&good)),
        ("our page, with another session's token", from_our_page(&secret().form_token(FORM))),
        ("our page, with another form's token", from_our_page(&session.form_token("/keys"))),
        ("our page, with an empty token", from_our_page("")),
        ("our page, without a token", from_our_page("").set_payload("text=hello")),
        (
            "our page, with two tokens",
            from_our_page("").set_payload(format!("{FORM_TOKEN}={good}&{FORM_TOKEN}={good}&text=hello")),
        ),
    ];
    for (context, request) in contexts {
        let (status, html) =
            read(call_service(&service, request.cookie(cookie.clone()).to_request()).await).await;
        assert_eq!(status, 403, "{context}: {html}");
        assert!(html.contains("<code>cross_site_request</code>"), "{context}: {html}");
    }
    app.finish().await;
}

#[actix_web::test]
async fn a_form_that_can_not_be_read_is_a_client_error() {
    let app = TestApp::start().await;
    let service = service!(app);
    let session = secret();
    let token = session.form_token(FORM);
    let cases = [
        (415, "application/json", format!("{FORM_TOKEN}={token}&text=x")),
        (415, "text/plain", format!("{FORM_TOKEN}={token}&text=x")),
        (400, "application/x-www-form-urlencoded", format!("{FORM_TOKEN}={token}")),
        (400, "application/x-www-form-urlencoded", format!("{FORM_TOKEN}={token}&text=x&text=y")),
        (
            413,
            "application/x-www-form-urlencoded",
            format!("{FORM_TOKEN}={token}&text={}", "x".repeat(70_000)),
        ),
    ];
    for (expected, content_type, body) in cases {
        let request = TestRequest::post()
            .uri(FORM)
            .insert_header((CONTENT_TYPE, content_type))
            .insert_header(("sec-fetch-site", "same-origin"))
            .cookie(session_cookie().set(&session, HOUR))
            .set_payload(body.clone());
        let (status, html) = read(call_service(&service, request.to_request()).await).await;
        assert_eq!(status, expected, "{content_type} {}: {html}", &body[..body.len().min(120)]);
    }
    app.finish().await;
}
