//! From facts to a contribution and its ledger entries.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::dates::Dates;
use super::movements::{Came, Taken};
use super::settlement::{Movement, settle};
use super::story::Story;
use super::{Contribution, DisputeState, Entry, EntryKind, Fact, Join, Payment};
use crate::money::{Currency, Money};

/// What all facts of one gift add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// The gift.
    pub contribution: Contribution,
    /// The e-mail address it was given under, as Stripe has it.
    pub email: Option<String>,
    /// Every entry that follows. More facts only ever add to them.
    pub entries: Vec<Entry>,
    /// Each payment, as finance reads it.
    pub payments: Vec<Payment>,
    /// What of it Stripe's balance knows.
    pub balance: Balance,
    /// What does not add up, and wants a person to look.
    pub alarms: Vec<Alarm>,
    /// Of each entry, by its cause, every date that it may have been booked with, in milliseconds since 1970.
    dates_ms: BTreeMap<String, BTreeSet<i64>>,
}

impl Folded {
    /// Leaves entries that are booked the dates that they were booked with, in milliseconds since 1970 and by their
    /// causes: a better source that becomes known later moves no money into another month. A date that no source ever
    /// named is not kept.
    pub fn keep_booked_dates(&mut self, booked_ms: &BTreeMap<String, i64>) {
        for entry in &mut self.entries {
            let cause = entry.cause();
            let Some(at_ms) = booked_ms.get(&cause) else { continue };
            if self.dates_ms.get(&cause).is_some_and(|dates_ms| dates_ms.contains(at_ms)) {
                entry.occurred_at_ms = *at_ms;
            }
        }
        for payment in &mut self.payments {
            let of_it = |it: &&Entry| it.kind == EntryKind::Payment && it.object == payment.object;
            if let Some(entry) = self.entries.iter().find(of_it) {
                payment.paid_at_ms = entry.occurred_at_ms;
            }
        }
    }
}

/// What the entries of a gift (but for payouts) are to Stripe's balance: `net` and `awaiting` and `differing` of a
/// currency make what they do to the account `clearing`. All in the minor unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What Stripe's balance transactions add up to.
    pub net_minor: BTreeMap<Currency, i64>,
    /// What is booked, and Stripe's balance transaction is not known yet.
    pub awaiting_minor: BTreeMap<Currency, i64>,
    /// By how much more is booked than Stripe's balance transactions say.
    pub differing_minor: BTreeMap<Currency, i64>,
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
    /// A refund or dispute is in another currency than its payment.
    CurrencyDiffers {
        /// The refund or dispute.
        object: String,
    },
    /// Money came of which nothing is booked.
    Unbooked {
        /// The payment intent or charge.
        object: String,
        /// How much, in the minor unit.
        paid_minor: i64,
    },
    /// Stripe's balance transactions say another amount than what is booked.
    BalanceDiffers {
        /// The payment, refund or dispute.
        object: String,
        /// What is booked of it in all, in the minor unit; below 0 when money left.
        booked_minor: i64,
        /// What Stripe's balance says.
        settled_minor: i64,
    },
    /// A bank says that a charge may be fraud: a refund now can prevent a dispute.
    FraudWarning {
        /// The warning.
        warning: String,
    },
    /// Stripe asks a person to look at a payment.
    UnderReview {
        /// The review.
        review: String,
    },
    /// An invoice could not be made final: nobody is asked for the money.
    InvoiceStuck {
        /// The invoice.
        invoice: String,
    },
    /// Money moved in a currency that this version does not know. It is not booked.
    UnknownCurrency {
        /// The payment, refund, dispute, subscription or balance transaction.
        object: String,
        /// The currency's code, as Stripe has it.
        currency: String,
        /// How much, in Stripe's smallest unit of that currency.
        #[serde(skip_serializing_if = "Option::is_none")]
        amount_minor: Option<i64>,
    },
}

impl std::fmt::Display for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TakenBackAbovePaid { payment, excess_minor } => write!(
                f,
                "{payment}: {excess_minor} more (minor unit) was refunded and disputed than was paid"
            ),
            Self::DisputeEndedTwice { dispute } => {
                write!(f, "{dispute} was reported won and lost; it is booked as won")
            }
            Self::RefundsUnknown { charge, missing_minor } => write!(
                f,
                "{charge}: Stripe says that {missing_minor} more (minor unit) was refunded than the refunds known here"
            ),
            Self::PaymentUnknown { object } => write!(f, "{object}: its payment is not known yet"),
            Self::CurrencyDiffers { object } => write!(f, "{object} is in another currency than its payment"),
            Self::Unbooked { object, paid_minor } => {
                write!(f, "{object}: {paid_minor} (minor unit) came, of which nothing is booked yet")
            }
            Self::BalanceDiffers { object, booked_minor, settled_minor } => write!(
                f,
                "{object}: {booked_minor} is booked, but Stripe's balance says {settled_minor} (minor unit)"
            ),
            Self::FraudWarning { warning } => {
                write!(f, "{warning}: a bank says that this may be fraud; a refund now can prevent a dispute")
            }
            Self::UnderReview { review } => {
                write!(f, "{review}: Stripe asks a person to look at this payment")
            }
            Self::UnknownCurrency { object, currency, .. } => write!(
                f,
                "{object} is in {currency}, a currency that this version does not know; it is not booked"
            ),
            Self::InvoiceStuck { invoice } => {
                write!(f, "{invoice} could not be made final at Stripe: nobody is asked for the money")
            }
        }
    }
}

