//! Saving appeals, and publishing them.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, EntityTag, Header, IF_MATCH, IF_NONE_MATCH, IfMatch, IfNoneMatch};
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post, put};
use keepopen_decision::Live;
use serde_json::{Map, Value};

use super::shapes::{PublishBody, SavedAnswer, Summary, etag};
use crate::actions::{self, EditError, Precondition};
use crate::api::caller::AppealsEditor;
use crate::app::{App, Context};
use crate::store::appeals::PublicationRow;
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// Write a new version of an appeal.
///
/// Needs a secret API key of scope `appeals:write`. The appeal is validated but not published. With `If-Match`, it is
/// written only if the newest version is still the version that you edited. With `If-None-Match: *`, it is written
/// only if it does not exist yet. With neither header, it is always written (RFC 9110).
#[utoipa::path(
    tag = "Appeals",
    operation_id = "write_appeal",
    security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The appeal's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you edited"),
        ("If-None-Match" = Option<String>, Header, description = "`*` writes the appeal only if it does not exist yet"),
    ),
    request_body(content = Object, description = "The appeal, with the fields of an appeals file except `live`"),
    responses(
        (status = 200, body = SavedAnswer, description = "The appeal already existed. If its fields changed, it has a new version", headers(("ETag" = String, description = "Use it for `If-Match`"))),
        (status = 201, body = SavedAnswer, description = "The appeal is new", headers(("ETag" = String, description = "Use it for `If-Match`"))),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealsFromFile, Code::VersionConflict, Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType, Code::AppealInvalid, Code::Conflict, Code::StoreUnavailable, Code::Internal]))),
)]
#[put("/v1/appeals/{id}")]
pub async fn save(
    app: State,
    editor: AppealsEditor,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let context = context(&app, &editor)?;
    let preconditions = Preconditions::from_request(&request)?;
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let fields: Map<String, Value> = body::parse(&bytes)?;
    let holds = |newest| preconditions.hold_for(newest);
    let saved =
        actions::save_appeal(&context, &id, fields, Precondition(&holds)).await.map_err(problem_of)?;
    let status =
        if saved.is_new_version && saved.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
    Ok(HttpResponse::build(status)
        .insert_header((ETAG, etag(saved.version)))
        .json(SavedAnswer { version: saved.version }))
}

/// Publish a version.
///
/// Needs a secret API key of scope `appeals:write`. With `If-Match`, the version is published only if the appeal's
/// newest version is the one that you have seen. This keeps you from publishing somebody else's unfinished draft.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "publish_appeal",
    security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The appeal's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you have seen"),
    ),
    request_body = PublishBody,
    responses(
        (status = 200, body = Summary, description = "Published on this instance, and on every other instance within 2 seconds"),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealNotFound, Code::VersionNotFound, Code::VersionConflict, Code::AppealsFromFile, Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType, Code::AppealInvalid, Code::Conflict, Code::StoreUnavailable, Code::Internal]))),
)]
#[post("/v1/appeals/{id}/publish")]
pub async fn publish(
    app: State,
    editor: AppealsEditor,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let context = context(&app, &editor)?;
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let publication: PublishBody = body::parse_strict(&bytes)?;
    let preconditions = Preconditions::from_request(&request)?;
    let holds = |newest| preconditions.hold_for(newest);
    let published = actions::publish_appeal(&context, &id, publication.version, Precondition(&holds))
        .await
        .map_err(problem_of)?;
    activate(&app, &published).await
}

/// Pause an appeal.
///
/// Needs a secret API key of scope `appeals:write`. To show the appeal again, publish it.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "pause_appeal",
    security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The appeal's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you have seen"),
    ),
    responses(
        (status = 200, body = Summary, description = "Paused on this instance, and on every other instance within 2 seconds"),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealNotFound, Code::VersionConflict, Code::AppealsFromFile, Code::NeverPublished, Code::Conflict, Code::StoreUnavailable, Code::Internal]))),
)]
#[post("/v1/appeals/{id}/pause")]
pub async fn pause(
    app: State,
    editor: AppealsEditor,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    pause_or_end(&app, &editor, &id, Live::Paused, &request).await
}

/// End an appeal.
///
/// Needs a secret API key of scope `appeals:write`. To show the appeal again, publish it.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "end_appeal",
    security(("api_key" = [])),
    params(
        ("id" = String, Path, description = "The appeal's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that you have seen"),
    ),
    responses(
        (status = 200, body = Summary, description = "Ended on this instance, and on every other instance within 2 seconds"),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::AppealNotFound, Code::VersionConflict, Code::AppealsFromFile, Code::NeverPublished, Code::Conflict, Code::StoreUnavailable, Code::Internal]))),
)]
#[post("/v1/appeals/{id}/end")]
pub async fn end(
    app: State,
    editor: AppealsEditor,
    id: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    pause_or_end(&app, &editor, &id, Live::Ended, &request).await
}

