//! Tests that data is stored once, kept, and found again. A fact is what Stripe said about one of its objects.

use keepopen::contributions::{Entry, EntryKind};
use keepopen::store::inbox::{self, EventState};
use keepopen::store::objects::PendingObject;
use keepopen::store::{ledger, objects, supporters};
use keepopen::supporters::Email;
use serde_json::json;

use super::{TestStore, arrival, contribution_id, euros, payment, put_contribution, supporter};

/// An entry's cause consists of the entry's kind and its Stripe object.
#[actix_web::test]
async fn entries_with_the_same_cause_are_booked_once() {
    let test = TestStore::open().await.with_sample_rows().await;
    let mut tx = test.store.begin().await.unwrap();
    let other_amount = Entry { money: euros(1), ..payment("pi_1") };
    assert!(!ledger::book(&mut tx, &payment("pi_1"), 9_000).await.unwrap());
    assert!(!ledger::book(&mut tx, &other_amount, 9_000).await.unwrap());
    let refund = Entry { kind: EntryKind::Refund, ..payment("pi_1") };
    assert!(
        ledger::book(&mut tx, &refund, 9_000).await.unwrap(),
        "an entry of another kind must count as another cause"
    );
    tx.commit().await.unwrap();
    assert_eq!(test.store.entries().await.unwrap(), [payment("pi_1"), refund]);
    assert_eq!(test.store.first_booked_at_ms(&contribution_id()).await.unwrap(), Some(2_000));
    assert_eq!(test.store.clearing().await.unwrap().into_values().collect::<Vec<_>>(), [0]);
}

#[actix_web::test]
async fn an_event_is_stored_once_and_the_first_delivery_is_kept() {
    let test = TestStore::open().await.with_sample_rows().await;
    let before = test.rows("stripe_events").await;
    let mut tx = test.store.begin().await.unwrap();
    let again = inbox::Arrival { body: "{}", received_at_ms: 9_000, ..arrival("evt_1", 0) };
    assert!(!inbox::insert(&mut tx, &again).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(test.rows("stripe_events").await, before);
}

#[actix_web::test]
async fn the_event_that_has_waited_longest_is_due_first() {
    let test = TestStore::open().await;
    let mut tx = test.store.begin().await.unwrap();
    for (id, at_ms) in [("evt_c", 30), ("evt_a", 20), ("evt_b", 20), ("evt_late", 500), ("evt_tried", 1)] {
        inbox::insert(&mut tx, &arrival(id, at_ms)).await.unwrap();
    }
    let quarantined = inbox::Arrival { state: EventState::Quarantined, ..arrival("evt_aside", 1) };
    inbox::insert(&mut tx, &quarantined).await.unwrap();
    inbox::record_failure(&mut tx, "evt_tried", "the wire was cut", Some(25)).await.unwrap();
    tx.commit().await.unwrap();
    let due = test.store.due_events(100, 10).await.unwrap();
    assert_eq!(due, ["evt_a", "evt_b", "evt_tried", "evt_c"]);
    assert_eq!(test.store.due_events(100, 2).await.unwrap(), ["evt_a", "evt_b"]);
    assert_eq!(test.store.due_events(19, 10).await.unwrap(), Vec::<String>::new());
}

#[actix_web::test]
async fn a_done_or_dead_event_is_never_due_again_and_keeps_its_outcome_or_error() {
    let test = TestStore::open().await;
    let mut tx = test.store.begin().await.unwrap();
    for id in ["evt_dead", "evt_done"] {
        inbox::insert(&mut tx, &arrival(id, 1)).await.unwrap();
        inbox::record_failure(&mut tx, id, "the wire was cut", Some(2)).await.unwrap();
    }
    inbox::mark_done(&mut tx, "evt_done", "booked").await.unwrap();
    inbox::record_failure(&mut tx, "evt_dead", "the wire is gone", None).await.unwrap();
    // A failure that is reported late must not requeue a processed event.
    inbox::record_failure(&mut tx, "evt_done", "too late", Some(3)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.store.due_events(i64::MAX, 10).await.unwrap(), Vec::<String>::new());
    let events = test.store.events().await.unwrap();
    let outcomes: Vec<_> = events
        .iter()
        .map(|e| (e.state.as_str(), e.attempts, e.error.as_deref(), e.outcome.as_deref()))
        .collect();
    assert_eq!(outcomes, [("dead", 2, Some("the wire is gone"), None), ("done", 2, None, Some("booked"))]);
}

/// A supporter's epoch is the number of their reversed payments.
#[actix_web::test]
async fn the_epoch_of_a_supporter_never_decreases() {
    let test = TestStore::open().await;
    let mut raised = Vec::new();
    for reversed_payments in [0, 2, 1, 2, 0, 3] {
        let mut tx = test.store.begin().await.unwrap();
        put_contribution(&mut tx, reversed_payments).await;
        raised.push(supporters::raise_epoch(&mut tx, &supporter(), 10 + reversed_payments).await.unwrap());
        tx.commit().await.unwrap();
    }
    assert_eq!(raised, [None, Some(2), None, None, None, Some(3)]);
    assert_eq!(test.store.epoch(&supporter()).await.unwrap(), Some(3));
    assert_eq!(test.store.epochs_raised_since(13).await.unwrap(), [(supporter(), 3)]);
    assert_eq!(test.store.epochs_raised_since(14).await.unwrap(), []);
}

#[actix_web::test]
async fn a_supporter_is_created_once_and_found_by_address() {
    let test = TestStore::open().await.with_sample_rows().await;
    let email = Email::parse("reader@example.org").unwrap();
    let before = test.rows("supporters").await;
    let mut tx = test.store.begin().await.unwrap();
    supporters::put(&mut tx, &supporter(), &email, Some("cus_2"), 9_000).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.rows("supporters").await, before);
    assert_eq!(test.rows("supporter_customers").await.len(), 2);
    assert_eq!(test.store.supporters_by_email(&email).await.unwrap(), [supporter()]);
    let nobody = Email::parse("nobody@example.org").unwrap();
    assert_eq!(test.store.supporters_by_email(&nobody).await.unwrap(), []);
}

