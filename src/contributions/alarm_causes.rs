//! Finds the causes of alarms in the facts of a gift. A fact is what is known about one of Stripe's objects; an alarm
//! is a part of a contribution that does not add up or needs manual review.

use std::collections::{BTreeMap, BTreeSet};

use super::alarms::Alarm;
use super::gift_facts::GiftFacts;
use super::movements::ReceivedPayment;
use super::{
    DisputeFact, Fact, IntentState, InvoiceState, PaymentKind, RefundFact, RefundState, SubscriptionState,
};

type Payments = BTreeMap<String, ReceivedPayment>;

impl GiftFacts<'_> {
    /// Returns an alarm for each charge of which more was refunded than the known refunds explain.
    pub(super) fn unknown_refunds(&self) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for fact in self.facts {
            let Fact::Charge(charge) = fact else { continue };
            let Some(refunded) = charge.refunded else { continue };
            let known = self.facts.iter().filter_map(|fact| match fact {
                Fact::Refund(it)
                    if it.left && is_of_charge(it, &charge.id, charge.payment_intent.as_ref()) =>
                {
                    Some((it.id.clone(), it.amount.map_or(0, |money| money.amount_minor)))
                }
                _ => None,
            });
            let (mut refunds, minors): (Vec<String>, Vec<i64>) = known.unzip();
            refunds.sort();
            let known_minor = minors.into_iter().fold(0, i64::saturating_add);
            if refunded.value.amount_minor > known_minor {
                alarms.push(Alarm::RefundsUnknown {
                    charge: charge.id.clone(),
                    missing_minor: refunded.value.amount_minor - known_minor,
                    refunds,
                });
            }
        }
        alarms
    }

    /// Returns an alarm for each payment that is not booked, because a report that it needs is missing or still under
    /// way: one that says what the payment is for, how it was paid, or when. Payments that were reversed in full are
    /// not included.
    pub(super) fn unbooked(&self, payments: &Payments) -> Vec<Alarm> {
        let received = self.facts.iter().filter_map(|fact| match fact {
            Fact::Intent(it) if it.latest.state == IntentState::Succeeded => Some((&it.id, it.received?)),
            // A charge with a payment intent is found through that intent.
            Fact::Charge(it) if it.payment_intent.is_none() => Some((&it.id, it.paid?)),
            _ => None,
        });
        let received = received.filter(|(id, money)| {
            money.amount_minor > 0
                && self.payment_linked_to([id.as_str()], payments).is_none()
                && !self.is_fully_reversed([id.as_str()], payments)
        });
        let undated = payments
            .values()
            .filter(|it| it.at_s.is_none() || it.kind == PaymentKind::Unconfirmed)
            .map(|it| (&it.object, it.money));
        received
            .chain(undated)
            .map(|(id, money)| Alarm::Unbooked { object: id.clone(), paid_minor: money.amount_minor })
            .collect()
    }

    /// Returns an alarm for each warning by a bank, each review that Stripe asks for, each unknown currency, and each
    /// invoice that could not be finalized.
    pub(super) fn warnings(&self, payments: &Payments) -> Vec<Alarm> {
        let warnings = self.facts.iter().filter_map(|fact| match fact {
            Fact::Warning(it) if it.actionable.is_none_or(|newest| newest.value.0) => {
                let payment_ids = present_ids([&it.payment_intent, &it.charge]);
                let is_resolved =
                    self.is_fully_reversed(payment_ids.clone(), payments) || self.is_disputed(payment_ids);
                (!is_resolved).then(|| Alarm::FraudWarning { warning: it.id.clone() })
            }
            Fact::Review(it) if !it.closed && it.open.is_some_and(|open| open.value) => {
                let payment_ids = present_ids([&it.payment_intent, &it.charge]);
                let is_resolved = self.is_fully_reversed(payment_ids, payments);
                (!is_resolved).then(|| Alarm::UnderReview { review: it.id.clone() })
            }
            Fact::UnknownCurrency(it) if it.moved => Some(Alarm::UnknownCurrency {
                object: it.object.clone()?,
                currency: it.still_unknown()?.to_owned(),
                amount_minor: it.amount_minor,
            }),
            Fact::Invoice(it) if it.latest.state == InvoiceState::Stuck => {
                let is_resolved = it.subscription.as_ref().is_some_and(|id| self.has_ended(id));
                (!is_resolved).then(|| Alarm::InvoiceStuck { invoice: it.id.clone() })
            }
            _ => None,
        });
        warnings.collect()
    }

    /// Whether the payment that is linked to these objects was reversed in full by refunds and disputes.
    pub(super) fn is_fully_reversed<'s>(
        &'s self,
        objects: impl IntoIterator<Item = &'s str>,
        payments: &Payments,
    ) -> bool {
        let linked = self.linked_to(objects);
        let booked = payments.values().find(|it| linked.contains(it.object.as_str())).map(|it| it.money);
        let reported = || {
            let amounts = self.facts.iter().filter_map(|fact| match fact {
                Fact::Intent(it) if linked.contains(it.id.as_str()) => it.received,
                Fact::Charge(it) if linked.contains(it.id.as_str()) => it.paid,
                _ => None,
            });
            amounts.max()
        };
        let Some(received) = booked.or_else(reported).filter(|money| money.amount_minor > 0) else {
            return false;
        };
        let reversed = self.facts.iter().filter_map(|fact| match fact {
            Fact::Refund(it) if is_refunded(it) && is_linked(&linked, [&it.payment_intent, &it.charge]) => {
                it.amount
            }
            Fact::Dispute(it) if is_lost(it) && is_linked(&linked, [&it.payment_intent, &it.charge]) => {
                it.amount
            }
            _ => None,
        });
        let reversed_minor = reversed
            .filter(|money| money.currency == received.currency)
            .fold(0_i64, |sum, money| sum.saturating_add(money.amount_minor));
        reversed_minor >= received.amount_minor
    }

    /// Whether a bank ever withdrew money of a payment that is linked to these objects. If so, a refund can no longer
    /// prevent a dispute.
    fn is_disputed<'s>(&'s self, objects: impl IntoIterator<Item = &'s str>) -> bool {
        let linked = self.linked_to(objects);
        self.facts.iter().any(|fact| match fact {
            Fact::Dispute(it) => it.left && is_linked(&linked, [&it.payment_intent, &it.charge]),
            _ => false,
        })
    }

    /// Whether this subscription has ended. Stripe then requests no more payments.
    fn has_ended(&self, subscription: &str) -> bool {
        self.facts.iter().any(|fact| match fact {
            Fact::Subscription(it) if it.id == subscription => {
                matches!(it.latest.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired)
            }
            _ => false,
        })
    }
}

/// Returns those ids that are present.
fn present_ids<const N: usize>(named: [&Option<String>; N]) -> Vec<&str> {
    named.into_iter().flatten().map(String::as_str).collect()
}

/// Whether one of the ids in `named` is in `linked`.
fn is_linked(linked: &BTreeSet<&str>, named: [&Option<String>; 2]) -> bool {
    named.into_iter().flatten().any(|id| linked.contains(id.as_str()))
}

/// Whether the refund moved money, and the money has not come back.
fn is_refunded(it: &RefundFact) -> bool {
    it.left && !matches!(it.latest.state, RefundState::Failed | RefundState::Canceled)
}

/// Whether the bank withdrew the money of the dispute, and has not returned it.
fn is_lost(it: &DisputeFact) -> bool {
    it.left && !it.returned
}

/// Whether the refund names this charge, or names only the charge's payment intent.
fn is_of_charge(refund: &RefundFact, charge: &str, payment_intent: Option<&String>) -> bool {
    match &refund.charge {
        Some(named) => named == charge,
        None => refund.payment_intent.is_some() && refund.payment_intent.as_ref() == payment_intent,
    }
}
