//! Property tests on random facts: the ledger must not depend on the order in which Stripe's reports arrive.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::ids::ContributionId;
use crate::money::{Currency, Money};

fn latest<S: Clone + std::fmt::Debug + 'static>(states: &[S]) -> impl Strategy<Value = Latest<S>> + use<S> {
    (select(states.to_vec()), 0..3_i64).prop_map(|(state, reported_at_s)| Latest { state, reported_at_s })
}

fn eur(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::parse("EUR").expect("the code must be in ISO 4217") }
}

fn money() -> impl Strategy<Value = Money> {
    (1..4_i64).prop_map(eur)
}

/// An id that may be unknown. All reports that contain it contain the same id.
fn id(prefix: &'static str) -> impl Strategy<Value = Option<String>> {
    option::of(Just(format!("{prefix}_1")))
}

fn origin() -> impl Strategy<Value = Option<Origin>> {
    option::of((0..2_u8).prop_map(|n| Origin {
        contribution: ContributionId::from_bytes([n; 16]),
        site: "journal".to_owned(),
        appeal: None,
        variant: None,
        surface: None,
    }))
}

/// The times at which the events that report something were created.
fn events() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::btree_set(0..9_i64, 0..3).prop_map(|times| times.into_iter().collect())
}

fn session(mode: SessionMode) -> impl Strategy<Value = Fact> {
    use SessionState::*;
    let state = latest(&[Open, Processing, NothingToPay, Expired, Failed, Paid]);
    let mode = option::of(Just(mode));
    let ids = (id("pi"), id("sub"));
    (state, any::<bool>(), mode, option::of(money()), option::of(0..3_i64), origin(), ids, events()).prop_map(
        |(
            latest,
            finished,
            mode,
            total,
            created_at_s,
            origin,
            (payment_intent, subscription),
            paid_events_s,
        )| {
            Fact::Session(SessionFact {
                id: "cs_1".to_owned(),
                latest,
                finished,
                mode,
                total,
                presented: None,
                created_at_s,
                origin,
                customer: None,
                email: payment_intent.clone(),
                payment_intent,
                subscription,
                invoice: None,
                failed: latest.state == Failed,
                paid_events_s,
            })
        },
    )
}

fn period() -> impl Strategy<Value = Period> {
    (0..9_i64, 0..9_i64).prop_map(|(start_s, length_s)| Period { end_s: start_s + length_s, start_s })
}

fn changes() -> impl Strategy<Value = Vec<SubscriptionChange>> {
    use ChangeKind::*;
    let kind = select(vec![Terms, Paused, Resumed, CancelScheduled, CancelWithdrawn]);
    let change = (1..5_i64, kind).prop_map(|(at_s, kind)| SubscriptionChange { at_s, kind });
    proptest::collection::btree_set(change, 0..3).prop_map(|changes| changes.into_iter().collect())
}

fn subscription() -> impl Strategy<Value = Fact> {
    use SubscriptionState::*;
    let state = latest(&[Incomplete, Active, PastDue, Unpaid, Canceled, IncompleteExpired, Other]);
    let interval = select(IntervalUnit::ALL.to_vec());
    let terms = option::of((0..3_i64, interval, 1..4_u32, money())).prop_map(|terms| {
        terms.map(|(reported_at_s, interval, interval_count, price)| Newest {
            reported_at_s,
            value: Terms { interval, interval_count, price, mixed: price.amount_minor == 3 },
        })
    });
    let period = option::of((0..3_i64, period()))
        .prop_map(|it| it.map(|(reported_at_s, value)| Newest { reported_at_s, value }));
    (state, origin(), terms, period, option::of(0..9_i64), changes(), any::<bool>()).prop_map(
        |(latest, origin, terms, period, ended_at_s, changes, cancelled_on_request)| {
            Fact::Subscription(SubscriptionFact {
                id: "sub_1".to_owned(),
                latest,
                created_at_s: Some(1),
                origin,
                customer: None,
                terms,
                period,
                ended_at_s,
                changes,
                cancelled_on_request,
            })
        },
    )
}

