//! Money that came, and money that was taken back.

use super::{
    DisputeFact, EntryKind, InvoiceFact, InvoiceState, RefundFact, RefundState, SessionFact, SessionMode,
    SessionState,
};
use crate::money::Money;

/// Money that came.
pub(super) struct Came {
    pub object: String,
    pub money: Money,
    pub at_s: Option<i64>,
    /// What the reader saw and paid, where that was another currency.
    pub presented: Option<Money>,
}

/// What was taken back of one payment, in the minor unit.
#[derive(Default)]
pub(super) struct Taken {
    /// All that ever left.
    pub left_minor: i64,
    /// Refunded and not come back.
    pub refunded_minor: i64,
    /// Disputed and not won back.
    pub disputed_minor: i64,
}

impl Taken {
    pub fn add(&mut self, back: &Back<'_>) {
        let minor = back.money.amount_minor;
        self.left_minor = self.left_minor.saturating_add(minor);
        let kept_minor = if back.reversal.is_some() { 0 } else { minor };
        let of =
            if back.kind == EntryKind::Refund { &mut self.refunded_minor } else { &mut self.disputed_minor };
        *of = of.saturating_add(kept_minor);
    }

    pub fn net_minor(&self) -> i64 {
        self.refunded_minor.saturating_add(self.disputed_minor)
    }
}

/// A refund or a dispute that moved money.
pub(super) struct Back<'a> {
    pub kind: EntryKind,
    pub reversal: Option<EntryKind>,
    pub object: &'a str,
    pub of: [Option<&'a String>; 2],
    pub money: Money,
    pub at_s: Option<i64>,
}

impl Came {
    /// Of a one-off, keyed by its payment intent.
    pub fn of_session(session: &SessionFact) -> Option<Self> {
        let paid = session.latest.state == SessionState::Paid && session.mode == Some(SessionMode::Payment);
        let money = session.total.filter(|money| money.amount_minor > 0)?;
        let object = session.payment_intent.clone()?;
        paid.then_some(Self { object, money, at_s: session.created_at_s, presented: session.presented })
    }

    /// Of a recurring gift, keyed by the invoice. One without a subscription belongs to a one-off,
    /// whose session speaks for it.
    pub fn of_invoice(invoice: &InvoiceFact) -> Option<Self> {
        let paid = invoice.latest.state == InvoiceState::Paid && invoice.subscription.is_some();
        let money = invoice.paid.filter(|money| money.amount_minor > 0)?;
        paid.then(|| Self {
            object: invoice.id.clone(),
            money,
            at_s: invoice.paid_at_s.or(invoice.created_at_s),
            presented: None,
        })
    }
}

impl<'a> Back<'a> {
    /// None while no money has left.
    pub fn of_refund(refund: &'a RefundFact) -> Option<Self> {
        let returned = matches!(refund.latest.state, RefundState::Failed | RefundState::Canceled);
        Some(Self {
            kind: EntryKind::Refund,
            reversal: returned.then_some(EntryKind::RefundReversal),
            object: &refund.id,
            of: [refund.payment_intent.as_ref(), refund.charge.as_ref()],
            money: refund.amount.filter(|money| refund.left && money.amount_minor > 0)?,
            at_s: refund.created_at_s,
        })
    }

    /// None while no money has left.
    pub fn of_dispute(dispute: &'a DisputeFact) -> Option<Self> {
        Some(Self {
            kind: EntryKind::Dispute,
            reversal: dispute.returned.then_some(EntryKind::DisputeReversal),
            object: &dispute.id,
            of: [dispute.payment_intent.as_ref(), dispute.charge.as_ref()],
            money: dispute.amount.filter(|money| dispute.left && money.amount_minor > 0)?,
            at_s: dispute.created_at_s,
        })
    }
}