impl Alarm {
    /// Whether what is missing may still be on its way.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::RefundsUnknown { .. }
                | Self::PaymentUnknown { .. }
                | Self::Unbooked { .. }
                | Self::BalanceDiffers { .. }
        )
    }
}

/// Folds all facts of one gift. None when none of them is ours.
///
/// The result hangs on the set of facts alone. Entries are monotone: a
/// greater set of facts, or a later state of one, never takes an entry away.
pub fn fold(facts: &[Fact]) -> Option<Folded> {
    let origin = facts.iter().filter_map(Fact::origin).min()?.clone();
    let mut story = Story::new(facts);
    let payments = story.payments();

    let mut entries: Vec<Entry> = Vec::new();
    let mut alarms = Vec::new();
    let mut dates_ms: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    // Without a date nothing is booked: false.
    let mut book = |kind, object: &str, money: Money, at: &Dates| {
        let Some(at_s) = at.best() else { return false };
        let entry = Entry {
            kind,
            object: object.to_owned(),
            contribution: origin.contribution.clone(),
            site: origin.site.clone(),
            money,
            occurred_at_ms: at_s.saturating_mul(1000),
        };
        dates_ms.insert(entry.cause(), at.all_ms());
        entries.push(entry);
        true
    };

    let mut movements = Vec::new();
    for payment in payments.values() {
        if !book(EntryKind::Payment, &payment.object, payment.money, &payment.dates) {
            continue;
        }
        movements.push(Movement {
            object: &payment.object,
            payment: &payment.object,
            money: payment.money,
            booked_minor: payment.money.amount_minor,
        });
    }
    let mut taken: BTreeMap<&str, Taken> = BTreeMap::new();
    for back in story.taken_back() {
        // Without its payment, a refund says nothing of ours yet: it is booked
        // when the tie is known.
        let Some(payment) = story.payment_of(&back, &payments) else {
            alarms.push(Alarm::PaymentUnknown { object: back.object.to_owned() });
            continue;
        };
        let minor = back.money.amount_minor;
        if payment.at_s.is_some() && book(back.kind, back.object, back.money, &back.at) {
            let reversed =
                back.reversal.is_some_and(|it| book(it, back.object, back.money, &back.reversal_at));
            movements.push(Movement {
                object: back.object,
                payment: &payment.object,
                money: back.money,
                booked_minor: if reversed { 0 } else { -minor },
            });
        }
        if back.money.currency == payment.money.currency {
            taken.entry(&payment.object).or_default().add(&back);
        } else {
            alarms.push(Alarm::CurrencyDiffers { object: back.object.to_owned() });
        }
    }
    for (object, sums) in &taken {
        let excess_minor = sums.net_minor() - payments[*object].money.amount_minor;
        if excess_minor > 0 {
            alarms.push(Alarm::TakenBackAbovePaid { payment: (*object).to_owned(), excess_minor });
        }
    }
    story.decide(&payments, &taken);
    let settlement = settle(&story, &payments, &movements);
    for (kind, object, money, at) in &settlement.entries {
        book(*kind, object, *money, at);
    }
    alarms.extend(settlement.alarms.iter().cloned());
    alarms.extend(facts.iter().filter_map(ended_twice));
    alarms.extend(story.unknown_refunds());
    alarms.extend(story.unbooked(&payments));
    alarms.extend(story.warned());
    entries.sort_by_cached_key(Entry::cause);
    alarms.sort();

    let contribution = story.contribution(&origin, &payments, &taken);
    let payment = |came: &Came| {
        let paid_at_ms = came.at_s?.saturating_mul(1000);
        let none = Taken::default();
        let sums = taken.get(came.object.as_str()).unwrap_or(&none);
        let of = settlement.payments.get(came.object.as_str());
        let payout = of.and_then(|of| of.payout.as_ref());
        Some(Payment {
            object: came.object.clone(),
            contribution: origin.contribution.clone(),
            site: origin.site.clone(),
            money: came.money,
            presented: came.presented,
            paid_at_ms,
            refunded_minor: sums.refunded_minor,
            disputed_minor: sums.disputed_minor,
            awaiting_minor: of.map_or(0, |of| of.awaiting_minor),
            differing_minor: of.map_or(0, |of| of.differing_minor),
            settled: of.and_then(|of| of.settled),
            charge: story.charge_of(came),
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
            awaiting_minor: settlement.awaiting_minor,
            differing_minor: settlement.differing_minor,
        },
        contribution,
        email: story.email(!payments.is_empty()),
        entries,
        alarms,
        dates_ms,
    })
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
