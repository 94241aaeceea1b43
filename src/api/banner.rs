//! Banner requests: decides whether to show an appeal. The code calls a banner request a *question*, and its response
//! a *verdict*.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use keepopen_decision::{
    AppealIndex, Decision, HELD_OUT, Known, NearMisses, Question, Reason, Surface, Value, Verdict,
    fast_question,
};

use super::caller::check_may_state_standing;
use super::known::{FindAddress, check_token, country, known_from_token, token_problem};
use super::question::{self, BannerQuestionShape, QuestionQuery};
use super::stated::stated_standing;
use super::verdict_body::{VerdictBody, verdict_to_json};
use crate::app::App;
use crate::appeals::{TemplateValues, TickerValues};
use crate::clock;
use crate::keys::{AttributionContent, CheckPurpose};
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};
use crate::web::{ServerState, State, address_of};

/// Decide whether to show an appeal.
///
/// Send what you know about the page and its reader. The verdict says whether to show an appeal, which one, and
/// why. Only `site` is required.
///
/// - `history` is what the reader's browser remembers. `{}` means that the reader has seen nothing. If you omit it,
///   the history is unknown. In that case, an appeal with a frequency limit shows only if its `without_history` is
///   `ask`. Otherwise it does not show, and its reason is `no_consent`.
/// - `supporter` states the reader's standing. It is for a site's back end that recognises supporters itself. A
///   request with this field needs a secret API key of scope `banner:ask` in `Authorization`, and is refused without
///   one. The field takes precedence over `token`.
/// - `token` is the supporter token. If the browser has one, always send it: without it, a supporter is not
///   recognised. If the token has expired or is invalid, the reader's standing is `unknown`, and the reader is
///   neither asked nor thanked.
/// - If the verdict shows an appeal, keep its `attribution`, and send it with the events and the checkout that
///   follow.
///
/// You can also send the body as `text/plain`. A browser then makes no preflight request. If the call fails or takes
/// too long, show the page without an appeal.
#[utoipa::path(
    tag = "Banner",
    operation_id = "ask_banner",
    security((), ("api_key" = [])),
    request_body(content(
        (BannerQuestionShape = "application/json"),
        (BannerQuestionShape = "text/plain"),
    )),
    responses((
        status = 200, body = VerdictBody, description = "The verdict",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::SiteNotFound, Code::BodyTooLarge,
        Code::BodyTooSlow, Code::UnsupportedMediaType, Code::StoreUnavailable,
    ]))),
)]
#[post("/v1/banner")]
pub async fn ask(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::JsonOrPlain).await?;
    match BannerRequest::read(&bytes)? {
        banner_request @ BannerRequest { stated: None, .. } => banner_request.respond(&app, &request),
        // This future is boxed, because few requests need it. Otherwise every banner request would reserve memory
        // for it.
        banner_request => Box::pin(answer_to_back_end(&app, &request, banner_request)).await,
    }
}

/// The response to a question that states the reader's standing (the reader's status as a supporter).
async fn answer_to_back_end(
    app: &ServerState,
    request: &HttpRequest,
    banner_request: BannerRequest<'_>,
) -> Result<HttpResponse, Problem> {
    check_may_state_standing(request).await?;
    banner_request.respond(app, request)
}

/// Returns the JSON of the response to a `POST /v1/banner` with this body and without an API key.
///
/// # Errors
/// The body is not a question, names an unknown site, or states a standing, which requires an API key.
#[cfg(feature = "test-support")]
pub fn verdict_json(app: &App, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let banner_request = BannerRequest::read(body)?;
    match banner_request.stated {
        None => verdict(app, &banner_request.question, &|| None, &banner_request.warnings),
        Some(_) => Err(Code::ApiKeyMissing.into()),
    }
}

/// The content of a request's body: a question, and what the body contains in addition to it.
struct BannerRequest<'a> {
    question: Question<'a>,
    /// The reader's standing, if the body states it.
    stated: Option<Known>,
    /// Warnings about unknown fields that look like misspelt names.
    warnings: Vec<String>,
}

impl<'a> BannerRequest<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Problem> {
        if let Some(question) = std::str::from_utf8(body).ok().and_then(fast_question) {
            // The fast parser only accepts bodies without unknown fields.
            return Ok(Self { question, stated: None, warnings: Vec::new() });
        }
        let question = body::parse(body)?;
        let NearMisses(warnings) = body::parse(body).unwrap_or_default();
        Ok(Self { question, stated: stated_standing(body)?, warnings })
    }

    fn respond(self, app: &ServerState, request: &HttpRequest) -> Result<HttpResponse, Problem> {
        let address = || address_of(app, request);
        verdict_for(app, &self.question, &address, self.stated, &self.warnings).map(verdict_response)
    }
}

