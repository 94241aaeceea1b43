//! What Stripe may say of one invoice that no order of entries can follow; only the laws ask.

use super::{Fact, IntentState, SessionState};

/// Whether what Stripe says of how an invoice was paid changes sides more than once, from the weakest evidence to the
/// strongest, or a part was recorded as paid outside and other evidence speaks of the whole.
pub(super) fn changes_its_mind(facts: &[Fact]) -> bool {
    let invoice = facts.iter().find_map(|fact| match fact {
        Fact::Invoice(it) => Some(it),
        _ => None,
    });
    let Some(invoice) = invoice else { return false };
    let paid_outside =
        |fact: &Fact| matches!(fact, Fact::InvoicePayment(it) if it.is_paid && it.paid_by.is_empty());
    let part_outside = facts.iter().any(paid_outside);
    let session_paid =
        |fact: &Fact| matches!(fact, Fact::Session(it) if it.latest.state == SessionState::Paid);
    let moved = |fact: &Fact| match fact {
        Fact::Charge(it) => it.paid.is_some(),
        Fact::Intent(it) => it.latest.state == IntentState::Succeeded,
        Fact::InvoicePayment(it) => it.is_paid && !it.paid_by.is_empty(),
        _ => false,
    };
    // From the weakest to the strongest; true is through Stripe.
    let evidence = [
        (invoice.never_attempted, false),
        (invoice.collected_at_once, true),
        (part_outside, false),
        (invoice.through_stripe || facts.iter().any(session_paid), true),
        (invoice.marked_outside, false),
        (invoice.outside.is_some(), false),
        (facts.iter().any(moved), true),
    ];
    let mut sides: Vec<bool> =
        evidence.into_iter().filter(|(known, _)| *known).map(|(_, side)| side).collect();
    let how_many = sides.len();
    sides.dedup();
    sides.len() > 2 || ((part_outside || invoice.outside.is_some()) && how_many > 1)
}
