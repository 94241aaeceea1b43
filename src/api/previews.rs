//! Previews. A preview is a signed URL that shows an appeal to staff on a page of the site, until the URL expires.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use keepopen_decision::{AppealIndex, Decision, Device, Known, Live, Question, Reason, Surface, Text};
use serde::{Deserialize, Serialize};

use super::banner::{values, verdict_response};
use super::caller::AppealsReader;
use super::question::PreviewQuestionShape;
use super::verdict_body::{VerdictBody, verdict_to_json};
use super::words::SurfaceShape;
use crate::actions;
use crate::app::App;
use crate::appeals::{AppealDocument, AppealProblem, Snapshot};
use crate::clock;
use crate::keys::Preview;
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// The query parameter of the page's URL that contains the preview. `web/embed/src/preview.ts` reads it.
const PARAMETER: &str = "keepopen_preview";
/// The default validity of a preview.
const DEFAULT_MINUTES: u32 = 60;
/// The maximum validity of a preview: a week.
const MAX_MINUTES: u32 = 7 * 24 * 60;
/// The maximum length of a language tag, in bytes (RFC 5646, section 4.4.1).
const MAX_TAG_LEN: usize = 35;

/// What to show, and where.
#[derive(Deserialize, utoipa::ToSchema)]
#[schema(as = PreviewBody)]
#[serde(deny_unknown_fields)]
struct PreviewBody {
    /// The site's id.
    #[schema(example = "journal")]
    site: String,
    /// The URL of the page on which to show the appeal. It must be on one of the site's origins.
    page_url: String,
    /// The version to show, even one that was never published. If omitted or null, the page shows the version that is
    /// published when somebody opens it.
    #[serde(default)]
    version: Option<i64>,
    /// The variant to show; the first if omitted or null.
    #[serde(default)]
    variant: Option<String>,
    /// The surface to show, one of the appeal's surfaces. If omitted or null, the first one that the page has a place
    /// for.
    #[serde(default)]
    #[schema(value_type = Option<SurfaceShape>)]
    surface: Option<Surface>,
    /// The language to show: a BCP 47 tag. If omitted or null, the page's language.
    #[serde(default)]
    locale: Option<String>,
    /// The device whose text to show: `mobile`, `tablet` or `desktop`. If omitted or null, the page shows the text
    /// for the device in use.
    #[serde(default)]
    device: Option<String>,
    /// How long the URL is valid, in minutes. The default is 60 (one hour), and the maximum is 10080 (one week).
    #[serde(default)]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 10_080)]
    valid_minutes: Option<u32>,
}

