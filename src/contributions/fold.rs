//! Computes a contribution and its ledger entries from its facts. A fact is what is known about one of Stripe's
//! objects.

use std::collections::{BTreeMap, BTreeSet};

use super::alarms::{Alarm, RaisedAlarm};
use super::dates::Dates;
use super::events::{DomainEvent, Sources};
use super::gift_facts::GiftFacts;
use super::movements::{ReceivedPayment, ReversedAmounts};
use super::payments::OFFLINE_PART;
use super::settlement::{Movement, settle};
use super::{Contribution, DisputeState, Entry, Fact, Payment, PaymentKind};
use crate::money::{Currency, Money};

/// The result of [`fold`]: everything that follows from the facts of one gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The gift.
    pub contribution: Contribution,
    /// The supporter's e-mail address, as entered at Stripe.
    pub email: Option<String>,
    /// Every ledger entry that follows from the facts. More facts only ever add entries.
    pub entries: Vec<Entry>,
    /// Each payment, with its reversals and its settlement.
    pub payments: Vec<Payment>,
    /// How the entries compare with Stripe's balance.
    pub balance: Balance,
    /// Every domain event that follows from the facts, sorted by key. More facts only ever add events.
    pub events: Vec<DomainEvent>,
    /// The parts that don't add up or need manual review.
    pub alarms: Vec<RaisedAlarm>,
    /// Every date with which an entry may have been booked, in milliseconds since 1970, by the entry's cause.
    dates_ms: BTreeMap<String, BTreeSet<i64>>,
}

impl Folded {
    /// Keeps the dates of booked entries, so that a better source that becomes known later never moves money into
    /// another month. `booked_ms` has the dates in milliseconds since 1970, by the entry's cause. A booked date that no
    /// source ever had is not kept.
    pub fn keep_booked_dates(&mut self, booked_ms: &BTreeMap<String, i64>) {
        for entry in &mut self.entries {
            let cause = entry.cause();
            let Some(at_ms) = booked_ms.get(&cause) else { continue };
            if self.dates_ms.get(&cause).is_some_and(|dates_ms| dates_ms.contains(at_ms)) {
                entry.occurred_at_ms = *at_ms;
            }
        }
        self.date_reversals(booked_ms);
        for payment in &mut self.payments {
            let Some((kind, reversal)) = payment.kind.entries() else { continue };
            let cause = payment.object.strip_suffix(OFFLINE_PART).unwrap_or(&payment.object);
            let is_reversed =
                |object: &str| self.entries.iter().any(|it| it.kind == reversal && it.object == object);
            let is_of_payment =
                |it: &&Entry| it.kind == kind && it.stripe_id() == cause && !is_reversed(&it.object);
            if let Some(entry) = self.entries.iter().find(is_of_payment) {
                payment.paid_at_ms = entry.occurred_at_ms;
            }
        }
    }

    /// Gives each reversal of a payment the date of that payment's entry, unless the reversal is already booked.
    fn date_reversals(&mut self, booked_ms: &BTreeMap<String, i64>) {
        for kind in [PaymentKind::Payment, PaymentKind::OfflinePayment] {
            let Some((kind, reversal)) = kind.entries() else { continue };
            let dates_ms: BTreeMap<String, i64> = self
                .entries
                .iter()
                .filter(|it| it.kind == kind)
                .map(|it| (it.object.clone(), it.occurred_at_ms))
                .collect();
            for entry in self.entries.iter_mut().filter(|it| it.kind == reversal) {
                let at_ms = dates_ms.get(&entry.object).filter(|_| !booked_ms.contains_key(&entry.cause()));
                entry.occurred_at_ms = at_ms.copied().unwrap_or(entry.occurred_at_ms);
            }
        }
    }
}

/// How the entries of a gift, without payouts, compare with Stripe's balance. For each currency, the three amounts add
/// up to the change of the account `clearing`. All amounts are in the minor unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// The sum of Stripe's balance transactions.
    pub net_minor: BTreeMap<Currency, i64>,
    /// The booked amounts that have no balance transaction yet.
    pub unsettled_minor: BTreeMap<Currency, i64>,
    /// By how much the booked amounts exceed the balance transactions.
    pub discrepancy_minor: BTreeMap<Currency, i64>,
}

