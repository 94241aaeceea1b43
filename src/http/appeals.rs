//! Appeals with their versions: write, publish, pause, end, roll back.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_MATCH};
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use keepopen_decision::Live;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::State;
use super::body::{self, Accepts};
use super::caller::{AppealsEditor, AppealsReader};
use super::problem::{Code, Problem};
use crate::actions::{self, EditError, Editor};
use crate::app::App;
use crate::appeals::{Draft, Phase, phase};
use crate::clock;
use crate::store::appeals::{PublicationRow, VersionRow};

/// How an appeal stands.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AppealSummary)]
struct Summary {
    /// Its id.
    #[schema(example = "summer")]
    id: String,
    /// What readers get of it now.
    phase: Phase,
    /// The newest version's number, from 1.
    version: i64,
    /// When that was written, RFC 3339.
    written_at: String,
    /// The version that was published last, if any was.
    published_version: Option<i64>,
    /// When it was put into the phase that it was put in last, RFC 3339.
    published_at: Option<String>,
}

/// Every appeal.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Appeals)]
struct Listed {
    /// By id.
    appeals: Vec<Summary>,
}

/// One version of an appeal.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AppealVersion)]
struct Version {
    /// From 1.
    version: i64,
    /// When it was written, RFC 3339.
    written_at: String,
    /// Who wrote it: an API key's id, or `command line`.
    written_by: String,
}

/// An appeal as it was written.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Appeal)]
struct Whole {
    #[serde(flatten)]
    summary: Summary,
    /// The version that `appeal` is.
    of_version: i64,
    /// The appeal, with the fields of an appeals file.
    #[schema(value_type = Object)]
    appeal: Map<String, Value>,
    /// Its versions, the newest first.
    versions: Vec<Version>,
}

/// What came of writing.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AppealSaved)]
struct SavedAnswer {
    /// The newest version's number.
    version: i64,
}

/// What to publish.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = AppealPublish)]
#[serde(deny_unknown_fields)]
struct PublishBody {
    /// The version; left out or null, the newest. An older one rolls back.
    #[serde(default)]
    version: Option<i64>,
}

/// Every appeal, and how it stands.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "list_appeals",
    security(("api_key" = [])),
    responses(
        (status = 200, body = Listed, description = "Every appeal", headers(("Cache-Control" = String, description = "`no-store`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/appeals")]
pub async fn list(app: State, _: AppealsReader) -> Result<HttpResponse, Problem> {
    let published = app.store.publications().await.map_err(|error| Problem::store(&error))?;
    let newest = app.store.newest_versions().await.map_err(|error| Problem::store(&error))?;
    let mut appeals = Vec::new();
    for row in newest {
        let publication = published.iter().find(|it| it.appeal_id == row.appeal_id);
        appeals.push(summary(&app, &row, publication).await?);
    }
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Listed { appeals }))
}

/// One appeal in its newest version.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "read_appeal",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "The appeal's id")),
    responses(
        (status = 200, body = Whole, description = "The appeal; its `ETag` is the newest version's number", headers(("Cache-Control" = String, description = "`no-store`"), ("ETag" = String, description = "For `If-Match`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealUnknown, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/appeals/{id}")]
pub async fn read(app: State, _: AppealsReader, id: Path<String>) -> Result<HttpResponse, Problem> {
    whole(&app, &id, None).await
}

/// One appeal in an older version.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "read_appeal_version",
    security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The appeal's id"),
        ("version" = i64, Path, description = "The version's number"),
    ),
    responses(
        (status = 200, body = Whole, description = "The appeal; its `ETag` is the newest version's number", headers(("Cache-Control" = String, description = "`no-store`"), ("ETag" = String, description = "For `If-Match`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealUnknown, Code::VersionUnknown, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/appeals/{id}/versions/{version}")]
pub async fn read_version(
    app: State,
    _: AppealsReader,
    place: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, version) = place.into_inner();
    whole(&app, &id, Some(version.parse().map_err(|_| Code::VersionUnknown)?)).await
}

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
    let expected =
        match request.headers().get(IF_MATCH) {
            None => None,
            Some(value) => {
                let number = value.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
                Some(number.ok_or_else(|| {
                    Problem::with(Code::InvalidRequest, "If-Match: not an ETag of an appeal")
                })?)
            }
        };
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
    let versions = app.store.versions(&published.appeal_id).await.map_err(|error| Problem::store(&error))?;
    let newest = versions.first().ok_or(Code::AppealUnknown)?;
    Ok(HttpResponse::Ok().json(summary(app, newest, Some(published)).await?))
}

async fn whole(app: &App, id: &str, version: Option<i64>) -> Result<HttpResponse, Problem> {
    let versions = app.store.versions(id).await.map_err(|error| Problem::store(&error))?;
    let newest = versions.first().ok_or(Code::AppealUnknown)?;
    let chosen = match version {
        None => newest,
        Some(number) => versions.iter().find(|row| row.version == number).ok_or(Code::VersionUnknown)?,
    };
    let published = app.store.publications().await.map_err(|error| Problem::store(&error))?;
    let publication = published.iter().find(|row| row.appeal_id == id);
    let answer = Whole {
        summary: summary(app, newest, publication).await?,
        of_version: chosen.version,
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
        .json(answer))
}

async fn summary(
    app: &App,
    newest: &VersionRow,
    published: Option<&PublicationRow>,
) -> Result<Summary, Problem> {
    let phase = match published {
        None => Phase::Draft,
        Some(row) => {
            let body = if row.version == newest.version {
                newest.body.clone()
            } else {
                let version = app.store.version(&row.appeal_id, row.version).await;
                version.map_err(|error| Problem::store(&error))?.ok_or(Code::VersionUnknown)?.body
            };
            let live = Live::parse(&row.state).ok_or(Code::Internal)?;
            // What can't be read any more is shown to nobody.
            Draft::read_version(&row.appeal_id, &body, live)
                .map_or(Phase::Paused, |draft| phase(&app.settings.sites, &draft, app.now_ms()))
        }
    };
    Ok(Summary {
        id: newest.appeal_id.clone(),
        phase,
        version: newest.version,
        written_at: clock::rfc3339(newest.created_at_ms),
        published_version: published.map(|row| row.version),
        published_at: published.map(|row| clock::rfc3339(row.published_at_ms)),
    })
}

fn fields_of(body: &str) -> Result<Map<String, Value>, Problem> {
    serde_json::from_str(body).map_err(|error| Problem::store(&sqlx::Error::Decode(error.into())))
}

fn etag(version: i64) -> String {
    format!("\"{version}\"")
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
