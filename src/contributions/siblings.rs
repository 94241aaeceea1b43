//! Selects the deciding session and the deciding subscription of a contribution that has several. They determine the
//! contribution's state. One that was paid or is active takes precedence over one that never was.

use std::collections::{BTreeMap, BTreeSet};

use super::movements::{ReceivedPayment, ReversedAmounts};
use super::{InvoiceFact, SessionFact, SessionState, SubscriptionFact, SubscriptionState};

/// The deciding session. A session that expired or failed never hides one that was paid.
pub(super) fn deciding_session<'a>(sessions: &[&'a SessionFact]) -> Option<&'a SessionFact> {
    sessions.iter().copied().max_by(|one, other| {
        let rank = |it: &SessionFact| session_rank(it.latest.state);
        // Among sessions with the same rank, the one that was created first counts.
        let created = |it: &'a SessionFact| (it.created_at_s, it.id.as_str());
        rank(one).cmp(&rank(other)).then_with(|| created(other).cmp(&created(one)))
    })
}

fn session_rank(state: SessionState) -> u8 {
    match state {
        SessionState::Paid => 5,
        SessionState::Processing => 4,
        SessionState::NothingToPay => 3,
        SessionState::Open => 2,
        SessionState::Failed => 1,
        SessionState::Expired => 0,
    }
}

/// A subscription of the contribution. Its own fact (what is known about the object) may still be missing.
struct Candidate<'a> {
    id: &'a str,
    fact: Option<&'a SubscriptionFact>,
    /// Whether at least a part of its newest payment was retained, that is, neither refunded nor lost in a dispute.
    /// Always false if the contribution has only one subscription, because there is nothing to compare.
    is_retained: bool,
}

impl Candidate<'_> {
    /// The rank. The subscription with the greatest rank decides; among equals, the newest one does.
    fn rank(&self) -> (u8, u8) {
        let state = self.fact.map(|it| it.latest.state);
        // A subscription that was paid, and whose own fact is missing, counts as active.
        let activity_rank = match state {
            Some(state) => activity(state),
            None if self.is_retained => 1,
            None => 0,
        };
        let has_ended =
            matches!(state, Some(SubscriptionState::Canceled | SubscriptionState::IncompleteExpired));
        // An active subscription decides even if its newest payment was refunded out of goodwill, or disputed.
        let class = match (activity_rank > 0, self.is_retained) {
            (true, true) => 4,
            (true, false) => 3,
            (false, true) => 2,
            (false, false) if !has_ended => 1,
            (false, false) => 0,
        };
        (class, activity_rank)
    }
}

/// Returns how active a subscription is: 0 if it has not started, has ended, or is in an unknown state.
fn activity(state: SubscriptionState) -> u8 {
    match state {
        SubscriptionState::Active => 5,
        SubscriptionState::Trialing => 4,
        SubscriptionState::PastDue => 3,
        SubscriptionState::Paused => 2,
        SubscriptionState::Unpaid => 1,
        SubscriptionState::Other
        | SubscriptionState::Incomplete
        | SubscriptionState::IncompleteExpired
        | SubscriptionState::Canceled => 0,
    }
}

/// The subscriptions of a contribution.
#[derive(Default)]
pub(super) struct Subscriptions<'a> {
    /// The id of the deciding subscription.
    pub(super) deciding: Option<&'a str>,
    /// The fact of the deciding subscription, if known.
    pub(super) fact: Option<&'a SubscriptionFact>,
    /// The ids of all subscriptions, sorted.
    pub(super) all: BTreeSet<&'a str>,
}

