//! Events that could not be booked are retried when a retry may succeed.

use keepopen::actions::{self, MAX_TRIES};
use keepopen::supporters::TokenFreshness;
use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};

use crate::helpers::TestApp;
use crate::not_ours::{deliver_all, in_currency, outcomes, row};
use crate::reconciling::sell_with_other_software;

#[tokio::test]
async fn an_early_event_is_later_assigned_to_its_gift_and_events_of_other_software_are_not() {
    let app = TestApp::start().await;
    sell_with_other_software(&app).await;
    let foreign = app.stripe.events();
    app.give(1000, "once").await;
    let ours = app.stripe.events_after(foreign.len());
    let late = ours.iter().find(|event| event["type"] == "checkout.session.completed").unwrap();
    let early: Vec<&Value> = ours.iter().filter(|event| event["type"] == "charge.succeeded").collect();
    assert_eq!(early.len(), 1);
    let mut early = early[0].clone();
    early["data"]["object"]["metadata"] = json!({});
    let id = early["id"].as_str().unwrap();
    deliver_all(&app, foreign.iter().chain([&early])).await;
    assert_eq!(row(&app, id).await.outcome.as_deref(), Some("not ours"));
    deliver_all(&app, [late]).await;
    assert_eq!(row(&app, id).await.outcome.as_deref(), Some("tied later"));
    assert!(outcomes(&app).await.contains(&"not ours".to_owned()));
    app.finish().await;
}

/// Returns an event about a refund whose amount can't be read.
fn unreadable_refund(charge: &str) -> Value {
    json!({"id": "evt_bad", "object": "event", "type": "refund.created", "created": 1_795_000_000, "livemode": false,
        "data": {"object": {"id": "re_1", "object": "refund", "amount": "ten", "charge": charge}}})
}

/// Retries the unreadable event until it is dead.
async fn retry_until_dead(app: &TestApp) {
    for _ in 0..MAX_TRIES {
        app.process_inbox().await;
        app.app.clock.advance(3_600_000);
    }
    assert_eq!(row(app, "evt_bad").await.state, "dead");
}

/// Marks the event that failed on purpose as done, because `finish` rejects dead events.
async fn mark_bad_event_done(app: &TestApp) {
    let done = "UPDATE stripe_events SET state = 'done', error = NULL WHERE id = 'evt_bad'";
    app.app.store.run_sql(done).await.unwrap();
}

#[tokio::test]
async fn an_unreadable_event_fails_only_if_it_is_known_to_be_ours() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    deliver_all(&app, [&unreadable_refund(&charge)]).await;
    let first = row(&app, "evt_bad").await;
    assert_eq!((first.state.as_str(), first.attempts, first.error), ("done", 1, None));
    assert!(first.outcome.unwrap().starts_with("not ours: it can't be read (refund.amount"));
    app.deliver_and_process_all_events().await;
    let later = row(&app, "evt_bad").await;
    assert_eq!(later.state, "waiting");
    assert!(later.error.unwrap().contains("refund.amount"));
    mark_bad_event_done(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_dead_event_that_stripe_delivers_again_is_retried() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let bad = unreadable_refund(&app.stripe.payments(&gift.session).charge.unwrap());
    assert_eq!(app.deliver(&bad).await.status, 200);
    retry_until_dead(&app).await;
    assert_eq!(app.deliver(&bad).await.status, 200);
    let again = row(&app, "evt_bad").await;
    assert_eq!((again.state.as_str(), again.attempts, again.error), ("waiting", 0, None));
    // An event that was processed stays as it is.
    let done = app.stripe.events()[0].clone();
    assert_eq!(app.deliver(&done).await.status, 200);
    assert_eq!(row(&app, done["id"].as_str().unwrap()).await.state, "done");
    mark_bad_event_done(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_new_version_retries_dead_events_once() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    // Version 1.0 starts for the first time. There is no event to retry yet.
    actions::requeue_unbooked(&app.app, &app.app.as_job("start"), "1.0").await.unwrap();
    let bad = unreadable_refund(&app.stripe.payments(&gift.session).charge.unwrap());
    assert_eq!(app.deliver(&bad).await.status, 200);
    retry_until_dead(&app).await;
    actions::requeue_unbooked(&app.app, &app.app.as_job("start"), "1.0").await.unwrap();
    assert_eq!(row(&app, "evt_bad").await.state, "dead", "the same version must not retry the event");
    actions::requeue_unbooked(&app.app, &app.app.as_job("start"), "1.1").await.unwrap();
    assert_eq!(row(&app, "evt_bad").await.state, "waiting");
    retry_until_dead(&app).await;
    for version in ["1.1", "1.0"] {
        actions::requeue_unbooked(&app.app, &app.app.as_job("start"), version).await.unwrap();
        assert_eq!(row(&app, "evt_bad").await.state, "dead", "each version must retry the event only once");
    }
    mark_bad_event_done(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_new_version_retries_events_in_an_unknown_currency() {
    let app = TestApp::start().await;
    let gift = app.start_gift(1000, "once").await;
    app.stripe.pay(&gift.session, PaymentChoice::Card).unwrap();
    let events: Vec<Value> = app.stripe.events().iter().map(|event| in_currency(event, "usdc")).collect();
    deliver_all(&app, &events).await;
    actions::requeue_unbooked(&app.app, &app.app.as_job("start"), "2.0").await.unwrap();
    let waiting =
        app.app.store.events().await.unwrap().into_iter().filter(|it| it.state == "waiting").count();
    assert!(waiting > 0, "the new version must retry the events");
    app.process_inbox().await;
    assert!(app.ledger().await.is_empty(), "this version does not know the currency either");
    app.finish().await;
}

#[tokio::test]
async fn the_banner_uses_the_higher_standing_as_soon_as_a_site_is_configured_again() {
    let app = TestApp::start().await;
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    let before = app.stripe.events().len();
    // The site is removed from the settings. Meanwhile, the same reader starts a monthly gift at another installation.
    let mut settings = app.app.settings.clone();
    let journal = settings.sites.remove("journal").unwrap();
    let without_site = actions::start(settings.clone(), app.app.clock.clone()).await.unwrap();
    let monthly = app.give(1000, "month").await;
    let own_id = app.stripe.object(&monthly.session).unwrap()["metadata"]["keepopen_contribution"].clone();
    let other_id = "con_00000000000000000000000001";
    for event in app.stripe.events_after(before) {
        let text = event.to_string().replace(own_id.as_str().unwrap(), other_id);
        crate::story::receive(&without_site, &serde_json::from_str(&text).unwrap()).await;
    }
    actions::process_due_events(&without_site, &without_site.as_job("inbox")).await.unwrap();
    assert_eq!(
        without_site.store.other_gifts().await.unwrap(),
        [(other_id.to_owned(), "journal".to_owned())]
    );
    without_site.store.close().await;

    settings.sites.insert("journal".to_owned(), journal);
    let with_site = actions::start(settings, app.app.clock.clone()).await.unwrap();
    assert!(with_site.standings.is_empty());
    actions::requeue_unbooked(&with_site, &with_site.as_job("start"), "1").await.unwrap();
    let supporter = with_site.store.contributions().await.unwrap()[0].supporter.clone().unwrap();
    let issued_at_s = app.app.now_ms() / 1000;
    let newest = with_site.standings.newest(&supporter, "journal", issued_at_s);
    let TokenFreshness::Changed(now) = newest else { panic!("{newest:?}") };
    assert_eq!(now.standing, keepopen_decision::Standing::Recurring);
    with_site.store.close().await;
    app.finish().await;
}
