//! The facts of one gift, by kind. A fact is what is known about one of Stripe's objects.

use std::collections::{BTreeMap, BTreeSet};

use super::movements::{ReceivedPayment, Reversal, ReversedAmounts};
use super::paid_until::paid_until_s;
use super::siblings::{Subscriptions, deciding_session};
use super::{
    Contribution, ContributionState, Fact, Frequency, InvoiceFact, InvoiceState, Origin, PaymentKind,
    SessionFact, SessionMode, SessionState, SubscriptionFact, SubscriptionState,
};
use crate::money::Money;

/// The facts of one gift, by kind.
pub(super) struct GiftFacts<'a> {
    pub(super) facts: &'a [Fact],
    pub(super) sessions: Vec<&'a SessionFact>,
    /// The deciding session: the one that represents the contribution if there are several.
    session: Option<&'a SessionFact>,
    subscription_facts: Vec<&'a SubscriptionFact>,
    subscriptions: Subscriptions<'a>,
    /// The deciding subscription (see [`Self::choose_subscription`]), if its fact is known.
    pub(super) subscription: Option<&'a SubscriptionFact>,
    pub(super) invoices: Vec<&'a InvoiceFact>,
    /// The links between invoices, payment intents and charges. Each link is stored in both directions.
    links: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// Which payments were retained, that is, not reversed in full by refunds and disputes.
#[derive(Clone, Copy)]
struct Retained {
    /// Whether at least one payment was retained.
    has_any: bool,
    /// Whether the newest payment was retained.
    has_newest: bool,
    /// Whether a bank withdrew at least a part of the newest payment in a dispute.
    is_newest_disputed: bool,
}

impl<'a> GiftFacts<'a> {
    pub(super) fn new(facts: &'a [Fact]) -> Self {
        let mut gift_facts = Self {
            facts,
            sessions: Vec::new(),
            session: None,
            subscription_facts: Vec::new(),
            subscriptions: Subscriptions::default(),
            subscription: None,
            invoices: Vec::new(),
            links: BTreeMap::new(),
        };
        for fact in facts {
            match fact {
                Fact::Session(it) => gift_facts.sessions.push(it),
                Fact::Subscription(it) => gift_facts.subscription_facts.push(it),
                Fact::Invoice(it) => {
                    gift_facts.invoices.push(it);
                    it.paid_by.iter().for_each(|by| gift_facts.link(&it.id, by));
                }
                Fact::InvoicePayment(it) => {
                    if let Some(invoice) = &it.invoice {
                        it.paid_by.iter().for_each(|by| gift_facts.link(invoice, by));
                    }
                }
                Fact::Charge(it) => {
                    it.payment_intent.iter().chain(&it.invoice).for_each(|to| gift_facts.link(&it.id, to));
                }
                Fact::Intent(it) => {
                    it.charge.iter().chain(&it.invoice).for_each(|to| gift_facts.link(&it.id, to));
                }
                _ => {}
            }
        }
        gift_facts.invoices.sort_by_key(|invoice| (invoice.created_at_s, &invoice.id));
        gift_facts.session = deciding_session(&gift_facts.sessions);
        gift_facts
    }

    /// Selects the deciding subscription: the one that represents the contribution if there are several.
    pub(super) fn choose_subscription(
        &mut self,
        payments: &BTreeMap<String, ReceivedPayment>,
        reversed_amounts: &BTreeMap<&str, ReversedAmounts>,
    ) {
        let (facts, sessions) = (&self.subscription_facts, &self.sessions);
        self.subscriptions = Subscriptions::new(facts, sessions, &self.invoices, payments, reversed_amounts);
        self.subscription = self.subscriptions.fact;
    }

    fn link(&mut self, one: &'a str, other: &'a str) {
        self.links.entry(one).or_default().insert(other);
        self.links.entry(other).or_default().insert(one);
    }

