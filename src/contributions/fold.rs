//! From facts to a contribution and its ledger entries.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Contribution, ContributionState, DisputeFact, DisputeState, Entry, EntryKind, Fact, InvoiceFact,
    InvoiceState, Join, Origin, RefundFact, RefundState, SessionFact, SessionMode, SessionState,
    SubscriptionFact, SubscriptionState,
};
use serde::Serialize;

use crate::config::Interval;
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "alarm", rename_all = "snake_case")]
pub enum Alarm {
    /// More was refunded and disputed than was paid: it can really happen.
    TakenBackAbovePaid {
        /// The payment's object.
        payment: String,
        /// By how much, in the minor unit.
        excess_minor: i64,
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
            occurred_at_ms: at_s.unwrap_or(0) * 1000,
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
        sums.left_minor += back.money.amount_minor;
        if let Some(reversal) = back.reversal {
            book(reversal, back.object, back.money, back.at_s);
            sums.returned_minor += back.money.amount_minor;
        }
    }
    for (object, sums) in &taken {
        let excess_minor = sums.net_minor() - payments[*object].money.amount_minor;
        if excess_minor > 0 {
            alarms.push(Alarm::TakenBackAbovePaid { payment: (*object).to_owned(), excess_minor });
        }
    }
    alarms.extend(story.unknown_refunds());
    entries.sort_by_key(Entry::cause);
    let contribution = story.contribution(&origin, &payments, &taken);
    Some(Folded { contribution, email: story.email(!payments.is_empty()), entries, alarms })
}

/// Money that came.
struct Payment {
    object: String,
    money: Money,
    at_s: Option<i64>,
}

/// What was taken back of one payment.
#[derive(Default)]
struct Taken {
    left_minor: i64,
    returned_minor: i64,
}

impl Taken {
    fn net_minor(&self) -> i64 {
        self.left_minor - self.returned_minor
    }
}

/// A refund or a dispute that moved money.
struct Back<'a> {
    kind: EntryKind,
    reversal: Option<EntryKind>,
    object: &'a str,
    of: [Option<&'a String>; 2],
    money: Money,
    at_s: Option<i64>,
}

