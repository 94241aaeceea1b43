//! To the payment page.

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::State;
use super::body::{self, Accepts};
use super::caller::check_origin;
use super::problem::{Code, Problem};
use crate::actions::{self, CheckoutError, CheckoutRequest};
use crate::config::{Interval, SiteSettings};
use crate::money::{Currency, Money};
use crate::stripe::CallError;

/// What is to be given.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckoutBody {
    /// The site's id.
    site: String,
    /// A UUID that the browser makes and keeps: asking again with it is safe, and the token is fetched with it.
    attempt: Uuid,
    /// How much each time, in the currency's minor unit.
    amount_minor: i64,
    /// ISO 4217 code.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// How often.
    interval: Interval,
    /// Where the reader comes back to: a page on one of the site's origins.
    return_url: String,
    /// The verdict's signed note.
    #[serde(default)]
    attribution: Option<String>,
}

/// Where the reader pays.
#[derive(Serialize, utoipa::ToSchema)]
struct CheckoutAnswer {
    /// Stripe's id of the Checkout Session.
    session: String,
    /// Stripe's payment page. It comes back to the return URL with `keepopen_session` added.
    url: String,
}

/// Start a payment.
#[utoipa::path(
    tag = "Giving",
    request_body = CheckoutBody,
    responses(
        (status = 200, body = CheckoutAnswer, description = "The payment page"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_request`"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`origin_not_allowed`"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "`site_unknown`"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`attempt_reused`"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "`body_too_large`"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "`unsupported_media_type`"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`currency_not_taken`, `interval_not_taken`, `amount_below_minimum`, `amount_above_maximum`, `return_url_not_allowed`"),
        (status = 502, body = Problem, content_type = "application/problem+json", description = "`stripe_refused`"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`stripe_unavailable`, `not_configured`, `store_unavailable`"),
    )
)]
#[post("/v1/checkout")]
pub async fn start(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let asked: CheckoutBody = body::parse(&bytes)?;
    let site = app.site(&asked.site).ok_or(Code::SiteUnknown)?;
    check_origin(&request, site)?;
    let wanted = CheckoutRequest {
        site: &asked.site,
        attempt: asked.attempt,
        money: Money { amount_minor: asked.amount_minor, currency: asked.currency },
        interval: asked.interval,
        return_url: &asked.return_url,
        attribution: asked.attribution.as_deref(),
    };
    let made =
        actions::start_checkout(&app, site, &wanted).await.map_err(|error| problem_of(&error, site))?;
    Ok(HttpResponse::Ok().json(CheckoutAnswer { session: made.session, url: made.url }))
}

fn problem_of(error: &CheckoutError, site: &SiteSettings) -> Problem {
    match error {
        CheckoutError::CurrencyNotTaken => Code::CurrencyNotTaken.into(),
        CheckoutError::IntervalNotTaken => Code::IntervalNotTaken.into(),
        CheckoutError::BelowMinimum { minimum_minor } => {
            Problem { minimum_minor: Some(*minimum_minor), ..Problem::new(Code::AmountBelowMinimum) }
        }
        CheckoutError::AboveMaximum { maximum_minor } => {
            Problem { maximum_minor: Some(*maximum_minor), ..Problem::new(Code::AmountAboveMaximum) }
        }
        CheckoutError::ReturnUrl => Code::ReturnUrlNotAllowed.into(),
        CheckoutError::AttemptReused => Code::AttemptReused.into(),
        CheckoutError::Stripe(call) => Problem {
            fallback_url: site.fallback_url.as_ref().map(url::Url::to_string),
            ..stripe_problem(call)
        },
        CheckoutError::Database(error) => Problem::store(error),
    }
}

/// A failed call to Stripe: logged here, once.
pub fn stripe_problem(error: &CallError) -> Problem {
    tracing::error!(%error, "a call to Stripe did not succeed");
    Problem::new(match error {
        CallError::NotConfigured => Code::NotConfigured,
        CallError::NotFound | CallError::Refused { .. } => Code::StripeRefused,
        CallError::Failed { .. } | CallError::Busy { .. } | CallError::Unreachable => Code::StripeUnavailable,
    })
}