fn invoice() -> impl Strategy<Value = Fact> {
    use InvoiceState::*;
    let state = latest(&[Draft, Open, Failing, Uncollectible, Void, Paid, Other]);
    let paid_by = proptest::collection::btree_set((0..3_u8).prop_map(|n| format!("pi_{n}")), 0..3);
    let period = option::of(period());
    let times = (events(), events());
    let amounts = (option::of(Just(eur(3))), option::of(Just(eur(1))));
    (state, amounts, origin(), id("sub"), paid_by, times, period, any::<[bool; 5]>()).prop_map(
        |(latest, (paid, outside), origin, subscription, paid_by, times, period, flags)| {
            let (paid_events_s, failed_events_s) = times;
            Fact::Invoice(InvoiceFact {
                id: "in_1".to_owned(),
                latest,
                created_at_s: Some(1),
                paid_at_s: paid.map(|_| 7),
                paid,
                outside,
                through_stripe: flags[0],
                marked_outside: flags[1],
                collected_at_once: flags[2],
                never_attempted: flags[3],
                origin,
                customer: None,
                email: None,
                subscription,
                period,
                paid_by: paid_by.into_iter().collect(),
                paid_events_s,
                failed_events_s,
                renews: flags[4],
            })
        },
    )
}

/// An invoice payment that was made through Stripe or outside it.
fn invoice_payment() -> impl Strategy<Value = Fact> {
    (any::<bool>(), any::<bool>()).prop_map(|(outside, is_paid)| {
        let (id, amount_minor, paid_by) = match outside {
            true => ("inpay_1", 1, Vec::new()),
            false => ("inpay_2", 2, vec!["pi_1".to_owned()]),
        };
        let paid = is_paid.then(|| eur(amount_minor));
        let (id, invoice) = (id.to_owned(), Some("in_1".to_owned()));
        Fact::InvoicePayment(InvoicePaymentFact { id, invoice, paid_by, is_paid, paid })
    })
}

fn charge() -> impl Strategy<Value = Fact> {
    let refunded = option::of((0..3_i64, money()))
        .prop_map(|it| it.map(|(reported_at_s, value)| Newest { reported_at_s, value }));
    let method = option::of(select(vec!["card", "sepa_debit"]));
    let paid = option::of(Just(eur(2)));
    (origin(), id("pi"), id("in"), paid, refunded, method, events()).prop_map(
        |(origin, payment_intent, invoice, paid, refunded, method, succeeded_events_s)| {
            Fact::Charge(ChargeFact {
                id: "ch_1".to_owned(),
                origin,
                payment_intent,
                invoice,
                paid,
                refunded,
                created_at_s: Some(1),
                method: method.map(str::to_owned),
                succeeded_events_s,
            })
        },
    )
}

fn refund() -> impl Strategy<Value = Fact> {
    use RefundState::*;
    let state = latest(&[RequiresAction, Pending, Succeeded, Canceled, Failed, Other]);
    (state, any::<bool>(), option::of(money()), id("pi"), id("ch"), events()).prop_map(
        |(latest, left, amount, payment_intent, charge, reversed_events_s)| {
            Fact::Refund(RefundFact {
                id: "re_1".to_owned(),
                latest,
                left,
                amount,
                created_at_s: Some(1),
                payment_intent,
                charge,
                reversed_events_s,
            })
        },
    )
}

