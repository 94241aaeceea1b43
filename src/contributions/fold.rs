//! From facts to a contribution and its ledger entries.

use std::collections::BTreeMap;

use serde::Serialize;

use super::movements::Taken;
use super::story::Story;
use super::{Contribution, DisputeState, Entry, EntryKind, Fact, Join};
use crate::money::Money;

/// What all facts of one gift add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The gift.
    pub contribution: Contribution,
    /// The e-mail address it was given under, as Stripe has it.
    pub email: Option<String>,
    /// Every entry that follows. More facts only ever add to them.
    pub entries: Vec<Entry>,
    /// What does not add up, and wants a person to look.
    pub alarms: Vec<Alarm>,
}

/// Something that does not add up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum Alarm {
    /// More was refunded and disputed than was paid: it can really happen.
    TakenBackAbovePaid {
        /// The payment's object.
        payment: String,
        /// By how much, in the minor unit.
        excess_minor: i64,
    },
    /// A dispute was reported won and lost: the ledger has it as won, since each direction is booked once.
    DisputeEndedTwice {
        /// The dispute.
        dispute: String,
    },
    /// Stripe says that a charge was refunded by more than the refunds we know of.
    RefundsUnknown {
        /// The charge.
        charge: String,
        /// How much is unaccounted for, in the minor unit.
        missing_minor: i64,
    },
    /// A refund or dispute of the gift whose payment is not known yet.
    PaymentUnknown {
        /// The refund or dispute.
        object: String,
    },
}

/// Folds all facts of one gift. None when none of them is ours.
///
/// The result hangs on the set of facts alone. Entries are monotone: a
/// greater set of facts, or a later state of one, never takes an entry away.
pub fn fold(facts: &[Fact]) -> Option<Folded> {
    let origin = facts.iter().filter_map(Fact::origin).min()?.clone();
    let story = Story::new(facts);
    let payments = story.payments();
    let mut entries: Vec<Entry> = Vec::new();
    let mut alarms = Vec::new();
    let mut book = |kind, object: &str, money: Money, at_s: Option<i64>| {
        entries.push(Entry {
            kind,
            object: object.to_owned(),
            contribution: origin.contribution.clone(),
            site: origin.site.clone(),
            money,
            occurred_at_ms: at_s.unwrap_or(0).saturating_mul(1000),
        });
    };
    for payment in payments.values() {
        book(EntryKind::Payment, &payment.object, payment.money, payment.at_s);
    }
    let mut taken: BTreeMap<&str, Taken> = BTreeMap::new();
    for back in story.taken_back() {
        // Without its payment, a refund says nothing of ours yet: it is booked
        // when the tie is known.
        let Some(payment) = story.payment_of(&back, &payments) else {
            alarms.push(Alarm::PaymentUnknown { object: back.object.to_owned() });
            continue;
        };
        let sums = taken.entry(&payment.object).or_default();
        book(back.kind, back.object, back.money, back.at_s);
        sums.left_minor = sums.left_minor.saturating_add(back.money.amount_minor);
        if let Some(reversal) = back.reversal {
            book(reversal, back.object, back.money, back.at_s);
            sums.returned_minor = sums.returned_minor.saturating_add(back.money.amount_minor);
        }
    }
    for (object, sums) in &taken {
        let excess_minor = sums.net_minor() - payments[*object].money.amount_minor;
        if excess_minor > 0 {
            alarms.push(Alarm::TakenBackAbovePaid { payment: (*object).to_owned(), excess_minor });
        }
    }
    alarms.extend(facts.iter().filter_map(ended_twice));
    alarms.extend(story.unknown_refunds());
    entries.sort_by_key(Entry::cause);
    alarms.sort();
    let contribution = story.contribution(&origin, &payments, &taken);
    Some(Folded { contribution, email: story.email(!payments.is_empty()), entries, alarms })
}

fn ended_twice(fact: &Fact) -> Option<Alarm> {
    match fact {
        Fact::Dispute(it) if it.returned && it.latest.state == DisputeState::Lost => {
            Some(Alarm::DisputeEndedTwice { dispute: it.id.clone() })
        }
        _ => None,
    }
}

/// Joins reports of many objects into one fact each, in the order of their ids.
pub fn join_all(reports: impl IntoIterator<Item = Fact>) -> Vec<Fact> {
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
