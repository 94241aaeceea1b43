//! Checks the ledger against the facts (what Stripe said about each object), Stripe's balance and the last seal (a
//! signed digest of the booked entries). A contribution is also called a gift.

use std::collections::BTreeMap;

use crate::contributions::{Contribution, Entry, Fact, Folded, Payment, RaisedAlarm, fold};
use crate::ids::ContributionId;
use crate::money::Currency;
use crate::store::accounts::{Gifts, gifts_begun_after};
use crate::store::pages::Cursor;
use crate::store::{Store, StoreError};

use super::seals::{SealKey, SealState, check_seal};

/// The number of gifts that are checked together.
const BATCH: i64 = 200;
/// The maximum number of problems that are described.
const MAX_PROBLEMS: usize = 100;

/// The result of a check.
#[derive(Debug)]
pub struct LedgerReport {
    /// The number of gifts that were checked.
    pub contributions: u64,
    /// The number of entries that were checked.
    pub entries: u64,
    /// The balances, per site and currency.
    pub balances: BTreeMap<(String, Currency), SiteBalance>,
    /// The open alarms, each with its gift: amounts that do not add up, or something that needs manual review.
    pub alarms: Vec<(ContributionId, RaisedAlarm)>,
    /// Whether the last seal still matches the ledger.
    pub seal: SealState,
    /// One sentence for each problem, up to a hundred. Empty if the ledger is correct.
    pub problems: Vec<String>,
    /// The total number of problems.
    pub problems_total: usize,
}

/// The account `clearing` (the money that Stripe holds for us) of a site and currency, compared with Stripe's balance.
/// All amounts are in the minor unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteBalance {
    /// The balance in the ledger, without payouts.
    pub clearing_minor: i64,
    /// The sum of Stripe's balance transactions for the same gifts.
    pub net_minor: i64,
    /// The booked amount that has no balance transaction so far.
    pub unsettled_minor: i64,
    /// How much the booked amounts exceed the amounts in Stripe's balance transactions.
    pub discrepancy_minor: i64,
    /// The amount that was sent to the bank.
    pub paid_out_minor: i64,
}

impl LedgerReport {
    /// Whether the check found no problem.
    pub fn is_correct(&self) -> bool {
        self.problems_total == 0
    }

    /// Returns the number of gifts that have at least one open alarm.
    pub fn gifts_to_review(&self) -> usize {
        let mut gifts: Vec<&ContributionId> = self.alarms.iter().map(|(gift, _)| gift).collect();
        gifts.dedup();
        gifts.len()
    }

    fn add_problem(&mut self, sentence: String) {
        self.problems_total += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(sentence);
        }
    }
}

/// Computes every gift again from all stored facts, and compares the result with the ledger. Each computed entry,
/// payment and contribution must be stored unchanged, and there must be no others. The account `clearing` must equal
/// the sum of Stripe's balance transactions. Sealed entries must be unchanged.
///
/// # Errors
/// The database does not answer, or contains a row that can't be read.
pub async fn check_ledger(store: &Store, key: &SealKey) -> Result<LedgerReport, StoreError> {
    let mut report = LedgerReport {
        contributions: 0,
        entries: 0,
        balances: BTreeMap::new(),
        alarms: Vec::new(),
        seal: check_seal(store, key).await?,
        problems: Vec::new(),
        problems_total: 0,
    };
    let acknowledged = store.acknowledged_alarms().await?;
    let mut after = None;
    loop {
        // Each batch is read from its own snapshot, so other gifts can be booked meanwhile. The start date of a gift
        // can change in the minutes after the payment. If it changes during this check, the check can miss the gift.
        // The next check includes it.
        let mut tx = store.snapshot().await?;
        let gifts = gifts_begun_after(&mut tx, after.as_ref(), BATCH).await?;
        drop(tx);
        let Some(last) = gifts.contributions.last() else { break };
        after = Some(Cursor::of(last));
        compare_gifts(&mut report, gifts);
    }
    report.alarms.retain(|(_, alarm)| !acknowledged.contains(&alarm.id));
    for id in store.gifts_not_stored().await? {
        report.add_problem(format!("{id} is named by Stripe's objects but is not stored"));
    }
    if let SealState::Broken(why) = &report.seal {
        report.add_problem(why.clone());
    }
    Ok(report)
}

