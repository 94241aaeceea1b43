//! Starts a checkout.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::caller::check_origin;
use super::routes::ROUTES;
use crate::actions::{self, CheckoutError, CheckoutRequest};
use crate::app::Actor;
use crate::money::{Currency, Money};
use crate::sites::{Interval, SiteSettings};
use crate::stripe::CallError;
use crate::telemetry::log_limits::STRIPE_ERRORS;
use crate::web::Limited;
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// The gift that the reader wants to make.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckoutBody {
    /// The site's id.
    site: String,
    /// A UUID that the browser creates for each gift and stores. You can safely repeat a call with the same
    /// `attempt`. The browser also needs it to fetch the token.
    attempt: Uuid,
    /// The amount of each payment, in the currency's minor unit.
    amount_minor: i64,
    /// An ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
    /// How often the reader gives.
    interval: Interval,
    /// Whether the reader pays Stripe's fee in addition to the amount. Allowed if the verdict's `choices` have a
    /// `fee_cover`. The service raises the payment so that the whole amount remains after the fee.
    #[serde(default)]
    cover_fee: bool,
    /// The page to which the reader returns, on one of the site's origins.
    return_url: String,
    /// The verdict's signed attribution.
    #[serde(default)]
    attribution: Option<String>,
}

/// Where the reader pays.
#[derive(Serialize, utoipa::ToSchema)]
struct CheckoutAnswer {
    /// The id of Stripe's Checkout Session.
    session: String,
    /// The URL of Stripe's payment page. Stripe returns the reader to the return URL with `keepopen_session` added.
    url: String,
}

/// Start a payment.
///
/// Returns the URL of Stripe's payment page. Send the reader there. Stripe returns the reader to `return_url` with
/// `keepopen_session` added. Then fetch the supporter token with `POST /v1/tokens`.
///
/// `attempt` is a UUID that the browser creates for each gift and stores. You can safely repeat a call with the same
/// attempt and the same parameters, for example after a double click or a lost response. The same attempt with
/// different parameters is refused. If Stripe is unreachable, the problem contains the site's `fallback_url`, if it
/// has one.
#[utoipa::path(
    tag = "Giving",
    operation_id = "start_checkout",
    request_body = CheckoutBody,
    responses((
        status = 200, body = CheckoutAnswer, description = "The payment page",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::OriginNotAllowed, Code::SiteNotFound, Code::AttemptReused,
        Code::BodyTooLarge, Code::BodyTooSlow, Code::UnsupportedMediaType, Code::UnsupportedCurrency, Code::UnsupportedInterval,
        Code::AmountBelowMinimum, Code::AmountAboveMaximum, Code::UnsupportedAmount, Code::FeeCoverNotOffered, Code::ReturnUrlNotAllowed,
        Code::RateLimited, Code::StripeRefused, Code::StripeUnavailable, Code::NotConfigured, Code::Conflict, Code::StoreUnavailable,
        Code::Internal,
    ]))),
)]
#[post("/v1/checkout")]
pub async fn start(app: State, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let limited = Limited::for_request(ROUTES, &app, &request);
    limited.check_address(&app, &request)?;
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let checkout: CheckoutBody = body::parse_strict(&bytes)?;
    let site = app.site(&checkout.site).ok_or(Code::SiteNotFound)?;
    check_origin(&request, site)?;
    limited.check_attempt_and_site(&checkout.attempt, &checkout.site).map_err(|problem| Problem {
        fallback_url: site.fallback_url.as_ref().map(url::Url::to_string),
        ..problem
    })?;
    let currency = Currency::parse(&checkout.currency).map_err(|_| Code::UnsupportedCurrency)?;
    let checkout_request = CheckoutRequest {
        site: &checkout.site,
        attempt: checkout.attempt,
        money: Money { amount_minor: checkout.amount_minor, currency },
        interval: checkout.interval,
        cover_fee: checkout.cover_fee,
        return_url: &checkout.return_url,
        attribution: checkout.attribution.as_deref(),
    };
    let started = actions::start_checkout(&app, &app.context(Actor::Reader), site, &checkout_request)
        .await
        .map_err(|error| problem_of(&error, site))?;
    let answer = CheckoutAnswer { session: started.session, url: started.url };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

fn problem_of(error: &CheckoutError, site: &SiteSettings) -> Problem {
    match error {
        CheckoutError::UnsupportedCurrency => Code::UnsupportedCurrency.into(),
        CheckoutError::UnsupportedInterval => Code::UnsupportedInterval.into(),
        CheckoutError::BelowMinimum { minimum_minor } => {
            Problem { minimum_minor: Some(*minimum_minor), ..Problem::new(Code::AmountBelowMinimum) }
        }
        CheckoutError::AboveMaximum { maximum_minor } => {
            Problem { maximum_minor: Some(*maximum_minor), ..Problem::new(Code::AmountAboveMaximum) }
        }
        CheckoutError::NotAMultiple { step_minor } => Problem::with(
            Code::UnsupportedAmount,
            format!("in this currency, Stripe accepts only multiples of {step_minor} (in the minor unit)"),
        ),
        CheckoutError::FeeCoverNotOffered => Code::FeeCoverNotOffered.into(),
        CheckoutError::ReturnUrlNotAllowed => Code::ReturnUrlNotAllowed.into(),
        CheckoutError::AttemptReused => Code::AttemptReused.into(),
        CheckoutError::Stripe(call) => Problem {
            fallback_url: site.fallback_url.as_ref().map(url::Url::to_string),
            ..stripe_problem(call)
        },
        CheckoutError::Store(error) => Problem::store(error),
    }
}

/// The problem for a failed call to Stripe. This function also logs the failure, at most once a minute.
pub fn stripe_problem(error: &CallError) -> Problem {
    if STRIPE_ERRORS.admits() {
        tracing::error!(%error, "a call to Stripe failed");
    }
    Problem::new(match error {
        CallError::NotConfigured => Code::NotConfigured,
        CallError::NotFound | CallError::Refused { .. } => Code::StripeRefused,
        CallError::Failed { .. } | CallError::Busy { .. } | CallError::BadPage | CallError::Unreachable => {
            Code::StripeUnavailable
        }
    })
}
