//! Implements the OpenFeature Remote Evaluation Protocol (version 0.2) for all OpenFeature SDKs.
//!
//! The evaluation context is the body of `POST /v1/banner`, which the code calls a *question*. A question may have a
//! bucket, a number that decides which variant the reader sees. If a question has no bucket, the targeting key
//! determines it.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETag, EntityTag};
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use keepopen_decision::{Question, bucket_of};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::banner;
use super::question::QuestionShape;
use crate::keys::sha256;
use crate::web::body::{self, Accepts};
use crate::web::has_cached;
use crate::web::problem::{Code, Problem};
use crate::web::{ServerState, State, address_of};

/// The available flags: the whole verdict as an object, and whether an appeal is shown.
const FLAGS: [&str; 2] = ["appeal", "show_appeal"];
/// How long a cached response is valid, in seconds. The attribution in the response is valid for a day.
const CACHE_TTL_S: i64 = 3600;

/// A request from an OpenFeature SDK.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = EvaluationRequest)]
struct EvaluationRequest<'a> {
    /// The fields of the body of `POST /v1/banner`, plus the SDK's `targetingKey`.
    #[serde(borrow)]
    #[schema(value_type = QuestionShape)]
    context: &'a RawValue,
}

/// The fields of a context that the protocol itself needs. They are read before the question.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetFields {
    targeting_key: Option<String>,
    site: Option<IgnoredAny>,
}

/// The value of one flag.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Evaluation)]
struct Evaluation {
    /// The flag: `appeal` or `show_appeal`.
    key: &'static str,
    /// `TARGETING_MATCH` if an appeal shows, otherwise `DEFAULT`.
    reason: &'static str,
    /// For `appeal`, the id of the appeal's variant, or `none`. For `show_appeal`, `on` or `off`.
    variant: String,
    /// For `appeal`, the verdict that `POST /v1/banner` returns. For `show_appeal`, true or false.
    value: Value,
    /// Contains `reason`, the verdict's reason.
    metadata: Value,
}

/// The value of every flag.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Evaluations)]
struct Evaluations {
    /// One item for each flag.
    flags: Vec<Evaluation>,
}

/// The reason why there is no value, with an error code of the protocol.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = EvaluationFailure)]
#[serde(rename_all = "camelCase")]
struct Failure {
    /// The requested flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// `PARSE_ERROR`, `INVALID_CONTEXT`, `FLAG_NOT_FOUND` or `GENERAL`.
    error_code: &'static str,
    /// The details of this error.
    error_details: String,
}

/// Evaluate one flag.
#[utoipa::path(
    tag = "OpenFeature",
    operation_id = "evaluate_flag",
    params(("key" = String, Path, description = "`appeal` or `show_appeal`")),
    request_body = EvaluationRequest<'_>,
    responses(
        (status = 200, body = Evaluation, description = "The flag's value", headers(("Cache-Control" = String, description = "`no-store`"))),
        (status = 400, body = Failure, description = "The context can't be read, or names an unknown site"),
        (status = 404, body = Failure, description = "The flag does not exist"),
        (status = 408, body = Failure, description = "The body took too long to arrive"),
        (status = 413, body = Failure, description = "The body is too large"),
        (status = 415, body = Failure, description = "The content type is not JSON"),
    )
)]
#[post("/ofrep/v1/evaluate/flags/{key}")]
pub async fn evaluate(app: State, key: Path<String>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let key = key.into_inner();
    let Some(flag) = FLAGS.into_iter().find(|flag| *flag == key) else {
        return failure_response(
            StatusCode::NOT_FOUND,
            Some(key),
            "FLAG_NOT_FOUND",
            "the flag does not exist; the flags are appeal and show_appeal",
        );
    };
    match verdict(&app, &request, payload).await {
        Ok(verdict) => {
            HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(evaluation(flag, &verdict))
        }
        Err(problem) => problem_response(problem, Some(key)),
    }
}