async fn pause_or_end(
    app: &App,
    editor: &AppealsEditor,
    id: &str,
    state: Live,
    request: &HttpRequest,
) -> Result<HttpResponse, Problem> {
    let preconditions = Preconditions::from_request(request)?;
    let holds = |newest| preconditions.hold_for(newest);
    let published = actions::pause_or_end(&context(app, editor)?, id, state, Precondition(&holds))
        .await
        .map_err(problem_of)?;
    activate(app, &published).await
}

/// Activates a publication on this instance at once. Returns a response with the appeal's state.
async fn activate(app: &App, published: &PublicationRow) -> Result<HttpResponse, Problem> {
    actions::sync_appeals(app).await.map_err(|error| Problem::store(&error))?;
    let id = &published.appeal_id;
    let versions = app.store.versions(id).await.map_err(|error| Problem::store(&error))?;
    let newest = versions.first().ok_or(Code::AppealNotFound)?;
    let published = app.store.published_appeal(id).await.map_err(|error| Problem::store(&error))?;
    Ok(HttpResponse::Ok().json(Summary::of_one(app, newest, published.as_ref())))
}

/// The request's `If-Match` and `If-None-Match`.
struct Preconditions {
    if_match: Option<IfMatch>,
    if_none_match: Option<IfNoneMatch>,
}

impl Preconditions {
    fn from_request(request: &HttpRequest) -> Result<Self, Problem> {
        let unreadable =
            |name| Problem::with(Code::InvalidRequest, format_args!("{name}: must be a list of ETags, or *"));
        let headers = request.headers();
        let (mut if_match, mut if_none_match) = (None, None);
        if headers.contains_key(IF_MATCH) {
            if_match = IfMatch::parse(request)
                .ok()
                .filter(|header| !matches!(header, IfMatch::Items(tags) if tags.is_empty()));
            if_match.as_ref().ok_or_else(|| unreadable("If-Match"))?;
        }
        if headers.contains_key(IF_NONE_MATCH) {
            if_none_match = IfNoneMatch::parse(request)
                .ok()
                .filter(|header| !matches!(header, IfNoneMatch::Items(tags) if tags.is_empty()));
            if_none_match.as_ref().ok_or_else(|| unreadable("If-None-Match"))?;
        }
        Ok(Self { if_match, if_none_match })
    }

    /// Whether the preconditions hold for an appeal whose newest version is `newest`. 0 means that the appeal does not
    /// exist.
    fn hold_for(&self, newest: i64) -> bool {
        let current = (newest > 0).then(|| EntityTag::new_strong(newest.to_string()));
        let if_match_holds = match &self.if_match {
            None => true,
            Some(IfMatch::Any) => current.is_some(),
            Some(IfMatch::Items(tags)) => {
                tags.iter().any(|tag| current.as_ref().is_some_and(|current| tag.strong_eq(current)))
            }
        };
        let if_none_match_holds = match &self.if_none_match {
            None => true,
            Some(IfNoneMatch::Any) => current.is_none(),
            Some(IfNoneMatch::Items(tags)) => {
                tags.iter().all(|tag| current.as_ref().is_none_or(|current| !tag.weak_eq(current)))
            }
        };
        if_match_holds && if_none_match_holds
    }
}

/// Returns the context of the caller's actions (who acts, and what the actions use), or an error if the appeals come
/// from a file. Appeals from a file can't be edited through the API.
fn context<'a>(app: &'a App, editor: &AppealsEditor) -> Result<Context<'a>, Problem> {
    if app.settings.appeals.file.is_some() {
        return Err(Code::AppealsFromFile.into());
    }
    Ok(editor.0.context(app))
}

fn problem_of(error: EditError) -> Problem {
    match error {
        EditError::Invalid(problems) => {
            Problem { problems: problems.into(), ..Problem::new(Code::AppealInvalid) }
        }
        EditError::NotTheNewest(newest) => {
            let detail = match newest {
                0 => "there is no appeal with this id yet".to_owned(),
                _ => format!("the newest version is {newest}"),
            };
            Problem::with(Code::VersionConflict, detail)
        }
        EditError::Unknown => Code::AppealNotFound.into(),
        EditError::UnknownVersion => Code::VersionNotFound.into(),
        EditError::NeverPublished => Code::NeverPublished.into(),
        EditError::Store(error) => Problem::store(&error),
    }
}