fn compare_gifts(report: &mut LedgerReport, gifts: Gifts) {
    let mut facts: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for (gift, fact) in gifts.facts {
        facts.entry(gift).or_default().push(fact);
    }
    let mut entries: BTreeMap<ContributionId, Vec<Entry>> = BTreeMap::new();
    for entry in gifts.entries {
        entries.entry(entry.contribution.clone()).or_default().push(entry);
    }
    let mut payments: BTreeMap<ContributionId, Vec<Payment>> = BTreeMap::new();
    for payment in gifts.payments {
        payments.entry(payment.contribution.clone()).or_default().push(payment);
    }
    for stored in gifts.contributions {
        let facts = facts.remove(stored.id.as_str()).unwrap_or_default();
        let entries = entries.remove(&stored.id).unwrap_or_default();
        let payments = payments.remove(&stored.id).unwrap_or_default();
        compare_gift(report, &stored, &facts, &entries, &payments);
    }
}

/// Compares a stored gift with the gift that `fold` computes from its facts.
fn compare_gift(
    report: &mut LedgerReport,
    stored: &Contribution,
    facts: &[Fact],
    entries: &[Entry],
    payments: &[Payment],
) {
    let id = &stored.id;
    report.contributions += 1;
    report.entries += entries.len() as u64;
    let Some(mut folded) = fold(facts) else {
        report.add_problem(format!("{id} is stored, but no fact supports it"));
        return;
    };
    if folded.contribution.id != *id {
        report.add_problem(format!("{id} is stored, but its facts describe {}", folded.contribution.id));
        return;
    }
    folded.keep_booked_dates(&entries.iter().map(|entry| (entry.cause(), entry.occurred_at_ms)).collect());
    let expected = Contribution { supporter: stored.supporter.clone(), ..folded.contribution.clone() };
    if *stored != expected {
        report.add_problem(format!("{id} is stored as {stored:?} but the facts say {expected:?}"));
    }
    compare_each(report, id, "entry", entries, &folded.entries, Entry::cause);
    compare_each(report, id, "payment", payments, &folded.payments, |payment| payment.object.clone());
    add_balance(report, &folded, entries);
    report.alarms.extend(folded.alarms.into_iter().map(|alarm| (id.clone(), alarm)));
}

/// Compares the stored entries or payments of a gift with those that were computed from its facts (`folded`). `what`
/// is the name of one of them in messages.
fn compare_each<T: PartialEq + std::fmt::Debug>(
    report: &mut LedgerReport,
    id: &ContributionId,
    what: &str,
    stored: &[T],
    folded: &[T],
    key: impl Fn(&T) -> String,
) {
    let by_key = |all: &[T]| -> BTreeMap<String, usize> {
        all.iter().enumerate().map(|(index, item)| (key(item), index)).collect()
    };
    let (stored_by_key, folded_by_key) = (by_key(stored), by_key(folded));
    let mut keys: Vec<&String> = stored_by_key.keys().chain(folded_by_key.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        let actual = stored_by_key.get(key).map(|index| &stored[*index]);
        let expected = folded_by_key.get(key).map(|index| &folded[*index]);
        if actual != expected {
            report
                .add_problem(format!("{what} {key} of {id}: stored {actual:?}, the facts say {expected:?}"));
        }
    }
}

/// Adds one gift to the balances of its site: the balance of `clearing` according to the stored entries, and Stripe's
/// sums. Reports a problem if the two don't agree.
fn add_balance(report: &mut LedgerReport, folded: &Folded, entries: &[Entry]) {
    let site = &folded.contribution.site;
    let mut balances: BTreeMap<Currency, SiteBalance> = BTreeMap::new();
    for entry in entries {
        let balance = balances.entry(entry.money.currency).or_default();
        let minor = entry.kind.sign() * entry.money.amount_minor;
        if entry.kind.is_payout() {
            balance.paid_out_minor -= minor;
        } else {
            balance.clearing_minor += minor;
        }
    }
    let stripe_sums = &folded.balance;
    for (currency, minor) in &stripe_sums.net_minor {
        balances.entry(*currency).or_default().net_minor += minor;
    }
    for (currency, minor) in &stripe_sums.unsettled_minor {
        balances.entry(*currency).or_default().unsettled_minor += minor;
    }
    for (currency, minor) in &stripe_sums.discrepancy_minor {
        balances.entry(*currency).or_default().discrepancy_minor += minor;
    }
    for (currency, balance) in balances {
        let expected_minor = balance.net_minor + balance.unsettled_minor + balance.discrepancy_minor;
        if balance.clearing_minor != expected_minor {
            report.add_problem(format!(
                "{}: the account clearing holds {} {currency} (minor unit), but Stripe's balance and the unsettled payments add up to {expected_minor}",
                folded.contribution.id, balance.clearing_minor
            ));
        }
        let sum = report.balances.entry((site.clone(), currency)).or_default();
        sum.clearing_minor += balance.clearing_minor;
        sum.net_minor += balance.net_minor;
        sum.unsettled_minor += balance.unsettled_minor;
        sum.discrepancy_minor += balance.discrepancy_minor;
        sum.paid_out_minor += balance.paid_out_minor;
    }
}
