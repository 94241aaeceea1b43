//! Writing appeals, and putting them into force.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post, put};
use keepopen_decision::Live;
use serde_json::{Map, Value};

use super::shapes::{PublishBody, SavedAnswer, Summary, etag};
use crate::actions::{self, EditError, Editor};
use crate::app::App;
use crate::http::State;
use crate::http::body::{self, Accepts};
use crate::http::caller::AppealsEditor;
use crate::http::problem::{Code, Problem};
use crate::store::appeals::PublicationRow;

/// Write a version of an appeal. It is checked, and not published. With `If-Match`, only where it is made from
/// the newest version; a new appeal is made from `"0"`.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "write_appeal",
    security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The appeal's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that it is made from"),
    ),
    request_body(content = Object, description = "The appeal, with the fields of an appeals file but `live`"),
    responses(
        (status = 200, body = SavedAnswer, description = "Nothing changed, and no version was made", headers(("ETag" = String, description = "For `If-Match`"))),
        (status = 201, body = SavedAnswer, description = "A version was made", headers(("ETag" = String, description = "For `If-Match`"))),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealsFromFile, Code::VersionConflict, Code::BodyTooLarge, Code::UnsupportedMediaType, Code::AppealInvalid, Code::StoreUnavailable, Code::Internal]))),
)]
#[put("/v1/appeals/{id}")]
pub async fn save(
    app: State,
    by: AppealsEditor,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let editor = editor(&app, &by)?;
    let expected = made_from(&request)?;
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let fields: Map<String, Value> = body::parse(&bytes)?;
    let saved = actions::save_appeal(editor, &id, fields, expected).await.map_err(problem_of)?;
    let status = if saved.made { StatusCode::CREATED } else { StatusCode::OK };
    Ok(HttpResponse::build(status)
        .insert_header((ETAG, etag(saved.version)))
        .json(SavedAnswer { version: saved.version }))
}

/// Put a version into force.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "publish_appeal",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "The appeal's id")),
    request_body = PublishBody,
    responses(
        (status = 200, body = Summary, description = "It is in force here, and on every other instance within 2 seconds"),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealUnknown, Code::VersionUnknown, Code::AppealsFromFile, Code::BodyTooLarge, Code::UnsupportedMediaType, Code::AppealInvalid, Code::StoreUnavailable, Code::Internal]))),
)]
#[post("/v1/appeals/{id}/publish")]
pub async fn publish(
    app: State,
    by: AppealsEditor,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let editor = editor(&app, &by)?;
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let asked: PublishBody = body::parse(&bytes)?;
    let published = actions::publish_appeal(editor, &id, asked.version).await.map_err(problem_of)?;
    in_force(&app, &published).await
}

/// Hold an appeal back for now.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "pause_appeal",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "The appeal's id")),
    responses(
        (status = 200, body = Summary, description = "It is held back here, and on every other instance within 2 seconds"),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealUnknown, Code::AppealsFromFile, Code::NeverPublished, Code::StoreUnavailable, Code::Internal]))),
)]
#[post("/v1/appeals/{id}/pause")]
pub async fn pause(app: State, by: AppealsEditor, id: Path<String>) -> Result<HttpResponse, Problem> {
    set_aside(&app, &by, &id, Live::Paused).await
}

/// End an appeal. Publishing it again takes it up again.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "end_appeal",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "The appeal's id")),
    responses(
        (status = 200, body = Summary, description = "It is over here, and on every other instance within 2 seconds"),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealUnknown, Code::AppealsFromFile, Code::NeverPublished, Code::StoreUnavailable, Code::Internal]))),
)]
#[post("/v1/appeals/{id}/end")]
pub async fn end(app: State, by: AppealsEditor, id: Path<String>) -> Result<HttpResponse, Problem> {
    set_aside(&app, &by, &id, Live::Ended).await
}

async fn set_aside(app: &App, by: &AppealsEditor, id: &str, state: Live) -> Result<HttpResponse, Problem> {
    let published = actions::set_appeal_aside(editor(app, by)?, id, state).await.map_err(problem_of)?;
    in_force(app, &published).await
}

/// Puts it into force on this instance at once, and says how it stands.
async fn in_force(app: &App, published: &PublicationRow) -> Result<HttpResponse, Problem> {
    actions::hear_of_appeals(app).await.map_err(|error| Problem::store(&error))?;
    let id = &published.appeal_id;
    let versions = app.store.versions(id).await.map_err(|error| Problem::store(&error))?;
    let newest = versions.first().ok_or(Code::AppealUnknown)?;
    let published = app.store.published_appeal(id).await.map_err(|error| Problem::store(&error))?;
    Ok(HttpResponse::Ok().json(Summary::of(app, newest, published.as_ref())))
}

/// The version that `If-Match` names, if it is there.
fn made_from(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(value) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
    number.map(Some).ok_or_else(|| Problem::with(Code::InvalidRequest, "If-Match: not an ETag of an appeal"))
}

/// Who edits; nobody where the appeals come from a file.
fn editor<'a>(app: &'a App, by: &'a AppealsEditor) -> Result<Editor<'a>, Problem> {
    if app.settings.appeals.file.is_some() {
        return Err(Code::AppealsFromFile.into());
    }
    Ok(Editor { store: &app.store, sites: &app.settings.sites, by: &by.key, now_ms: app.now_ms() })
}

fn problem_of(error: EditError) -> Problem {
    match error {
        EditError::Invalid(problems) => {
            Problem { problems: problems.into(), ..Problem::new(Code::AppealInvalid) }
        }
        EditError::NotTheNewest(newest) => {
            Problem::with(Code::VersionConflict, format_args!("the newest version is {newest}"))
        }
        EditError::Unknown => Code::AppealUnknown.into(),
        EditError::UnknownVersion => Code::VersionUnknown.into(),
        EditError::NeverPublished => Code::NeverPublished.into(),
        EditError::Store(error) => Problem::store(&error),
    }
}
