//! Switches a site's appeals, or one of its surfaces, off and on.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, put};
use serde::Serialize;

use super::caller::{AppealsEditor, AppealsReader};
use crate::actions::{self, SwitchError};
use crate::app::App;
use crate::appeals::{SurfaceSwitches, Switch, Switches, SwitchesChange};
use crate::clock;
use crate::store::switches::{SwitchRow, by_site};
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// The switches of one site.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SiteSwitches)]
struct SiteSwitchesBody {
    /// The site's id.
    #[schema(example = "journal")]
    site: String,
    /// The switch for all surfaces together.
    all: Switch,
    /// The switch of each surface. A surface shows appeals only if `all` is on too.
    surfaces: SurfaceSwitches,
    /// What the settings switch off (`banner`, `rules.silenced_surfaces`). It stays off, whatever the switches say.
    settings: Switches,
    /// When a switch was last changed, RFC 3339; null if none was ever changed.
    #[schema(format = DateTime)]
    changed_at: Option<String>,
    /// Who last changed a switch: an API key's id, or `command line`; null if none was ever changed.
    changed_by: Option<String>,
}

/// The switches of all sites.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AllSwitches)]
struct ListedSwitches {
    /// The sites, ordered by id.
    sites: Vec<SiteSwitchesBody>,
}

/// List the switches of all sites.
///
/// Needs a secret API key of scope `appeals:read` or `appeals:write`.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "list_switches",
    security(("api_key" = [])),
    responses(
        (status = 200, body = ListedSwitches, description = "Every site and its switches", headers(("Cache-Control" = String, description = "`no-store`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/switches")]
pub async fn list(app: State, _: AppealsReader) -> Result<HttpResponse, Problem> {
    let rows = app.store.switches().await.map_err(|error| Problem::store(&error))?;
    let sites = app.settings.sites.keys().map(|site| site_switches(&app, site, &rows));
    Ok(json_response(&ListedSwitches { sites: sites.collect::<Result<_, _>>()? }))
}

/// Get the switches of one site.
///
/// Needs a secret API key of scope `appeals:read` or `appeals:write`.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "read_switches",
    security(("api_key" = [])),
    params(("site" = String, Path, description = "The site's id")),
    responses(
        (status = 200, body = SiteSwitchesBody, description = "The site's switches", headers(("Cache-Control" = String, description = "`no-store`"))),
    ),
    extensions(("x-problems" = json!([Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::SiteNotFound, Code::StoreUnavailable, Code::Internal]))),
)]
#[get("/v1/sites/{site}/switches")]
pub async fn read(app: State, _: AppealsReader, site: Path<String>) -> Result<HttpResponse, Problem> {
    let rows = app.store.switches().await.map_err(|error| Problem::store(&error))?;
    Ok(json_response(&site_switches(&app, &site, &rows)?))
}

/// Switch a site or one of its surfaces off or on.
///
/// Needs a secret API key of scope `appeals:write`. The body lists the switches to change. A switch that it omits
/// stays as it is. For example, if `all` is off and you switch a surface on, `all` stays off, and the surface shows
/// nothing. Readers of a surface that is off get the reason `kill_switch`. The change takes effect on this instance
/// at once, and on every other instance within 2 seconds, even if appeals come from a file.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "set_switches",
    security(("api_key" = [])),
    params(("site" = String, Path, description = "The site's id")),
    request_body = SwitchesChange,
    responses(
        (status = 200, body = SiteSwitchesBody, description = "The site's switches after the change", headers(("Cache-Control" = String, description = "`no-store`"))),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::SiteNotFound, Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType, Code::Conflict, Code::StoreUnavailable, Code::Internal]))),
)]
#[put("/v1/sites/{site}/switches")]
pub async fn set(
    app: State,
    editor: AppealsEditor,
    site: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let change: SwitchesChange = body::parse_strict(&bytes)?;
    actions::set_switches(&editor.0.context(&app), &site, |switches| change.apply(switches)).await.map_err(
        |error| match error {
            SwitchError::UnknownSite => Code::SiteNotFound.into(),
            SwitchError::Store(error) => Problem::store(&error),
        },
    )?;
    actions::sync_appeals(&app).await.map_err(|error| Problem::store(&error))?;
    let rows = app.store.switches().await.map_err(|error| Problem::store(&error))?;
    Ok(json_response(&site_switches(&app, &site, &rows)?))
}

fn site_switches(app: &App, site: &str, rows: &[SwitchRow]) -> Result<SiteSwitchesBody, Problem> {
    let settings = app.site(site).ok_or(Code::SiteNotFound)?;
    let rows: Vec<SwitchRow> = rows.iter().filter(|row| row.site == site).cloned().collect();
    let switches = by_site(&rows).map_err(|error| Problem::store(&error.into()))?;
    let last = rows.into_iter().max_by_key(|row| row.set_at_ms);
    let Switches { all, surfaces } = switches.get(site).copied().unwrap_or_default();
    Ok(SiteSwitchesBody {
        site: site.to_owned(),
        all,
        surfaces,
        settings: Switches::of_settings(settings),
        changed_at: last.as_ref().map(|row| clock::rfc3339(row.set_at_ms)),
        changed_by: last.map(|row| row.set_by),
    })
}

fn json_response(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body)
}