    /// Returns each payment once, by its key. The key of a one-off payment is its payment intent, taken from the
    /// session even if there is also an invoice. The key of a recurring payment is its invoice. Also returns the
    /// corrections: payments of 0, whose entries cancel each other out because the money was moved in another way.
    pub(super) fn payments(&self) -> (BTreeMap<String, ReceivedPayment>, Vec<ReceivedPayment>) {
        let mut payments: BTreeMap<String, ReceivedPayment> = BTreeMap::new();
        let mut corrections = Vec::new();
        for fact in self.facts {
            let payment = match fact {
                Fact::Session(it) => ReceivedPayment::from_session(it),
                Fact::Invoice(it) => {
                    for received in self.payments_of_invoice(it) {
                        if received.money.amount_minor > 0 {
                            payments.insert(received.object.clone(), received);
                        } else {
                            corrections.push(received);
                        }
                    }
                    None
                }
                _ => None,
            };
            let Some(payment) = payment else { continue };
            let Some(known) = payments.get_mut(&payment.object) else {
                payments.insert(payment.object.clone(), payment);
                continue;
            };
            // If two facts report the same payment, the one with the smaller amount counts, whatever their order.
            let key = |it: &ReceivedPayment| (it.money, it.presented);
            if key(&payment) < key(known) {
                (known.money, known.presented) = key(&payment);
                known.entries = payment.entries;
            }
            known.dates.merge(payment.dates);
        }
        for payment in payments.values_mut().chain(&mut corrections) {
            payment.dates.extend(self.charged_at(&payment.cause));
            payment.at_s = payment.dates.best();
        }
        (payments, corrections)
    }

