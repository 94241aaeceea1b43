//! Property tests of how an invoice is booked when the evidence about its payment contradicts itself.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::ids::ContributionId;
use crate::money::{Currency, Money};

const PAID_MINOR: i64 = 4;

fn eur(amount_minor: i64) -> Money {
    Money { amount_minor, currency: Currency::parse("EUR").expect("the code must be in ISO 4217") }
}

/// A paid invoice of 4 minor units that does not say how it was paid.
fn invoice() -> InvoiceFact {
    InvoiceFact {
        id: "in_1".to_owned(),
        latest: Latest { state: InvoiceState::Paid, reported_at_s: 1 },
        created_at_s: Some(1),
        paid_at_s: Some(7),
        paid: Some(eur(PAID_MINOR)),
        outside: None,
        through_stripe: false,
        marked_outside: false,
        collected_at_once: false,
        never_attempted: false,
        origin: Some(Origin {
            contribution: ContributionId::from_bytes([0; 16]),
            site: "journal".to_owned(),
            appeal: None,
            variant: None,
            surface: None,
        }),
        customer: None,
        email: None,
        subscription: Some("sub_1".to_owned()),
        period: None,
        paid_by: Vec::new(),
        paid_events_s: Vec::new(),
        failed_events_s: Vec::new(),
        renews: false,
    }
}

/// The paid invoice after a change, such as a flag that says how it was paid.
fn invoice_with(change: impl FnOnce(&mut InvoiceFact)) -> Fact {
    let mut invoice = invoice();
    change(&mut invoice);
    Fact::Invoice(invoice)
}

fn charge(n: u8, amount_minor: i64) -> Fact {
    Fact::Charge(ChargeFact {
        id: format!("ch_{n}"),
        origin: None,
        payment_intent: Some(format!("pi_{n}")),
        invoice: Some("in_1".to_owned()),
        paid: Some(eur(amount_minor)),
        refunded: None,
        created_at_s: Some(1),
        method: None,
        succeeded_events_s: Vec::new(),
    })
}

fn intent(n: u8, amount_minor: i64) -> Fact {
    Fact::Intent(IntentFact {
        id: format!("pi_{n}"),
        latest: Latest { state: IntentState::Succeeded, reported_at_s: 1 },
        origin: None,
        received: Some(eur(amount_minor)),
        charge: Some(format!("ch_{n}")),
        invoice: Some("in_1".to_owned()),
    })
}

/// An invoice payment. If `paid_by` is `None`, it was made outside Stripe.
fn invoice_payment(n: u8, amount_minor: i64, paid_by: Option<&str>) -> Fact {
    Fact::InvoicePayment(InvoicePaymentFact {
        id: format!("inpay_{n}"),
        invoice: Some("in_1".to_owned()),
        paid_by: paid_by.map(str::to_owned).into_iter().collect(),
        is_paid: true,
        paid: Some(eur(amount_minor)),
    })
}

/// Everything that Stripe can report about how the invoice was paid.
fn evidence() -> Vec<Fact> {
    vec![
        invoice_with(|it| it.through_stripe = true),
        invoice_with(|it| it.marked_outside = true),
        invoice_with(|it| it.collected_at_once = true),
        invoice_with(|it| it.never_attempted = true),
        invoice_with(|it| it.outside = Some(eur(3))),
        charge(1, 1),
        charge(2, 3),
        intent(1, 1),
        intent(2, 3),
        invoice_payment(1, 1, Some("pi_1")),
        invoice_payment(2, 3, Some("pi_2")),
        invoice_payment(3, 1, None),
        invoice_payment(4, 3, None),
        invoice_payment(5, 4, None),
    ]
}

/// Computes the gift from these reports and the invoice.
fn fold_with_invoice(reports: &[Fact]) -> Folded {
    let invoice = Fact::Invoice(invoice());
    fold(&join_all(reports.iter().cloned().chain([invoice]))).expect("the facts must have an origin")
}

/// The amount of each entry, by the entry's cause.
fn amounts_by_cause(folded: &Folded) -> BTreeMap<String, i64> {
    folded.entries.iter().map(|it| (it.cause(), it.money.amount_minor)).collect()
}

/// The net amounts of the entries: first through Stripe, then outside it.
fn net_amounts(folded: &Folded) -> [i64; 2] {
    let sum = |kind: EntryKind| -> i64 {
        folded.entries.iter().filter(|it| it.kind == kind).map(|it| it.money.amount_minor).sum()
    };
    [
        sum(EntryKind::Payment) - sum(EntryKind::PaymentReversal),
        sum(EntryKind::OfflinePayment) - sum(EntryKind::OfflinePaymentReversal),
    ]
}

/// Some of the [`evidence`], in any order.
fn some_evidence() -> impl Strategy<Value = Vec<Fact>> {
    let count = evidence().len();
    proptest::sample::subsequence(evidence(), 0..=count).prop_shuffle()
}