#[actix_web::test]
async fn objects_linked_in_any_direction_belong_to_the_same_gift() {
    let test = TestStore::open().await;
    let facts = [
        json!({"kind": "invoice_payment", "id": "inpay_1", "invoice": "in_1", "paid_by": ["pi_1"]}),
        json!({"kind": "charge", "id": "ch_1", "origin": null, "payment_intent": "pi_1", "invoice": null, "refunded": null}),
        json!({"kind": "charge", "id": "ch_2", "origin": null, "payment_intent": "pi_2", "invoice": null, "refunded": null}),
    ];
    let mut tx = test.store.begin().await.unwrap();
    for fact in facts {
        objects::add(&mut tx, serde_json::from_value(fact).unwrap()).await.unwrap();
    }
    for (object, linked) in [
        ("ch_1", vec!["ch_1", "inpay_1"]),
        ("in_1", vec!["ch_1", "inpay_1"]),
        ("pi_2", vec!["ch_2"]),
        ("x", vec![]),
    ] {
        let gift = objects::facts_of_gift_with(&mut tx, object).await.unwrap();
        assert_eq!(
            gift.iter().map(keepopen::contributions::Fact::id).collect::<Vec<_>>(),
            linked,
            "{object}"
        );
    }
}

/// For each kind of Stripe object that can still change, one object in each of its states.
fn objects_in_every_state() -> Vec<serde_json::Value> {
    let states = [
        ("session", vec!["open", "processing", "nothing_to_pay", "expired", "failed", "paid"]),
        ("invoice", vec!["other", "draft", "stuck", "open", "failing", "uncollectible", "void", "paid"]),
        ("refund", vec!["other", "requires_action", "pending", "succeeded", "canceled", "failed"]),
        ("dispute", vec!["other", "warning", "open", "dropped", "won", "lost"]),
    ];
    let objects_of_kind = |(kind, states): (&str, Vec<&'static str>)| {
        let kind = kind.to_owned();
        states.into_iter().enumerate().map(move |(index, state)| {
            let created_at_s = if index % 2 == 0 { json!(100 + index) } else { json!(null) };
            json!({
                "kind": kind, "id": format!("{kind}_{state}"), "created_at_s": created_at_s,
                "latest": {"state": state, "reported_at_s": 1}, "finished": false, "left": false, "returned": false, "paid_by": [],
            })
        })
    };
    states.into_iter().flat_map(objects_of_kind).collect()
}

#[actix_web::test]
async fn the_migration_and_a_new_report_mark_the_same_objects_as_pending() {
    let test = TestStore::open().await;
    let mut tx = test.store.begin().await.unwrap();
    for fact in objects_in_every_state() {
        objects::add(&mut tx, serde_json::from_value(fact).unwrap()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let marked = test.rows("stripe_objects").await;
    let read_in_pages = |limit| {
        let store = &test.store;
        async move {
            let mut all: Vec<PendingObject> = Vec::new();
            loop {
                let page = store.pending_objects(i64::MAX, all.last(), limit).await.unwrap();
                if page.is_empty() {
                    return all;
                }
                assert!(page.len() <= usize::try_from(limit).unwrap());
                all.extend(page);
            }
        }
    };
    let all = read_in_pages(100).await;
    assert_eq!(all.len(), 14, "{all:?}");
    assert!(all.is_sorted_by_key(|it| (it.since_s, it.fact.id().to_owned())));
    assert_eq!((read_in_pages(1).await, read_in_pages(3).await), (all.clone(), all));
    let migration = if test.database.url().starts_with("postgres") {
        include_str!("../../migrations/postgres/0019_pending_objects.sql")
    } else {
        include_str!("../../migrations/sqlite/0019_pending_objects.sql")
    };
    let backfill = migration.split(';').find(|sql| sql.contains("UPDATE stripe_objects")).unwrap();
    test.sql("UPDATE stripe_objects SET pending_since_s = NULL").await.unwrap();
    assert_ne!(test.rows("stripe_objects").await, marked);
    test.sql(backfill).await.unwrap();
    assert_eq!(test.rows("stripe_objects").await, marked);
}
