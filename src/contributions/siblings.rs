//! Which of several sessions or subscriptions of one contribution decides: the one that was paid, or that is active.

use std::collections::{BTreeMap, BTreeSet};

use super::movements::{ReceivedPayment, ReversedAmounts};
use super::{InvoiceFact, SessionFact, SessionState, SubscriptionFact, SubscriptionState};

/// The deciding session. One that expired or failed never removes what another one brought.
pub(super) fn deciding_session<'a>(sessions: &[&'a SessionFact]) -> Option<&'a SessionFact> {
    sessions.iter().copied().max_by(|one, other| {
        let rank = |it: &SessionFact| session_rank(it.latest.state);
        // Among equals the first one counts.
        let first = |it: &'a SessionFact| (it.created_at_s, it.id.as_str());
        rank(one).cmp(&rank(other)).then_with(|| first(other).cmp(&first(one)))
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

/// A subscription of the contribution. Its own fact may not be known yet.
struct Candidate<'a> {
    id: &'a str,
    fact: Option<&'a SubscriptionFact>,
    /// Whether part of its newest payment was retained.
    is_kept: bool,
}

impl Candidate<'_> {
    /// The greatest decides; among equals the newest.
    fn rank(&self) -> (u8, u8) {
        let state = self.fact.map(|it| it.latest.state);
        // One that is paid but not reported yet counts as active.
        let alive = match state {
            Some(state) => liveliness(state),
            None if self.is_kept => 1,
            None => 0,
        };
        let over = matches!(state, Some(SubscriptionState::Canceled | SubscriptionState::IncompleteExpired));
        // An active one decides even if its newest payment was reversed: that is goodwill, or the bank's decision.
        let class = match (alive > 0, self.is_kept) {
            (true, true) => 4,
            (true, false) => 3,
            (false, true) => 2,
            (false, false) if !over => 1,
            (false, false) => 0,
        };
        (class, alive)
    }
}

/// 0 for a subscription that has not started or has ended.
fn liveliness(state: SubscriptionState) -> u8 {
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
    /// The deciding one.
    pub(super) deciding: Option<&'a str>,
    /// Its fact, if known.
    pub(super) fact: Option<&'a SubscriptionFact>,
    /// All of them, by id.
    pub(super) all: BTreeSet<&'a str>,
}

