//! Issues supporter tokens to browsers.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, post};
use keepopen_decision::Standing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::caller::check_origin;
use super::checkout::stripe_problem;
use super::recent::RecentRequests;
use super::routes::ROUTES;
use super::words::StandingShape;
use crate::actions::{self, ExchangeError};
use crate::app::Actor;
use crate::clock;
use crate::ids::SupporterId;
use crate::web::Limited;
use crate::web::State;
use crate::web::body::{self, Accepts};
use crate::web::problem::{Code, Problem};

/// What the caller sends to get a token: proof that the payment was started in this browser.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(tag = "grant", rename_all = "snake_case", deny_unknown_fields)]
enum TokenBody {
    /// A payment that was started in this browser.
    CheckoutSession {
        /// The site's id.
        site: String,
        /// The value of `keepopen_session` in the return URL.
        session: String,
        /// The UUID of the checkout attempt. Only the browser that started the payment knows it.
        attempt: Uuid,
        /// If true, and there is no token for this payment, the response is a 202 with the `state` instead of a
        /// problem. This field is for browsers, because they log every error response on the console.
        #[serde(default)]
        report_state: bool,
    },
}

/// Why there is no token.
#[derive(Serialize, utoipa::ToSchema)]
struct TokenState {
    /// The `code` that the problem would have if `report_state` were false, such as `payment_processing`.
    state: &'static str,
}

/// A supporter token.
#[derive(Serialize, utoipa::ToSchema)]
struct TokenAnswer {
    /// A JWT (EdDSA). The keys are at `/.well-known/jwks.json`.
    token: String,
    /// When the token expires.
    #[schema(format = DateTime)]
    expires_at: String,
    /// The supporter's id.
    #[schema(value_type = String, example = "sup_0123456789abcdefghjkmnpqrs")]
    supporter: SupporterId,
    /// The reader's standing with the site.
    #[schema(value_type = StandingShape)]
    standing: Standing,
    /// The earliest time at which the reader may be asked again.
    #[schema(format = DateTime)]
    quiet_until: Option<String>,
}

/// Fetch the supporter token of a payment.
///
/// Call this when the reader returns from the payment page. `session` is the value of `keepopen_session` in the
/// return URL, and `attempt` is the UUID with which this browser started the payment. A caller with both can fetch
/// the token once, within 24 hours after the payment was booked. If the response gets lost, repeat the call within
/// ten minutes: it returns the same token.
///
/// `payment_processing` is not a failure: a bank debit may take days. Neither thank the reader nor ask again, and
/// repeat the call at the reader's next visit.
#[utoipa::path(
    tag = "Tokens",
    operation_id = "fetch_token",
    request_body = TokenBody,
    responses((
        status = 200, body = TokenAnswer, description = "The token",
        headers(("Cache-Control" = String, description = "`no-store`")),
    ), (
        status = 202, body = TokenState, description = "The request set `report_state`, and there is no token for this payment (or none yet)",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::InvalidRequest, Code::OriginNotAllowed, Code::SiteNotFound, Code::AttemptNotFound,
        Code::PaymentProcessing, Code::PaymentUnpaid, Code::PaymentFailed, Code::PaymentReversed,
        Code::SessionExpired, Code::AlreadyExchanged, Code::TokenWindowExpired, Code::BodyTooLarge, Code::BodyTooSlow,
        Code::UnsupportedMediaType, Code::RateLimited, Code::StripeRefused, Code::StripeUnavailable, Code::NotConfigured,
        Code::Conflict, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[post("/v1/tokens")]
pub async fn make(
    app: State,
    recent: RecentRequests,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let limited = Limited::for_request(ROUTES, &app, &request);
    limited.check_address(&app, &request)?;
    let bytes = body::read_json_bytes(&request, payload, Accepts::Json).await?;
    let TokenBody::CheckoutSession { site: site_id, session, attempt, report_state } =
        body::parse_strict(&bytes)?;
    let site = app.site(&site_id).ok_or(Code::SiteNotFound)?;
    check_origin(&request, site)?;
    limited.check_attempt_and_site(&attempt, &site_id)?;
    let issued = match actions::exchange_session(
        &app,
        &app.context(Actor::Reader),
        &recent.session_reads,
        &site_id,
        site,
        &session,
        &attempt,
    )
    .await
    {
        Ok(issued) => issued,
        Err(error) => {
            let state = state_of(&error).filter(|_| report_state).ok_or_else(|| problem_of(&error))?;
            let answer = TokenState { state: state.as_str() };
            return Ok(HttpResponse::Accepted().insert_header((CACHE_CONTROL, "no-store")).json(answer));
        }
    };
    let answer = TokenAnswer {
        token: issued.token,
        expires_at: clock::rfc3339(issued.claims.exp * 1000),
        supporter: issued.claims.sub,
        standing: issued.claims.standing,
        quiet_until: issued.claims.quiet_until.map(|at_s| clock::rfc3339(at_s * 1000)),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

fn problem_of(error: &ExchangeError) -> Problem {
    match error {
        ExchangeError::Unknown => Code::AttemptNotFound.into(),
        ExchangeError::Stripe(call) => stripe_problem(call),
        ExchangeError::Store(error) => Problem::store(error),
        _ => state_of(error).unwrap_or(Code::Internal).into(),
    }
}

/// The state of the payment, if that state is the reason why there is no token.
fn state_of(error: &ExchangeError) -> Option<Code> {
    match error {
        ExchangeError::AlreadyExchanged => Some(Code::AlreadyExchanged),
        ExchangeError::TooLate => Some(Code::TokenWindowExpired),
        ExchangeError::Processing => Some(Code::PaymentProcessing),
        ExchangeError::Unpaid => Some(Code::PaymentUnpaid),
        ExchangeError::Failed => Some(Code::PaymentFailed),
        ExchangeError::Expired => Some(Code::SessionExpired),
        ExchangeError::Reversed => Some(Code::PaymentReversed),
        ExchangeError::Unknown | ExchangeError::Stripe(_) | ExchangeError::Store(_) => None,
    }
}
