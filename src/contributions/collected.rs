//! Determines how much of an invoice was paid through Stripe, and how much outside it.
//!
//! **Rule**: money counts as paid through Stripe only if a payment intent or a charge moved it. The rest of a paid
//! invoice is an offline payment. Since Stripe's API version basil, the invoice itself does not say how it was paid.
//! Until another object says how it was paid, the payment is unconfirmed: it counts for the supporter's standing and is
//! not booked.
//!
//! Evidence arrives in any order, and booked entries stay. So each piece of evidence has a fixed rank. The entries are
//! computed from all known evidence, from the weakest to the strongest. What each piece says is booked in full, and
//! reversed in full if stronger evidence contradicts it. More evidence only ever adds entries.

use std::collections::{BTreeMap, BTreeSet};

use super::dates::{Dates, sorted};
use super::gift_facts::GiftFacts;
use super::movements::{Booking, ReceivedPayment};
use super::payments::OFFLINE_PART;

use super::{Fact, IntentState, InvoiceFact, InvoiceState, PaymentKind, SessionMode, SessionState};
use crate::money::Money;

/// If an invoice has at most this many partial payments, the sum of each subset of them is a separate piece of
/// evidence.
const MAX_PARTS: usize = 8;

/// What Stripe's other objects say about an invoice. Each set contains the sum of each subset of the reported amounts,
/// in the minor unit.
struct KnownSums {
    /// The sums of what payment intents and charges moved.
    stripe_minor: BTreeSet<i64>,
    /// The sums of what was recorded as paid outside Stripe.
    outside_minor: BTreeSet<i64>,
}

