//! Pages for people. They share one layout and one style sheet. Their headers forbid scripts and everything else that a
//! browser would load.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, ResponseError};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::problem::{Code, Problem};
use crate::clock;

/// The style sheet of every page. It is inline, and the page's nonce allows it.
const STYLE: &str = include_str!("../../templates/page.css");

/// The source of the content security policy that forbids forms.
const NO_FORMS: &str = "'none'";

/// The values that `layout.html` needs. A template that extends the layout has them in a field `frame`.
pub struct Frame {
    /// The window's title. The layout adds the product's name.
    pub title: String,
    /// The nonce that allows the style sheet. Each response has a new one, so that injected content can't guess it.
    pub nonce: String,
    /// Where the page's forms may be sent, as a source of the content security policy.
    form_action: &'static str,
}

impl Frame {
    /// Creates the frame of one response.
    pub fn new(title: impl Into<String>, nonce: [u8; 16]) -> Self {
        Self { title: title.into(), nonce: URL_SAFE_NO_PAD.encode(nonce), form_action: NO_FORMS }
    }

    /// Allows forms on this page, which are sent to our own origin.
    #[must_use]
    pub fn with_forms(self) -> Self {
        Self { form_action: "'self'", ..self }
    }

    /// The style sheet.
    pub fn style(&self) -> &'static str {
        STYLE
    }

    /// The content security policy: the page's own style sheet is allowed, but no script, no surrounding frame,
    /// and no form unless [`Self::with_forms`] allows it.
    fn policy(&self) -> String {
        format!(
            "default-src 'none'; style-src 'nonce-{}'; img-src data:; base-uri 'none'; form-action {}; frame-ancestors 'none'",
            self.nonce, self.form_action
        )
    }
}

/// The headers of everything that a browser shows as a page.
pub fn security_headers(policy: &str) -> [(HeaderName, HeaderValue); 3] {
    let policy = HeaderValue::from_str(policy).expect("the policy must be plain ASCII");
    [
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
}

/// Renders a page and returns it as a response.
///
/// # Errors
/// The template can't be rendered.
pub fn page(frame: &Frame, template: &impl Template) -> Result<HttpResponse, PageProblem> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page can't be rendered");
        Problem::new(Code::Internal)
    })?;
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"));
    security_headers(&frame.policy()).into_iter().for_each(|header| {
        answer.insert_header(header);
    });
    if frame.form_action != NO_FORMS {
        // With `no-referrer`, browsers send `Origin: null` with a form, and `read_form` refuses an old browser's form.
        answer.insert_header((REFERRER_POLICY, "same-origin"));
    }
    Ok(answer.body(html))
}

/// A problem, shown to a person as a page. Handlers of pages return it.
#[derive(Debug)]
pub struct PageProblem(Problem);

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: &'a Frame,
    problem: &'a Problem,
}

impl From<Problem> for PageProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl fmt::Display for PageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for PageProblem {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let frame = Frame::new(self.0.title, clock::random_bytes());
        // Status and headers, such as `Retry-After`, come from the problem.
        let answer = self.0.error_response();
        let Ok(html) = (ErrorPage { frame: &frame, problem: &self.0 }).render() else { return answer };
        let mut answer = answer.set_body(BoxBody::new(html));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        security_headers(&frame.policy()).into_iter().for_each(|(name, value)| {
            headers.insert(name, value);
        });
        answer
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::MessageBody;
    use actix_web::http::header::RETRY_AFTER;

    use super::*;

    fn header(answer: &HttpResponse, name: &HeaderName) -> String {
        answer.headers().get(name).unwrap().to_str().unwrap().to_owned()
    }

    fn html_of(answer: HttpResponse) -> String {
        let bytes = answer.into_body().try_into_bytes().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn each_response_allows_its_style_sheet_with_a_new_nonce() {
        let nonce = |answer: &HttpResponse| {
            let policy = header(answer, &CONTENT_SECURITY_POLICY);
            policy.split_once("'nonce-").unwrap().1.split_once('\'').unwrap().0.to_owned()
        };
        let answer = || PageProblem(Problem::new(Code::StoreUnavailable)).error_response();
        let (first, second) = (answer(), answer());
        assert_ne!(nonce(&first), nonce(&second), "a nonce was used twice");
        let allowed = format!("<style nonce=\"{}\">", nonce(&first));
        let html = html_of(first);
        assert!(html.contains(&allowed), "{html}");
        assert!(
            !html.contains("style=") && !html.contains("<script"),
            "the page has inline styles or scripts, which its policy forbids: {html}"
        );
    }

    #[test]
    fn an_error_page_has_the_problems_status_and_headers_and_escapes_its_text() {
        let problem = Problem::with(Code::InvalidRequest, "<b onload=x> & \"y\"");
        let answer = PageProblem(problem).error_response();
        assert_eq!(answer.status(), 400);
        assert_eq!(header(&answer, &CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(&answer, &CACHE_CONTROL), "no-store");
        let html = html_of(answer);
        assert!(
            html.contains("<code>invalid_request</code>") && html.contains("&#60;b onload=x&#62;"),
            "{html}"
        );
        assert!(!html.contains("<b onload"), "{html}");
        let answer = PageProblem(Problem::new(Code::Overloaded)).error_response();
        assert_eq!((answer.status().as_u16(), header(&answer, &RETRY_AFTER).as_str()), (503, "1"));
    }
}
