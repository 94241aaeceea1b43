//! Supporter status.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use keepopen_decision::Standing;
use serde::{Deserialize, Serialize};

use super::State;
use super::body::{self, Accepts};
use super::caller::{Supporter, SupportersReader};
use super::problem::{Code, Problem};
use super::words::StandingShape;
use crate::app::App;
use crate::clock;
use crate::ids::SupporterId;
use crate::supporters::{Email, standing_of};

/// A supporter's standing with one site.
#[derive(Serialize, utoipa::ToSchema)]
struct SupporterAnswer {
    /// Who.
    #[schema(value_type = String, example = "sup_0123456789abcdefghjkmnpqrs")]
    supporter: SupporterId,
    /// The site's id.
    site: String,
    /// The standing.
    #[schema(value_type = StandingShape)]
    standing: Standing,
    /// The first instant when asking is allowed again, RFC 3339.
    quiet_until: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SiteQuery {
    /// The site's id.
    site: String,
}

/// Whom to look up.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LookupBody {
    /// The site's id.
    site: String,
    /// The address that was given under. It stands in the body, so that it stands in no log.
    email: String,
}

/// Own standing, by supporter token.
#[utoipa::path(
    tag = "Supporters",
    security(("supporter_token" = [])),
    responses(
        (status = 200, body = SupporterAnswer, description = "The standing with the token's site, now"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "`token_missing`, `token_invalid`, `token_expired`, `token_superseded`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`store_unavailable`"),
    )
)]
#[get("/v1/supporter")]
pub async fn own(app: State, supporter: Supporter) -> Result<HttpResponse, Problem> {
    let claims = &supporter.0;
    answer(&app, claims.sub.clone(), &claims.aud).await
}

/// A supporter's standing, by id.
#[utoipa::path(
    tag = "Supporters",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "`sup_…`"), SiteQuery),
    responses(
        (status = 200, body = SupporterAnswer, description = "The standing with the site, now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "`api_key_missing`, `api_key_invalid`"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`scope_missing`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`site_unknown`, `supporter_unknown`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`store_unavailable`"),
    )
)]
#[get("/v1/supporters/{id}")]
pub async fn by_id(
    app: State,
    _: SupportersReader,
    id: Path<String>,
    query: Result<Query<SiteQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?;
    let id = SupporterId::parse(&id).map_err(|_| Code::SupporterUnknown)?;
    app.store.epoch(&id).await.map_err(|error| Problem::store(&error))?.ok_or(Code::SupporterUnknown)?;
    answer(&app, id, &query.site).await
}

/// A supporter's standing, by e-mail address.
#[utoipa::path(
    tag = "Supporters",
    security(("api_key" = [])),
    request_body = LookupBody,
    responses(
        (status = 200, body = SupporterAnswer, description = "The standing with the site, now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "`api_key_missing`, `api_key_invalid`"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`scope_missing`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`site_unknown`, `supporter_unknown`"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "`body_too_large`"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "`unsupported_media_type`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`store_unavailable`"),
    )
)]
#[post("/v1/supporters/lookup")]
pub async fn lookup(
    app: State,
    _: SupportersReader,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let asked: LookupBody = body::parse(&bytes)?;
    let email = Email::parse(&asked.email)
        .map_err(|_| Problem::with(Code::InvalidRequest, "email: not an e-mail address"))?;
    let found = app.store.supporter_by_email(&email).await.map_err(|error| Problem::store(&error))?;
    answer(&app, found.ok_or(Code::SupporterUnknown)?, &asked.site).await
}

async fn answer(app: &App, supporter: SupporterId, site_id: &str) -> Result<HttpResponse, Problem> {
    let site = app.site(site_id).ok_or(Code::SiteUnknown)?;
    let given = app.store.given(&supporter, site_id).await.map_err(|error| Problem::store(&error))?;
    let now = standing_of(&given, site.quiet_days);
    let answer = SupporterAnswer {
        supporter,
        site: site_id.to_owned(),
        standing: now.standing,
        quiet_until: now.quiet_until_ms.map(clock::rfc3339),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}