impl<'a> Subscriptions<'a> {
    pub(super) fn of(
        facts: &[&'a SubscriptionFact],
        sessions: &[&'a SessionFact],
        invoices: &[&'a InvoiceFact],
        payments: &BTreeMap<String, ReceivedPayment>,
        taken: &BTreeMap<&str, ReversedAmounts>,
    ) -> Self {
        let named =
            sessions.iter().map(|it| &it.subscription).chain(invoices.iter().map(|it| &it.subscription));
        let all: BTreeSet<&str> =
            facts.iter().map(|it| it.id.as_str()).chain(named.flatten().map(String::as_str)).collect();
        let is_kept = |id: &str| {
            let own = payments.values().filter(|it| it.subscription.as_deref() == Some(id));
            own.max_by_key(|it| (it.at_s, &it.object)).is_some_and(|newest| newest.is_kept(taken))
        };
        let candidates = all.iter().map(|id| Candidate {
            id,
            fact: facts.iter().find(|it| it.id == *id).copied(),
            is_kept: all.len() > 1 && is_kept(id),
        });
        let made = |it: &Candidate<'a>| it.fact.and_then(|fact| fact.created_at_s);
        let deciding = candidates.max_by_key(|it| (it.rank(), made(it), it.id));
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
        Money { amount_minor, currency: Currency::parse("EUR").expect("ISO 4217 has it") }
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

    /// The payment intent's name is derived from the last letter: `cs_a` is paid by `pi_a`.
    fn session(id: &str, state: SessionState, at_s: i64) -> Fact {
        let paid = state == SessionState::Paid;
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
            email: paid.then(|| "reader@example.org".to_owned()),
            payment_intent: paid.then(|| id.replace("cs", "pi")),
            subscription: None,
            invoice: None,
            paid_events_s: if paid { vec![at_s] } else { Vec::new() },
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

    /// The result must not depend on the order.
    fn folded(facts: &[Fact]) -> Folded {
        let one = fold(&join_all(facts.iter().cloned())).expect("it is ours");
        let other = fold(&facts.iter().rev().cloned().collect::<Vec<_>>()).expect("it is ours");
        assert_eq!(one, other);
        one
    }

    #[test]
    fn the_newest_invoice_decides_whether_payments_fail_whatever_its_id() {
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
            folded(&[&invoices[..], &[running]].concat()).contribution.state
        };
        for (older, newer) in [("in_a", "in_b"), ("in_b", "in_a")] {
            let (paid_late, paid_early) = (invoice(newer, "sub_a", 9), invoice(older, "sub_a", 2));
            assert_eq!(state([failing(older, 2), paid_late]), ContributionState::Active, "{newer}");
            assert_eq!(state([paid_early, failing(newer, 9)]), ContributionState::PastDue, "{newer}");
        }
    }

    #[test]
    fn a_session_that_expired_or_failed_takes_nothing_away_whatever_its_id() {
        use SessionState::*;
        for sibling in [Open, Failed, Expired] {
            for ids in [["cs_a", "cs_b"], ["cs_b", "cs_a"]] {
                let of = folded(&[session(ids[0], Paid, 5), session(ids[1], sibling, 4)]);
                assert_eq!(of.contribution.state, ContributionState::Paid, "{sibling:?}");
                assert_eq!(of.contribution.session.as_deref(), Some(ids[0]));
                assert_eq!(of.email.as_deref(), Some("reader@example.org"));
            }
        }
    }

    #[test]
    fn two_paid_sessions_are_two_payments_and_a_refund_of_one_leaves_the_other() {
        let sessions = [session("cs_a", SessionState::Paid, 5), session("cs_b", SessionState::Paid, 9)];
        assert_eq!(folded(&sessions).payments.len(), 2);
        for refunded in ["pi_a", "pi_b"] {
            let of = folded(&[sessions[0].clone(), sessions[1].clone(), refund(refunded, 500)]);
            assert_eq!(of.contribution.state, ContributionState::Paid, "{refunded}");
        }
        let both = [refund("pi_a", 500), refund("pi_b", 500)];
        assert_eq!(
            folded(&[sessions.as_slice(), &both].concat()).contribution.state,
            ContributionState::Reversed
        );
    }

    #[test]
    fn the_subscription_that_lives_decides_and_both_are_shown() {
        use SubscriptionState::*;
        for [old, new] in [["sub_a", "sub_b"], ["sub_b", "sub_a"]] {
            let of = |new_state, more: &[Fact]| {
                let known = [
                    subscription(old, Canceled, 1),
                    invoice("in_1", old, 1),
                    subscription(new, new_state, 5),
                ];
                folded(&[&known, more].concat()).contribution
            };
            let paid = [invoice("in_2", new, 5)];
            let living = of(Active, &paid);
            assert_eq!(living.state, ContributionState::Active);
            assert_eq!(living.subscription.as_deref(), Some(new));
            assert_eq!(living.subscriptions, ["sub_a", "sub_b"]);
            assert_eq!(of(PastDue, &paid).state, ContributionState::PastDue);
            // Canceled again: it has ended.
            assert_eq!(of(Canceled, &paid).state, ContributionState::Ended);
            // One that was never paid does not revive the gift, and does not remove what was paid.
            for state in [Incomplete, IncompleteExpired] {
                let never = of(state, &[]);
                assert_eq!(never.state, ContributionState::Ended, "{state:?}");
                assert_eq!(never.subscription.as_deref(), Some(old));
            }
            // The old one's last payment is refunded: the new one continues.
            assert_eq!(of(Active, &[paid[0].clone(), refund("pi_1", 700)]).state, ContributionState::Active);
            assert_eq!(
                of(Active, &[invoice("in_2", new, 1), refund("pi_1", 700)]).state,
                ContributionState::Active
            );
        }
    }

    #[test]
    fn a_living_subscription_decides_also_when_its_only_payment_was_goodwill() {
        use SubscriptionState::*;
        for [old, new] in [["sub_a", "sub_b"], ["sub_b", "sub_a"]] {
            let of = folded(&[
                subscription(old, Canceled, 1),
                invoice("in_1", old, 1),
                subscription(new, Active, 5),
                invoice("in_2", new, 5),
                refund("pi_2", 700),
            ]);
            assert_eq!(of.contribution.state, ContributionState::Active);
            assert_eq!(of.contribution.subscription.as_deref(), Some(new));
        }
    }

    #[test]
    fn the_newer_of_two_active_subscriptions_decides() {
        for [old, new] in [["sub_a", "sub_b"], ["sub_b", "sub_a"]] {
            let of = folded(&[
                subscription(old, SubscriptionState::Active, 1),
                invoice("in_1", old, 9),
                subscription(new, SubscriptionState::Active, 5),
                invoice("in_2", new, 5),
            ]);
            assert_eq!(of.contribution.subscription.as_deref(), Some(new));
        }
    }

    #[test]
    fn a_dispute_of_the_subscription_that_is_over_takes_nothing_from_the_one_that_lives() {
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
        let of = folded(&[
            subscription("sub_a", SubscriptionState::Canceled, 1),
            invoice("in_1", "sub_a", 9),
            subscription("sub_b", SubscriptionState::Active, 5),
            invoice("in_2", "sub_b", 5),
            dispute,
        ]);
        assert_eq!(of.contribution.state, ContributionState::Active);
    }

    #[test]
    fn a_subscription_that_only_its_paid_invoices_name_lives() {
        let known = [
            subscription("sub_a", SubscriptionState::Canceled, 1),
            invoice("in_1", "sub_a", 1),
            invoice("in_2", "sub_b", 5),
        ];
        let of = folded(&known).contribution;
        assert_eq!((of.state, of.subscription.as_deref()), (ContributionState::Active, Some("sub_b")));
    }
}
