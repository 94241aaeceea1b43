//! How much of an invoice came through Stripe, and how much outside it.
//!
//! **Rule**: only what a payment intent or a charge moved is Stripe's money. The rest of a paid invoice is an offline
//! payment. Since basil, an invoice by itself says neither: until something does, it is unconfirmed, which counts for the
//! standing and books nothing.
//!
//! What is booked stays. So a claim that an invoice makes of itself is booked in full, and where better knowledge says
//! otherwise, a second entry takes back what was too much.

use super::dates::{Dates, sorted};
use super::gift_facts::GiftFacts;
use super::movements::ReceivedPayment;
use super::payments::OFFLINE_PART;
use super::{Fact, IntentState, InvoiceFact, InvoiceState, PaymentKind, SessionMode, SessionState};
use crate::money::Money;

/// What is known of how an invoice was paid, in the minor unit.
#[derive(Clone, Copy)]
struct Split {
    stripe_minor: i64,
    offline_minor: i64,
}

impl Split {
    /// So much came through Stripe, and the rest did not.
    fn of(stripe_minor: i64, paid_minor: i64) -> Self {
        let stripe_minor = stripe_minor.clamp(0, paid_minor);
        Self { stripe_minor, offline_minor: paid_minor - stripe_minor }
    }
}

/// What Stripe's other objects say of an invoice, in the minor unit.
#[derive(Default)]
struct Moved {
    /// What payment intents and charges moved.
    stripe_minor: i64,
    /// What was recorded as paid outside.
    outside_minor: i64,
}

impl GiftFacts<'_> {
    /// The payments of a recurring gift's invoice: one, or two where a part of it was paid outside Stripe. An invoice
    /// without a subscription belongs to a one-off, whose session speaks for it. A payment of 0 is only a correction.
    pub(super) fn came_by_invoice(&self, it: &InvoiceFact) -> Vec<ReceivedPayment> {
        let paid = it.paid.filter(|money| money.amount_minor > 0);
        let Some(paid) = paid.filter(|_| it.latest.state == InvoiceState::Paid && it.subscription.is_some())
        else {
            return Vec::new();
        };
        // What is booked is at least what it comes to.
        let came = |kind: PaymentKind, minor: i64, booked_minor: i64, object: String| ReceivedPayment {
            object,
            kind,
            cause: it.id.clone(),
            money: Money { amount_minor: minor, ..paid },
            booked_minor: booked_minor.clamp(minor, paid.amount_minor),
            at_s: None,
            dates: Dates::new(it.paid_at_s.into_iter().chain(sorted(&it.paid_events_s)), it.created_at_s),
            subscription: it.subscription.clone(),
            presented: None,
        };
        let all_of_it = |claimed: bool| if claimed { paid.amount_minor } else { 0 };
        let Some(split) = self.split(it, paid) else {
            return vec![came(PaymentKind::Unconfirmed, paid.amount_minor, 0, it.id.clone())];
        };
        // What the invoice and its records say is booked as they say it, also where it turns out to be wrong.
        let through_stripe =
            all_of_it(it.through_stripe || it.collected_at_once || self.is_paid_by_session(it));
        let outside = all_of_it(it.marked_outside || it.never_attempted);
        let outside = outside.max(self.moved_for(it, paid).outside_minor);
        let mut all = Vec::new();
        if split.stripe_minor > 0 || through_stripe > 0 {
            all.push(came(PaymentKind::Payment, split.stripe_minor, through_stripe, it.id.clone()));
        }
        if split.offline_minor > 0 || outside > 0 {
            let part = if split.stripe_minor > 0 { OFFLINE_PART } else { "" };
            let object = format!("{}{part}", it.id);
            all.push(came(PaymentKind::OfflinePayment, split.offline_minor, outside, object));
        }
        all
    }

    /// How an invoice was paid, by the best of what is known. None while nothing says it.
    fn split(&self, it: &InvoiceFact, paid: Money) -> Option<Split> {
        let paid_minor = paid.amount_minor;
        let moved = self.moved_for(it, paid);
        if moved.stripe_minor >= paid_minor {
            return Some(Split::of(paid_minor, paid_minor));
        }
        if let Some(outside) = it.outside.filter(|money| money.currency == paid.currency) {
            return Some(Split::of(paid_minor - outside.amount_minor, paid_minor));
        }
        if it.marked_outside {
            return Some(Split::of(moved.stripe_minor, paid_minor));
        }
        if it.through_stripe || self.is_paid_by_session(it) {
            return Some(Split::of(paid_minor, paid_minor));
        }
        if moved.outside_minor > 0 && moved.stripe_minor.saturating_add(moved.outside_minor) >= paid_minor {
            return Some(Split::of(moved.stripe_minor, paid_minor));
        }
        if it.collected_at_once {
            return Some(Split::of(paid_minor, paid_minor));
        }
        // Else a part may have come through Stripe, and of the rest nothing is known yet.
        it.never_attempted.then(|| Split::of(moved.stripe_minor, paid_minor))
    }

    /// Whether the payment page of a subscription was paid, which is its first invoice.
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
        // The same money is known by up to three objects.
        let (mut by_parts, mut by_charges, mut by_intents) = (0_i64, 0_i64, 0_i64);
        let mut moved = Moved::default();
        for fact in self.facts {
            match fact {
                Fact::InvoicePayment(part) if part.is_paid && part.invoice.as_ref() == Some(&it.id) => {
                    let part_minor = part.paid.map_or(paid.amount_minor, |_| minor(part.paid));
                    let sum = if part.paid_by.is_empty() { &mut moved.outside_minor } else { &mut by_parts };
                    *sum = sum.saturating_add(part_minor);
                }
                Fact::Charge(charge) if tied.contains(charge.id.as_str()) => {
                    by_charges = by_charges.saturating_add(minor(charge.paid));
                }
                Fact::Intent(intent)
                    if intent.latest.state == IntentState::Succeeded && tied.contains(intent.id.as_str()) =>
                {
                    by_intents = by_intents.saturating_add(minor(intent.received));
                }
                _ => {}
            }
        }
        moved.stripe_minor = by_parts.max(by_charges).max(by_intents);
        moved
    }
}
