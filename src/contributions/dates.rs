//! Determines when something happened, according to Stripe.
//!
//! **Rule**: a ledger entry gets the date of its own event, never that of an earlier step. For example, a payment is
//! not dated by its payment page, and a failed refund is not dated by the refund.
//! Stripe reports the same thing in an event, in an object and in its balance, often some seconds apart. The best known
//! source dates an entry. An entry without a date is booked as soon as a date is known. `docs/money.md` lists the
//! sources for each kind of entry.

use std::collections::BTreeSet;

use super::gift_facts::GiftFacts;
use super::{ChargeFact, Fact};

/// Payment methods whose charge is created when the money arrives. For all others, a charge can be created days before
/// it succeeds.
const INSTANT_METHODS: [&str; 20] = [
    "affirm",
    "afterpay_clearpay",
    "alipay",
    "amazon_pay",
    "bancontact",
    "blik",
    "card",
    "card_present",
    "cashapp",
    "eps",
    "giropay",
    "ideal",
    "klarna",
    "link",
    "mobilepay",
    "p24",
    "paypal",
    "revolut_pay",
    "twint",
    "wechat_pay",
];

/// The known times of something that happened, with the best source first, in seconds since 1970.
#[derive(Clone, Debug, Default)]
pub(super) struct Dates {
    known: Vec<i64>,
    /// The date that an earlier version of Keepopen would have used.
    older_rule: Option<i64>,
}

impl Dates {
    /// Creates dates. `older_rule` is the date that an earlier version of Keepopen would have used.
    pub(super) fn new(known: impl IntoIterator<Item = i64>, older_rule: Option<i64>) -> Self {
        Self { known: known.into_iter().collect(), older_rule }
    }

    /// The date, if one is known.
    pub(super) fn best(&self) -> Option<i64> {
        self.known.first().copied()
    }

    /// Adds further sources, all of which are less reliable than the known ones.
    pub(super) fn extend(&mut self, more: impl IntoIterator<Item = i64>) {
        self.known.extend(more);
    }

    /// Merges the dates of two reports of the same payment.
    pub(super) fn merge(&mut self, other: Self) {
        self.known.extend(other.known);
        self.known.sort_unstable();
        self.older_rule = self.older_rule.min(other.older_rule).or(self.older_rule).or(other.older_rule);
    }

    /// Every date with which an entry may have been booked, in milliseconds since 1970.
    pub(super) fn all_ms(&self) -> BTreeSet<i64> {
        self.known.iter().chain(&self.older_rule).map(|at_s| at_s.saturating_mul(1000)).collect()
    }
}

/// Whether the money of a payment with this method arrives when its charge is created.
pub(super) fn is_instant(method: &str) -> bool {
    INSTANT_METHODS.contains(&method)
}

/// Returns the times in ascending order, because the earliest of several events counts.
pub(super) fn sorted(times: &[i64]) -> Vec<i64> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted
}

impl<'a> GiftFacts<'a> {
    /// When an object added money to Stripe's balance (`sign` 1) or removed it (`sign` -1).
    pub(super) fn moved_at(&self, source: &str, sign: i64) -> Vec<i64> {
        let times = self.facts.iter().filter_map(|fact| match fact {
            Fact::Transaction(it) if it.source.as_deref() == Some(source) => {
                it.moved.filter(|moved| moved.amount_minor.signum() == sign).and(it.created_at_s)
            }
            _ => None,
        });
        sorted(&times.collect::<Vec<_>>())
    }