/// Evaluate all flags. With `If-None-Match`, the response is empty if nothing has changed.
#[utoipa::path(
    tag = "OpenFeature",
    operation_id = "evaluate_flags",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of the previous response")),
    request_body = EvaluationRequest<'_>,
    responses(
        (status = 200, body = Evaluations, description = "The value of each flag", headers(("Cache-Control" = String, description = "`no-store`"), ("ETag" = String, description = "Use it for `If-None-Match`"))),
        (status = 304, description = "Nothing has changed", headers(("Cache-Control" = String, description = "`no-store`"), ("ETag" = String, description = "Use it for `If-None-Match`"))),
        (status = 400, body = Failure, description = "The context can't be read, or names an unknown site"),
        (status = 408, body = Failure, description = "The body took too long to arrive"),
        (status = 413, body = Failure, description = "The body is too large"),
        (status = 415, body = Failure, description = "The content type is not JSON"),
    )
)]
#[post("/ofrep/v1/evaluate/flags")]
pub async fn evaluate_all(app: State, request: HttpRequest, payload: Payload) -> HttpResponse {
    let verdict = match verdict(&app, &request, payload).await {
        Ok(verdict) => verdict,
        Err(problem) => return problem_response(problem, None),
    };
    let tag = etag_of(&verdict, app.now_ms());
    let no_store = (CACHE_CONTROL, "no-store");
    if has_cached(&request, &tag) {
        return HttpResponse::NotModified().insert_header(no_store).insert_header(ETag(tag)).finish();
    }
    let flags = FLAGS.into_iter().map(|flag| evaluation(flag, &verdict)).collect();
    HttpResponse::Ok().insert_header(no_store).insert_header(ETag(tag)).json(Evaluations { flags })
}

async fn verdict(app: &ServerState, request: &HttpRequest, payload: Payload) -> Result<Value, Problem> {
    let bytes = body::read_json_bytes(request, payload, Accepts::Json).await?;
    let evaluation_request: EvaluationRequest<'_> = body::parse(&bytes)?;
    let context = evaluation_request.context.get().as_bytes();
    let target: TargetFields = body::parse(context)?;
    if target.site.is_none() {
        return Err(Problem::with(
            Code::SiteNotFound,
            "the context names no site; set `site` to the site's id",
        ));
    }
    let mut question: Question<'_> = body::parse(context)?;
    if question.reader.bucket.is_none() {
        question.reader.bucket = target.targeting_key.as_deref().map(bucket_of);
    }
    let json = banner::verdict(app, &question, &|| address_of(app, request), &[])?;
    serde_json::from_slice(&json).map_err(|error| {
        tracing::error!(%error, "the JSON of a verdict can't be parsed");
        Problem::new(Code::Internal)
    })
}

fn evaluation(flag: &'static str, verdict: &Value) -> Evaluation {
    let is_shown = verdict["show"].as_bool() == Some(true);
    let (variant, value) = if flag == "appeal" {
        (verdict["variant"].as_str().unwrap_or("none"), verdict.clone())
    } else {
        (if is_shown { "on" } else { "off" }, Value::Bool(is_shown))
    };
    Evaluation {
        key: flag,
        reason: if is_shown { "TARGETING_MATCH" } else { "DEFAULT" },
        variant: variant.to_owned(),
        value,
        metadata: json!({ "reason": verdict["reason"] }),
    }
}

/// The tag of a response. It ignores the attribution, which differs in each response. It changes when another part of
/// the response changes. It also changes each hour, so that no cached attribution is used after it expires.
fn etag_of(verdict: &Value, now_ms: i64) -> EntityTag {
    let mut cacheable = verdict.clone();
    if let Some(fields) = cacheable.as_object_mut() {
        fields.shift_remove("attribution");
    }
    let hour = now_ms.div_euclid(CACHE_TTL_S * 1000);
    let hash = sha256(format!("{hour} {cacheable}").as_bytes());
    EntityTag::new_strong(hex::encode(&hash[..8]))
}

fn problem_response(problem: Problem, key: Option<String>) -> HttpResponse {
    let error_code = match problem.code {
        Code::InvalidRequest => "PARSE_ERROR",
        Code::SiteNotFound => "INVALID_CONTEXT",
        _ => "GENERAL",
    };
    let details = problem.detail.unwrap_or_else(|| problem.title.to_owned());
    let status =
        if problem.code == Code::SiteNotFound { StatusCode::BAD_REQUEST } else { problem.code.status() };
    failure_response(status, key, error_code, details)
}

fn failure_response(
    status: StatusCode,
    key: Option<String>,
    error_code: &'static str,
    details: impl Into<String>,
) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(Failure {
        key,
        error_code,
        error_details: details.into(),
    })
}