/// Folds all facts of one gift into its contribution. Returns `None` if Keepopen's checkout created none of the
/// objects.
///
/// The result depends only on the set of facts, not on their order. More facts, or later states of the objects, never
/// remove an entry.
pub fn fold(facts: &[Fact]) -> Option<Folded> {
    let origin = facts.iter().filter_map(Fact::origin).min()?.clone();
    let mut gift_facts = GiftFacts::new(facts);
    // A correction is a payment of 0: its entries cancel each other out.
    let (payments, corrections) = gift_facts.payments();

    let mut entries: Vec<Entry> = Vec::new();
    let mut alarms = Vec::new();
    let mut dates_ms: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    // Books an entry. If there is no date, books nothing and returns false.
    let mut book = |kind, object: &str, money: Money, dates: &Dates| {
        let Some(at_s) = dates.best() else { return false };
        let entry = Entry {
            kind,
            object: object.to_owned(),
            contribution: origin.contribution.clone(),
            site: origin.site.clone(),
            money,
            occurred_at_ms: at_s.saturating_mul(1000),
        };
        dates_ms.insert(entry.cause(), dates.all_ms());
        entries.push(entry);
        true
    };

    let mut movements = Vec::new();
    for payment in payments.values().chain(&corrections) {
        for booking in &payment.entries {
            book(booking.kind, &booking.object, booking.money, &payment.dates);
        }
        let is_booked = payment.at_s.is_some() && payment.kind == PaymentKind::Payment;
        if is_booked && payment.money.amount_minor > 0 {
            movements.push(Movement {
                object: &payment.object,
                payment: &payment.object,
                money: payment.money,
                booked_minor: payment.money.amount_minor,
                settle_by_s: gift_facts.settle_by_s(payment, &payment.dates),
            });
        }
    }
    let mut reversed_amounts: BTreeMap<&str, ReversedAmounts> = BTreeMap::new();
    let mut reversing_objects: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for reversal in gift_facts.reversals() {
        // A refund or dispute is booked only once its link to a payment is known.
        let linked_payment = gift_facts.payment_of(&reversal, &payments);
        // The reversal may belong to a correction: a payment that seemed to be made through Stripe but was made outside
        // it. The entries of a correction stay booked.
        let Some(payment) = linked_payment.or_else(|| gift_facts.correction_of(&reversal, &corrections))
        else {
            // If the payment was fully reversed, nothing is missing, and no alarm is raised.
            let targets = reversal.targets.iter().flatten().map(|id| id.as_str());
            if !gift_facts.is_fully_reversed(targets, &payments) {
                alarms.push(Alarm::PaymentUnknown { object: reversal.object.to_owned() });
            }
            continue;
        };
        let minor = reversal.money.amount_minor;
        if payment.at_s.is_some() && book(reversal.kind, reversal.object, reversal.money, &reversal.left_at) {
            let is_returned = reversal
                .return_kind
                .is_some_and(|kind| book(kind, reversal.object, reversal.money, &reversal.returned_at));
            movements.push(Movement {
                object: reversal.object,
                payment: &payment.object,
                money: reversal.money,
                booked_minor: if is_returned { 0 } else { -minor },
                settle_by_s: gift_facts.settle_by_s(payment, &reversal.left_at),
            });
        }
        if linked_payment.is_none() {
            alarms.push(Alarm::PaymentUnknown { object: reversal.object.to_owned() });
        } else if reversal.money.currency == payment.money.currency {
            reversed_amounts.entry(&payment.object).or_default().add(&reversal);
            if reversal.return_kind.is_none() {
                reversing_objects.entry(&payment.object).or_default().insert(reversal.object);
            }
        } else {
            alarms.push(Alarm::CurrencyDiffers { object: reversal.object.to_owned() });
        }
    }
    for (object, sums) in &reversed_amounts {
        let excess_minor = sums.net_minor() - payments[*object].money.amount_minor;
        if excess_minor > 0 {
            let reversing = reversing_objects.get(object).into_iter().flatten();
            alarms.push(Alarm::TakenBackAbovePaid {
                payment: (*object).to_owned(),
                excess_minor,
                taken_back_by: reversing.map(|id| (*id).to_owned()).collect(),
            });
        }
    }
    gift_facts.choose_subscription(&payments, &reversed_amounts);
    let settlement = settle(&gift_facts, &payments, &movements);
    for (kind, object, money, dates) in &settlement.entries {
        book(*kind, object, *money, dates);
    }
    alarms.extend(settlement.alarms.iter().cloned());
    alarms.extend(facts.iter().filter_map(dispute_ended_twice));
    alarms.extend(gift_facts.unknown_refunds());
    alarms.extend(gift_facts.unbooked(&payments));
    alarms.extend(gift_facts.warnings(&payments));
    entries.sort_by_cached_key(Entry::cause);
    alarms.sort();
    let alarms = alarms.into_iter().map(|alarm| alarm.raise(&origin.contribution, &gift_facts)).collect();

    let email = gift_facts.email(!payments.is_empty());
    let sources = Sources {
        gift_facts: &gift_facts,
        origin: &origin,
        payments: &payments,
        reversed_amounts: &reversed_amounts,
        entries: &entries,
        has_supporter: email.is_some(),
    };
    let events = sources.events();
    let contribution = gift_facts.contribution(&origin, &payments, &reversed_amounts);
    let payment = |received: &ReceivedPayment| {
        let paid_at_ms = received.at_s?.saturating_mul(1000);
        let no_reversals = ReversedAmounts::default();
        let sums = reversed_amounts.get(received.object.as_str()).unwrap_or(&no_reversals);
        let settled = settlement.payments.get(received.object.as_str());
        let payout = settled.and_then(|settled| settled.payout.as_ref());
        Some(Payment {
            object: received.object.clone(),
            contribution: origin.contribution.clone(),
            site: origin.site.clone(),
            money: received.money,
            kind: received.kind,
            presented: received.presented,
            paid_at_ms,
            refunded_minor: sums.refunded_minor,
            disputed_minor: sums.disputed_minor,
            unsettled_minor: settled.map_or(0, |settled| settled.unsettled_minor),
            discrepancy_minor: settled.map_or(0, |settled| settled.discrepancy_minor),
            settle_by_ms: match received.kind {
                PaymentKind::Unconfirmed => gift_facts.settle_by_s(received, &received.dates),
                _ => settled.and_then(|settled| settled.settle_by_s),
            }
            .map(|at_s| at_s.saturating_mul(1000)),
            settled: settled.and_then(|settled| settled.settled),
            charge: gift_facts.charge_of(received).filter(|_| received.kind == PaymentKind::Payment),
            payout: payout.map(|(id, _)| id.clone()),
            payout_arrives_at_ms: payout
                .and_then(|(_, mark)| mark.arrives_at_s)
                .map(|at_s| at_s.saturating_mul(1000)),
        })
    };
    Some(Folded {
        payments: payments.values().filter_map(payment).collect(),
        balance: Balance {
            net_minor: settlement.net_minor,
            unsettled_minor: settlement.unsettled_minor,
            discrepancy_minor: settlement.discrepancy_minor,
        },
        contribution,
        email,
        entries,
        events,
        alarms,
        dates_ms,
    })
}

/// Returns an alarm if the fact is a dispute that was reported both won and lost.
fn dispute_ended_twice(fact: &Fact) -> Option<Alarm> {
    match fact {
        Fact::Dispute(it) if it.returned && it.latest.state == DisputeState::Lost => {
            Some(Alarm::DisputeEndedTwice { dispute: it.id.clone() })
        }
        _ => None,
    }
}

/// Merges reports into one fact per object. The facts are sorted by id.
#[cfg(any(test, feature = "test-support"))]
pub fn join_all(reports: impl IntoIterator<Item = Fact>) -> Vec<Fact> {
    use super::Join;

    let mut facts: BTreeMap<String, Fact> = BTreeMap::new();
    for report in reports {
        let id = report.id().to_owned();
        let joined = match facts.remove(&id) {
            Some(known) => known.join(report),
            None => report,
        };
        facts.insert(id, joined);
    }
    facts.into_values().collect()
}