    /// When the charges of a payment succeeded: first according to the charges' events, then to the charges themselves
    /// (only for instant methods), then to Stripe's balance.
    pub(super) fn charged_at(&self, object: &str) -> Vec<i64> {
        let linked = self.linked_to([object]);
        let charges: Vec<&'a ChargeFact> = self
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Charge(it) if it.paid.is_some() && linked.contains(it.id.as_str()) => Some(it),
                _ => None,
            })
            .collect();
        let is_instant_charge = |it: &&&ChargeFact| it.method.as_deref().is_some_and(is_instant);
        let events: Vec<i64> = charges.iter().flat_map(|it| &it.succeeded_events_s).copied().collect();
        let created: Vec<i64> =
            charges.iter().filter(is_instant_charge).filter_map(|it| it.created_at_s).collect();
        let moved: Vec<i64> = charges.iter().flat_map(|it| self.moved_at(&it.id, 1)).collect();
        [sorted(&events), sorted(&created), sorted(&moved)].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{
        BalanceChange, DisputeFact, DisputeState, EntryKind, Folded, Latest, Origin, RefundFact, RefundState,
        SessionFact, SessionMode, SessionState, TransactionFact, fold,
    };
    use super::*;
    use crate::ids::ContributionId;
    use crate::money::{Currency, Money};

    fn eur() -> Currency {
        Currency::parse("EUR").expect("the code must be in ISO 4217")
    }

    /// A paid session, created at second 10. `paid_events_s` are the times of the events that report the payment.
    fn session(paid_events_s: &[i64]) -> Fact {
        let contribution = ContributionId::from_bytes([1; 16]);
        let site = "journal".to_owned();
        Fact::Session(SessionFact {
            id: "cs_1".to_owned(),
            latest: Latest { state: SessionState::Paid, reported_at_s: 90 },
            finished: true,
            mode: Some(SessionMode::Payment),
            total: Some(Money { amount_minor: 500, currency: eur() }),
            presented: None,
            created_at_s: Some(10),
            origin: Some(Origin { contribution, site, appeal: None, variant: None, surface: None }),
            customer: None,
            email: None,
            payment_intent: Some("pi_1".to_owned()),
            subscription: None,
            invoice: None,
            paid_events_s: paid_events_s.to_vec(),
            failed: false,
        })
    }

    /// The session's charge, created at second 20. `succeeded_events_s` are the times of the events that report its
    /// success.
    fn charge(method: &str, succeeded_events_s: &[i64]) -> Fact {
        Fact::Charge(ChargeFact {
            id: "ch_1".to_owned(),
            origin: None,
            payment_intent: Some("pi_1".to_owned()),
            invoice: None,
            paid: Some(Money { amount_minor: 500, currency: eur() }),
            refunded: None,
            created_at_s: Some(20),
            method: Some(method.to_owned()),
            succeeded_events_s: succeeded_events_s.to_vec(),
        })
    }

    /// The charge's balance transaction, created at second 40.
    fn transaction() -> Fact {
        Fact::Transaction(TransactionFact {
            id: "txn_1".to_owned(),
            source: Some("ch_1".to_owned()),
            moved: Some(BalanceChange { amount_minor: 500, fee_minor: 0, currency: eur() }),
            created_at_s: Some(40),
            payouts: BTreeMap::new(),
        })
    }

    /// The date of the payment's entry in seconds. `None` if the payment is not booked.
    fn payment_date_s(facts: &[Fact]) -> Option<i64> {
        let folded = fold(facts).expect("the facts must have an origin");
        let entry = folded.entries.iter().find(|it| it.kind == EntryKind::Payment);
        assert_eq!(folded.payments.first().map(|it| it.paid_at_ms), entry.map(|it| it.occurred_at_ms));
        entry.map(|it| it.occurred_at_ms / 1000)
    }

    #[test]
    fn a_payment_is_dated_by_its_event_or_its_charge_or_the_balance_but_never_by_its_page() {
        assert_eq!(payment_date_s(&[session(&[30]), charge("card", &[29]), transaction()]), Some(30));
        assert_eq!(payment_date_s(&[session(&[]), charge("card", &[29]), transaction()]), Some(29));
        assert_eq!(payment_date_s(&[session(&[]), charge("card", &[]), transaction()]), Some(20));
        assert_eq!(payment_date_s(&[session(&[]), charge("sepa_debit", &[]), transaction()]), Some(40));
        // The charge of a bank debit is created days before it succeeds.
        assert_eq!(payment_date_s(&[session(&[]), charge("sepa_debit", &[])]), None);
        assert_eq!(payment_date_s(&[session(&[])]), None);
    }

    #[test]
    fn a_failed_refund_is_dated_by_its_event_or_the_balance_but_never_by_the_refund() {
        let refund = |reversed_events_s: &[i64]| {
            Fact::Refund(RefundFact {
                id: "re_1".to_owned(),
                latest: Latest { state: RefundState::Failed, reported_at_s: 90 },
                left: true,
                amount: Some(Money { amount_minor: 500, currency: eur() }),
                created_at_s: Some(50),
                payment_intent: Some("pi_1".to_owned()),
                charge: None,
                reversed_events_s: reversed_events_s.to_vec(),
            })
        };
        let balance_transaction = |id: &str, amount_minor, created_at_s| {
            Fact::Transaction(TransactionFact {
                id: id.to_owned(),
                source: Some("re_1".to_owned()),
                moved: Some(BalanceChange { amount_minor, fee_minor: 0, currency: eur() }),
                created_at_s: Some(created_at_s),
                payouts: BTreeMap::new(),
            })
        };
        let reversal_date_s = |facts: &[Fact]| {
            let facts = [&[session(&[30])], facts].concat();
            let folded = fold(&facts).expect("the facts must have an origin");
            let entry = folded.entries.iter().find(|it| it.kind == EntryKind::RefundReversal);
            entry.map(|it| it.occurred_at_ms / 1000)
        };
        let balance = [balance_transaction("txn_2", -500, 51), balance_transaction("txn_3", 500, 80)];
        assert_eq!(reversal_date_s(&[&[refund(&[70])], balance.as_slice()].concat()), Some(70));
        assert_eq!(reversal_date_s(&[&[refund(&[])], balance.as_slice()].concat()), Some(80));
        assert_eq!(reversal_date_s(&[refund(&[])]), None);
    }

    #[test]
    fn a_dispute_that_began_as_an_inquiry_is_dated_by_the_balance_or_the_event_that_made_it_a_dispute() {
        let dispute = |inquired, left_events_s: &[i64]| {
            Fact::Dispute(DisputeFact {
                id: "du_1".to_owned(),
                latest: Latest { state: DisputeState::Open, reported_at_s: 90 },
                left: true,
                returned: false,
                amount: Some(Money { amount_minor: 500, currency: eur() }),
                created_at_s: Some(50),
                payment_intent: Some("pi_1".to_owned()),
                charge: None,
                reversed_events_s: Vec::new(),
                inquired,
                left_events_s: left_events_s.to_vec(),
            })
        };
        let withdrawal = Fact::Transaction(TransactionFact {
            id: "txn_2".to_owned(),
            source: Some("du_1".to_owned()),
            moved: Some(BalanceChange { amount_minor: -500, fee_minor: 0, currency: eur() }),
            created_at_s: Some(69),
            payouts: BTreeMap::new(),
        });
        let dispute_date_s = |facts: &[Fact]| {
            let facts = [&[session(&[30])], facts].concat();
            let folded = fold(&facts).expect("the facts must have an origin");
            let entry = folded.entries.iter().find(|it| it.kind == EntryKind::Dispute);
            entry.map(|it| it.occurred_at_ms / 1000)
        };
        assert_eq!(dispute_date_s(&[dispute(true, &[80, 70]), withdrawal.clone()]), Some(69));
        assert_eq!(dispute_date_s(&[dispute(true, &[80, 70])]), Some(70));
        // If the dispute was fetched and no event is known, Stripe only says when the inquiry was opened.
        assert_eq!(dispute_date_s(&[dispute(true, &[])]), Some(50));
        assert_eq!(dispute_date_s(&[dispute(false, &[80, 70])]), Some(50));
        assert_eq!(dispute_date_s(&[dispute(false, &[80, 70]), withdrawal]), Some(69));
    }

    #[test]
    fn a_payment_without_a_date_counts_but_is_not_booked_and_raises_an_alarm() {
        let folded = fold(&[session(&[])]).expect("the facts must have an origin");
        assert_eq!(folded.contribution.state, super::super::ContributionState::Paid);
        assert!(folded.entries.is_empty() && folded.payments.is_empty());
        let alarms: Vec<String> = folded.alarms.iter().map(|it| format!("{:?}", it.alarm)).collect();
        assert_eq!(alarms, [r#"Unbooked { object: "pi_1", paid_minor: 500 }"#]);
    }

    #[test]
    fn a_booked_entry_keeps_its_date_when_a_better_source_is_known_later() {
        let dates = |folded: &Folded| {
            let paid_at_ms = folded.payments[0].paid_at_ms;
            (
                folded.entries.iter().find(|it| it.kind == EntryKind::Payment).map(|it| it.occurred_at_ms),
                paid_at_ms,
            )
        };
        let booked = |at_ms| [("payment:pi_1".to_owned(), at_ms)].into();
        let mut folded = fold(&[session(&[30]), charge("card", &[29]), transaction()])
            .expect("the facts must have an origin");
        // The dates of the charge's event, the charge, the balance, and the page (as in earlier versions).
        for at_ms in [29_000, 20_000, 40_000, 10_000] {
            folded.keep_booked_dates(&booked(at_ms));
            assert_eq!(dates(&folded), (Some(at_ms), at_ms));
        }
        // No source ever had this date, so somebody changed the entry, and the date is not kept.
        let mut folded = fold(&[session(&[30])]).expect("the facts must have an origin");
        folded.keep_booked_dates(&booked(31_000));
        assert_eq!(dates(&folded), (Some(30_000), 30_000));
    }
}