/// Decide from query parameters whether to show an appeal.
///
/// This route is for caches, templates and ESI (edge-side includes). They do not have the reader's history, so this
/// route takes none. Without a history, an appeal with a frequency limit shows only if its `without_history` is
/// `ask`. The route takes no token either, because a token must not appear in a URL.
#[utoipa::path(
    tag = "Banner",
    operation_id = "ask_banner_from_query",
    params(QuestionQuery),
    responses((
        status = 200, body = VerdictBody, description = "The verdict",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::TokenInUrl, Code::SiteNotFound]))),
)]
#[get("/v1/banner")]
pub async fn ask_from_query(
    app: State,
    request: HttpRequest,
    query: Result<Query<QuestionQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?;
    let warnings = question::parameter_warnings(request.query_string());
    Ok(verdict_response(verdict(&app, &query.question()?, &|| None, &warnings)?))
}

pub(super) fn verdict_response(json: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .body(json)
}

/// The verdict as JSON, with `warnings` about the question.
///
/// # Errors
/// The site is unknown.
pub(super) fn verdict(
    app: &App,
    question: &Question<'_>,
    address: FindAddress<'_>,
    warnings: &[String],
) -> Result<Vec<u8>, Problem> {
    verdict_for(app, question, address, None, warnings)
}

/// The verdict as JSON. `stated` is the reader's standing, if a trusted back end stated it. If it is `None`, the
/// standing follows from the question's token.
fn verdict_for(
    app: &App,
    question: &Question<'_>,
    address: FindAddress<'_>,
    stated: Option<Known>,
    warnings: &[String],
) -> Result<Vec<u8>, Problem> {
    let now_ms = app.now_ms();
    let snapshot = app.snapshot.load();
    let token = stated.map_or_else(|| check_token(app, question, address, CheckPurpose::Asking, now_ms), Ok);
    let token_problem = token_problem(&token);
    let known = known_from_token(token);
    // `None` means that there was no capacity to check the token.
    let is_overloaded = known.is_none();
    let known = known.unwrap_or(Known::unknown());
    let site = snapshot.compiled.site(&question.site).map_err(|_| Problem::new(Code::SiteNotFound))?;
    let decision = Decision::new(site, question, &known, now_ms, clock::draw_bucket());
    let verdict = if is_overloaded {
        Verdict::Silent { reason: Reason::Overloaded, next_eligible_at_ms: None }
    } else {
        decision.verdict()
    };
    app.metrics.verdicts.count(verdict.reason());
    let reason = verdict.reason().as_str();
    let attribution = |appeal: &str, variant: &str, surface: Surface| {
        let (country, at_s) = (country(question), now_ms.div_euclid(1000));
        let number = clock::unique_number();
        let shown =
            AttributionContent { site: &question.site, appeal, variant, surface, country, at_s, number };
        shown.sign(&app.attribution_key)
    };
    let mut body = match verdict {
        Verdict::Show { appeal: index, variant, surface, kind, closable } => {
            let appeal = snapshot.appeal(index);
            let variant = &appeal.variants[variant];
            let ticker = appeal.ticker(&question.site);
            let (ticker_json, quiet_days) =
                (ticker.map(|ticker| &*ticker.json), appeal.quiet_days(&question.site));
            let (content, needs) = variant.content(&question.site, &question.reader, ticker_json, quiet_days);
            VerdictBody {
                show: true,
                surface: Some(surface.as_str()),
                kind: Some(kind.as_str()),
                appeal: Some(&appeal.id),
                variant: Some(&variant.id),
                closable: Some(closable),
                reason,
                attribution: Some(attribution(&appeal.id, &variant.id, surface)),
                content: Some(content),
                values: values(app, &decision, question, index, needs, ticker.map(|ticker| ticker.values)),
                token_problem: None,
                next_eligible_at: None,
                warnings: &[],
            }
        }
        Verdict::HeldOut { appeal, surface, .. } => VerdictBody {
            attribution: Some(attribution(&snapshot.appeal(appeal).id, HELD_OUT, surface)),
            ..VerdictBody::silent(reason)
        },
        Verdict::Silent { next_eligible_at_ms, .. } => VerdictBody {
            token_problem,
            next_eligible_at: next_eligible_at_ms.map(clock::rfc3339),
            ..VerdictBody::silent(reason)
        },
    };
    body.warnings = warnings;
    verdict_to_json(&body)
}

/// The values for the placeholders in the appeal's copy. `needs` lists the values that the copy uses. `None` if there
/// are no values.
pub(super) fn values(
    app: &App,
    decision: &Decision<'_>,
    question: &Question<'_>,
    appeal: AppealIndex,
    needs: &[Value],
    ticker: Option<TickerValues>,
) -> Option<TemplateValues> {
    if needs.is_empty() {
        return None;
    }
    let known = decision.values(appeal)?;
    let currency = app.site(&question.site)?.currency_in(known.country());
    Some(TemplateValues::of(needs, &known, currency, ticker))
}
