//! Lists appeals, and shows their versions.

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use serde_json::{Map, Value};

use super::shapes::{AppealList, AppealWithVersions, Summary, Version, etag};
use crate::api::caller::AppealsReader;
use crate::app::App;
use crate::clock;
use crate::store::StoreError;
use crate::web::State;
use crate::web::problem::{Code, Problem};

/// List all appeals and their states.
///
/// Needs a secret API key of scope `appeals:read` or `appeals:write`.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "list_appeals",
    security(("api_key" = [])),
    responses(
        (status = 200, body = AppealList, description = "Every appeal", headers(("Cache-Control" = String, description = "`no-store`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/appeals")]
pub async fn list(app: State, _: AppealsReader) -> Result<HttpResponse, Problem> {
    let published = app.store.published_appeals().await.map_err(|error| Problem::store(&error))?;
    let newest = app.store.newest_versions().await.map_err(|error| Problem::store(&error))?;
    let appeals = Summary::of_all(&app, &newest, &published);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(AppealList { appeals }))
}

/// Get the newest version of an appeal.
///
/// Needs a secret API key of scope `appeals:read` or `appeals:write`.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "read_appeal",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "The appeal's id")),
    responses(
        (status = 200, body = AppealWithVersions, description = "The appeal. Its `ETag` is the number of the newest version", headers(("Cache-Control" = String, description = "`no-store`"), ("ETag" = String, description = "Use it for `If-Match`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealNotFound, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/appeals/{id}")]
pub async fn read(app: State, _: AppealsReader, id: Path<String>) -> Result<HttpResponse, Problem> {
    version_response(&app, &id, None).await
}

/// Get any version of an appeal.
///
/// Needs a secret API key of scope `appeals:read` or `appeals:write`.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "read_appeal_version",
    security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The appeal's id"),
        ("version" = i64, Path, description = "The version's number"),
    ),
    responses(
        (status = 200, body = AppealWithVersions, description = "The appeal. Its `ETag` is the number of the newest version", headers(("Cache-Control" = String, description = "`no-store`"), ("ETag" = String, description = "Use it for `If-Match`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealNotFound, Code::VersionNotFound, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/appeals/{id}/versions/{version}")]
pub async fn read_version(
    app: State,
    _: AppealsReader,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, version) = path.into_inner();
    version_response(&app, &id, Some(version.parse().map_err(|_| Code::VersionNotFound)?)).await
}

async fn version_response(app: &App, id: &str, version: Option<i64>) -> Result<HttpResponse, Problem> {
    let versions = app.store.versions(id).await.map_err(|error| Problem::store(&error))?;
    let newest = versions.first().ok_or(Code::AppealNotFound)?;
    let chosen = match version {
        None => newest,
        Some(number) => versions.iter().find(|row| row.version == number).ok_or(Code::VersionNotFound)?,
    };
    let published = app.store.published_appeal(id).await.map_err(|error| Problem::store(&error))?;
    let body_with_versions = AppealWithVersions {
        summary: Summary::of_one(app, newest, published.as_ref()),
        appeal_version: chosen.version,
        appeal: fields_of(&chosen.body)?,
        versions: versions
            .iter()
            .map(|row| Version {
                version: row.version,
                written_at: clock::rfc3339(row.created_at_ms),
                written_by: row.created_by.clone(),
            })
            .collect(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ETAG, etag(newest.version)))
        .json(body_with_versions))
}

fn fields_of(body: &str) -> Result<Map<String, Value>, Problem> {
    serde_json::from_str(body).map_err(|error| Problem::store(&StoreError::corrupt(error)))
}