impl<'a> Subscriptions<'a> {
    pub(super) fn new(
        facts: &[&'a SubscriptionFact],
        sessions: &[&'a SessionFact],
        invoices: &[&'a InvoiceFact],
        payments: &BTreeMap<String, ReceivedPayment>,
        reversed_amounts: &BTreeMap<&str, ReversedAmounts>,
    ) -> Self {
        let named =
            sessions.iter().map(|it| &it.subscription).chain(invoices.iter().map(|it| &it.subscription));
        let all: BTreeSet<&str> =
            facts.iter().map(|it| it.id.as_str()).chain(named.flatten().map(String::as_str)).collect();
        let is_retained = |id: &str| {
            let own_payments = payments.values().filter(|it| it.subscription.as_deref() == Some(id));
            own_payments
                .max_by_key(|it| (it.at_s, &it.object))
                .is_some_and(|newest| newest.is_retained(reversed_amounts))
        };
        let candidates = all.iter().map(|id| Candidate {
            id,
            fact: facts.iter().find(|it| it.id == *id).copied(),
            is_retained: all.len() > 1 && is_retained(id),
        });
        let created = |it: &Candidate<'a>| it.fact.and_then(|fact| fact.created_at_s);
        let deciding = candidates.max_by_key(|it| (it.rank(), created(it), it.id));
        Self { deciding: deciding.as_ref().map(|it| it.id), fact: deciding.and_then(|it| it.fact), all }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ContributionState, Fact, Folded, Latest, Origin, SessionMode, fold, join_all};
    use super::super::{DisputeFact, DisputeState, InvoiceState, RefundFact, RefundState};
    use super::*;
    use crate::ids::ContributionId;
    use crate::money::{Currency, Money};

    fn eur(amount_minor: i64) -> Money {
        Money { amount_minor, currency: Currency::parse("EUR").expect("the code must be in ISO 4217") }
    }

    fn origin() -> Option<Origin> {
        Some(Origin {
            contribution: ContributionId::from_bytes([1; 16]),
            site: "journal".to_owned(),
            appeal: None,
            variant: None,
            surface: None,
        })
    }

    /// A session. If it is paid, its payment intent has the same last letter: `pi_a` pays `cs_a`.
    fn session(id: &str, state: SessionState, at_s: i64) -> Fact {
        let is_paid = state == SessionState::Paid;
        Fact::Session(SessionFact {
            id: id.to_owned(),
            latest: Latest { state, reported_at_s: at_s },
            finished: !matches!(state, SessionState::Open | SessionState::Expired),
            mode: Some(SessionMode::Payment),
            total: Some(eur(500)),
            presented: None,
            created_at_s: Some(at_s),
            origin: origin(),
            customer: None,
            email: is_paid.then(|| "reader@example.org".to_owned()),
            payment_intent: is_paid.then(|| id.replace("cs", "pi")),
            subscription: None,
            invoice: None,
            paid_events_s: if is_paid { vec![at_s] } else { Vec::new() },
            failed: false,
        })
    }

    fn subscription(id: &str, state: SubscriptionState, created_at_s: i64) -> Fact {
        Fact::Subscription(SubscriptionFact {
            id: id.to_owned(),
            latest: Latest { state, reported_at_s: created_at_s },
            created_at_s: Some(created_at_s),
            origin: origin(),
            customer: None,
            terms: None,
            period: None,
            ended_at_s: None,
            changes: Vec::new(),
            cancelled_on_request: false,
        })
    }

    /// A paid invoice. Its payment intent has the same ending: `pi_1` pays `in_1`.
    fn invoice(id: &str, subscription: &str, at_s: i64) -> Fact {
        Fact::Invoice(InvoiceFact {
            id: id.to_owned(),
            latest: Latest { state: InvoiceState::Paid, reported_at_s: at_s },
            created_at_s: Some(at_s),
            paid_at_s: Some(at_s),
            paid: Some(eur(700)),
            outside: None,
            through_stripe: true,
            marked_outside: false,
            collected_at_once: false,
            never_attempted: false,
            origin: origin(),
            customer: None,
            email: None,
            subscription: Some(subscription.to_owned()),
            period: None,
            paid_by: vec![id.replace("in", "pi")],
            paid_events_s: Vec::new(),
            failed_events_s: Vec::new(),
            renews: false,
        })
    }

    fn refund(payment_intent: &str, amount_minor: i64) -> Fact {
        Fact::Refund(RefundFact {
            id: format!("re_{payment_intent}"),
            latest: Latest { state: RefundState::Succeeded, reported_at_s: 99 },
            left: true,
            amount: Some(eur(amount_minor)),
            created_at_s: Some(99),
            payment_intent: Some(payment_intent.to_owned()),
            charge: None,
            reversed_events_s: Vec::new(),
        })
    }

    /// Computes the gift from these facts, and checks that the result does not depend on their order.
    fn fold_in_both_orders(facts: &[Fact]) -> Folded {
        let forwards = fold(&join_all(facts.iter().cloned())).expect("the facts must have an origin");
        let backwards =
            fold(&facts.iter().rev().cloned().collect::<Vec<_>>()).expect("the facts must have an origin");
        assert_eq!(forwards, backwards, "the result must not depend on the order of the facts");
        forwards
    }

    #[test]
    fn the_newest_invoice_decides_whether_the_contribution_is_past_due() {
        let failing = |id: &str, at_s| match invoice(id, "sub_a", at_s) {
            Fact::Invoice(it) => Fact::Invoice(InvoiceFact {
                latest: Latest { state: InvoiceState::Failing, reported_at_s: at_s },
                paid: None,
                paid_at_s: None,
                through_stripe: false,
                ..it
            }),
            other => other,
        };
        let state = |invoices: [Fact; 2]| {
            let running = subscription("sub_a", SubscriptionState::Active, 1);
            fold_in_both_orders(&[&invoices[..], &[running]].concat()).contribution.state
        };
        for (older, newer) in [("in_a", "in_b"), ("in_b", "in_a")] {
            let (paid_late, paid_early) = (invoice(newer, "sub_a", 9), invoice(older, "sub_a", 2));
            assert_eq!(state([failing(older, 2), paid_late]), ContributionState::Active, "{newer}");
            assert_eq!(state([paid_early, failing(newer, 9)]), ContributionState::PastDue, "{newer}");
        }
    }

    #[test]
    fn an_unpaid_session_does_not_hide_a_paid_one() {
        use SessionState::*;
        for sibling in [Open, Failed, Expired] {
            for ids in [["cs_a", "cs_b"], ["cs_b", "cs_a"]] {
                let result = fold_in_both_orders(&[session(ids[0], Paid, 5), session(ids[1], sibling, 4)]);
                assert_eq!(result.contribution.state, ContributionState::Paid, "{sibling:?}");
                assert_eq!(result.contribution.session.as_deref(), Some(ids[0]));
                assert_eq!(result.email.as_deref(), Some("reader@example.org"));
            }
        }
    }

    #[test]
    fn two_paid_sessions_are_two_payments_and_a_refund_of_one_leaves_the_other() {
        let sessions = [session("cs_a", SessionState::Paid, 5), session("cs_b", SessionState::Paid, 9)];
        assert_eq!(fold_in_both_orders(&sessions).payments.len(), 2);
        for refunded in ["pi_a", "pi_b"] {
            let result = fold_in_both_orders(&[&sessions[..], &[refund(refunded, 500)]].concat());
            assert_eq!(result.contribution.state, ContributionState::Paid, "{refunded}");
        }
        let both = [refund("pi_a", 500), refund("pi_b", 500)];
        assert_eq!(
            fold_in_both_orders(&[sessions.as_slice(), &both].concat()).contribution.state,
            ContributionState::Reversed
        );
    }

    #[test]
    fn the_active_subscription_decides_and_both_are_listed() {
        use SubscriptionState::*;
        for [old, new] in [["sub_a", "sub_b"], ["sub_b", "sub_a"]] {
            let contribution_with = |new_state, more: &[Fact]| {
                let known = [
                    subscription(old, Canceled, 1),
                    invoice("in_1", old, 1),
                    subscription(new, new_state, 5),
                ];
                fold_in_both_orders(&[&known, more].concat()).contribution
            };
            let paid = [invoice("in_2", new, 5)];
            let active = contribution_with(Active, &paid);
            assert_eq!(active.state, ContributionState::Active);
            assert_eq!(active.subscription.as_deref(), Some(new));
            assert_eq!(active.subscriptions, ["sub_a", "sub_b"]);
            assert_eq!(contribution_with(PastDue, &paid).state, ContributionState::PastDue);
            // The new subscription is canceled too, so the contribution has ended.
            assert_eq!(contribution_with(Canceled, &paid).state, ContributionState::Ended);
            // A subscription that was never paid neither revives the gift nor hides what was paid.
            for state in [Incomplete, IncompleteExpired] {
                let never_paid = contribution_with(state, &[]);
                assert_eq!(never_paid.state, ContributionState::Ended, "{state:?}");
                assert_eq!(never_paid.subscription.as_deref(), Some(old));
            }
            // A refund of the old subscription's last payment does not end the new subscription.
            assert_eq!(
                contribution_with(Active, &[paid[0].clone(), refund("pi_1", 700)]).state,
                ContributionState::Active
            );
            assert_eq!(
                contribution_with(Active, &[invoice("in_2", new, 1), refund("pi_1", 700)]).state,
                ContributionState::Active
            );
        }
    }

    #[test]
    fn an_active_subscription_decides_even_if_its_only_payment_was_refunded() {
        use SubscriptionState::*;
        for [old, new] in [["sub_a", "sub_b"], ["sub_b", "sub_a"]] {
            let result = fold_in_both_orders(&[
                subscription(old, Canceled, 1),
                invoice("in_1", old, 1),
                subscription(new, Active, 5),
                invoice("in_2", new, 5),
                refund("pi_2", 700),
            ]);
            assert_eq!(result.contribution.state, ContributionState::Active);
            assert_eq!(result.contribution.subscription.as_deref(), Some(new));
        }
    }

    #[test]
    fn the_newer_of_two_active_subscriptions_decides() {
        for [old, new] in [["sub_a", "sub_b"], ["sub_b", "sub_a"]] {
            let result = fold_in_both_orders(&[
                subscription(old, SubscriptionState::Active, 1),
                invoice("in_1", old, 9),
                subscription(new, SubscriptionState::Active, 5),
                invoice("in_2", new, 5),
            ]);
            assert_eq!(result.contribution.subscription.as_deref(), Some(new));
        }
    }

    #[test]
    fn a_dispute_of_an_ended_subscription_does_not_affect_the_active_one() {
        let dispute = Fact::Dispute(DisputeFact {
            id: "du_1".to_owned(),
            latest: Latest { state: DisputeState::Lost, reported_at_s: 99 },
            left: true,
            returned: false,
            amount: Some(eur(700)),
            created_at_s: Some(99),
            payment_intent: Some("pi_1".to_owned()),
            charge: None,
            reversed_events_s: Vec::new(),
            inquired: false,
            left_events_s: Vec::new(),
        });
        let result = fold_in_both_orders(&[
            subscription("sub_a", SubscriptionState::Canceled, 1),
            invoice("in_1", "sub_a", 9),
            subscription("sub_b", SubscriptionState::Active, 5),
            invoice("in_2", "sub_b", 5),
            dispute,
        ]);
        assert_eq!(result.contribution.state, ContributionState::Active);
    }

    #[test]
    fn a_subscription_known_only_from_its_paid_invoice_is_active() {
        let known = [
            subscription("sub_a", SubscriptionState::Canceled, 1),
            invoice("in_1", "sub_a", 1),
            invoice("in_2", "sub_b", 5),
        ];
        let result = fold_in_both_orders(&known).contribution;
        assert_eq!(
            (result.state, result.subscription.as_deref()),
            (ContributionState::Active, Some("sub_b"))
        );
    }
}