/// Where to see the preview.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = PreviewUrl)]
struct PreviewUrl {
    /// The URL of the page with the preview. Anybody who has it can open it until it expires.
    url: String,
    /// When the URL expires, RFC 3339.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The preview in the body of a question (a banner request).
#[derive(Deserialize)]
pub(super) struct PreviewField {
    /// The signed preview.
    pub(super) preview: Option<String>,
}

/// Create a preview of an appeal.
///
/// Needs a secret API key of scope `appeals:read` or `appeals:write`. Returns the URL of a page of the site. Anybody
/// who opens the URL sees the appeal there, with a label that says that it is a preview. The preview ignores the
/// appeal's rules and state, the reader's history, and the switches. Nothing is counted or remembered, and a gift
/// made from a preview is not credited to an appeal.
#[utoipa::path(
    tag = "Appeals",
    operation_id = "preview_appeal",
    security(("api_key" = [])),
    params(("id" = String, Path, description = "The appeal's id")),
    request_body = PreviewBody,
    responses(
        (status = 200, body = PreviewUrl, description = "The URL", headers(("Cache-Control" = String, description = "`no-store`"))),
    ),
    extensions(("x-problems" = json!([Code::InvalidRequest, Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::SiteNotFound, Code::AppealNotFound, Code::VersionNotFound, Code::NeverPublished, Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType, Code::PageUrlNotAllowed, Code::AppealInvalid, Code::StoreUnavailable, Code::Internal]))),
)]
#[post("/v1/appeals/{id}/previews")]
pub async fn make(
    app: State,
    _: AppealsReader,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let requested: PreviewBody = body::parse_strict(&bytes)?;
    let site = app.site(&requested.site).ok_or(Code::SiteNotFound)?;
    let mut url = site.parse_own_url(&requested.page_url).ok_or(Code::PageUrlNotAllowed)?;
    let minutes = requested.valid_minutes.unwrap_or(DEFAULT_MINUTES);
    if !(1..=MAX_MINUTES).contains(&minutes) {
        return Err(Problem::with(
            Code::InvalidRequest,
            format_args!("valid_minutes: must be from 1 to {MAX_MINUTES}"),
        ));
    }
    if requested.device.as_deref().is_some_and(|device| Device::parse(device).is_none()) {
        return Err(Problem::with(Code::InvalidRequest, "device: must be mobile, tablet or desktop"));
    }
    if requested.locale.as_ref().is_some_and(|tag| tag.len() > MAX_TAG_LEN) {
        return Err(Problem::with(Code::InvalidRequest, "locale: the language tag is too long"));
    }
    let document = load_document(&app, &id, requested.version).await?;
    check_fits(&document, &requested).map_err(|detail| Problem::with(Code::InvalidRequest, detail))?;
    compile_alone(&app, &document)?;
    let expires_at_s = app.now_ms().div_euclid(1000) + i64::from(minutes) * 60;
    let preview = Preview {
        site: requested.site,
        appeal: id.into_inner(),
        version: requested.version,
        variant: requested.variant,
        surface: requested.surface.map(|surface| surface.as_str().to_owned()),
        locale: requested.locale,
        device: requested.device,
        expires_at_s,
    };
    let preview = preview.sign(&app.vault.preview_key()).ok_or_else(|| {
        Problem::with(Code::InvalidRequest, "the ids in the preview are too long for a URL")
    })?;
    let other_parameters: Vec<(String, String)> =
        url.query_pairs().into_owned().filter(|(name, _)| name != PARAMETER).collect();
    url.query_pairs_mut().clear().extend_pairs(other_parameters).append_pair(PARAMETER, &preview);
    let answer = PreviewUrl { url: url.into(), expires_at: clock::rfc3339(expires_at_s * 1000) };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

/// Get the content of a preview.
///
/// Takes the body of `POST /v1/banner`, and the signed value that is in the page's URL as `keepopen_preview`. The
/// response contains the appeal of the preview, whatever the rules, the reader's history and the switches say. It has
/// no `attribution`, and nothing is counted. This call may read the database.
#[utoipa::path(
    tag = "Banner",
    operation_id = "show_preview",
    request_body(content(
        (PreviewQuestionShape = "application/json"),
        (PreviewQuestionShape = "text/plain"),
    )),
    responses((
        status = 200, body = VerdictBody, description = "The verdict",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::PreviewInvalid, Code::SiteNotFound, Code::AppealNotFound, Code::VersionNotFound, Code::NeverPublished,
        Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType, Code::AppealInvalid, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[post("/v1/banner/preview")]
pub async fn show(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::JsonOrPlain).await?;
    let mut question: Question<'_> = body::parse(&bytes)?;
    let PreviewField { preview } = body::parse(&bytes)?;
    app.site(&question.site).ok_or(Code::SiteNotFound)?;
    let preview = read(&app, &question, preview.as_deref())?;
    let document = load_document(&app, &preview.appeal, preview.version).await?;
    let snapshot = compile_with_totals(&app, &document).await?;
    let surface = choose_surface(&document, &preview, &question).ok_or(Code::PreviewInvalid)?;
    if let Some(locale) = preview.locale {
        question.reader.locale = Some(Text::from(locale));
    }
    if let Some(device) = preview.device {
        question.reader.device = Some(Text::from(device));
    }
    let appeal = snapshot.appeal(AppealIndex(0));
    let find_variant = |id: &String| appeal.variants.iter().find(|variant| variant.id == *id);
    let variant = preview.variant.as_ref().map_or(appeal.variants.first(), find_variant);
    let variant = variant.ok_or(Code::PreviewInvalid)?;
    let ticker = appeal.ticker(&question.site);
    let (ticker_json, quiet_days) = (ticker.map(|ticker| &*ticker.json), appeal.quiet_days(&question.site));
    let (content, needs) = variant.content(&question.site, &question.reader, ticker_json, quiet_days);
    let anonymous = Known::without_token();
    let site = snapshot.compiled.site(&question.site).map_err(|_| Code::SiteNotFound)?;
    let decision = Decision::new(site, &question, &anonymous, app.now_ms(), 0);
    let body = VerdictBody {
        show: true,
        surface: Some(surface.as_str()),
        kind: Some(document.rules.kind.as_str()),
        appeal: Some(&appeal.id),
        variant: Some(&variant.id),
        closable: Some(true),
        content: Some(content),
        values: values(&app, &decision, &question, AppealIndex(0), needs, ticker.map(|ticker| ticker.values)),
        ..VerdictBody::silent(Reason::Matched.as_str())
    };
    Ok(verdict_response(verdict_to_json(&body)?))
}

/// Reads the preview of a question, and checks it.
///
/// # Errors
/// The preview is missing, invalid, for another site, or expired.
pub(super) fn read(app: &App, question: &Question<'_>, preview: Option<&str>) -> Result<Preview, Problem> {
    let preview = preview.ok_or(Code::PreviewInvalid)?;
    Preview::read(preview, &app.vault.preview_key(), &question.site, app.now_ms())
        .map_err(|_| Code::PreviewInvalid.into())
}

/// Loads version `version` of an appeal, or its published version if `version` is `None`. The published version of an
/// active appeal is in memory. All other versions are read from the database.
async fn load_document(app: &App, id: &str, version: Option<i64>) -> Result<AppealDocument, Problem> {
    let active_document =
        || app.snapshot_inputs().documents.iter().find(|document| document.rules.id == id).cloned();
    let is_from_file = app.settings.appeals.file.is_some();
    let mut document = match version {
        None => match active_document() {
            Some(document) => document,
            None if is_from_file => return Err(Code::AppealNotFound.into()),
            None => load_published(app, id).await?,
        },
        Some(_) if is_from_file => {
            let detail = "the appeals come from a file, so they have no versions";
            return Err(Problem::with(Code::VersionNotFound, detail));
        }
        Some(number) => {
            let row = app.store.version(id, number).await.map_err(|error| Problem::store(&error))?;
            let row = row.ok_or(Code::VersionNotFound)?;
            AppealDocument::read_version(id, &row.body, Live::Live).map_err(unreadable_appeal)?
        }
    };
    // A preview shows an appeal in any state, such as a paused one.
    document.rules.live = Live::Live;
    Ok(document)
}

async fn load_published(app: &App, id: &str) -> Result<AppealDocument, Problem> {
    let row = app.store.published_appeal(id).await.map_err(|error| Problem::store(&error))?;
    match row {
        Some(row) => actions::read_published(&row).map_err(unreadable_appeal),
        None => {
            let versions = app.store.versions(id).await.map_err(|error| Problem::store(&error))?;
            Err(if versions.is_empty() { Code::AppealNotFound } else { Code::NeverPublished }.into())
        }
    }
}

/// Compiles an appeal alone, without the other appeals. Fails if the appeal has a problem.
fn compile_alone(app: &App, document: &AppealDocument) -> Result<Snapshot, Problem> {
    let snapshot = Snapshot::build(&app.settings.sites, std::slice::from_ref(document), Vec::new());
    // The snapshot also reports problems of the site's settings. They are not problems of this appeal.
    let own_problems: Vec<_> =
        snapshot.problems.iter().filter(|problem| problem.appeal == document.rules.id).cloned().collect();
    if own_problems.is_empty() { Ok(snapshot) } else { Err(invalid_appeal(own_problems)) }
}

/// Compiles an appeal alone, as [`compile_alone`] does, with the totals of its tickers. (A ticker shows readers how
/// much was given.) The snapshot gets the totals that readers see now. If one of these totals is missing, all of the
/// appeal's totals are counted in the ledger.
async fn compile_with_totals(app: &App, document: &AppealDocument) -> Result<Snapshot, Problem> {
    let snapshot = compile_alone(app, document)?;
    let last_totals = app.ticker_totals.load_full();
    let totals = if snapshot.ticker_counts.iter().all(|count| last_totals.totals.contains_key(count)) {
        last_totals
    } else {
        let new_totals = actions::ticker_totals(app, snapshot.ticker_counts).await;
        new_totals.map_err(|error| Problem::store(&error))?.into()
    };
    Ok(Snapshot::build_with_totals(&app.settings.sites, std::slice::from_ref(document), Vec::new(), &totals))
}

/// Checks that the appeal has the requested site, variant and surface. Returns the problem as the error.
fn check_fits(document: &AppealDocument, requested: &PreviewBody) -> Result<(), &'static str> {
    let rules = &document.rules;
    if !rules.sites.contains(&requested.site) {
        return Err("site: the appeal does not target this site");
    }
    if requested.variant.as_ref().is_some_and(|id| rules.variants.iter().all(|variant| variant.id != *id)) {
        return Err("variant: the appeal has no variant with this id");
    }
    if requested.surface.is_some_and(|surface| !rules.surface.contains(&surface)) {
        return Err("surface: the appeal does not use this surface");
    }
    Ok(())
}

/// Chooses the surface on which to show the preview. This is the surface that the preview names. If it names none, this
/// is the first of the appeal's surfaces that the page has a place for, or else the appeal's first surface.
fn choose_surface(document: &AppealDocument, preview: &Preview, question: &Question<'_>) -> Option<Surface> {
    let surfaces = &document.rules.surface;
    if let Some(label) = &preview.surface {
        return surfaces.iter().copied().find(|surface| surface.as_str() == label);
    }
    let has_place = |surface: &&Surface| question.surfaces.is_empty() || question.surfaces.contains(surface);
    surfaces.iter().find(has_place).or(surfaces.first()).copied()
}

/// The problem for an appeal that this version of the program can't read.
fn unreadable_appeal(problem: AppealProblem) -> Problem {
    invalid_appeal(vec![problem])
}

fn invalid_appeal(problems: Vec<AppealProblem>) -> Problem {
    Problem { problems: problems.into(), ..Problem::new(Code::AppealInvalid) }
}
