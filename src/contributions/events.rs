//! Domain events: what happened to a contribution (`docs/decisions/0005-domain-events.md`).
//!
//! The events are computed from the facts (what is known about Stripe's objects) alone, and more facts only ever add
//! events. So the written events do not depend on the order of the facts, or on how often they arrive. This holds
//! because each event follows from something that no later report removes: a ledger entry, a final state, or a report
//! that the fact remembers.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::{ChangeKind, SubscriptionChange};
use super::gift_facts::GiftFacts;
use super::movements::{ReceivedPayment, ReversedAmounts};
use super::payments::OFFLINE_PART;
use super::{
    DisputeState, Entry, EntryKind, Fact, InvoiceFact, InvoiceState, Origin, SessionMode, SessionState,
    SubscriptionFact, SubscriptionState,
};
use crate::ids::{ContributionId, SupporterId};
use crate::money::Money;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DomainEventKind {
    /// The first payment of a contribution arrived.
    Started,
    /// A payment arrived.
    Paid,
    /// A payment for a further period arrived.
    Renewed,
    /// A payment was tried and failed, or needs the reader's action. There is at most one such event per invoice.
    PaymentFailed,
    /// The amount or the interval changed.
    Changed,
    /// Payments are no longer collected.
    Paused,
    /// Payments are collected again.
    Resumed,
    /// The contribution will end later.
    CancelScheduled,
    /// The contribution will no longer end.
    CancelWithdrawn,
    /// The contribution ended because somebody cancelled it.
    Cancelled,
    /// The contribution ended, for any reason.
    Ended,
    /// Money was refunded.
    Refunded,
    /// A refund failed, and the money is back.
    RefundFailed,
    /// A bank withdrew money.
    Disputed,
    /// A dispute that had withdrawn money is closed.
    DisputeClosed,
    /// Something happened that can change a supporter's standing.
    SupporterChanged,
}

impl DomainEventKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Started,
        Self::Paid,
        Self::Renewed,
        Self::PaymentFailed,
        Self::Changed,
        Self::Paused,
        Self::Resumed,
        Self::CancelScheduled,
        Self::CancelWithdrawn,
        Self::Cancelled,
        Self::Ended,
        Self::Refunded,
        Self::RefundFailed,
        Self::Disputed,
        Self::DisputeClosed,
        Self::SupporterChanged,
    ];

    /// The event's name in the database. Webhooks will use the same names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "contribution.started",
            Self::Paid => "contribution.paid",
            Self::Renewed => "contribution.renewed",
            Self::PaymentFailed => "contribution.payment_failed",
            Self::Changed => "contribution.changed",
            Self::Paused => "contribution.paused",
            Self::Resumed => "contribution.resumed",
            Self::CancelScheduled => "contribution.cancel_scheduled",
            Self::CancelWithdrawn => "contribution.cancel_withdrawn",
            Self::Cancelled => "contribution.cancelled",
            Self::Ended => "contribution.ended",
            Self::Refunded => "contribution.refunded",
            Self::RefundFailed => "contribution.refund_failed",
            Self::Disputed => "contribution.disputed",
            Self::DisputeClosed => "contribution.dispute_closed",
            Self::SupporterChanged => "supporter.changed",
        }
    }

    fn from_change(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Terms => Self::Changed,
            ChangeKind::Paused => Self::Paused,
            ChangeKind::Resumed => Self::Resumed,
            ChangeKind::CancelScheduled => Self::CancelScheduled,
            ChangeKind::CancelWithdrawn => Self::CancelWithdrawn,
        }
    }

    /// Whether this event alone can change a supporter's standing.
    fn changes_standing(self) -> bool {
        matches!(
            self,
            Self::Started
                | Self::PaymentFailed
                | Self::Ended
                | Self::Refunded
                | Self::RefundFailed
                | Self::Disputed
                | Self::DisputeClosed
        )
    }
}

/// One event. It contains ids and amounts, never personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEvent {
    /// What happened.
    pub kind: DomainEventKind,
    /// The cause: an object at Stripe, the contribution, or the key of another event.
    pub cause: String,
    /// The contribution.
    pub contribution: ContributionId,
    /// The site that received the gift.
    pub site: String,
    /// The supporter. `None` until the contribution is written.
    pub supporter: Option<SupporterId>,
    /// When it happened, in milliseconds since 1970.
    pub occurred_at_ms: i64,
    /// The amount, if money moved.
    pub money: Option<Money>,
    /// Whether a later event already made this one obsolete. Nothing is sent for an obsolete event.
    pub overtaken: bool,
}

impl DomainEvent {
    /// The key of the event. Only one event with a key is written.
    pub fn key(&self) -> String {
        format!("{}/{}", self.kind.as_str(), self.cause)
    }
}