proptest! {
    #[test]
    fn more_evidence_never_changes_an_entry_or_its_amount(
        reports in some_evidence(),
        early_count in 0..14_usize,
    ) {
        let early = amounts_by_cause(&fold_with_invoice(&reports[..early_count.min(reports.len())]));
        let late = amounts_by_cause(&fold_with_invoice(&reports));
        for (cause, minor) in &early {
            prop_assert_eq!(late.get(cause), Some(minor), "{} changed: {:?} became {:?}", cause, early, late);
        }
    }

    #[test]
    fn the_entries_add_up_to_the_payments(reports in some_evidence()) {
        let folded = fold_with_invoice(&reports);
        let sum_of = |kind: PaymentKind| -> i64 {
            folded.payments.iter().filter(|it| it.kind == kind).map(|it| it.money.amount_minor).sum()
        };
        let unconfirmed_minor = sum_of(PaymentKind::Unconfirmed);
        let [stripe_minor, offline_minor] = net_amounts(&folded);
        let payment_sums = [sum_of(PaymentKind::Payment), sum_of(PaymentKind::OfflinePayment)];
        prop_assert_eq!(payment_sums, [stripe_minor, offline_minor]);
        prop_assert_eq!(stripe_minor + offline_minor + unconfirmed_minor, PAID_MINOR);
        let causes = amounts_by_cause(&folded).len();
        prop_assert_eq!(causes, folded.entries.len(), "two entries must not have the same cause");
        let paid = folded.events.iter().filter(|it| it.kind == DomainEventKind::Paid);
        let paid: Vec<_> = paid.map(|it| (it.cause.as_str(), it.money)).collect();
        let expected = if unconfirmed_minor > 0 { vec![] } else { vec![("in_1", Some(eur(PAID_MINOR)))] };
        prop_assert_eq!(paid, expected);
    }
}

#[test]
fn the_strongest_evidence_decides() {
    let [through, marked, at_once, never, outside, ..] =
        <[Fact; 14]>::try_from(evidence()).expect("evidence() must return 14 facts");
    let (first, second) = (charge(1, 1), charge(2, 3));
    for (what, reports, expected) in [
        ("no evidence", vec![], [0, 0]),
        ("nobody tried to collect it", vec![never.clone()], [0, 4]),
        ("collected at once", vec![never.clone(), at_once.clone()], [4, 0]),
        ("recorded as paid outside", vec![at_once.clone(), invoice_payment(5, 4, None)], [0, 4]),
        ("paid through Stripe", vec![invoice_payment(5, 4, None), through.clone()], [4, 0]),
        ("marked as paid outside", vec![through, at_once.clone(), marked.clone()], [0, 4]),
        ("a charge for a part", vec![never.clone(), marked.clone(), first.clone()], [1, 3]),
        ("the amount paid outside", vec![second.clone(), marked.clone(), outside.clone()], [1, 3]),
        (
            "charges for the whole amount",
            vec![at_once, marked, outside, first.clone(), second.clone()],
            [4, 0],
        ),
        ("charges for the whole amount, and never attempted", vec![never, second, first], [4, 0]),
    ] {
        assert_eq!(net_amounts(&fold_with_invoice(&reports)), expected, "{what}");
    }
}

#[test]
fn a_payment_that_is_booked_again_gets_a_new_entry() {
    let all = evidence();
    let [_, marked, at_once, ..] = all.as_slice() else { panic!("{all:?}") };
    let reports = [at_once.clone(), marked.clone(), charge(1, 1), charge(2, 3)];
    let booked: Vec<(String, i64)> =
        amounts_by_cause(&fold_with_invoice(&reports[..2])).into_iter().collect();
    let entry = |cause: &str| (cause.to_owned(), PAID_MINOR);
    assert_eq!(booked, ["offline_payment:in_1", "payment:in_1", "payment_reversal:in_1"].map(entry));
    let causes_at_the_end = [
        "offline_payment:in_1",
        "offline_payment_reversal:in_1",
        "payment:in_1",
        "payment:in_1/2",
        "payment_reversal:in_1",
    ];
    let late = amounts_by_cause(&fold_with_invoice(&[at_once.clone(), marked.clone(), charge(3, 4)]));
    assert_eq!(late.into_iter().collect::<Vec<_>>(), causes_at_the_end.map(entry));
}

#[test]
fn a_reversal_has_the_booked_date_of_its_payment() {
    let event = invoice_with(|it| {
        (it.collected_at_once, it.paid_at_s, it.paid_events_s) = (true, None, vec![9]);
    });
    let early = fold(std::slice::from_ref(&event)).expect("the facts must have an origin");
    let booked_ms = early.entries.iter().map(|it| (it.cause(), it.occurred_at_ms)).collect();
    // Now both a better date and stronger evidence are known.
    let mut late = fold(&join_all([event, invoice_with(|it| it.marked_outside = true)]))
        .expect("the facts must have an origin");
    late.keep_booked_dates(&booked_ms);
    let dates_ms: Vec<_> = late.entries.iter().map(|it| (it.cause(), it.occurred_at_ms)).collect();
    let expected = [("offline_payment:in_1", 7000), ("payment:in_1", 9000), ("payment_reversal:in_1", 9000)];
    assert_eq!(dates_ms, expected.map(|(cause, at_ms)| (cause.to_owned(), at_ms)));
    assert_eq!(late.payments[0].paid_at_ms, 7000);
}
