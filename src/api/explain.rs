//! Explains a verdict: lists every appeal, with the result of each of its rules.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};
use keepopen_decision::{AppealExplanation, Question, RuleExplanation, explain};
use serde::Serialize;

use super::caller::AppealsReader;
use super::known::known_from_question;
use super::previews::{self, PreviewField};
use super::question::ExplainQuestionShape;
use super::words::ReasonShape;
use crate::clock;
use crate::keys::CheckPurpose;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};
use crate::web::{State, address_of};

/// A verdict, and how it was reached.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Explanation)]
struct ExplanationBody {
    /// Whether an appeal is shown.
    show: bool,
    /// The reason, from a fixed list.
    #[schema(value_type = ReasonShape)]
    reason: &'static str,
    /// The earliest time at which an appeal can show to this reader if nothing but the time changes. Null if an appeal
    /// shows now, if waiting does not help, or if the reader is held out.
    #[schema(format = DateTime)]
    next_eligible_at: Option<String>,
    /// All appeals of the site, in the order in which they are tried.
    appeals: Vec<ExplainedAppeal>,
}

/// The evaluation of one appeal.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ExplainedAppeal)]
struct ExplainedAppeal {
    /// The appeal's id.
    appeal: String,
    /// The appeal's priority.
    priority: i32,
    /// Whether the appeal passed every rule.
    passed: bool,
    /// Whether this appeal shows, or would show if the reader were not held out.
    chosen: bool,
    /// The appeal's own reason: the reason of the first rule that it failed. If it passed every rule: `share` if
    /// another appeal got the reader, `holdout` if the reader is held out.
    #[schema(value_type = ReasonShape)]
    reason: &'static str,
    /// The earliest time at which the appeal can pass its rules if nothing but the time changes. Null if it passes them
    /// now, or if waiting does not help.
    #[schema(format = DateTime)]
    next_eligible_at: Option<String>,
    /// The variant that this reader would see.
    variant: String,
    /// The reader's country, if the variants have separate weights for it; absent if the default weights apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "NZ")]
    weights_of: Option<String>,
    /// The appeal's share of readers, in millionths, when it competes with the other appeals that also passed; null
    /// if it did not pass.
    readers_per_million: Option<u64>,
    /// All rules, in the order in which they are evaluated.
    rules: Vec<ExplainedRule>,
}

/// The result of one rule.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ExplainedRule)]
struct ExplainedRule {
    /// The rule's name.
    #[schema(value_type = String, example = "frequency")]
    rule: serde_json::Value,
    /// Whether the appeal passed the rule.
    passed: bool,
    /// The value that was found, as text.
    #[schema(example = "4 views in 30 days")]
    seen: String,
    /// The value that would have passed, as text.
    wanted: String,
    /// When a failed rule will pass if nothing but the time changes; null if waiting does not help.
    #[schema(format = DateTime)]
    opens_at: Option<String>,
}

/// Explain why a reader is asked or not.
///
/// This route is for the people who write appeals. It takes the body of `POST /v1/banner` and decides with the same
/// code. It lists every appeal with all its rules, and for each rule the value that was found and the value that
/// would have passed. Nothing is counted. It needs a secret API key of scope `appeals:read` or `appeals:write`, or a
/// valid `preview` of the same site.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "explain_banner",
    security(("api_key" = []), ()),
    request_body = ExplainQuestionShape,
    responses((
        status = 200, body = ExplanationBody, description = "The verdict, and how it was reached",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::PreviewInvalid, Code::SiteNotFound,
        Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType, Code::Overloaded, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[post("/v1/banner/explain")]
pub async fn explain_banner(
    app: State,
    key_holder: Result<AppealsReader, Problem>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await;
    // A caller with neither a key nor a preview gets the error about the key, even if the body is invalid too.
    if let Err(refused) = key_holder {
        let with_preview = bytes.as_ref().ok().and_then(|bytes| {
            Some((
                body::parse::<Question<'_>>(bytes).ok()?,
                body::parse::<PreviewField>(bytes).ok()?.preview?,
            ))
        });
        let (question, preview) = with_preview.ok_or(refused)?;
        previews::read(&app, &question, Some(&preview))?;
    }
    let bytes = bytes?;
    let question: Question<'_> = body::parse(&bytes)?;
    let now_ms = app.now_ms();
    let snapshot = app.snapshot.load();
    let known =
        known_from_question(&app, &question, &|| address_of(&app, &request), CheckPurpose::Acting, now_ms);
    let known = known.ok_or(Code::Overloaded)?;
    let explained = explain(&snapshot.compiled, &question, &known, now_ms, clock::draw_bucket())
        .map_err(|_| Problem::new(Code::SiteNotFound))?;
    let answer = ExplanationBody {
        show: matches!(explained.verdict, keepopen_decision::Verdict::Show { .. }),
        reason: explained.verdict.reason().as_str(),
        next_eligible_at: explained.verdict.next_eligible_at_ms().map(clock::rfc3339),
        appeals: explained.appeals.into_iter().map(explained_appeal).collect(),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

fn explained_appeal(explanation: AppealExplanation) -> ExplainedAppeal {
    ExplainedAppeal {
        appeal: explanation.appeal,
        priority: explanation.priority,
        passed: explanation.passed,
        chosen: explanation.chosen,
        reason: explanation.reason.as_str(),
        next_eligible_at: explanation.next_eligible_at_ms.map(clock::rfc3339),
        variant: explanation.variant,
        weights_of: explanation.weights_of,
        readers_per_million: explanation.readers_per_million,
        rules: explanation.rules.into_iter().map(explained_rule).collect(),
    }
}

fn explained_rule(explanation: RuleExplanation) -> ExplainedRule {
    ExplainedRule {
        rule: serde_json::json!(explanation.rule),
        passed: explanation.passed,
        seen: explanation.seen,
        wanted: explanation.wanted,
        opens_at: explanation.opens_at_ms.map(clock::rfc3339),
    }
}