/// The facts, sorted out.
struct Story<'a> {
    facts: &'a [Fact],
    session: Option<&'a SessionFact>,
    subscription: Option<&'a SubscriptionFact>,
    invoices: Vec<&'a InvoiceFact>,
    /// Ties between invoices, payment intents and charges, both ways.
    ties: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Story<'a> {
    fn new(facts: &'a [Fact]) -> Self {
        let mut story =
            Self { facts, session: None, subscription: None, invoices: Vec::new(), ties: BTreeMap::new() };
        for fact in facts {
            match fact {
                // Should two sessions or subscriptions carry one gift's mark, the first by id speaks.
                Fact::Session(it) => {
                    if story.session.is_none_or(|known| it.id < known.id) {
                        story.session = Some(it);
                    }
                }
                Fact::Subscription(it) => {
                    if story.subscription.is_none_or(|known| it.id < known.id) {
                        story.subscription = Some(it);
                    }
                }
                Fact::Invoice(it) => {
                    story.invoices.push(it);
                    it.paid_by.iter().for_each(|by| story.tie(&it.id, by));
                }
                Fact::InvoicePayment(it) => {
                    if let Some(invoice) = &it.invoice {
                        it.paid_by.iter().for_each(|by| story.tie(invoice, by));
                    }
                }
                Fact::Charge(it) => {
                    it.payment_intent.iter().chain(&it.invoice).for_each(|to| story.tie(&it.id, to));
                }
                Fact::Refund(_) | Fact::Dispute(_) => {}
            }
        }
        story.invoices.sort_by_key(|invoice| (invoice.created_at_s, &invoice.id));
        story
    }

    fn tie(&mut self, one: &'a str, other: &'a str) {
        self.ties.entry(one).or_default().insert(other);
        self.ties.entry(other).or_default().insert(one);
    }

    /// Each payment once, by the object it is keyed by: the payment intent of
    /// a one-off (from its session, never from an invoice that it may also
    /// have), the invoice of a recurring one.
    fn payments(&self) -> BTreeMap<String, Payment> {
        let mut payments = BTreeMap::new();
        for fact in self.facts {
            let payment = match fact {
                Fact::Session(it) => one_off_payment(it),
                Fact::Invoice(it) => invoice_payment(it),
                _ => None,
            };
            if let Some(payment) = payment {
                payments.insert(payment.object.clone(), payment);
            }
        }
        payments
    }

    fn taken_back(&self) -> Vec<Back<'a>> {
        self.facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Refund(it) => refund_back(it),
                Fact::Dispute(it) => dispute_back(it),
                _ => None,
            })
            .collect()
    }

    /// The payment that a refund or dispute belongs to: reached over charges,
    /// payment intents and invoices, never over the subscription.
    fn payment_of<'p>(
        &self,
        back: &Back<'a>,
        payments: &'p BTreeMap<String, Payment>,
    ) -> Option<&'p Payment> {
        let mut seen: BTreeSet<&str> = back.of.iter().flatten().map(|id| id.as_str()).collect();
        let mut next: Vec<&str> = seen.iter().copied().collect();
        let mut found: Option<&Payment> = None;
        while let Some(id) = next.pop() {
            if let Some(payment) = payments.get(id)
                && found.is_none_or(|known| payment.object < known.object)
            {
                found = Some(payment);
            }
            for &tied in self.ties.get(id).into_iter().flatten() {
                if seen.insert(tied) {
                    next.push(tied);
                }
            }
        }
        found
    }

    /// Charges that were refunded by more than the refunds we know of.
    fn unknown_refunds(&self) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for fact in self.facts {
            let Fact::Charge(charge) = fact else { continue };
            let Some(refunded) = charge.refunded else { continue };
            let known_minor: i64 = self
                .facts
                .iter()
                .filter_map(|fact| match fact {
                    Fact::Refund(it)
                        if it.left && of_charge(it, &charge.id, charge.payment_intent.as_ref()) =>
                    {
                        it.amount
                    }
                    _ => None,
                })
                .map(|money| money.amount_minor)
                .sum();
            if refunded.value.amount_minor > known_minor {
                alarms.push(Alarm::RefundsUnknown {
                    charge: charge.id.clone(),
                    missing_minor: refunded.value.amount_minor - known_minor,
                });
            }
        }
        alarms
    }

    /// Only of somebody who finished: an address that was typed and left is not ours to keep.
    fn email(&self, paid: bool) -> Option<String> {
        if !paid && self.session.is_none_or(|it| !it.finished) {
            return None;
        }
        let session = self.session.and_then(|it| it.email.clone());
        session.or_else(|| self.invoices.iter().find_map(|it| it.email.clone()))
    }

    fn contribution(
        &self,
        origin: &Origin,
        payments: &BTreeMap<String, Payment>,
        taken: &BTreeMap<&str, Taken>,
    ) -> Contribution {
        let kept = |payment: &&Payment| {
            taken
                .get(payment.object.as_str())
                .is_none_or(|sums| sums.net_minor() < payment.money.amount_minor)
        };
        let newest = payments.values().max_by_key(|payment| (payment.at_s, &payment.object));
        let last_kept = payments.values().filter(kept).filter_map(|payment| payment.at_s).max();
        let withdrawn = taken
            .iter()
            .filter(|(object, sums)| sums.left_minor >= payments[**object].money.amount_minor)
            .count();
        let first_invoice = self.invoices.first();
        Contribution {
            id: origin.contribution.clone(),
            site: origin.site.clone(),
            supporter: None,
            interval: self.interval(),
            money: self.money(),
            state: self.state(newest.map(|payment| kept(&payment))),
            appeal: origin.appeal.clone(),
            variant: origin.variant.clone(),
            started_at_ms: self
                .session
                .and_then(|it| it.created_at_s)
                .or_else(|| self.subscription.and_then(|it| it.created_at_s))
                .or_else(|| first_invoice.and_then(|it| it.created_at_s))
                .map(|at_s| at_s * 1000),
            last_kept_payment_at_ms: last_kept.map(|at_s| at_s * 1000),
            payments_withdrawn: i64::try_from(withdrawn).unwrap_or(i64::MAX),
            session: self.session.map(|it| it.id.clone()),
            subscription: self
                .subscription
                .map(|it| it.id.clone())
                .or_else(|| self.session.and_then(|it| it.subscription.clone()))
                .or_else(|| self.invoices.iter().find_map(|it| it.subscription.clone())),
            customer: self
                .session
                .and_then(|it| it.customer.clone())
                .or_else(|| self.subscription.and_then(|it| it.customer.clone()))
                .or_else(|| self.invoices.iter().find_map(|it| it.customer.clone())),
        }
    }

    fn is_recurring(&self) -> bool {
        self.subscription.is_some()
            || self.invoices.iter().any(|it| it.subscription.is_some())
            || self.session.is_some_and(|it| it.mode == Some(SessionMode::Subscription))
    }

    fn interval(&self) -> Interval {
        match self.subscription.and_then(|it| it.terms) {
            Some(terms) => terms.value.interval,
            // Until the subscription itself is known, monthly is what most are.
            None if self.is_recurring() => Interval::Month,
            None => Interval::Once,
        }
    }

    fn money(&self) -> Option<Money> {
        let agreed = self.subscription.and_then(|it| it.terms).map(|terms| terms.value.price);
        agreed
            .or_else(|| self.session.and_then(|it| it.total))
            .or_else(|| self.invoices.iter().find_map(|it| it.paid))
    }

    /// `newest_kept`: whether the newest payment stayed; none when none came.
    fn state(&self, newest_kept: Option<bool>) -> ContributionState {
        if self.is_recurring() { self.recurring_state(newest_kept) } else { self.one_off_state(newest_kept) }
    }

    fn one_off_state(&self, newest_kept: Option<bool>) -> ContributionState {
        match newest_kept {
            Some(true) => return ContributionState::Paid,
            Some(false) => return ContributionState::TakenBack,
            None => {}
        }
        match self.session.map(|it| it.latest.state) {
            None | Some(SessionState::Open) => ContributionState::Open,
            Some(SessionState::Expired) => ContributionState::Expired,
            Some(SessionState::Failed) => ContributionState::Failed,
            Some(SessionState::NothingToPay) => ContributionState::NothingToPay,
            // Paid without a payment that could be keyed: its ids come with a later fact.
            Some(SessionState::Processing | SessionState::Paid) => ContributionState::Processing,
        }
    }

    fn recurring_state(&self, newest_kept: Option<bool>) -> ContributionState {
        let subscription = self.subscription.map(|it| it.latest.state);
        let over =
            matches!(subscription, Some(SubscriptionState::Canceled | SubscriptionState::IncompleteExpired));
        let failing = matches!(subscription, Some(SubscriptionState::PastDue | SubscriptionState::Unpaid))
            || self.invoices.last().is_some_and(|it| it.latest.state == InvoiceState::Failing);
        match newest_kept {
            Some(false) => ContributionState::TakenBack,
            Some(true) if over => ContributionState::Ended,
            Some(true) if failing => ContributionState::PastDue,
            Some(true) => ContributionState::Active,
            None => match self.session.map(|it| it.latest.state) {
                _ if over => ContributionState::Failed,
                Some(SessionState::Open) => ContributionState::Open,
                Some(SessionState::Expired) => ContributionState::Expired,
                Some(SessionState::Failed) => ContributionState::Failed,
                Some(SessionState::NothingToPay) => ContributionState::NothingToPay,
                _ if failing => ContributionState::Failed,
                None | Some(SessionState::Processing | SessionState::Paid) => ContributionState::Processing,
            },
        }
    }
}

