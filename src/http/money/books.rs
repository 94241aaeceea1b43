//! What Stripe says beside what we say, for programs.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use serde_json::Value;

use crate::actions::{Comparison, ComparisonLine, compare_with_stripe};
use crate::clock;
use crate::http::State;
use crate::http::caller::MoneyReader;
use crate::http::problem::{Code, Problem};
use crate::store::sweeps::Finding;

/// What Stripe says and what we say.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Books)]
struct BooksShape {
    /// Of each site and currency.
    lines: Vec<BooksLineShape>,
    /// When Stripe's balance was last looked through, RFC 3339; null when not yet.
    #[schema(format = DateTime)]
    checked_at: Option<String>,
    /// When Stripe's objects were last looked through, RFC 3339.
    #[schema(format = DateTime)]
    objects_checked_at: Option<String>,
    /// Contributions with something that does not add up, or that wants a person to look: the first hundred, by id.
    to_look_at: Vec<ToLookAtShape>,
    /// How many of them there are in all.
    to_look_at_in_all: i64,
    /// What a comparison found, the newest first; a hundred at most.
    found: Vec<FindingShape>,
}

/// One site and currency; all in the minor unit.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = BooksLine)]
struct BooksLineShape {
    /// The site.
    site: String,
    /// The currency, ISO 4217.
    currency: String,
    /// What Stripe's balance transactions add up to, after fees.
    stripe_net_minor: i64,
    /// What the ledger has of the same.
    ledger_net_minor: i64,
    /// By how much the ledger has more than Stripe; 0 when all is well.
    difference_minor: i64,
    /// What is booked beside, and Stripe has not settled yet.
    awaiting_minor: i64,
    /// What was sent to the bank.
    paid_out_minor: i64,
}

/// A contribution that wants a person to look.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ToLookAt)]
struct ToLookAtShape {
    /// Its id.
    contribution: String,
    /// What it is: each has `alarm`, and the objects and amounts that it is about.
    #[schema(value_type = Vec<Object>)]
    alarms: Value,
}

/// Something that a comparison found.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Finding)]
struct FindingShape {
    /// Stripe's object.
    object: String,
    /// Of what is booked, what it is; of the rest, what is wrong with it.
    what: String,
    /// True: no webhook had told of it, and it is booked. False: it could not be taken in or does not add up, and wants a person to look.
    booked: bool,
    /// What was compared: `events`, `balance` or `objects`.
    sweep: String,
    /// When it was found, RFC 3339.
    #[schema(format = DateTime)]
    found_at: String,
}

/// "Stripe says 41,230.00 net, we say 41,230.00."
///
/// With a secret API key of scope `money:read`. Stripe is not asked: this is how things stood when it was last compared.
#[utoipa::path(
    tag = "Money",
    operation_id = "compare_books",
    security(("api_key" = [])),
    responses((
        status = 200, body = BooksShape, description = "What Stripe says and what we say",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/books")]
pub async fn compare(app: State, _: MoneyReader) -> Result<HttpResponse, Problem> {
    let found = compare_with_stripe(&app.store).await.map_err(|error| Problem::store(&error))?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(BooksShape::from(found)))
}

impl From<Comparison> for BooksShape {
    fn from(it: Comparison) -> Self {
        Self {
            lines: it.lines.into_iter().map(BooksLineShape::from).collect(),
            checked_at: it.checked_at_ms.map(clock::rfc3339),
            objects_checked_at: it.objects_checked_at_ms.map(clock::rfc3339),
            to_look_at_in_all: it.to_look_at_in_all,
            to_look_at: it.to_look_at.into_iter().map(ToLookAtShape::from).collect(),
            found: it.found.into_iter().map(FindingShape::from).collect(),
        }
    }
}

impl From<ComparisonLine> for BooksLineShape {
    fn from(it: ComparisonLine) -> Self {
        Self {
            difference_minor: it.difference_minor(),
            site: it.site,
            currency: it.currency,
            stripe_net_minor: it.stripe_net_minor,
            ledger_net_minor: it.ledger_net_minor,
            awaiting_minor: it.awaiting_minor,
            paid_out_minor: it.paid_out_minor,
        }
    }
}

impl From<(String, String)> for ToLookAtShape {
    fn from((contribution, alarms): (String, String)) -> Self {
        // What can't be read is shown as it is rather than left out.
        let alarms = serde_json::from_str(&alarms).unwrap_or_else(|_| serde_json::json!([{"alarm": alarms}]));
        Self { contribution, alarms }
    }
}

impl From<Finding> for FindingShape {
    fn from(it: Finding) -> Self {
        let found_at = clock::rfc3339(it.found_at_ms);
        Self { object: it.object, what: it.what, booked: it.booked, sweep: it.sweep, found_at }
    }
}