fn dispute() -> impl Strategy<Value = Fact> {
    use DisputeState::*;
    let state = latest(&[Warning, Open, Dropped, Won, Lost, Other]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (state, flags, option::of(money()), id("pi"), id("ch"), (events(), events())).prop_map(
        |(
            latest,
            (left, returned, inquired),
            amount,
            payment_intent,
            charge,
            (reversed_events_s, left_events_s),
        )| {
            let (id, created_at_s) = ("du_1".to_owned(), Some(1));
            Fact::Dispute(DisputeFact {
                id,
                latest,
                left,
                returned,
                amount,
                created_at_s,
                payment_intent,
                charge,
                reversed_events_s,
                inquired,
                left_events_s,
            })
        },
    )
}

/// The source, amount, fee and settlement currency of a balance transaction. Two reports of one transaction never
/// differ in these.
type Movement = ((&'static str, i64, i64), &'static str);

/// A movement for a charge, a refund or a dispute, in one of two currencies.
fn moved() -> impl Strategy<Value = Movement> {
    let source_and_amounts = select(vec![("ch_1", 2, 1), ("re_1", -2, 0), ("du_1", -3, 1), ("du_1", 3, -1)]);
    (source_and_amounts, select(vec!["EUR", "USD"]))
}

/// A balance transaction that is in up to two payouts.
fn transaction(((source, amount_minor, fee_minor), code): Movement) -> impl Strategy<Value = Fact> {
    use PayoutState::*;
    let mark = (latest(&[Pending, InTransit, Paid, Canceled, Failed]), any::<bool>())
        .prop_map(|(latest, left)| PayoutMark { latest, left, arrives_at_s: Some(9), returned_at_s: None });
    let payouts = proptest::collection::btree_map((0..2_u8).prop_map(|n| format!("po_{n}")), mark, 0..3);
    payouts.prop_map(move |payouts| {
        let currency = Currency::parse(code).expect("the code must be in ISO 4217");
        Fact::Transaction(TransactionFact {
            id: format!("txn_{source}_{amount_minor}_{code}"),
            source: Some(source.to_owned()),
            moved: Some(BalanceChange { amount_minor, fee_minor, currency }),
            created_at_s: Some(5),
            payouts,
        })
    })
}

fn intent() -> impl Strategy<Value = Fact> {
    use IntentState::*;
    let state = latest(&[Other, Failing, Processing, Canceled, Succeeded]);
    (state, origin(), option::of(Just(eur(3))), id("ch"), id("in")).prop_map(
        |(latest, origin, received, charge, invoice)| {
            let id = "pi_1".to_owned();
            Fact::Intent(IntentFact { id, latest, origin, received, charge, invoice })
        },
    )
}

fn mode() -> impl Strategy<Value = SessionMode> {
    select(vec![SessionMode::Payment, SessionMode::Subscription])
}

/// Three reports of one object.
// The strategies are boxed, because their values are large. Without boxes, all of them would be on one stack.
fn three_reports() -> impl Strategy<Value = (Fact, Fact, Fact)> {
    prop_oneof![
        mode().prop_flat_map(|mode| (session(mode).boxed(), session(mode).boxed(), session(mode).boxed())),
        (subscription().boxed(), subscription().boxed(), subscription().boxed()),
        (invoice().boxed(), invoice().boxed(), invoice().boxed()),
        any::<bool>()
            .prop_flat_map(|_| (invoice_payment(), invoice_payment(), invoice_payment()))
            .prop_filter("all reports are about one object", |(a, b, c)| a.id() == b.id() && b.id() == c.id())
            .boxed(),
        (charge().boxed(), charge().boxed(), charge().boxed()),
        (refund().boxed(), refund().boxed(), refund().boxed()),
        (dispute().boxed(), dispute().boxed(), dispute().boxed()),
        (intent().boxed(), intent().boxed(), intent().boxed()),
        moved().prop_flat_map(|moved| (transaction(moved), transaction(moved), transaction(moved))),
    ]
}

/// Reports of several objects of one gift.
fn reports() -> impl Strategy<Value = Vec<Fact>> {
    mode().prop_flat_map(|mode| {
        let report = prop_oneof![
            session(mode).boxed(),
            subscription().boxed(),
            invoice().boxed(),
            invoice_payment().boxed(),
            charge().boxed(),
            refund().boxed(),
            dispute().boxed(),
            moved().prop_flat_map(transaction),
            intent()
        ];
        proptest::collection::vec(report, 0..16)
    })
}

proptest! {
    #[test]
    fn joining_reports_is_commutative_associative_and_idempotent((a, b, c) in three_reports()) {
        prop_assert_eq!(a.clone().join(b.clone()), b.clone().join(a.clone()));
        prop_assert_eq!(a.clone().join(b.clone()).join(c.clone()), a.clone().join(b.clone().join(c)));
        prop_assert_eq!(a.clone().join(a.clone()), a.clone());
        let joined = a.clone().join(b.clone());
        prop_assert_eq!(joined.clone().join(b).join(a), joined);
    }

    #[test]
    fn a_later_report_never_removes_an_entry(reports in reports(), early_count in 0..12_usize) {
        let causes = |reports: &[Fact]| -> Vec<String> {
            let folded = fold(&join_all(reports.iter().cloned()));
            folded.map_or_else(Vec::new, |it| it.entries.iter().map(Entry::cause).collect())
        };
        let early = causes(&reports[..early_count.min(reports.len())]);
        let late = causes(&reports);
        for cause in early {
            prop_assert!(late.contains(&cause), "the entry {cause} is missing after more reports: {late:?}");
        }
    }

    #[test]
    fn a_later_report_never_removes_a_domain_event(reports in reports(), early_count in 0..12_usize) {
        let folded = |reports: &[Fact]| fold(&join_all(reports.iter().cloned()));
        let early = folded(&reports[..early_count.min(reports.len())]);
        let Some((early, late)) = early.zip(folded(&reports)) else { return Ok(()) };
        // A case with two contributions is skipped. Stripe's reports never name two, because an object's metadata
        // contains only one.
        if early.contribution.id != late.contribution.id {
            return Ok(());
        }
        let late: Vec<String> = late.events.iter().map(DomainEvent::key).collect();
        for key in early.events.iter().map(DomainEvent::key) {
            prop_assert!(late.contains(&key), "the event {key} is missing after more reports: {late:?}");
        }
    }

    #[test]
    fn a_later_report_never_changes_the_date_of_an_entry(reports in reports(), early_count in 0..12_usize) {
        let early = fold(&join_all(reports[..early_count.min(reports.len())].iter().cloned()));
        let early = early.map_or_else(Vec::new, |it| it.entries);
        let booked_ms = early.iter().map(|it| (it.cause(), it.occurred_at_ms)).collect();
        let Some(mut late) = fold(&join_all(reports)) else { return Ok(()) };
        late.keep_booked_dates(&booked_ms);
        for entry in late.entries {
            let at_ms = booked_ms.get(&entry.cause());
            prop_assert!(at_ms.is_none_or(|it| *it == entry.occurred_at_ms), "date was {at_ms:?}: {entry:?}");
        }
    }

    #[test]
    fn the_fold_does_not_depend_on_the_order_of_the_reports(reports in reports()) {
        let mut reversed = reports.clone();
        reversed.reverse();
        let facts = join_all(reports);
        let backwards: Vec<Fact> = facts.iter().rev().cloned().collect();
        prop_assert_eq!(fold(&facts), fold(&join_all(reversed)));
        prop_assert_eq!(fold(&facts), fold(&backwards));
    }

    #[test]
    fn booked_amounts_equal_net_plus_unsettled_plus_discrepancy(reports in reports()) {
        let Some(folded) = fold(&join_all(reports)) else { return Ok(()) };
        let mut clearing: std::collections::BTreeMap<Currency, i64> = Default::default();
        for entry in folded.entries.iter().filter(|entry| !entry.kind.is_payout()) {
            *clearing.entry(entry.money.currency).or_default() += entry.kind.sign() * entry.money.amount_minor;
        }
        let balance = &folded.balance;
        for (currency, minor) in
            balance.net_minor.iter().chain(&balance.unsettled_minor).chain(&balance.discrepancy_minor)
        {
            *clearing.entry(*currency).or_default() -= minor;
        }
        prop_assert!(clearing.values().all(|minor| *minor == 0), "differences: {clearing:?} in {folded:?}");
    }
}
