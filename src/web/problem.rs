//! Errors as RFC 9457 problems. Every error code is listed here.

use std::fmt;
use std::num::NonZeroU32;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::appeals::AppealProblem;
use crate::limits::Wait;
use crate::store::StoreError;
use crate::telemetry::log_limits::{CORRUPT_DATA, DATABASE_CONFLICTS, DATABASE_ERRORS};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $label:literal, $status:ident, $title:literal;)+) => {
        /// A stable code for the error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Code {
            $(#[doc = $title] $variant),+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code in the response.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// The HTTP status of the code.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// The meaning of the code, in a sentence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", BAD_REQUEST, "The request can't be read; `detail` says where.";
    TokenInUrl = "token_in_url", BAD_REQUEST, "A token must not be in a URL. Use POST.";
    InvalidSignature = "invalid_signature", BAD_REQUEST, "The webhook signature is invalid.";
    InvalidEvent = "invalid_event", BAD_REQUEST, "The webhook body is not a Stripe event.";
    TokenMissing = "token_missing", UNAUTHORIZED, "Send `Authorization: Bearer` with a supporter token.";
    TokenInvalid = "token_invalid", UNAUTHORIZED, "The supporter token is invalid.";
    TokenExpired = "token_expired", UNAUTHORIZED, "The supporter token has expired.";
    TokenSuperseded = "token_superseded", UNAUTHORIZED, "The supporter token was withdrawn, for example after a refund. Delete it.";
    ApiKeyMissing = "api_key_missing", UNAUTHORIZED, "Send `Authorization: Bearer` with a secret API key.";
    ApiKeyInvalid = "api_key_invalid", UNAUTHORIZED, "The API key is unknown or was revoked.";
    ScopeMissing = "scope_missing", FORBIDDEN, "The API key does not have the required scope.";
    OriginNotAllowed = "origin_not_allowed", FORBIDDEN, "The page's origin is not one of the site's origins.";
    CrossSiteRequest = "cross_site_request", FORBIDDEN, "The form was not sent from a page of this service, or the page is too old. Reload the page and try again.";
    PreviewInvalid = "preview_invalid", FORBIDDEN, "The preview is invalid, is for another site, or has expired. Create a new one.";
    SiteNotFound = "site_not_found", NOT_FOUND, "There is no such site.";
    NotFound = "not_found", NOT_FOUND, "There is nothing at this path.";
    SupporterNotFound = "supporter_not_found", NOT_FOUND, "There is no such supporter.";
    ContributionNotFound = "contribution_not_found", NOT_FOUND, "There is no such contribution.";
    AlarmNotFound = "alarm_not_found", NOT_FOUND, "There is no such alarm: it has closed, or its objects or amounts changed. List the alarms again.";
    AppealNotFound = "appeal_not_found", NOT_FOUND, "There is no such appeal.";
    VersionNotFound = "version_not_found", NOT_FOUND, "The appeal has no such version.";
    AttemptNotFound = "attempt_not_found", NOT_FOUND, "No checkout attempt matches this session.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This route does not support this method.";
    AttemptReused = "attempt_reused", CONFLICT, "This attempt id was already used with different parameters. Use a new one.";
    AppealsFromFile = "appeals_from_file", CONFLICT, "This service reads its appeals from a file; change them there.";
    NeverPublished = "never_published", CONFLICT, "The appeal was never published.";
    AlreadyExchanged = "already_exchanged", CONFLICT, "The token was already fetched.";
    TokenWindowExpired = "token_window_expired", CONFLICT, "A token can only be fetched within 24 hours after the payment was booked.";
    PaymentProcessing = "payment_processing", CONFLICT, "The payment is not settled yet.";
    PaymentUnpaid = "payment_unpaid", CONFLICT, "Nothing was paid.";
    PaymentFailed = "payment_failed", CONFLICT, "The payment failed. No money was taken.";
    PaymentReversed = "payment_reversed", CONFLICT, "The payment was refunded or disputed.";
    Conflict = "conflict", CONFLICT, "Another change was made at the same time. Read the latest state, then retry.";
    SessionExpired = "session_expired", CONFLICT, "The payment page expired before anything was paid.";
    VersionConflict = "version_conflict", PRECONDITION_FAILED, "Somebody wrote a newer version. Read it first.";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large.";
    BodyTooSlow = "body_too_slow", REQUEST_TIMEOUT, "The body took too long to arrive.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "This route does not accept the body's content type. Most routes require `application/json`.";
    UnsupportedCurrency = "unsupported_currency", UNPROCESSABLE_ENTITY, "The site does not support this currency.";
    UnsupportedInterval = "unsupported_interval", UNPROCESSABLE_ENTITY, "The site does not support gifts at this interval.";
    AmountBelowMinimum = "amount_below_minimum", UNPROCESSABLE_ENTITY, "The amount is below the site's minimum.";
    UnsupportedAmount = "unsupported_amount", UNPROCESSABLE_ENTITY, "Stripe does not accept this amount in this currency.";
    AmountAboveMaximum = "amount_above_maximum", UNPROCESSABLE_ENTITY, "The amount is above the site's maximum.";
    FeeCoverNotOffered = "fee_cover_not_offered", UNPROCESSABLE_ENTITY, "The site does not let readers cover the fee in this currency.";
    ReturnUrlNotAllowed = "return_url_not_allowed", UNPROCESSABLE_ENTITY, "The return URL is not on one of the site's origins.";
    PageUrlNotAllowed = "page_url_not_allowed", UNPROCESSABLE_ENTITY, "The page's URL is not on one of the site's origins.";
    AppealInvalid = "appeal_invalid", UNPROCESSABLE_ENTITY, "The appeal is invalid; `problems` says where.";
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "Too many requests; try again after `retry_after_seconds`.";
    Internal = "internal", INTERNAL_SERVER_ERROR, "An internal error occurred. It is logged.";
    StripeRefused = "stripe_refused", BAD_GATEWAY, "The payment provider refused the request; it is logged.";
    StripeUnavailable = "stripe_unavailable", SERVICE_UNAVAILABLE, "The payment provider can't be reached; try again.";
    NotConfigured = "not_configured", SERVICE_UNAVAILABLE, "The service is not set up for this yet. The log tells the operator what to do.";
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "There are too many tokens to verify. Try again in a second.";
    StoreUnavailable = "store_unavailable", SERVICE_UNAVAILABLE, "The database is unavailable; try again.";
}

/// An error response (RFC 9457).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A stable code, for use in programs.
    pub code: Code,
    /// The meaning of the code, in a sentence.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The details of this error, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The smallest accepted amount, in the minor unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_minor: Option<i64>,
    /// The largest accepted amount, in the minor unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_minor: Option<i64>,
    /// Another page where readers can give while Stripe is unreachable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback_url: Option<String>,
    /// The number of seconds after which to try again, as in the `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub retry_after_seconds: Option<NonZeroU32>,
    /// What is wrong with an appeal, field by field.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<AppealProblem>, required = false)]
    pub problems: Box<[AppealProblem]>,
}

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

