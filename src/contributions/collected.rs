//! How much of an invoice was paid through Stripe, and how much outside it.
//!
//! **Rule**: only what a payment intent or a charge moved is Stripe's money. The rest of a paid invoice is an offline
//! payment. Since basil, the invoice itself does not say which: until something does, it is unconfirmed, which counts for
//! the standing and is not booked.
//!
//! Evidence arrives in any order, and booked entries stay. So each piece of evidence has a fixed rank, and the entries
//! follow from everything that is known, from the weakest evidence to the strongest: what it says is booked in full, and
//! what stronger evidence contradicts is reversed in full. More evidence only ever adds entries.

use std::collections::{BTreeMap, BTreeSet};

use super::dates::{Dates, sorted};
use super::gift_facts::GiftFacts;
use super::movements::{Booking, ReceivedPayment};
use super::payments::OFFLINE_PART;

use super::{Fact, IntentState, InvoiceFact, InvoiceState, PaymentKind, SessionMode, SessionState};
use crate::money::Money;

/// Up to this many partial payments of one invoice, each of their sums is separate evidence.
const MAX_PARTS: usize = 8;

/// What Stripe's other objects say about an invoice: every sum that some of them add up to, in the minor unit.
struct Moved {
    /// What payment intents and charges moved.
    stripe_minor: BTreeSet<i64>,
    /// What was recorded as paid outside Stripe.
    outside_minor: BTreeSet<i64>,
}

impl GiftFacts<'_> {
    /// The payments of a recurring gift's invoice: one, or two if a part of it was paid outside Stripe. An invoice without
    /// a subscription belongs to a one-off, whose session represents it. A payment of 0 is only a correction.
    pub(super) fn payments_of_invoice(&self, it: &InvoiceFact) -> Vec<ReceivedPayment> {
        let paid = it.paid.filter(|money| money.amount_minor > 0);
        let Some(paid) = paid.filter(|_| it.latest.state == InvoiceState::Paid && it.subscription.is_some())
        else {
            return Vec::new();
        };
        let received =
            |kind: PaymentKind, minor: i64, entries: Vec<Booking>, object: String| ReceivedPayment {
                object,
                kind,
                cause: it.id.clone(),
                money: Money { amount_minor: minor, ..paid },
                entries,
                at_s: None,
                dates: Dates::new(it.paid_at_s.into_iter().chain(sorted(&it.paid_events_s)), it.created_at_s),
                subscription: it.subscription.clone(),
                presented: None,
            };
        let evidence = self.evidence(it, paid);
        let Some(stripe_minor) = evidence.last().copied() else {
            return vec![received(PaymentKind::Unconfirmed, paid.amount_minor, Vec::new(), it.id.clone())];
        };
        let (through_stripe, outside) = bookings(&it.id, paid, &evidence);
        let mut all = Vec::new();
        if !through_stripe.is_empty() {
            all.push(received(PaymentKind::Payment, stripe_minor, through_stripe, it.id.clone()));
        }
        if !outside.is_empty() {
            let part = if stripe_minor > 0 { OFFLINE_PART } else { "" };
            let object = format!("{}{part}", it.id);
            let offline_minor = paid.amount_minor - stripe_minor;
            all.push(received(PaymentKind::OfflinePayment, offline_minor, outside, object));
        }
        all
    }

    /// The amount paid through Stripe according to each known piece of evidence, from the weakest to the strongest, in the
    /// minor unit. The last one is right. More facts only insert elements into this sequence.
    fn evidence(&self, it: &InvoiceFact, paid: Money) -> Vec<i64> {
        let paid_minor = paid.amount_minor;
        let moved = self.moved_for(it, paid);
        let in_part = || moved.stripe_minor.iter().copied().filter(|minor| (1..paid_minor).contains(minor));
        let mut all = Vec::new();
        // Nobody tried to collect it. A payment through Stripe was made by a person.
        if it.never_attempted {
            all.push(0);
            all.extend(in_part());
        }
        if it.collected_at_once {
            all.push(paid_minor);
        }
        // With the records of the offline payments, nothing is missing.
        let most_outside = moved.outside_minor.last().copied().unwrap_or(0);
        if most_outside > 0 {
            let rest = |minor: &&i64| minor.saturating_add(most_outside) >= paid_minor;
            all.extend(moved.stripe_minor.iter().filter(rest).map(|minor| minor.clamp(&0, &paid_minor)));
        }
        if it.through_stripe || self.is_paid_by_session(it) {
            all.push(paid_minor);
        }
        if it.marked_outside {
            all.push(0);
            all.extend(in_part());
        }
        if let Some(outside) = it.outside.filter(|money| money.currency == paid.currency) {
            all.push((paid_minor - outside.amount_minor).clamp(0, paid_minor));
        }
        if moved.stripe_minor.last().is_some_and(|minor| *minor >= paid_minor) {
            all.push(paid_minor);
        }
        all.dedup();
        all
    }

    /// Whether the payment page of a subscription was paid, which pays its first invoice.
    fn is_paid_by_session(&self, it: &InvoiceFact) -> bool {
        self.sessions.iter().any(|session| {
            session.invoice.as_ref() == Some(&it.id)
                && session.latest.state == SessionState::Paid
                && session.mode == Some(SessionMode::Subscription)
        })
    }

    fn moved_for(&self, it: &InvoiceFact, paid: Money) -> Moved {
        let tied = self.tied_to([it.id.as_str()]);
        let minor = |money: Option<Money>| {
            money.filter(|money| money.currency == paid.currency).map_or(0, |money| money.amount_minor)
        };
        let (mut records, mut parts, mut charges, mut intents) = (vec![], vec![], vec![], vec![]);
        for fact in self.facts {
            match fact {
                Fact::InvoicePayment(part) if part.is_paid && part.invoice.as_ref() == Some(&it.id) => {
                    let part_minor = part.paid.map_or(paid.amount_minor, |_| minor(part.paid));
                    if part.paid_by.is_empty() { &mut records } else { &mut parts }.push(part_minor);
                }
                Fact::Charge(charge) if tied.contains(charge.id.as_str()) => charges.push(minor(charge.paid)),
                Fact::Intent(intent)
                    if intent.latest.state == IntentState::Succeeded && tied.contains(intent.id.as_str()) =>
                {
                    intents.push(minor(intent.received));
                }
                _ => {}
            }
        }
        Moved {
            // Up to three objects report the same payment.
            stripe_minor: [parts, charges, intents].iter().flat_map(|it| sums(it)).collect(),
            outside_minor: sums(&records),
        }
    }
}