/// The data from which the events are computed.
pub(super) struct Sources<'a> {
    pub gift_facts: &'a GiftFacts<'a>,
    pub origin: &'a Origin,
    pub payments: &'a BTreeMap<String, ReceivedPayment>,
    pub reversed_amounts: &'a BTreeMap<&'a str, ReversedAmounts>,
    pub entries: &'a [Entry],
    /// Whether an e-mail address is known. The address identifies the supporter.
    pub has_supporter: bool,
}

impl Sources<'_> {
    /// Returns every event that follows from the facts, sorted by key.
    pub fn events(&self) -> Vec<DomainEvent> {
        let mut events: BTreeMap<String, DomainEvent> = BTreeMap::new();
        let mut add = |event: DomainEvent| {
            events.entry(event.key()).or_insert(event);
        };
        self.add_entry_events(&mut add);
        for fact in self.gift_facts.facts {
            self.add_fact_events(fact, &mut add);
        }
        if self.has_supporter {
            let changes: Vec<DomainEvent> =
                events.values().filter(|it| self.changes_standing(it)).map(supporter_changed).collect();
            events.extend(changes.into_iter().map(|it| (it.key(), it)));
        }
        events.into_values().collect()
    }

    /// Creates an event without an amount.
    fn event(&self, kind: DomainEventKind, cause: &str, at_s: i64, overtaken: bool) -> DomainEvent {
        DomainEvent {
            kind,
            cause: cause.to_owned(),
            contribution: self.origin.contribution.clone(),
            site: self.origin.site.clone(),
            supporter: None,
            occurred_at_ms: at_s.saturating_mul(1000),
            money: None,
            overtaken,
        }
    }

    /// Adds the events that follow from entries, that is, from money that moved. Entries are never removed, so these
    /// events are not removed either.
    fn add_entry_events(&self, add: &mut impl FnMut(DomainEvent)) {
        use DomainEventKind::{Disputed, Paid, RefundFailed, Refunded, Renewed, Started};
        let has_entry = |kind: EntryKind, object: &str| {
            self.entries.iter().any(|it| it.kind == kind && it.object == object)
        };
        let entry_event = |kind: DomainEventKind, entry: &Entry, overtaken: bool| DomainEvent {
            occurred_at_ms: entry.occurred_at_ms,
            money: Some(entry.money),
            ..self.event(kind, &entry.object, 0, overtaken)
        };
        let payments = || {
            self.entries.iter().filter(|it| matches!(it.kind, EntryKind::Payment | EntryKind::OfflinePayment))
        };
        // An invoice causes at most one event of each kind, even if it was booked in several entries.
        let payment_event = |kind: DomainEventKind, entry: &Entry, overtaken: bool| DomainEvent {
            cause: entry.stripe_id().to_owned(),
            money: Some(self.payment_total(entry)),
            ..entry_event(kind, entry, overtaken)
        };
        if let Some(first) = payments().min_by_key(|it| (it.occurred_at_ms, &it.object)) {
            let are_all_reversed = !self.payments.values().any(|it| it.is_retained(self.reversed_amounts));
            let cause = self.origin.contribution.as_str().to_owned();
            add(DomainEvent { cause, ..payment_event(Started, first, are_all_reversed) });
        }
        for entry in payments() {
            let is_reversed = !self.is_retained(entry.stripe_id());
            add(payment_event(Paid, entry, is_reversed));
            if self.gift_facts.invoices.iter().any(|it| it.id == entry.stripe_id() && it.renews) {
                add(payment_event(Renewed, entry, is_reversed));
            }
        }
        for entry in self.entries {
            match entry.kind {
                EntryKind::Refund => {
                    let has_failed = has_entry(EntryKind::RefundReversal, &entry.object);
                    add(entry_event(Refunded, entry, has_failed));
                }
                EntryKind::RefundReversal => add(entry_event(RefundFailed, entry, false)),
                EntryKind::Dispute => {
                    let facts = self.gift_facts.facts;
                    let is_closed = facts.iter().any(|it| dispute_closed_at_s(it, &entry.object).is_some());
                    add(entry_event(Disputed, entry, is_closed));
                    for fact in facts {
                        if let Some(at_s) = dispute_closed_at_s(fact, &entry.object) {
                            let money = Some(entry.money);
                            let event =
                                self.event(DomainEventKind::DisputeClosed, &entry.object, at_s, false);
                            add(DomainEvent { money, ..event });
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds the events that follow from one fact alone.
    fn add_fact_events(&self, fact: &Fact, add: &mut impl FnMut(DomainEvent)) {
        match fact {
            Fact::Session(it) if it.failed && it.mode == Some(SessionMode::Payment) => {
                let overtaken = it.latest.state == SessionState::Paid;
                let event = DomainEventKind::PaymentFailed;
                add(self.event(event, &it.id, it.latest.reported_at_s, overtaken));
            }
            Fact::Invoice(it) if it.subscription.is_some() => {
                let Some(at_s) = it.failed_events_s.iter().min() else { return };
                let is_final = matches!(
                    it.latest.state,
                    InvoiceState::Paid | InvoiceState::Void | InvoiceState::Uncollectible
                );
                add(self.event(DomainEventKind::PaymentFailed, &it.id, *at_s, is_final));
            }
            Fact::Subscription(it) => self.add_subscription_events(it, add),
            _ => {}
        }
    }

    fn add_subscription_events(&self, it: &SubscriptionFact, add: &mut impl FnMut(DomainEvent)) {
        let has_ended =
            matches!(it.latest.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired);
        for change in &it.changes {
            let overtaken = has_ended || it.changes.iter().any(|later| overtakes(later, change));
            let cause = format!("{}/{}", it.id, change.at_s);
            add(self.event(DomainEventKind::from_change(change.kind), &cause, change.at_s, overtaken));
        }
        // A subscription that ends before a payment arrives causes no event, because nothing was given.
        let is_payment = |it: &Entry| matches!(it.kind, EntryKind::Payment | EntryKind::OfflinePayment);
        if it.latest.state != SubscriptionState::Canceled || !self.entries.iter().any(is_payment) {
            return;
        }
        let at_s = it.ended_at_s.unwrap_or(it.latest.reported_at_s);
        // Whether another subscription of the contribution continues.
        let another_continues = self.gift_facts.ended_at_s().is_none();
        add(self.event(DomainEventKind::Ended, &it.id, at_s, another_continues));
        if it.cancelled_on_request {
            add(self.event(DomainEventKind::Cancelled, &it.id, at_s, another_continues));
        }
    }

    /// The total amount of an entry's payment, through Stripe and outside it.
    fn payment_total(&self, entry: &Entry) -> Money {
        let parts = self.payments.values().filter(|it| it.cause == entry.stripe_id());
        let minor = parts.fold(0_i64, |sum, it| sum.saturating_add(it.money.amount_minor));
        Money { amount_minor: minor, ..entry.money }
    }

    /// Whether at least a part of the payment with this key, or of its offline part, was kept: neither refunded nor
    /// withdrawn in a dispute.
    fn is_retained(&self, object: &str) -> bool {
        let offline = format!("{object}{OFFLINE_PART}");
        let is_retained = |it: &ReceivedPayment| it.is_retained(self.reversed_amounts);
        [object, &offline].iter().any(|id| self.payments.get(*id).is_some_and(is_retained))
    }

    fn changes_standing(&self, event: &DomainEvent) -> bool {
        let had_failed = |it: &&InvoiceFact| it.id == event.cause && !it.failed_events_s.is_empty();
        // A payment of an invoice that had failed before ends the arrears, so it changes the standing too.
        event.kind.changes_standing()
            || (event.kind == DomainEventKind::Paid && self.gift_facts.invoices.iter().any(had_failed))
    }
}

/// The event after which receivers of webhooks read the supporter's standing again. This event never becomes obsolete.
fn supporter_changed(event: &DomainEvent) -> DomainEvent {
    DomainEvent {
        kind: DomainEventKind::SupporterChanged,
        cause: event.key(),
        money: None,
        overtaken: false,
        ..event.clone()
    }
}

/// When the dispute with this id was closed, in seconds since 1970. `None` if the dispute is open, or if `fact` is
/// about another object.
fn dispute_closed_at_s(fact: &Fact, id: &str) -> Option<i64> {
    match fact {
        Fact::Dispute(it) if it.id == id => {
            let is_closed =
                matches!(it.latest.state, DisputeState::Dropped | DisputeState::Won | DisputeState::Lost);
            is_closed.then_some(it.latest.reported_at_s)
        }
        _ => None,
    }
}

fn overtakes(later: &SubscriptionChange, change: &SubscriptionChange) -> bool {
    later.at_s > change.at_s && change.kind.is_overtaken_by(later.kind)
}

/// Selects the facts that are linked to a contribution, directly or through other facts in `facts`. So the result is
/// what was known about the contribution when only `facts` were known.
pub fn facts_of_contribution(id: &ContributionId, facts: Vec<Fact>) -> Vec<Fact> {
    let mut links: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for fact in &facts {
        for link in fact.links() {
            links.entry(fact.id()).or_default().push(link);
            links.entry(link).or_default().push(fact.id());
        }
    }
    let mut linked: BTreeSet<String> = BTreeSet::new();
    let mut next = vec![id.as_str()];
    while let Some(object) = next.pop() {
        if linked.insert(object.to_owned()) {
            next.extend(links.get(object).into_iter().flatten());
        }
    }
    facts.into_iter().filter(|fact| linked.contains(fact.id())).collect()
}
