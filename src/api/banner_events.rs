//! Banner events: views, clicks and dismissals. The service counts them, and stores no row per reader.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};
use keepopen_decision::DismissalKind;
use serde::Deserialize;

use super::caller::check_origin;
use super::recent::RecentRequests;
use super::words::DismissalKindShape;
use crate::keys::Attribution;
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// What happened to an appeal.
#[derive(Deserialize, utoipa::ToSchema)]
struct BannerEvent {
    /// The site's id.
    site: String,
    /// What happened.
    event: EventName,
    /// The verdict's signed attribution. If it is not valid, nothing is counted.
    attribution: String,
    /// For a view: how many times this reader has now seen the appeal, counted from 1. 20 means 20 or more.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_i64)]
    ordinal: Option<u32>,
    /// How the reader dismissed the appeal. Required if `event` is `dismiss`.
    #[serde(default)]
    #[schema(value_type = Option<DismissalKindShape>)]
    dismissal: Option<DismissalKind>,
}

#[derive(Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum EventName {
    View,
    Click,
    Dismiss,
}

/// Report a view, a click or a dismissal.
///
/// Reports what happened to an appeal that a verdict showed. The service stores hourly counts, never a row per
/// reader. A browser should use `navigator.sendBeacon`; `text/plain` is accepted too. If the attribution has expired
/// or is invalid, the response is the same, but nothing is counted. For each attribution, `view`, `click` and
/// `dismiss` are counted once each. A repeat may be counted again if it arrives much later, after a restart, or at
/// another instance. For a `dismiss`, `dismissal` says how the reader dismissed the appeal.
#[utoipa::path(
    tag = "Banner",
    operation_id = "report_banner_event",
    request_body(content((BannerEvent = "application/json"), (BannerEvent = "text/plain"))),
    responses(
        (status = 204, description = "Accepted"),
    ),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::OriginNotAllowed, Code::SiteNotFound, Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType,
    ]))),
)]
#[post("/v1/banner/events")]
pub async fn report(
    app: State,
    recent: RecentRequests,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::JsonOrPlain).await?;
    let event: BannerEvent = body::parse_strict(&bytes)?;
    let site = app.site(&event.site).ok_or(Code::SiteNotFound)?;
    check_origin(&request, site)?;
    let ordinal = event.ordinal.unwrap_or(1);
    if ordinal == 0 {
        return Err(Problem::with(Code::InvalidRequest, "ordinal: must be at least 1; the first view is 1"));
    }
    let kind = match (event.event, event.dismissal) {
        (EventName::View, _) if ordinal == 1 => "first_view".to_owned(),
        (EventName::View, _) => "later_view".to_owned(),
        (EventName::Click, _) => "click".to_owned(),
        (EventName::Dismiss, Some(dismissal)) => format!("dismiss_{}", dismissal.as_str()),
        (EventName::Dismiss, None) => {
            return Err(Problem::with(Code::InvalidRequest, "dismissal: required if `event` is `dismiss`"));
        }
    };
    let now_ms = app.now_ms();
    let shown = Attribution::read(&event.attribution, &app.attribution_key, &event.site, now_ms).ok();
    let shown = shown.filter(|shown| recent.counted_events.insert_if_new((shown.number, event.event as u8)));
    if let Some(shown) = shown {
        app.counters.count_shown(&shown, kind, now_ms);
    }
    Ok(HttpResponse::NoContent().finish())
}
