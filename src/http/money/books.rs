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
use crate::store::comparisons::ListProgress;
use crate::store::other_money::OtherMoney;
use crate::store::sweeps::Finding;

/// What Stripe says and what we say.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Books)]
struct BooksShape {
    /// Whether the two say the same of every site and currency, nothing is overdue, and nothing is incomplete.
    agrees: bool,
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
    /// What moved money on the Stripe account and belongs to no gift of ours, by kind, site and currency. A gift that is missing here stands
    /// among it. The same money can stand under several kinds, such as a charge and its balance transaction.
    other_money: Vec<OtherMoneyShape>,
    /// Lists of Stripe's that could not be read the last time; empty when all were. What stands in them alone is not compared.
    incomplete: Vec<IncompleteListShape>,
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
    /// How many payments Stripe has not settled in the time that their methods allow; 0 when all is well.
    overdue: i64,
    /// What of them is not settled.
    overdue_minor: i64,
    /// What was paid outside Stripe, and is in none of the sums above.
    offline_minor: i64,
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

/// Money on the Stripe account that belongs to no gift of ours.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = OtherMoney)]
struct OtherMoneyShape {
    /// What it is, such as `charge` or `balance transaction (stripe_fee)`.
    kind: String,
    /// The site of another installation that it was given to; null for other software.
    site: Option<String>,
    /// The currency's code as Stripe has it, in capitals; `XXX` for subscriptions whose price is not one amount.
    currency: String,
    /// How many objects there are.
    count: i64,
    /// Their sum, in Stripe's smallest unit of the currency.
    amount_minor: i64,
    /// When Stripe made the newest, RFC 3339.
    #[schema(format = DateTime)]
    newest_at: String,
}

/// A list of Stripe's that could not be read to its end.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = IncompleteList)]
struct IncompleteListShape {
    /// Which, such as `disputes`.
    list: String,
    /// Why.
    why: String,
    /// When it was last tried, RFC 3339.
    #[schema(format = DateTime)]
    tried_at: String,
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
    let found =
        compare_with_stripe(&app.store, app.now_ms()).await.map_err(|error| Problem::store(&error))?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(BooksShape::from(found)))
}

impl From<Comparison> for BooksShape {
    fn from(it: Comparison) -> Self {
        Self {
            agrees: it.agrees(),
            lines: it.lines.into_iter().map(BooksLineShape::from).collect(),
            checked_at: it.checked_at_ms.map(clock::rfc3339),
            objects_checked_at: it.objects_checked_at_ms.map(clock::rfc3339),
            to_look_at_in_all: it.to_look_at_in_all,
            to_look_at: it.to_look_at.into_iter().map(ToLookAtShape::from).collect(),
            found: it.found.into_iter().map(FindingShape::from).collect(),
            other_money: it.other_money.into_iter().map(OtherMoneyShape::from).collect(),
            incomplete: it.incomplete.into_iter().map(IncompleteListShape::from).collect(),
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
            overdue: it.overdue,
            overdue_minor: it.overdue_minor,
            offline_minor: it.offline_minor,
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

impl From<OtherMoney> for OtherMoneyShape {
    fn from(it: OtherMoney) -> Self {
        let newest_at = clock::rfc3339(it.newest_at_ms);
        let OtherMoney { kind, site, currency, count, amount_minor, .. } = it;
        Self { kind, site, currency, count, amount_minor, newest_at }
    }
}

impl From<ListProgress> for IncompleteListShape {
    fn from(it: ListProgress) -> Self {
        Self { list: it.list, why: it.error.unwrap_or_default(), tried_at: clock::rfc3339(it.updated_at_ms) }
    }
}

impl From<Finding> for FindingShape {
    fn from(it: Finding) -> Self {
        let found_at = clock::rfc3339(it.found_at_ms);
        Self { object: it.object, what: it.what, booked: it.booked, sweep: it.sweep, found_at }
    }
}
