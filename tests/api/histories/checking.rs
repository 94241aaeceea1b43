//! Compares the ledger of a server with the expected one (the model, see `model.rs`).

use std::collections::{BTreeMap, BTreeSet};

use keepopen::app::App;
use keepopen::contributions::{Alarm, Contribution, Entry, Payment};
use keepopen::ids::ContributionId;
use keepopen::reports::{self, SealKey};
use keepopen::store::accounts::gifts_after;

use super::driver::World;
use super::model::{Accounts, Balance, Gift};

/// What a server has stored about gifts. It must be equal after every order of the same events.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerSnapshot {
    contributions: Vec<Contribution>,
    entries: Vec<Entry>,
    payments: Vec<Payment>,
    alarms: Vec<(ContributionId, Alarm)>,
    /// The id and the token epoch of each supporter. The epoch increases with each reversed payment.
    epochs: Vec<(String, i64)>,
    /// Key, contribution and site of every domain event (an event that the outbox stores for other systems). Its state
    /// is not compared. It is `overtaken` if a later event had already been reported, so it depends on the order.
    events: BTreeSet<(String, String, String)>,
}

impl LedgerSnapshot {
    /// Panics with the differences unless both are equal. `when` says at which point of the test they are compared.
    pub fn assert_equal(&self, other: &Self, when: &str) {
        assert!(self == other, "{when}: {}", self.differences_from(other));
    }

    /// Removes the domain events that follow only from Stripe's events, which can be lost. The others also follow from
    /// Stripe's objects.
    pub fn known_from_objects(mut self) -> Self {
        const ONLY_REPORTED: [&str; 6] = [
            "payment_failed/",
            "changed/sub_",
            "paused/",
            "resumed/",
            "cancel_scheduled/",
            "cancel_withdrawn/",
        ];
        let is_only_reported = |key: &str| ONLY_REPORTED.iter().any(|kind| key.contains(kind));
        // A payment ends the standing `past_due`. This change is found only if the failed payment before it was known.
        let ends_past_due = |key: &str| key.starts_with("supporter.changed/contribution.paid/");
        self.events.retain(|(key, ..)| !is_only_reported(key) && !ends_past_due(key));
        self
    }

    fn differences_from(&self, other: &Self) -> String {
        /// Returns the items that only one of the two lists contains.
        fn one_sided<T: std::fmt::Debug + PartialEq>(one: &[T], other: &[T]) -> Vec<String> {
            let only = |a: &[T], b: &[T]| -> Vec<String> {
                a.iter().filter(|it| !b.contains(it)).map(|it| format!("{it:?}")).collect()
            };
            [only(one, other), only(other, one)].concat()
        }
        let entries = one_sided(&self.entries, &other.entries);
        let contributions = one_sided(&self.contributions, &other.contributions);
        let payments = one_sided(&self.payments, &other.payments);
        let epochs = one_sided(&self.epochs, &other.epochs);
        let alarms = one_sided(&self.alarms, &other.alarms);
        let events: Vec<String> =
            self.events.symmetric_difference(&other.events).map(|it| format!("{it:?}")).collect();
        [events, contributions, payments, entries, alarms, epochs].concat().join("\n")
    }
}

/// Reads the ledger of a server. Panics unless it is consistent.
pub async fn read_ledger(app: &App) -> LedgerSnapshot {
    let report = reports::check_ledger(&app.store, &SealKey::of(&app.vault)).await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    for event in app.store.events().await.unwrap() {
        assert!(event.state == "done" && event.error.is_none(), "{event:?}");
    }
    let mut tx = app.store.snapshot().await.unwrap();
    let gifts = gifts_after(&mut tx, "", i64::MAX).await.unwrap();
    drop(tx);
    // Skip supporters without a gift. They exist if another e-mail address was known before the one of the session.
    let has_gift = |id: &str| {
        gifts.contributions.iter().any(|it| it.supporter.as_ref().is_some_and(|it| it.as_str() == id))
    };
    let epochs = app.store.supporters().await.unwrap().into_iter().filter(|(id, _)| has_gift(id)).collect();
    // Skip the alarms for fraud warnings and reviews. They move no money. Only events report them, and events can be
    // lost.
    let is_warning_or_review =
        |it: &Alarm| matches!(it, Alarm::FraudWarning { .. } | Alarm::UnderReview { .. });
    let alarms = report.alarms.into_iter().map(|(id, raised)| (id, raised.alarm));
    let alarms = alarms.filter(|(_, alarm)| !is_warning_or_review(alarm)).collect();
    LedgerSnapshot {
        contributions: gifts.contributions,
        entries: gifts.entries,
        payments: gifts.payments,
        alarms,
        epochs,
        events: app
            .store
            .outbox(0, i64::MAX)
            .await
            .unwrap()
            .into_iter()
            .map(|it| (it.key, it.contribution_id, it.site))
            .collect(),
    }
}

