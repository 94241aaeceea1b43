//! The comparison of Stripe with the ledger, as JSON.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get};
use serde::Serialize;

use crate::api::caller::MoneyReader;
use crate::clock;
use crate::reports::{AlarmFields, Comparison, ComparisonLine, compare_with_stripe};
use crate::store::comparisons::ListProgress;
use crate::store::other_money::OtherMoney;
use crate::store::sweeps::Finding;
use crate::web::State;
use crate::web::problem::{Code, Problem};

/// The comparison of the ledger with Stripe.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Reconciliation)]
struct ReconciliationShape {
    /// Whether both sides agree for every site and currency, nothing is overdue, and nothing is incomplete.
    agrees: bool,
    /// One item for each site and currency.
    lines: Vec<ReconciliationLineShape>,
    /// When Stripe's balance was last read, RFC 3339; null if it was never read.
    #[schema(format = DateTime)]
    checked_at: Option<String>,
    /// When Stripe's objects were last read, RFC 3339; null if they were never read.
    #[schema(format = DateTime)]
    objects_checked_at: Option<String>,
    /// Contributions whose amounts don't add up, or that need manual review; ordered by id, at most a hundred.
    needs_review: Vec<NeedsReviewShape>,
    /// The total number of contributions whose amounts don't add up, or that need manual review.
    needs_review_total: i64,
    /// Stripe's objects that comparisons booked, or could not book; newest first, at most a hundred.
    found: Vec<FindingShape>,
    /// Money on the Stripe account that belongs to no gift in Keepopen, by kind, site and currency. If a gift is
    /// missing in Keepopen, look for it in this list. The same money can appear under several kinds, such as a charge
    /// and its balance transaction.
    other_money: Vec<OtherMoneyShape>,
    /// Stripe's lists that could not be read completely at the last attempt; empty if all were read. Objects that
    /// appear only in these lists are not compared.
    incomplete: Vec<IncompleteListShape>,
}

/// One site and currency. All amounts are in the minor unit.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ReconciliationLine)]
struct ReconciliationLineShape {
    /// The site's id.
    site: String,
    /// The currency, ISO 4217.
    currency: String,
    /// The sum of Stripe's balance transactions, after fees, without payouts to the bank.
    stripe_net_minor: i64,
    /// The ledger's sum that corresponds to `stripe_net_minor`.
    ledger_net_minor: i64,
    /// `ledger_net_minor` minus `stripe_net_minor`; 0 if they agree.
    difference_minor: i64,
    /// Booked in the ledger, but not settled by Stripe yet. Not included in `ledger_net_minor`.
    unsettled_minor: i64,
    /// The number of payments that Stripe has not settled within the time that their payment methods allow; normally
    /// 0.
    overdue: i64,
    /// The unsettled amount of the overdue payments.
    overdue_minor: i64,
    /// Paid outside Stripe. Not included in any other amount of this line.
    offline_minor: i64,
    /// What Stripe paid out to the bank.
    paid_out_minor: i64,
}

/// A contribution whose amounts don't add up, or that needs manual review.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ContributionToReview)]
struct NeedsReviewShape {
    /// The contribution's id.
    contribution: String,
    /// What needs review. Each item has `alarm`, which is its kind, and the objects and amounts that it is about.
    #[schema(value_type = Vec<Object>)]
    alarms: Vec<AlarmFields>,
}

/// An object of Stripe's that a comparison booked, or could not book.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Finding)]
struct FindingShape {
    /// The id of Stripe's object.
    object: String,
    /// If the object was booked: what it is. Otherwise: what is wrong with it.
    what: String,
    /// True if no webhook reported the object and the comparison booked it. False if the object could not be read or
    /// does not add up, and needs manual review.
    booked: bool,
    /// Which comparison found the object: that of Stripe's `events`, its `balance` or its `objects`.
    sweep: String,
    /// When the comparison found the object, RFC 3339.
    #[schema(format = DateTime)]
    found_at: String,
}

