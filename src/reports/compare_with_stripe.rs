//! Compares Stripe's sums with the ledger's for the finance desk: "Stripe says 41,230.00 net, we say 41,230.00".

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::store::comparisons::ListProgress;
use crate::store::other_money::OtherMoney;
use crate::store::sweeps::{Finding, SweepKind};
use crate::store::{Store, StoreError, Unreadable};

/// The maximum number of findings, and of contributions that need review, in one comparison.
const MAX_LIMIT: i64 = 100;

/// An alarm that needs review. The field `alarm` names its kind; the other fields say what it is about.
pub type AlarmFields = Map<String, Value>;

/// The comparison of Stripe with the ledger.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The sums, per site and currency.
    pub lines: Vec<ComparisonLine>,
    /// When Stripe's balance was last read, in milliseconds since 1970; `None` if it was never read.
    pub checked_at_ms: Option<i64>,
    /// When Stripe's objects were last read, in milliseconds since 1970.
    pub objects_checked_at_ms: Option<i64>,
    /// The first hundred contributions whose amounts don't add up, that are not settled in time, or that need manual
    /// review. Each has its id and its alarms.
    pub needs_review: Vec<(String, Vec<AlarmFields>)>,
    /// The total number of contributions that need review.
    pub needs_review_total: i64,
    /// The last hundred findings of comparisons, newest first.
    pub found: Vec<Finding>,
    /// Payments on the Stripe account that belong to none of our gifts. The same money can appear under several kinds,
    /// such as a charge and its balance transaction.
    pub other_money: Vec<OtherMoney>,
    /// The lists at Stripe that could not be read to their end in the last comparison. Objects that are only in these
    /// lists are not compared.
    pub incomplete: Vec<ListProgress>,
}

/// The sums of one site and currency. All amounts are in the minor unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparisonLine {
    /// The site.
    pub site: String,
    /// The currency's code.
    pub currency: String,
    /// The sum of Stripe's balance transactions, after fees.
    pub stripe_net_minor: i64,
    /// The ledger's sum of the same payments, after fees.
    pub ledger_net_minor: i64,
    /// The amount that is booked, but that Stripe has not settled yet. It is in neither of the two sums above.
    pub unsettled_minor: i64,
    /// The number of payments that Stripe has not settled within the time that their methods allow.
    pub overdue: i64,
    /// The unsettled amount of these overdue payments.
    pub overdue_minor: i64,
    /// The amount that was paid outside Stripe. It is in neither of the two sums above.
    pub offline_minor: i64,
    /// The amount that was sent to the bank.
    pub paid_out_minor: i64,
}

impl ComparisonLine {
    /// Returns how much the ledger's sum exceeds Stripe's.
    pub fn difference_minor(&self) -> i64 {
        self.ledger_net_minor - self.stripe_net_minor
    }

    /// Whether both sums agree, and no payment is overdue.
    pub fn agrees(&self) -> bool {
        self.difference_minor() == 0 && self.overdue == 0
    }
}

impl Comparison {
    /// Whether the sums of every site and currency agree, no payment is overdue, and every list could be read.
    pub fn agrees(&self) -> bool {
        self.incomplete.is_empty() && self.lines.iter().all(ComparisonLine::agrees)
    }
}

/// Compares the ledger's accounts with Stripe's balance. A payment is overdue if it should have been settled before
/// `now_ms`.
///
/// # Errors
/// The database does not answer, or contains alarms that can't be read.
pub async fn compare_with_stripe(store: &Store, now_ms: i64) -> Result<Comparison, StoreError> {
    let mut sites: BTreeMap<(String, String), ComparisonLine> = BTreeMap::new();
    let mut change_line = |site: &str, currency: &str, change: &dyn Fn(&mut ComparisonLine)| {
        change(sites.entry((site.to_owned(), currency.to_owned())).or_insert_with(|| ComparisonLine {
            site: site.to_owned(),
            currency: currency.to_owned(),
            stripe_net_minor: 0,
            ledger_net_minor: 0,
            unsettled_minor: 0,
            overdue: 0,
            overdue_minor: 0,
            offline_minor: 0,
            paid_out_minor: 0,
        }));
    };
    for ((site, currency, account), minor) in store.accounts().await? {
        match account.as_str() {
            "clearing" => change_line(&site, &currency, &|line| line.ledger_net_minor += minor),
            "offline" => change_line(&site, &currency, &|line| line.offline_minor += minor),
            "bank" => change_line(&site, &currency, &|line| {
                line.ledger_net_minor += minor;
                line.paid_out_minor += minor;
            }),
            _ => {}
        }
    }
    for ((site, currency), minor) in store.settled().await? {
        change_line(&site, &currency, &|line| line.stripe_net_minor += minor);
    }
    for ((site, currency), (unsettled_minor, _)) in store.unsettled().await? {
        change_line(&site, &currency, &|line| {
            line.unsettled_minor += unsettled_minor;
            line.ledger_net_minor -= unsettled_minor;
        });
    }
    for (site, currency, payments, minor) in store.overdue_sums(now_ms).await? {
        change_line(&site, &currency, &|line| {
            line.overdue += payments;
            line.overdue_minor += minor;
        });
    }
    let sweeps = store.sweeps().await?;
    let finished_at_ms_of = |kind: SweepKind| {
        sweeps.iter().find(|sweep| sweep.kind == kind.as_str()).and_then(|sweep| sweep.finished_at_ms)
    };
    Ok(Comparison {
        lines: sites.into_values().collect(),
        checked_at_ms: finished_at_ms_of(SweepKind::Balance),
        objects_checked_at_ms: finished_at_ms_of(SweepKind::Objects),
        needs_review: needs_review(store, now_ms).await?,
        needs_review_total: store.contributions_with_alarms().await?
            + store.contributions_overdue_only(now_ms).await?,
        found: store.findings(MAX_LIMIT).await?,
        other_money: store.other_money().await?,
        incomplete: store.failed_lists().await?,
    })
}

/// Returns the contributions with open alarms or overdue payments.
async fn needs_review(store: &Store, now_ms: i64) -> Result<Vec<(String, Vec<AlarmFields>)>, StoreError> {
    let mut all: BTreeMap<String, Vec<AlarmFields>> = BTreeMap::new();
    for (contribution, alarms) in store.alarms(MAX_LIMIT).await? {
        // The fields are returned as they are stored. So an alarm is shown even if this version does not know its kind.
        let fields = serde_json::from_str(&alarms).map_err(|_| Unreadable { what: "list of alarms" })?;
        all.insert(contribution, fields);
    }
    for payment in store.overdue(now_ms, MAX_LIMIT).await? {
        let fields = [
            ("alarm", json!("not_settled_in_time")),
            ("payment", json!(payment.object)),
            ("unsettled_minor", json!(payment.minor)),
            ("currency", json!(payment.currency)),
        ];
        let alarm = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        all.entry(payment.contribution).or_default().push(alarm);
    }
    let limit = usize::try_from(MAX_LIMIT).unwrap_or(usize::MAX);
    Ok(all.into_iter().take(limit).collect())
}