fn one_off_payment(session: &SessionFact) -> Option<Payment> {
    let paid = session.latest.state == SessionState::Paid && session.mode == Some(SessionMode::Payment);
    let money = session.total.filter(|money| money.amount_minor > 0)?;
    let object = session.payment_intent.clone()?;
    paid.then_some(Payment { object, money, at_s: session.created_at_s })
}

fn invoice_payment(invoice: &InvoiceFact) -> Option<Payment> {
    let paid = invoice.latest.state == InvoiceState::Paid && invoice.subscription.is_some();
    let money = invoice.paid.filter(|money| money.amount_minor > 0)?;
    paid.then(|| Payment {
        object: invoice.id.clone(),
        money,
        at_s: invoice.paid_at_s.or(invoice.created_at_s),
    })
}

fn refund_back(refund: &RefundFact) -> Option<Back<'_>> {
    let returned = matches!(refund.latest.state, RefundState::Failed | RefundState::Canceled);
    Some(Back {
        kind: EntryKind::Refund,
        reversal: returned.then_some(EntryKind::RefundReversal),
        object: &refund.id,
        of: [refund.payment_intent.as_ref(), refund.charge.as_ref()],
        money: refund.amount.filter(|money| refund.left && money.amount_minor > 0)?,
        at_s: refund.created_at_s,
    })
}

fn dispute_back(dispute: &DisputeFact) -> Option<Back<'_>> {
    let returned = matches!(dispute.latest.state, DisputeState::Won | DisputeState::Dropped);
    Some(Back {
        kind: EntryKind::Dispute,
        reversal: returned.then_some(EntryKind::DisputeReversal),
        object: &dispute.id,
        of: [dispute.payment_intent.as_ref(), dispute.charge.as_ref()],
        money: dispute.amount.filter(|money| dispute.left && money.amount_minor > 0)?,
        at_s: dispute.created_at_s,
    })
}

fn of_charge(refund: &RefundFact, charge: &str, payment_intent: Option<&String>) -> bool {
    match &refund.charge {
        Some(named) => named == charge,
        None => refund.payment_intent.is_some() && refund.payment_intent.as_ref() == payment_intent,
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
