//! "Show the appeal banner?"

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use keepopen_decision::{HELD_OUT, Known, Question, Reason, Surface, Verdict, decide};
use serde::Serialize;
use serde_json::value::RawValue;

use super::State;
use super::body::{self, Accepts};
use super::problem::{Code, Problem};
use super::question::{QuestionQuery, QuestionShape};
use super::words::{KindShape, ReasonShape, SurfaceShape};
use crate::app::App;
use crate::appeals::Content;
use crate::clock;
use crate::tokens::{BadToken, Purpose, Shown};

/// The answer. When `show` is true, `surface`, `kind`, `appeal`, `variant`,
/// `attribution` and `content` are there.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Verdict)]
struct VerdictBody<'a> {
    /// Whether an appeal is shown.
    show: bool,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SurfaceShape>)]
    surface: Option<&'a str>,
    /// What it wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<KindShape>)]
    kind: Option<&'a str>,
    /// The appeal's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    appeal: Option<&'a str>,
    /// The variant's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    /// Whether the reader may send it away; a wall without free articles left may not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    closable: Option<bool>,
    /// Why, in one word of a fixed list.
    #[schema(value_type = ReasonShape)]
    reason: &'a str,
    /// A signed note, to be sent along with events and checkouts. A reader who is held out (`reason` is `holdout`) has one too, so
    /// that what the held-out give can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<String>,
    /// What is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Content>)]
    content: Option<&'a RawValue>,
    /// The first instant at which time alone changes the answer, if it ever does. Until then a browser may do without asking.
    #[schema(format = DateTime)]
    next_eligible_at: Option<String>,
}

impl<'a> VerdictBody<'a> {
    const fn silent(reason: &'a str) -> Self {
        Self {
            show: false,
            surface: None,
            kind: None,
            appeal: None,
            variant: None,
            closable: None,
            reason,
            attribution: None,
            content: None,
            next_eligible_at: None,
        }
    }
}

/// Show the appeal banner?
///
/// Say what you know of the page and its reader; the verdict says whether an appeal shows, which, and why. All but `site` may be left out.
///
/// - `history` is what the reader's browser remembers. `{}` says that nothing was seen; left out, it means "not known", and an appeal with
///   a limit then answers `no_consent`.
/// - `token` is the supporter token. Send it whenever there is one: it is how a supporter is recognised and not asked. One that is expired
///   or not good makes the reader `unknown`, who is neither asked nor thanked.
/// - Keep `attribution` of a verdict that shows, and send it along with the events and the checkout that come of it.
///
/// The body may also come as `text/plain`, which saves a browser the preflight. When the call fails or takes too long, show the page without an
/// appeal.
#[utoipa::path(
    tag = "Banner",
    operation_id = "ask_banner",
    request_body(content(
        (QuestionShape = "application/json"),
        (QuestionShape = "text/plain"),
    )),
    responses((
        status = 200, body = VerdictBody, description = "The verdict",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::SiteUnknown, Code::BodyTooLarge, Code::UnsupportedMediaType,
    ]))),
)]
#[post("/v1/banner")]
pub async fn ask(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::JsonOrPlain).await?;
    Ok(answered(verdict_json(&app, &bytes)?))
}

/// The answer to the JSON body of `POST /v1/banner`, as JSON.
///
/// # Errors
/// The body is no question, or names a site that is not there.
pub fn verdict_json(app: &App, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let question: Question<'_> = body::parse(body)?;
    verdict(app, &question)
}

/// Show the appeal banner? From a query.
///
/// The same question for caches, templates and ESI, about a reader of whom nothing is known: no history, so an appeal with a limit does
/// not show, and never a token, which must not stand in a URL.
#[utoipa::path(
    tag = "Banner",
    operation_id = "ask_banner_from_query",
    params(QuestionQuery),
    responses((
        status = 200, body = VerdictBody, description = "The verdict",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::TokenInUrl, Code::SiteUnknown]))),
)]
#[get("/v1/banner")]
pub async fn ask_from_query(
    app: State,
    query: Result<Query<QuestionQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?;
    Ok(answered(verdict(&app, &query.question()?)?))
}

