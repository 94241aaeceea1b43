//! Forms on pages for people who are signed in. A page of another site could send a form in such a person's name
//! (cross-site request forgery, CSRF). Two independent checks prevent this: the browser says that our own page sent the
//! form, and the form contains a token of the person's session.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, ORIGIN};
use actix_web::web::{Payload, Query};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::State;
use super::body::{JSON_LIMIT, media_type, read};
use super::page::PageProblem;
use super::problem::{Code, Problem};
use crate::keys::SessionSecret;

/// The name of the hidden field that contains the form token.
pub const FORM_TOKEN: &str = "form_token";

/// The form's field that contains the form token.
#[derive(Deserialize)]
struct TokenField {
    form_token: String,
}

/// Reads a form that one of our own pages sent. `form` is the name with which [`SessionSecret::form_token`] made the
/// token in the hidden field [`FORM_TOKEN`]. A repeated field is an error.
///
/// # Errors
/// `cross_site_request` if another site's page sent the form, or if its token is missing or belongs to another form or
/// session. `unsupported_media_type`, `invalid_request`, `body_too_large` or `body_too_slow` if the form can't be read.
pub async fn read_form<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    session: &SessionSecret,
    form: &str,
) -> Result<T, PageProblem> {
    let app = request.app_data::<State>().ok_or(Problem::new(Code::Internal))?;
    let own_origin = app.settings.server.public_url.origin().ascii_serialization();
    if !is_from_our_page(request.headers(), &own_origin) {
        return Err(Problem::new(Code::CrossSiteRequest).into());
    }
    let is_form = media_type(request.headers())
        .is_some_and(|name| name.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !is_form {
        let detail = "send the form with the content type application/x-www-form-urlencoded";
        return Err(Problem::with(Code::UnsupportedMediaType, detail).into());
    }
    let body = read(app, payload, JSON_LIMIT).await?;
    let text = std::str::from_utf8(&body).map_err(invalid)?;
    let token = Query::<TokenField>::from_query(text).ok().map(|field| field.into_inner().form_token);
    if !token.is_some_and(|token| session.accepts_form_token(form, &token)) {
        return Err(Problem::new(Code::CrossSiteRequest).into());
    }
    Ok(Query::<T>::from_query(text).map_err(invalid)?.into_inner())
}

fn invalid(error: impl std::fmt::Display) -> Problem {
    Problem::with(Code::InvalidRequest, error)
}

/// Whether the browser says that a page of our own origin sent the request. All browsers since 2023 send
/// `Sec-Fetch-Site`; older ones send `Origin` with the forms of a page whose frame allows forms
/// ([`Frame::with_forms`](super::page::Frame::with_forms)). A request with neither is refused.
fn is_from_our_page(headers: &HeaderMap, own_origin: &str) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.get(ORIGIN).is_some_and(|origin| origin == own_origin),
    }
}
