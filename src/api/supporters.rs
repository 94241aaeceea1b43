//! Returns the standing of a supporter: the status of their support for one site.

use actix_web::guard::GuardContext;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Path, Payload, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use keepopen_decision::Standing;
use serde::{Deserialize, Serialize};

use super::caller::{Supporter, SupportersReader};
use super::words::StandingShape;
use crate::app::App;
use crate::clock;
use crate::ids::SupporterId;
use crate::supporters::{Email, StandingNow, best_standing, standing_of};
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// A supporter's standing with one site.
#[derive(Serialize, utoipa::ToSchema)]
struct SupporterAnswer {
    /// The supporter's id.
    #[schema(value_type = String, example = "sup_0123456789abcdefghjkmnpqrs")]
    supporter: SupporterId,
    /// The site's id.
    site: String,
    /// The supporter's standing with the site.
    #[schema(value_type = StandingShape)]
    standing: Standing,
    /// The earliest time at which the reader may be asked again.
    #[schema(format = DateTime)]
    quiet_until: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SiteQuery {
    /// The site's id.
    site: String,
}

/// The supporter to look up.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct LookupBody {
    /// The site's id.
    site: String,
    /// The e-mail address with which the reader gave. It is in the body so that it appears in no log.
    #[schema(format = Email, max_length = 254)]
    email: String,
}

/// Get your own standing with a supporter token.
///
/// Returns the supporter's current standing with the site for which the token was issued. It includes changes after
/// the token was issued, such as the end of a recurring gift. After a full refund, the response is the error
/// `token_superseded`.
#[utoipa::path(
    tag = "Supporters",
    operation_id = "read_own_standing",
    security(("supporter_token" = [])),
    responses((
        status = 200, body = SupporterAnswer, description = "The current standing with the token's site",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::TokenMissing, Code::TokenInvalid, Code::TokenExpired, Code::TokenSuperseded,
        Code::Overloaded, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/supporter")]
pub async fn own_standing(app: State, supporter: Supporter) -> Result<HttpResponse, Problem> {
    let claims = &supporter.0;
    current_standing_response(&app, claims.sub.clone(), &claims.aud).await
}

/// Get a supporter's standing by id.
///
/// This route is for a site's back end. It needs a secret API key of scope `supporters:read`. The id is the `sub` of
/// a supporter token.
#[utoipa::path(
    get,
    path = "/v1/supporters/{id}",
    tag = "Supporters",
    operation_id = "read_supporter",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "`sup_…`"), SiteQuery),
    responses((
        status = 200, body = SupporterAnswer, description = "The current standing with the site",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing,
        Code::SiteNotFound, Code::SupporterNotFound, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/supporters/{id}", guard = "is_not_lookup")]
pub async fn standing_by_id(
    app: State,
    _: SupportersReader,
    id: Path<String>,
    query: Result<Query<SiteQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let query = query.map_err(|error| Problem::with(Code::InvalidRequest, error))?;
    let id = SupporterId::parse(&id).map_err(|_| Code::SupporterNotFound)?;
    // Every stored supporter has an epoch (a number that grows to withdraw older tokens). If there is no epoch, the
    // supporter does not exist.
    app.store.epoch(&id).await.map_err(|error| Problem::store(&error))?.ok_or(Code::SupporterNotFound)?;
    current_standing_response(&app, id, &query.site).await
}

/// Look up a supporter's standing by e-mail address.
///
/// This route is for a site's back end. It needs a secret API key of scope `supporters:read`. A reader who enters an
/// address on the payment page has not proved that it is theirs. Use the standing to avoid asking; it does not prove
/// who is reading. If several supporters share the address, their gifts are treated as those of one person. Different
/// spellings count as the same address: upper and lower case, composed and decomposed letters, and a domain's Unicode
/// and ASCII form. If nobody gave with this address, the response is a 404, not a standing.
#[utoipa::path(
    tag = "Supporters",
    operation_id = "look_up_supporter",
    security(("api_key" = [])),
    request_body = LookupBody,
    responses((
        status = 200, body = SupporterAnswer, description = "The current standing with the site",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing,
        Code::SiteNotFound, Code::SupporterNotFound, Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType,
        Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[post("/v1/supporters/lookup")]
pub async fn lookup(
    app: State,
    _: SupportersReader,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let fields: LookupBody = body::parse_strict(&bytes)?;
    let email = Email::parse(&fields.email)
        .map_err(|_| Problem::with(Code::InvalidRequest, "email: not an e-mail address"))?;
    let site = app.site(&fields.site).ok_or(Code::SiteNotFound)?;
    let gifts = app
        .store
        .gift_summaries_by_email(&email, &fields.site)
        .await
        .map_err(|error| Problem::store(&error))?;
    let best = best_standing(&gifts, site.quiet_days, app.now_ms());
    let (supporter, current) = best.ok_or(Code::SupporterNotFound)?;
    Ok(standing_response(supporter, &fields.site, current))
}

/// Whether the path is not `/v1/supporters/lookup`, which is a separate route with other methods.
fn is_not_lookup(context: &GuardContext<'_>) -> bool {
    !context.head().uri.path().ends_with("/lookup")
}

async fn current_standing_response(
    app: &App,
    supporter: SupporterId,
    site_id: &str,
) -> Result<HttpResponse, Problem> {
    let site = app.site(site_id).ok_or(Code::SiteNotFound)?;
    let gifts =
        app.store.gift_summaries(&supporter, site_id).await.map_err(|error| Problem::store(&error))?;
    Ok(standing_response(supporter, site_id, standing_of(&gifts, site.quiet_days, app.now_ms())))
}

fn standing_response(supporter: SupporterId, site_id: &str, current: StandingNow) -> HttpResponse {
    let answer = SupporterAnswer {
        supporter,
        site: site_id.to_owned(),
        standing: current.standing,
        quiet_until: current.quiet_until_ms.map(clock::rfc3339),
    };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer)
}