impl GiftFacts<'_> {
    /// The payments of a recurring gift's invoice: one, or two if a part of it was paid outside Stripe. Returns
    /// none for an invoice without a subscription. Such an invoice belongs to a one-off gift. That gift's payment is
    /// taken from its session. A payment of 0 is a correction: its entries cancel each other out.
    pub(super) fn payments_of_invoice(&self, it: &InvoiceFact) -> Vec<ReceivedPayment> {
        let paid = it.paid.filter(|money| money.amount_minor > 0);
        let Some(paid) = paid.filter(|_| it.latest.state == InvoiceState::Paid && it.subscription.is_some())
        else {
            return Vec::new();
        };
        let new_payment =
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
            return vec![new_payment(PaymentKind::Unconfirmed, paid.amount_minor, Vec::new(), it.id.clone())];
        };
        let (through_stripe, outside) = bookings(&it.id, paid, &evidence);
        let mut payments = Vec::new();
        if !through_stripe.is_empty() {
            payments.push(new_payment(PaymentKind::Payment, stripe_minor, through_stripe, it.id.clone()));
        }
        if !outside.is_empty() {
            let part = if stripe_minor > 0 { OFFLINE_PART } else { "" };
            let object = format!("{}{part}", it.id);
            let offline_minor = paid.amount_minor - stripe_minor;
            payments.push(new_payment(PaymentKind::OfflinePayment, offline_minor, outside, object));
        }
        payments
    }

    /// The amount paid through Stripe according to each known piece of evidence, from the weakest to the strongest, in
    /// the minor unit. The last amount counts. More facts only insert amounts into this sequence.
    fn evidence(&self, it: &InvoiceFact, paid: Money) -> Vec<i64> {
        let paid_minor = paid.amount_minor;
        let known = self.known_sums(it, paid);
        let partial_amounts =
            || known.stripe_minor.iter().copied().filter(|minor| (1..paid_minor).contains(minor));
        let mut amounts_minor = Vec::new();
        // Stripe never tried to collect the invoice. So either it was paid outside Stripe, or a person paid it by hand
        // through Stripe.
        if it.never_attempted {
            amounts_minor.push(0);
            amounts_minor.extend(partial_amounts());
        }
        if it.collected_at_once {
            amounts_minor.push(paid_minor);
        }
        // The records of offline payments count only if they and the payments through Stripe add up to the
        // amount of the invoice.
        let total_outside_minor = known.outside_minor.last().copied().unwrap_or(0);
        if total_outside_minor > 0 {
            let adds_up = |minor: &&i64| minor.saturating_add(total_outside_minor) >= paid_minor;
            let stripe_minor = known.stripe_minor.iter().filter(adds_up);
            amounts_minor.extend(stripe_minor.map(|minor| minor.clamp(&0, &paid_minor)));
        }
        if it.through_stripe || self.is_paid_by_session(it) {
            amounts_minor.push(paid_minor);
        }
        if it.marked_outside {
            amounts_minor.push(0);
            amounts_minor.extend(partial_amounts());
        }
        if let Some(outside) = it.outside.filter(|money| money.currency == paid.currency) {
            amounts_minor.push((paid_minor - outside.amount_minor).clamp(0, paid_minor));
        }
        if known.stripe_minor.last().is_some_and(|minor| *minor >= paid_minor) {
            amounts_minor.push(paid_minor);
        }
        amounts_minor.dedup();
        amounts_minor
    }

    /// Whether this is the first invoice of a subscription, and was paid by the subscription's Checkout Session.
    fn is_paid_by_session(&self, it: &InvoiceFact) -> bool {
        self.sessions.iter().any(|session| {
            session.invoice.as_ref() == Some(&it.id)
                && session.latest.state == SessionState::Paid
                && session.mode == Some(SessionMode::Subscription)
        })
    }

    /// Returns what the other objects that are linked to this invoice say about its payment.
    fn known_sums(&self, it: &InvoiceFact, paid: Money) -> KnownSums {
        let linked = self.linked_to([it.id.as_str()]);
        let minor = |money: Option<Money>| {
            money.filter(|money| money.currency == paid.currency).map_or(0, |money| money.amount_minor)
        };
        let (mut outside_parts, mut stripe_parts) = (vec![], vec![]);
        let (mut charges, mut intents) = (vec![], vec![]);
        for fact in self.facts {
            match fact {
                Fact::InvoicePayment(part) if part.is_paid && part.invoice.as_ref() == Some(&it.id) => {
                    let part_minor = part.paid.map_or(paid.amount_minor, |_| minor(part.paid));
                    let is_outside = part.paid_by.is_empty();
                    if is_outside { &mut outside_parts } else { &mut stripe_parts }.push(part_minor);
                }
                Fact::Charge(charge) if linked.contains(charge.id.as_str()) => {
                    charges.push(minor(charge.paid))
                }
                Fact::Intent(intent)
                    if intent.latest.state == IntentState::Succeeded
                        && linked.contains(intent.id.as_str()) =>
                {
                    intents.push(minor(intent.received));
                }
                _ => {}
            }
        }
        KnownSums {
            // A payment can be reported by an invoice payment, a charge and a payment intent, so their sums are
            // separate.
            stripe_minor: [stripe_parts, charges, intents].iter().flat_map(|it| sums(it)).collect(),
            outside_minor: sums(&outside_parts),
        }
    }
}

/// Returns the sum of each subset of these amounts, in the minor unit. So the result includes every total that could
/// have been computed when fewer amounts were known. For more than [`MAX_PARTS`] amounts, returns only 0 and the total.
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

/// The entries that book an invoice according to all evidence: first those through Stripe, then those outside it. Each
/// piece of evidence has its own entries. If a piece has the same amount as an earlier one, the key of its entries ends
/// with a number. All entries except those of the last piece are fully reversed.
fn bookings(invoice: &str, paid: Money, evidence: &[i64]) -> (Vec<Booking>, Vec<Booking>) {
    let (mut through_stripe, mut outside) = (Vec::new(), Vec::new());
    let mut times_by_amount: BTreeMap<i64, usize> = BTreeMap::new();
    for (n, stripe_minor) in evidence.iter().copied().enumerate() {
        let times = times_by_amount.entry(stripe_minor).or_default();
        *times += 1;
        let part = if (1..paid.amount_minor).contains(&stripe_minor) {
            format!("/part-{stripe_minor}")
        } else {
            String::new()
        };
        let repeat = if *times > 1 { format!("/{times}") } else { String::new() };
        let object = format!("{invoice}{part}{repeat}");
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