impl Problem {
    /// A problem without details.
    pub fn new(code: Code) -> Self {
        Self {
            code,
            title: code.title(),
            status: code.status().as_u16(),
            detail: None,
            minimum_minor: None,
            maximum_minor: None,
            fallback_url: None,
            retry_after_seconds: (code == Code::Overloaded).then_some(NonZeroU32::MIN),
            problems: Box::default(),
        }
    }

    /// A problem with details. The caller receives `detail`, but it is not logged.
    pub fn with(code: Code, detail: impl fmt::Display) -> Self {
        Self { detail: Some(detail.to_string()), ..Self::new(code) }
    }

    /// The problem for an exceeded rate limit.
    pub fn rate_limited(wait: Wait) -> Self {
        let seconds = wait.0.as_secs() + u64::from(wait.0.subsec_nanos() > 0);
        let seconds = NonZeroU32::new(u32::try_from(seconds).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
        Self { retry_after_seconds: Some(seconds), ..Self::new(Code::RateLimited) }
    }

    /// The problem for a failure of the database. This function also logs the failure, at most once a minute for each
    /// kind.
    pub fn store(error: &StoreError) -> Self {
        let code = match error {
            StoreError::Unavailable(cause) => {
                if DATABASE_ERRORS.admits() {
                    tracing::error!(%cause, "the database is unavailable; requests that need it are answered with 503");
                }
                Code::StoreUnavailable
            }
            StoreError::Conflict(cause) => {
                if DATABASE_CONFLICTS.admits() {
                    tracing::warn!(%cause, "a request conflicted with another change and was answered with 409");
                }
                Code::Conflict
            }
            StoreError::Corrupt(cause) => {
                if CORRUPT_DATA.admits() {
                    tracing::error!(%cause, "the database contains, or was given, corrupt data; run `keepopen books check`, and report it");
                }
                Code::Internal
            }
        };
        Self::new(code)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.code.status()).json(self);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.get().into());
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(actix_web::http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn a_code_is_the_same_in_responses_and_in_the_api_description() {
        for code in Code::ALL {
            assert_eq!(serde_json::json!(code), code.as_str());
        }
    }
}