fn answered(json: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .body(json)
}

/// The verdict as JSON.
///
/// # Errors
/// The site is not known.
pub(super) fn verdict(app: &App, question: &Question<'_>) -> Result<Vec<u8>, Problem> {
    let now_ms = app.now_ms();
    let snapshot = app.snapshot.load();
    let verdict = match known(app, question, Purpose::Asking, now_ms) {
        Some(known) => decide(&snapshot.compiled, question, &known, now_ms, clock::draw())
            .map_err(|_| Problem::new(Code::SiteUnknown))?,
        None if app.site(&question.site).is_none() => return Err(Code::SiteUnknown.into()),
        None => Verdict::Silent { reason: Reason::Overloaded, next_eligible_at_ms: None },
    };
    app.metrics.verdicts.count(verdict.reason());
    let reason = verdict.reason().as_str();
    let note = |appeal: &str, variant: &str, surface: Surface| {
        let (country, at_s) = (country(question), now_ms.div_euclid(1000));
        let shown = Shown { site: &question.site, appeal, variant, surface, country, at_s };
        shown.sign(&app.attribution_key)
    };
    let body = match verdict {
        Verdict::Show { appeal, variant, surface, kind, closable } => {
            let appeal = snapshot.appeal(appeal);
            let variant = &appeal.variants[variant];
            VerdictBody {
                show: true,
                surface: Some(surface.as_str()),
                kind: Some(kind.as_str()),
                appeal: Some(&appeal.id),
                variant: Some(&variant.id),
                closable: Some(closable),
                reason,
                attribution: Some(note(&appeal.id, &variant.id, surface)),
                content: variant.content.get(&*question.site).map(|content| &**content),
                next_eligible_at: None,
            }
        }
        Verdict::HeldOut { appeal, surface, .. } => VerdictBody {
            attribution: Some(note(&snapshot.appeal(appeal).id, HELD_OUT, surface)),
            ..VerdictBody::silent(reason)
        },
        Verdict::Silent { next_eligible_at_ms, .. } => VerdictBody {
            next_eligible_at: next_eligible_at_ms.map(clock::rfc3339),
            ..VerdictBody::silent(reason)
        },
    };
    // Beside the content an answer has hardly more than this: one allocation, made once.
    let mut json = Vec::with_capacity(512 + body.content.map_or(0, |content| content.get().len()));
    serde_json::to_writer(&mut json, &body).map_err(|error| {
        tracing::error!(%error, "a verdict can't be written");
        Problem::new(Code::Internal)
    })?;
    Ok(json)
}

/// What the question's token says of its reader; `None` when there is no room to check it. One that is not good says nothing: neither ask
/// nor thank.
pub(super) fn known(app: &App, question: &Question<'_>, purpose: Purpose, now_ms: i64) -> Option<Known> {
    let Some(token) = question.token.as_ref().filter(|token| !token.is_empty()) else {
        return Some(Known::nobody());
    };
    match app.tokens.check(token, purpose, &question.site, now_ms) {
        Ok(claims) => Some(Known {
            standing: claims.standing,
            quiet_until_ms: claims.quiet_until.map(|at_s| at_s.saturating_mul(1000)),
            entitlements: claims.entitlements.clone(),
        }),
        Err(BadToken::Unchecked) => None,
        Err(_) => Some(Known::unknown()),
    }
}

/// Two letters in capitals, or nothing: it becomes part of a count's key.
fn country(question: &Question<'_>) -> Option<[u8; 2]> {
    let code: [u8; 2] = question.reader.country.as_deref()?.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_alphabetic).then(|| code.map(|letter| letter.to_ascii_uppercase()))
}