/// Checks that the ledger is consistent and equals the model's ledger. Returns the server's ledger.
pub async fn check(world: &World<'_>, app: &App) -> LedgerSnapshot {
    let ledger = read_ledger(app).await;
    for line in reports::compare_with_stripe(&app.store, app.now_ms()).await.unwrap().lines {
        assert_eq!((line.difference_minor(), line.unsettled_minor), (0, 0), "{line:?}");
    }
    let mut differences = Vec::new();
    world.with_balance(|balance| {
        let known: BTreeMap<&str, &Gift> = world.gifts.iter().map(|it| (it.id.as_str(), it)).collect();
        for it in &ledger.contributions {
            if !known.contains_key(it.id.as_str()) {
                differences.push(format!("unexpected contribution: {it:?}"));
            }
        }
        for gift in &world.gifts {
            let stored = GiftLedger {
                contribution: ledger.contributions.iter().find(|it| it.id.as_str() == gift.id),
                entries: ledger.entries.iter().filter(|it| it.contribution.as_str() == gift.id).collect(),
                payments: ledger.payments.iter().filter(|it| it.contribution.as_str() == gift.id).collect(),
                alarms: ledger
                    .alarms
                    .iter()
                    .filter(|(id, _)| id.as_str() == gift.id)
                    .map(|it| &it.1)
                    .collect(),
            };
            differences.extend(stored.differences(gift, balance, world.now_s()));
        }
    });
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
    ledger
}

/// What the ledger contains about one gift.
struct GiftLedger<'a> {
    contribution: Option<&'a Contribution>,
    entries: Vec<&'a Entry>,
    payments: Vec<&'a Payment>,
    alarms: Vec<&'a Alarm>,
}

impl GiftLedger<'_> {
    /// Returns a text for each difference between the ledger and the model's gift.
    fn differences(&self, gift: &Gift, balance: &Balance<'_>, now_s: i64) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, found: String, expected: String| {
            if found != expected {
                differences.push(format!("{what}: found {found}\n  expected {expected}\n  for {gift:#?}"));
            }
        };
        let state = self.contribution.map(|it| it.state);
        compare("the state", format!("{state:?}"), format!("{:?}", Some(gift.state(now_s))));
        if let Some(subscription) = &gift.subscription {
            let amount = self.contribution.and_then(|it| it.money).map(|it| it.amount_minor);
            compare("the amount", format!("{amount:?}"), format!("{:?}", Some(subscription.amount_minor)));
        }
        let accounts = format!("{:?}", self.accounts());
        compare("the account balances", accounts, format!("{:?}", gift.accounts(balance)));
        compare("the alarms", format!("{:?}", self.alarms), format!("{:?}", gift.alarms()));
        compare(
            "the payments",
            format!("{:?}", self.payments()),
            format!("{:?}", payments_of(gift, balance)),
        );
        differences
    }

    fn accounts(&self) -> Accounts {
        let mut accounts = Accounts::new();
        for entry in &self.entries {
            let (debit, credit) = entry.kind.accounts();
            let (minor, code) = (entry.money.amount_minor, entry.money.currency.code());
            *accounts.entry((debit, code.to_owned())).or_default() += minor;
            *accounts.entry((credit, code.to_owned())).or_default() -= minor;
        }
        accounts.retain(|_, minor| *minor != 0);
        accounts
    }

    fn payments(&self) -> Vec<PaymentRow> {
        let mut all: Vec<PaymentRow> = self
            .payments
            .iter()
            .map(|it| PaymentRow {
                object: it.object.clone(),
                charge: it.charge.clone(),
                amount_minor: it.money.amount_minor,
                refunded_minor: it.refunded_minor,
                disputed_minor: it.disputed_minor,
                unsettled_minor: (it.unsettled_minor, it.discrepancy_minor),
                settled: it.settled.map(|it| (it.currency.code().to_owned(), it.fee_minor, it.net_minor)),
                payout: it.payout.clone(),
            })
            .collect();
        all.sort();
        all
    }
}

/// A payment as the export for the finance team shows it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PaymentRow {
    object: String,
    charge: Option<String>,
    amount_minor: i64,
    refunded_minor: i64,
    disputed_minor: i64,
    /// The payment's `unsettled_minor` and `discrepancy_minor`.
    unsettled_minor: (i64, i64),
    /// The currency, the fee and the net amount of the settlement.
    settled: Option<(String, i64, i64)>,
    payout: Option<String>,
}

/// Returns the payments that the model expects for a gift.
fn payments_of(gift: &Gift, balance: &Balance<'_>) -> Vec<PaymentRow> {
    let mut all: Vec<PaymentRow> = gift
        .payments
        .iter()
        .map(|paid| {
            let settled = balance.transactions_of(paid).fold(None, |sum: Option<(String, i64, i64)>, it| {
                let (code, fee_minor, net_minor) =
                    sum.unwrap_or((it["currency"].as_str().unwrap().to_uppercase(), 0, 0));
                let [fee, net] = ["fee", "net"].map(|field| super::model::number(it, field));
                Some((code, fee_minor + fee, net_minor + net))
            });
            PaymentRow {
                object: paid.object.clone(),
                charge: Some(paid.charge.clone()),
                amount_minor: paid.amount_minor,
                refunded_minor: paid.refunded_minor(),
                disputed_minor: paid.disputed_minor(),
                unsettled_minor: (0, 0),
                settled,
                payout: balance.payout_of_charge(paid),
            }
        })
        .chain(gift.outside.iter().map(|it| PaymentRow {
            object: it.object.clone(),
            charge: None,
            amount_minor: it.amount_minor,
            refunded_minor: 0,
            disputed_minor: 0,
            unsettled_minor: (0, 0),
            settled: None,
            payout: None,
        }))
        .collect();
    all.sort();
    all
}
