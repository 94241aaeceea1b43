//! The payments of a gift, and their reversals by refunds and disputes.

use std::collections::BTreeMap;

use super::dates::{Dates, sorted};
use super::gift_facts::GiftFacts;
use super::{
    DisputeFact, EntryKind, PaymentKind, RefundFact, RefundState, SessionFact, SessionMode, SessionState,
};
use crate::money::Money;

/// A ledger entry of a payment, without the entry's date.
#[derive(Clone)]
pub(super) struct Booking {
    pub kind: EntryKind,
    pub object: String,
    pub money: Money,
}

/// A payment that was received, as computed from the facts.
pub(super) struct ReceivedPayment {
    /// The payment's key: a payment intent or an invoice. The key of an invoice's offline part ends with `/offline`.
    pub object: String,
    pub kind: PaymentKind,
    /// The payment intent or invoice that caused the entries.
    pub cause: String,
    pub money: Money,
    /// The entries that book the payment. If Stripe reported it differently before, they include the entries of the
    /// earlier report and their reversals.
    pub entries: Vec<Booking>,
    /// When it arrived, in seconds since 1970: the best of `dates`.
    pub at_s: Option<i64>,
    pub dates: Dates,
    /// The subscription that the payment was for.
    pub subscription: Option<String>,
    /// The amount that the reader saw and paid, if it was in another currency.
    pub presented: Option<Money>,
}

/// The reversed amounts of one payment, in the minor unit.
#[derive(Default)]
pub(super) struct ReversedAmounts {
    /// The total that was ever refunded, or withdrawn by a bank, including what was returned later.
    pub ever_reversed_minor: i64,
    /// The total refunded, without refunds that failed.
    pub refunded_minor: i64,
    /// The total withdrawn in disputes and not won back.
    pub disputed_minor: i64,
}

impl ReversedAmounts {
    pub fn add(&mut self, reversal: &Reversal<'_>) {
        let minor = reversal.money.amount_minor;
        self.ever_reversed_minor = self.ever_reversed_minor.saturating_add(minor);
        let lasting_minor = if reversal.return_kind.is_some() { 0 } else { minor };
        let sum = if reversal.kind == EntryKind::Refund {
            &mut self.refunded_minor
        } else {
            &mut self.disputed_minor
        };
        *sum = sum.saturating_add(lasting_minor);
    }

    /// The total that is reversed now, without what was returned.
    pub fn net_minor(&self) -> i64 {
        self.refunded_minor.saturating_add(self.disputed_minor)
    }
}

/// A refund or a dispute that moved money.
pub(super) struct Reversal<'a> {
    /// The kind of entry that books it: a refund or a dispute.
    pub kind: EntryKind,
    /// The kind of entry that books the return of the money. `None` if the money was not returned.
    pub return_kind: Option<EntryKind>,
    /// The refund or dispute.
    pub object: &'a str,
    /// The payment intent and the charge that were refunded or disputed.
    pub targets: [Option<&'a String>; 2],
    pub money: Money,
    /// When the money left Stripe's balance.
    pub left_at: Dates,
    /// When the money was returned.
    pub returned_at: Dates,
}

impl ReceivedPayment {
    /// The payment of a one-off gift, with its payment intent as key. `None` if the session is not paid, or is for a
    /// recurring gift.
    pub fn from_session(session: &SessionFact) -> Option<Self> {
        let is_paid =
            session.latest.state == SessionState::Paid && session.mode == Some(SessionMode::Payment);
        let money = session.total.filter(|money| money.amount_minor > 0)?;
        let object = session.payment_intent.clone()?;
        is_paid.then(|| Self {
            kind: PaymentKind::Payment,
            cause: object.clone(),
            entries: vec![Booking { kind: EntryKind::Payment, object: object.clone(), money }],
            object,
            money,
            at_s: None,
            dates: Dates::new(sorted(&session.paid_events_s), session.created_at_s),
            subscription: None,
            presented: session.presented,
        })
    }

    /// Whether at least a part of the payment was retained, that is, neither refunded nor lost in a dispute.
    pub fn is_retained(&self, reversed_amounts: &BTreeMap<&str, ReversedAmounts>) -> bool {
        reversed_amounts
            .get(self.object.as_str())
            .is_none_or(|sums| sums.net_minor() < self.money.amount_minor)
    }
}

impl<'a> Reversal<'a> {
    /// The reversal by a refund. `None` if no money has left Stripe's balance.
    pub fn from_refund(gift_facts: &GiftFacts<'_>, refund: &'a RefundFact) -> Option<Self> {
        let is_returned = matches!(refund.latest.state, RefundState::Failed | RefundState::Canceled);
        Some(Self {
            kind: EntryKind::Refund,
            return_kind: is_returned.then_some(EntryKind::RefundReversal),
            object: &refund.id,
            targets: [refund.payment_intent.as_ref(), refund.charge.as_ref()],
            money: refund.amount.filter(|money| refund.left && money.amount_minor > 0)?,
            left_at: Dates::new(refund.created_at_s, None),
            returned_at: Dates::new(
                sorted(&refund.reversed_events_s).into_iter().chain(gift_facts.moved_at(&refund.id, 1)),
                refund.created_at_s,
            ),
        })
    }

    /// The reversal by a dispute. `None` if no money has left Stripe's balance.
    pub fn from_dispute(gift_facts: &GiftFacts<'_>, dispute: &'a DisputeFact) -> Option<Self> {
        // An inquiry can become a dispute weeks after Stripe created it, so its creation does not date the withdrawal.
        let withdrawn = if dispute.inquired { sorted(&dispute.left_events_s) } else { Vec::new() };
        let known =
            gift_facts.moved_at(&dispute.id, -1).into_iter().chain(withdrawn).chain(dispute.created_at_s);
        Some(Self {
            kind: EntryKind::Dispute,
            return_kind: dispute.returned.then_some(EntryKind::DisputeReversal),
            object: &dispute.id,
            targets: [dispute.payment_intent.as_ref(), dispute.charge.as_ref()],
            money: dispute.amount.filter(|money| dispute.left && money.amount_minor > 0)?,
            left_at: Dates::new(known, None),
            returned_at: Dates::new(
                gift_facts.moved_at(&dispute.id, 1).into_iter().chain(sorted(&dispute.reversed_events_s)),
                dispute.created_at_s,
            ),
        })
    }
}
