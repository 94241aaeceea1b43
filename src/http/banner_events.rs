//! What became of a banner: seen, clicked, sent away. Counted, never one row for each reader.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};
use keepopen_decision::DismissalKind;
use serde::Deserialize;

use super::State;
use super::body::{self, Accepts};
use super::problem::{Code, Problem};
use super::words::DismissalKindShape;
use crate::store::counts::CountKey;
use crate::tokens::Attribution;

const HOUR_MS: i64 = 3_600_000;

/// What became of a banner.
#[derive(Deserialize, utoipa::ToSchema)]
struct BannerEvent {
    /// The site's id.
    site: String,
    /// What happened.
    event: EventName,
    /// The verdict's signed note; without a good one nothing is counted.
    attribution: String,
    /// Of a view: the how manieth of this reader, from 1; 20 stands for more.
    #[serde(default)]
    ordinal: Option<u32>,
    /// Of a dismissal: how.
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
/// Made for `navigator.sendBeacon`. An event whose attribution is not good is
/// answered in the same way, and not counted.
#[utoipa::path(
    tag = "Banner",
    request_body(content((BannerEvent = "application/json"), (BannerEvent = "text/plain"))),
    responses(
        (status = 204, description = "Taken"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`site_unknown`"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "`body_too_large`"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "`unsupported_media_type`"),
    )
)]
#[post("/v1/banner/events")]
pub async fn report(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::JsonOrPlain).await?;
    let event: BannerEvent = body::parse(&bytes)?;
    app.site(&event.site).ok_or(Code::SiteUnknown)?;
    let kind = match (event.event, event.dismissal) {
        (EventName::View, _) => {
            let ordinal = event.ordinal.unwrap_or(1);
            if ordinal == 0 {
                return Err(Problem::with(Code::InvalidRequest, "ordinal: the first view is 1"));
            }
            if ordinal == 1 { "first_view" } else { "later_view" }.to_owned()
        }
        (EventName::Click, _) => "click".to_owned(),
        (EventName::Dismiss, Some(how)) => format!("dismiss_{}", how.as_str()),
        (EventName::Dismiss, None) => {
            return Err(Problem::with(Code::InvalidRequest, "dismissal: say how"));
        }
    };
    let now_ms = app.now_ms();
    if let Ok(shown) = Attribution::read(&event.attribution, &app.attribution_key, &event.site, now_ms) {
        app.counters.count(CountKey {
            hour_at_ms: now_ms - now_ms.rem_euclid(HOUR_MS),
            site: shown.site,
            appeal: shown.appeal,
            variant: shown.variant,
            surface: shown.surface,
            country: shown.country,
            kind,
        });
    }
    Ok(HttpResponse::NoContent().finish())
}