/// Money on the Stripe account that belongs to no gift in Keepopen.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = OtherMoney)]
struct OtherMoneyShape {
    /// The kind of object, such as `charge` or `balance transaction (stripe_fee)`.
    kind: String,
    /// If another Keepopen installation received the money: the id of the site there for which it was given. Null if
    /// other software received it.
    site: Option<String>,
    /// Stripe's code for the currency, in capitals; `XXX` for subscriptions that have no fixed price, such as those with
    /// tiered prices.
    currency: String,
    /// The number of Stripe objects.
    count: i64,
    /// The sum of these objects, in the smallest unit that Stripe uses for the currency.
    amount_minor: i64,
    /// When Stripe created the newest object, RFC 3339.
    #[schema(format = DateTime)]
    newest_at: String,
}

/// A list that could not be read from Stripe completely.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = IncompleteList)]
struct IncompleteListShape {
    /// The list, such as `disputes`.
    list: String,
    /// Why the list could not be read completely.
    why: String,
    /// When Keepopen last tried to read the list, RFC 3339.
    #[schema(format = DateTime)]
    tried_at: String,
}

/// Get the comparison with Stripe.
///
/// Returns the last comparison of Stripe's balance with the ledger, for each site and currency. For example: "Stripe
/// says 41,230.00 net, we say 41,230.00". Needs a secret API key of scope `money:read`. This call does not ask Stripe.
#[utoipa::path(
    tag = "Money",
    operation_id = "compare_books",
    security(("api_key" = [])),
    responses((
        status = 200, body = ReconciliationShape, description = "The comparison",
        headers(("Cache-Control" = String, description = "`no-store`")),
    )),
    extensions(("x-problems" = json!([
        Code::ApiKeyMissing, Code::ApiKeyInvalid, Code::ScopeMissing, Code::StoreUnavailable, Code::Internal,
    ]))),
)]
#[get("/v1/reconciliation")]
pub async fn compare(app: State, _: MoneyReader) -> Result<HttpResponse, Problem> {
    let comparison =
        compare_with_stripe(&app.store, app.now_ms()).await.map_err(|error| Problem::store(&error))?;
    let answer = ReconciliationShape::from(comparison);
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(answer))
}

impl From<Comparison> for ReconciliationShape {
    fn from(comparison: Comparison) -> Self {
        Self {
            agrees: comparison.agrees(),
            lines: comparison.lines.into_iter().map(ReconciliationLineShape::from).collect(),
            checked_at: comparison.checked_at_ms.map(clock::rfc3339),
            objects_checked_at: comparison.objects_checked_at_ms.map(clock::rfc3339),
            needs_review_total: comparison.needs_review_total,
            needs_review: comparison.needs_review.into_iter().map(NeedsReviewShape::from).collect(),
            found: comparison.found.into_iter().map(FindingShape::from).collect(),
            other_money: comparison.other_money.into_iter().map(OtherMoneyShape::from).collect(),
            incomplete: comparison.incomplete.into_iter().map(IncompleteListShape::from).collect(),
        }
    }
}

impl From<ComparisonLine> for ReconciliationLineShape {
    fn from(line: ComparisonLine) -> Self {
        Self {
            difference_minor: line.difference_minor(),
            site: line.site,
            currency: line.currency,
            stripe_net_minor: line.stripe_net_minor,
            ledger_net_minor: line.ledger_net_minor,
            unsettled_minor: line.unsettled_minor,
            overdue: line.overdue,
            overdue_minor: line.overdue_minor,
            offline_minor: line.offline_minor,
            paid_out_minor: line.paid_out_minor,
        }
    }
}

impl From<(String, Vec<AlarmFields>)> for NeedsReviewShape {
    fn from((contribution, alarms): (String, Vec<AlarmFields>)) -> Self {
        Self { contribution, alarms }
    }
}

impl From<OtherMoney> for OtherMoneyShape {
    fn from(money: OtherMoney) -> Self {
        let newest_at = clock::rfc3339(money.newest_at_ms);
        let OtherMoney { kind, site, currency, count, amount_minor, .. } = money;
        Self { kind, site, currency, count, amount_minor, newest_at }
    }
}

impl From<ListProgress> for IncompleteListShape {
    fn from(progress: ListProgress) -> Self {
        let tried_at = clock::rfc3339(progress.updated_at_ms);
        Self { list: progress.list, why: progress.error.unwrap_or_default(), tried_at }
    }
}

impl From<Finding> for FindingShape {
    fn from(finding: Finding) -> Self {
        let found_at = clock::rfc3339(finding.found_at_ms);
        let Finding { object, what, booked, sweep, .. } = finding;
        Self { object, what, booked, sweep, found_at }
    }
}
