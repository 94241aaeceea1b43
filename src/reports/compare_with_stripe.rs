//! "Stripe says 41,230.00 net, we say 41,230.00": the short answer for the finance desk.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::store::comparisons::ListProgress;
use crate::store::other_money::OtherMoney;
use crate::store::sweeps::{Finding, SweepKind};
use crate::store::{Store, StoreError, Unreadable};

/// Findings, and contributions to look at, that are shown.
const MAX_LIMIT: i64 = 100;

/// One thing that needs review: `alarm` names it, and the other fields say what it is about.
pub type AlarmFields = Map<String, Value>;

/// What Stripe says and what we say.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Of each site and currency.
    pub lines: Vec<ComparisonLine>,
    /// When Stripe's balance was last looked through, in milliseconds since 1970; none when not yet.
    pub checked_at_ms: Option<i64>,
    /// When Stripe's objects were last looked through.
    pub objects_checked_at_ms: Option<i64>,
    /// The first hundred contributions with something that does not add up, is not settled in time, or wants a person to
    /// look: id, and what it is.
    pub needs_review: Vec<(String, Vec<AlarmFields>)>,
    /// How many of them there are in all.
    pub needs_review_total: i64,
    /// The last hundred that a comparison found, the newest first.
    pub found: Vec<Finding>,
    /// What moved money on the Stripe account and belongs to no gift of ours. The same money can stand under several kinds,
    /// such as a charge and its balance transaction.
    pub other_money: Vec<OtherMoney>,
    /// Lists of Stripe's that could not be read the last time: what stands in them alone is not compared.
    pub incomplete: Vec<ListProgress>,
}

/// One site and currency; all in the minor unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparisonLine {
    /// The site.
    pub site: String,
    /// The currency's code.
    pub currency: String,
    /// What Stripe's balance transactions add up to, after fees.
    pub stripe_net_minor: i64,
    /// What the ledger has of the same.
    pub ledger_net_minor: i64,
    /// What is booked beside, and Stripe has not settled yet.
    pub unsettled_minor: i64,
    /// How many payments Stripe has not settled in the time that their methods allow.
    pub overdue: i64,
    /// What of them is not settled.
    pub overdue_minor: i64,
    /// What was paid outside Stripe. It is in neither sum.
    pub offline_minor: i64,
    /// What was sent to the bank.
    pub paid_out_minor: i64,
}

impl ComparisonLine {
    /// By how much the ledger has more than Stripe.
    pub fn difference_minor(&self) -> i64 {
        self.ledger_net_minor - self.stripe_net_minor
    }

    /// Whether the two say the same, and nothing is overdue.
    pub fn agrees(&self) -> bool {
        self.difference_minor() == 0 && self.overdue == 0
    }
}

impl Comparison {
    /// Whether every site and currency agrees, and every list of Stripe's could be read.
    pub fn agrees(&self) -> bool {
        self.incomplete.is_empty() && self.lines.iter().all(ComparisonLine::agrees)
    }
}

/// Compares the ledger's accounts with what Stripe's balance says. `now_ms`: what should have been settled before is
/// overdue.
///
/// # Errors
/// The database does not answer, or holds alarms that can't be read.
pub async fn compare_with_stripe(store: &Store, now_ms: i64) -> Result<Comparison, StoreError> {
    let mut sites: BTreeMap<(String, String), ComparisonLine> = BTreeMap::new();
    let mut line = |site: &str, currency: &str, add: &dyn Fn(&mut ComparisonLine)| {
        add(sites.entry((site.to_owned(), currency.to_owned())).or_insert_with(|| ComparisonLine {
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
            "clearing" => line(&site, &currency, &|it| it.ledger_net_minor += minor),
            "offline" => line(&site, &currency, &|it| it.offline_minor += minor),
            "bank" => line(&site, &currency, &|it| {
                it.ledger_net_minor += minor;
                it.paid_out_minor += minor;
            }),
            _ => {}
        }
    }
    for ((site, currency), minor) in store.settled().await? {
        line(&site, &currency, &|it| it.stripe_net_minor += minor);
    }
    for ((site, currency), (awaiting, _)) in store.unsettled().await? {
        line(&site, &currency, &|it| {
            it.unsettled_minor += awaiting;
            it.ledger_net_minor -= awaiting;
        });
    }
    for (site, currency, payments, minor) in store.overdue_sums(now_ms).await? {
        line(&site, &currency, &|it| {
            it.overdue += payments;
            it.overdue_minor += minor;
        });
    }
    let sweeps = store.sweeps().await?;
    let finished = |kind: SweepKind| {
        sweeps.iter().find(|sweep| sweep.kind == kind.as_str()).and_then(|sweep| sweep.finished_at_ms)
    };
    Ok(Comparison {
        lines: sites.into_values().collect(),
        checked_at_ms: finished(SweepKind::Balance),
        objects_checked_at_ms: finished(SweepKind::Objects),
        needs_review: needs_review(store, now_ms).await?,
        needs_review_total: store.alarms_in_all().await? + store.overdue_alone(now_ms).await?,
        found: store.findings(MAX_LIMIT).await?,
        other_money: store.other_money().await?,
        incomplete: store.failed_lists().await?,
    })
}

/// Alarms of contributions, and payments that are overdue.
async fn needs_review(store: &Store, now_ms: i64) -> Result<Vec<(String, Vec<AlarmFields>)>, StoreError> {
    let mut all: BTreeMap<String, Vec<AlarmFields>> = BTreeMap::new();
    for (contribution, alarms) in store.alarms(MAX_LIMIT).await? {
        // What can't be read is shown as it is rather than left out.
        let read = serde_json::from_str(&alarms).map_err(|_| Unreadable { what: "list of alarms" })?;
        all.insert(contribution, read);
    }
    for it in store.overdue(now_ms, MAX_LIMIT).await? {
        let fields = [
            ("alarm", json!("not_settled_in_time")),
            ("payment", json!(it.object)),
            ("unsettled_minor", json!(it.minor)),
            ("currency", json!(it.currency)),
        ];
        let alarm = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        all.entry(it.contribution).or_default().push(alarm);
    }
    let most = usize::try_from(MAX_LIMIT).unwrap_or(usize::MAX);
    Ok(all.into_iter().take(most).collect())
}