/// Every sum of some of these amounts, in the minor unit: the sum that was, or could have been, when fewer were known.
fn sums(minors: &[i64]) -> BTreeSet<i64> {
    let mut sums = BTreeSet::from([0]);
    if minors.len() > MAX_PARTS {
        sums.insert(minors.iter().fold(0, |sum: i64, minor| sum.saturating_add(*minor)));
        return sums;
    }
    for minor in minors {
        sums.extend(sums.clone().into_iter().map(|sum| sum.saturating_add(*minor)));
    }
    sums
}

/// The entries that book an invoice by all evidence, through Stripe and outside it. Each piece of evidence has its own
/// entries, numbered if it repeats an earlier amount, and all but those of the last are fully reversed.
fn bookings(invoice: &str, paid: Money, evidence: &[i64]) -> (Vec<Booking>, Vec<Booking>) {
    let (mut through_stripe, mut outside) = (Vec::new(), Vec::new());
    let mut said: BTreeMap<i64, usize> = BTreeMap::new();
    for (n, stripe_minor) in evidence.iter().copied().enumerate() {
        let times = said.entry(stripe_minor).or_default();
        *times += 1;
        let part = if (1..paid.amount_minor).contains(&stripe_minor) {
            format!("/part-{stripe_minor}")
        } else {
            String::new()
        };
        let again = if *times > 1 { format!("/{times}") } else { String::new() };
        let object = format!("{invoice}{part}{again}");
        let is_last = n + 1 == evidence.len();
        let sides = [
            (PaymentKind::Payment, stripe_minor, &mut through_stripe),
            (PaymentKind::OfflinePayment, paid.amount_minor - stripe_minor, &mut outside),
        ];
        for (kind, minor, bookings) in sides {
            let Some((kind, reversal)) = kind.entries().filter(|_| minor > 0) else { continue };
            let money = Money { amount_minor: minor, ..paid };
            bookings.push(Booking { kind, object: object.clone(), money });
            if !is_last {
                bookings.push(Booking { kind: reversal, object: object.clone(), money });
            }
        }
    }
    (through_stripe, outside)
}