    /// Returns the refunds and disputes that moved money.
    pub(super) fn reversals(&self) -> Vec<Reversal<'a>> {
        self.facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Refund(it) => Reversal::from_refund(self, it),
                Fact::Dispute(it) => Reversal::from_dispute(self, it),
                _ => None,
            })
            .collect()
    }

    /// The payment that a refund or dispute belongs to. It is found through charges, payment intents and invoices,
    /// never through the subscription.
    pub(super) fn payment_of<'p>(
        &self,
        reversal: &Reversal<'_>,
        payments: &'p BTreeMap<String, ReceivedPayment>,
    ) -> Option<&'p ReceivedPayment> {
        self.payment_linked_to(reversal.targets.iter().flatten().map(|id| id.as_str()), payments)
    }

    /// The correction (see [`Self::payments`]) that a refund or dispute belongs to, if there is no payment.
    pub(super) fn correction_of<'p>(
        &self,
        reversal: &Reversal<'_>,
        corrections: &'p [ReceivedPayment],
    ) -> Option<&'p ReceivedPayment> {
        let linked = self.linked_to(reversal.targets.iter().flatten().map(|id| id.as_str()));
        let is_linked =
            |it: &&ReceivedPayment| it.kind == PaymentKind::Payment && linked.contains(it.cause.as_str());
        corrections.iter().filter(is_linked).min_by_key(|it| &it.object)
    }

    /// The payment through Stripe that is linked to one of these objects.
    pub(super) fn payment_linked_to<'p, 's>(
        &'s self,
        objects: impl IntoIterator<Item = &'s str>,
        payments: &'p BTreeMap<String, ReceivedPayment>,
    ) -> Option<&'p ReceivedPayment> {
        let linked = self.linked_to(objects).into_iter().filter_map(|id| payments.get(id));
        linked.filter(|it| it.kind == PaymentKind::Payment).min_by_key(|it| &it.object)
    }

    /// Returns the ids of these objects, and of everything linked to them.
    pub(super) fn linked_to<'s>(&'s self, objects: impl IntoIterator<Item = &'s str>) -> BTreeSet<&'s str> {
        let mut seen: BTreeSet<&str> = objects.into_iter().collect();
        let mut next: Vec<&str> = seen.iter().copied().collect();
        while let Some(id) = next.pop() {
            for &linked in self.links.get(id).into_iter().flatten() {
                if seen.insert(linked) {
                    next.push(linked);
                }
            }
        }
        seen
    }

    /// The supporter's e-mail address, if the reader has completed the payment page or has paid. An address that was
    /// typed on an abandoned page must not be stored.
    pub(super) fn email(&self, has_paid: bool) -> Option<String> {
        if !has_paid && self.session.is_none_or(|it| !it.finished) {
            return None;
        }
        let session = self.session.and_then(|it| it.email.clone());
        let invoices = || self.invoices.iter().find_map(|it| it.email.clone());
        let other_sessions =
            || self.sessions.iter().filter(|it| it.finished).filter_map(|it| it.email.clone()).min();
        session.or_else(invoices).or_else(other_sessions)
    }

    /// Computes the contribution.
    pub(super) fn contribution(
        &self,
        origin: &Origin,
        payments: &BTreeMap<String, ReceivedPayment>,
        reversed_amounts: &BTreeMap<&str, ReversedAmounts>,
    ) -> Contribution {
        let is_retained = |payment: &&ReceivedPayment| payment.is_retained(reversed_amounts);
        let newest = self.deciding_payments(payments).max_by_key(|payment| (payment.at_s, &payment.object));
        let retained = newest.map(|newest| Retained {
            has_any: payments.values().any(|payment| is_retained(&payment)),
            has_newest: is_retained(&newest),
            is_newest_disputed: reversed_amounts
                .get(newest.object.as_str())
                .is_some_and(|sums| sums.disputed_minor > 0),
        });
        let frequency = self.frequency();
        let to_ms = |at_s: i64| at_s.saturating_mul(1000);
        let last_retained = payments.values().filter(is_retained).filter_map(|payment| payment.at_s).max();
        let reversed_count = reversed_amounts
            .iter()
            .filter(|(object, sums)| sums.ever_reversed_minor >= payments[**object].money.amount_minor)
            .count();
        let first_invoice = self.invoices.first();
        Contribution {
            id: origin.contribution.clone(),
            site: origin.site.clone(),
            supporter: None,
            frequency,
            money: self.money(),
            state: self.state(retained),
            appeal: origin.appeal.clone(),
            variant: origin.variant.clone(),
            started_at_ms: self
                .session
                .and_then(|it| it.created_at_s)
                .or_else(|| self.subscription_facts.iter().filter_map(|it| it.created_at_s).min())
                .or_else(|| first_invoice.and_then(|it| it.created_at_s))
                .map(to_ms),
            last_retained_payment_at_ms: last_retained.map(to_ms),
            paid_until_ms: paid_until_s(self, frequency, payments, reversed_amounts).map(to_ms),
            ended_at_ms: self.ended_at_s().map(to_ms),
            reversed_payments: i64::try_from(reversed_count).unwrap_or(i64::MAX),
            session: self.session.map(|it| it.id.clone()),
            subscription: self.subscriptions.deciding.map(str::to_owned),
            subscriptions: self.subscriptions.all.iter().map(|id| (*id).to_owned()).collect(),
            customer: self
                .subscription
                .and_then(|it| it.customer.clone())
                .or_else(|| self.session.and_then(|it| it.customer.clone()))
                .or_else(|| self.invoices.iter().find_map(|it| it.customer.clone())),
        }
    }

    /// The payments of the deciding subscription (see [`Self::choose_subscription`]), or all payments of the gift if it
    /// has none.
    fn deciding_payments<'p>(
        &self,
        payments: &'p BTreeMap<String, ReceivedPayment>,
    ) -> impl Iterator<Item = &'p ReceivedPayment> {
        let deciding = self.subscriptions.deciding;
        let is_of_deciding =
            move |it: &&ReceivedPayment| deciding.is_some() && it.subscription.as_deref() == deciding;
        let has_any = payments.values().any(|it| is_of_deciding(&it));
        payments.values().filter(move |it| !has_any || is_of_deciding(it))
    }

    /// The invoices of the deciding subscription, and the invoices without a subscription.
    fn own_invoices(&self) -> impl Iterator<Item = &'a InvoiceFact> {
        let deciding = self.subscriptions.deciding;
        self.invoices
            .iter()
            .copied()
            .filter(move |it| it.subscription.is_none() || it.subscription.as_deref() == deciding)
    }

    fn is_recurring(&self) -> bool {
        !self.subscriptions.all.is_empty()
            || self.session.is_some_and(|it| it.mode == Some(SessionMode::Subscription))
    }

    fn frequency(&self) -> Frequency {
        match self.subscription.and_then(|it| it.terms) {
            Some(terms) => terms.value.frequency(),
            // Until the subscription itself is known, the most common interval is assumed: monthly.
            None if self.is_recurring() => Frequency::MONTHLY,
            None => Frequency::Once,
        }
    }

    /// When the deciding subscription ended, in seconds since 1970. `None` if it has not ended.
    pub(super) fn ended_at_s(&self) -> Option<i64> {
        let has_ended = |it: &&SubscriptionFact| {
            matches!(it.latest.state, SubscriptionState::Canceled | SubscriptionState::IncompleteExpired)
        };
        self.subscription.filter(has_ended).map(|it| it.ended_at_s.unwrap_or(it.latest.reported_at_s))
    }

    fn money(&self) -> Option<Money> {
        let agreed = self.subscription.and_then(|it| it.terms).map(|terms| terms.value.price);
        agreed
            .or_else(|| self.session.and_then(|it| it.total))
            .or_else(|| self.invoices.iter().find_map(|it| it.paid))
    }

    /// `retained` says which payments were retained. It is `None` if there was no payment.
    fn state(&self, retained: Option<Retained>) -> ContributionState {
        if self.is_recurring() { self.recurring_state(retained) } else { self.one_off_state(retained) }
    }

    fn one_off_state(&self, retained: Option<Retained>) -> ContributionState {
        if let Some(retained) = retained {
            // One retained payment is enough, even if others were reversed.
            return if retained.has_any { ContributionState::Paid } else { ContributionState::Reversed };
        }
        match self.session.map(|it| it.latest.state) {
            None | Some(SessionState::Open) => ContributionState::Open,
            Some(SessionState::Expired) => ContributionState::Expired,
            Some(SessionState::Failed) => ContributionState::Failed,
            Some(SessionState::NothingToPay) => ContributionState::NothingToPay,
            // Stripe can report a session as paid before any fact names its payment intent, which is the payment's key.
            Some(SessionState::Processing | SessionState::Paid) => ContributionState::Processing,
        }
    }

    fn recurring_state(&self, retained: Option<Retained>) -> ContributionState {
        let subscription = self.subscription.map(|it| it.latest.state);
        let has_ended = self.ended_at_s().is_some();
        let is_failing = matches!(subscription, Some(SubscriptionState::PastDue | SubscriptionState::Unpaid))
            || self.own_invoices().last().is_some_and(|it| it.latest.state == InvoiceState::Failing);
        // If every invoice is void or uncollectible, Stripe requests no more payments.
        let is_given_up =
            |it: &InvoiceFact| matches!(it.latest.state, InvoiceState::Void | InvoiceState::Uncollectible);
        let has_given_up = self.own_invoices().next().is_some() && self.own_invoices().all(is_given_up);
        match retained {
            Some(retained) if !retained.has_any => ContributionState::Reversed,
            Some(_) if has_ended => ContributionState::Ended,
            // The newest payment was reversed in full, and a dispute was involved. A refund alone is goodwill: the gift
            // continues.
            Some(retained) if !retained.has_newest && retained.is_newest_disputed => {
                ContributionState::Reversed
            }
            Some(_) if is_failing => ContributionState::PastDue,
            Some(_) => ContributionState::Active,
            None => match self.session.map(|it| it.latest.state) {
                _ if has_ended => ContributionState::Failed,
                Some(SessionState::Open) => ContributionState::Open,
                Some(SessionState::Expired) => ContributionState::Expired,
                Some(SessionState::Failed) => ContributionState::Failed,
                Some(SessionState::NothingToPay) => ContributionState::NothingToPay,
                _ if is_failing || has_given_up => ContributionState::Failed,
                None | Some(SessionState::Processing | SessionState::Paid) => ContributionState::Processing,
            },
        }
    }
}
