//! The standing that follows from gifts: goodwill refunds, gifts that end early, other intervals, shared addresses.

use keepopen::contributions::ContributionState as State;
use keepopen::keys::Scope;
use keepopen_practice::Outcome;
use serde_json::{Value, json};

use crate::helpers::{Answer, EMAIL, Gift, TestApp};
use crate::replays::{events, orders, told};

/// What a site's back end gets for this address.
async fn lookup(app: &TestApp, email: &str) -> Answer {
    let request =
        app.client.post(format!("{}/v1/supporters/lookup", app.url)).bearer_auth(app.api_key().await);
    app.send(request.json(&json!({"site": "journal", "email": email}))).await
}

pub async fn standing(app: &TestApp, email: &str) -> String {
    lookup(app, email).await.text("standing").to_owned()
}

/// The contributions as JSON.
async fn listed(app: &TestApp) -> Vec<Value> {
    let scopes = [Scope::MoneyRead];
    let key = keepopen::actions::create_api_key(&app.app.as_operator(), "test", &scopes).await.unwrap();
    let answer = app.get("/v1/contributions", Some(&key.secret)).await;
    answer.json["contributions"].as_array().unwrap().clone()
}

fn refund(app: &TestApp, charge: &str, amount_minor: Option<i64>) {
    app.stripe.refund(charge, amount_minor).unwrap();
}

/// The charges of a recurring gift, oldest first.
async fn charges(app: &TestApp) -> Vec<String> {
    let mut payments = crate::settling::payments(app).await;
    payments.sort_by_key(|it| it.paid_at_ms);
    payments.into_iter().map(|it| it.charge.unwrap()).collect()
}

/// A monthly gift with two payments.
async fn two_months(app: &TestApp) -> (Gift, String) {
    let gift = app.gives(1000, "month").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.days_pass(31);
    app.stripe.next_month(&subscription, true).unwrap();
    app.stripe_says_everything().await;
    (gift, subscription)
}

#[tokio::test]
async fn a_goodwill_refund_of_any_month_of_a_running_gift_keeps_it_recurring() {
    for month in [0, 1] {
        let app = TestApp::start().await;
        let (_, subscription) = two_months(&app).await;
        refund(&app, &charges(&app).await[month], None);
        app.stripe_says_everything().await;
        assert_eq!(
            (app.state().await, app.standing().await.as_str()),
            (State::Active, "recurring"),
            "{month}"
        );
        // It continues, and ends, like any other.
        app.days_pass(30);
        app.stripe.next_month(&subscription, true).unwrap();
        app.stripe_says_everything().await;
        assert_eq!(app.standing().await, "recurring");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_refund_of_every_payment_of_a_running_gift_leaves_nothing() {
    let app = TestApp::start().await;
    two_months(&app).await;
    for charge in charges(&app).await {
        refund(&app, &charge, None);
    }
    app.stripe_says_everything().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Reversed, "none"));
    app.finish().await;
}

#[tokio::test]
async fn a_failing_card_shows_also_after_a_goodwill_refund() {
    let app = TestApp::start().await;
    let (_, subscription) = two_months(&app).await;
    refund(&app, &charges(&app).await[1], None);
    app.days_pass(30);
    app.stripe.next_month(&subscription, false).unwrap();
    app.stripe_says_everything().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::PastDue, "past_due"));
    app.finish().await;
}

#[tokio::test]
async fn a_dispute_of_the_newest_month_is_no_goodwill() {
    let app = TestApp::start().await;
    two_months(&app).await;
    let charges = charges(&app).await;
    let older = app.stripe.dispute(&charges[0], None).unwrap();
    app.stripe_says_everything().await;
    assert_eq!(app.standing().await, "recurring", "the newest month was kept");
    app.stripe.close_dispute(&older, Outcome::Won).unwrap();
    app.stripe.dispute(&charges[1], None).unwrap();
    app.stripe_says_everything().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Reversed, "lapsed"));
    app.finish().await;
}

/// The standing right after, shortly before and at the end of the paid period.
async fn before_and_after(app: &TestApp, email: &str, paid_until_s: i64) -> [String; 3] {
    let now = standing(app, email).await;
    let left_ms = paid_until_s * 1000 - app.app.now_ms();
    app.app.clock.advance(left_ms - 1);
    let before = standing(app, email).await;
    app.app.clock.advance(1);
    [now, before, standing(app, email).await]
}

#[tokio::test]
async fn a_paid_year_that_is_cancelled_at_once_keeps_its_standing_to_its_end_in_any_order() {
    for (order, events) in orders(&events("17-paid-year-then-cancelled")) {
        let app = told(&events).await;
        let gift = app.contribution().await;
        let paid_until_s = 1_818_921_242;
        assert_eq!((gift.state, gift.paid_until_ms), (State::Ended, Some(paid_until_s * 1000)), "{order}");
        assert_eq!(gift.ended_at_ms, Some(1_787_644_502_000));
        // Nobody asks before, including offline back ends.
        assert_eq!(lookup(&app, "4y-2@example.org").await.text("quiet_until"), "2027-08-22T07:54:02Z");
        let seen = before_and_after(&app, "4y-2@example.org", paid_until_s).await;
        assert_eq!(seen, ["recurring", "recurring", "lapsed"], "{order}");
        app.finish().await;
    }
}

/// Where the shape of a payload says until when is paid.
fn without(mut events: Vec<Value>, paths: &[&str]) -> Vec<Value> {
    for event in &mut events {
        for path in paths {
            let (parent, name) = path.rsplit_once('/').unwrap();
            if let Some(Value::Object(fields)) = event["data"]["object"].pointer_mut(parent) {
                fields.remove(name);
            }
        }
    }
    events
}

#[tokio::test]
async fn the_end_of_what_was_paid_for_is_found_in_every_generations_payloads() {
    let app = TestApp::start().await;
    let gift = app.gives(5000, "year").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.days_pass(40);
    app.stripe.cancel(&subscription, false).unwrap();
    let events = app.stripe.events();
    let line = "/lines/data/0/period";
    let of_item = ["/items/data/0/current_period_start", "/items/data/0/current_period_end"];
    let mut old = events.clone();
    for event in &mut old {
        let object = &mut event["data"]["object"];
        if object["object"] == "subscription" {
            for field in ["current_period_start", "current_period_end"] {
                object[field] = object["items"]["data"][0][field].take();
            }
        }
    }
    for (shape, events) in [
        ("lines of the invoice and periods of items", events.clone()),
        ("periods of items", without(events.clone(), &[line])),
        ("lines of the invoice", without(events.clone(), &of_item)),
        ("the period of the subscription", without(old, &[line])),
        ("nothing: one interval from the payment on", without(events, &[line, of_item[0], of_item[1]])),
    ] {
        for (order, events) in orders(&events) {
            let app = told(&events).await;
            let gift = app.contribution().await;
            assert_eq!(gift.state, State::Ended, "{shape}, {order}");
            let paid_until = gift.paid_until_ms.map(keepopen::clock::rfc3339);
            assert_eq!(paid_until.as_deref(), Some("2027-11-24T09:00:00Z"), "{shape}, {order}");
            assert_eq!(app.standing().await, "recurring", "{shape}, {order}");
            app.finish().await;
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_month_that_is_cancelled_at_once_keeps_its_standing_to_its_end_unless_it_is_refunded() {
    for (refunded_minor, expected) in [
        (None, ["recurring", "recurring", "lapsed"]),
        // A part, as goodwill: the paid period stays.
        (Some(300), ["recurring", "recurring", "lapsed"]),
        // The pro-rata share of the remaining time, rounded by staff.
        (Some(660), ["lapsed", "lapsed", "lapsed"]),
        // All of it.
        (Some(1000), ["none", "none", "none"]),
    ] {
        let app = TestApp::start().await;
        let gift = app.gives(1000, "month").await;
        let paid = app.stripe.payments(&gift.session);
        app.days_pass(10);
        app.stripe.cancel(&paid.subscription.unwrap(), false).unwrap();
        if let Some(minor) = refunded_minor {
            refund(&app, &paid.charge.unwrap(), Some(minor));
        }
        app.stripe_says_everything().await;
        let seen = before_and_after(&app, EMAIL, 1_798_102_800).await;
        assert_eq!(seen, expected, "{refunded_minor:?}");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_gift_that_ended_is_paid_for_by_the_payments_that_were_kept() {
    let app = TestApp::start().await;
    let (_, subscription) = two_months(&app).await;
    app.stripe.cancel(&subscription, false).unwrap();
    app.stripe_says_everything().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Ended, "recurring"));
    refund(&app, &charges(&app).await[1], None);
    app.stripe_says_everything().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Ended, "lapsed"));
    app.finish().await;
}

#[tokio::test]
async fn a_gift_that_ended_because_its_card_failed_is_lapsed_once_the_paid_time_is_over() {
    let app = TestApp::start().await;
    let gift = app.gives(1000, "month").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.days_pass(31);
    // The new period has begun unpaid.
    app.stripe.next_month(&subscription, false).unwrap();
    app.days_pass(2);
    app.stripe.cancel(&subscription, false).unwrap();
    app.stripe_says_everything().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Ended, "lapsed"));
    app.finish().await;
}

#[tokio::test]
async fn a_token_says_what_the_lookup_says_of_a_gift_that_ended_early() {
    let app = TestApp::start().await;
    let gift = app.gives(5000, "year").await;
    app.stripe.cancel(&app.stripe.payments(&gift.session).subscription.unwrap(), false).unwrap();
    app.stripe_says_everything().await;
    let token = app.token(&gift).await;
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.text("standing"), "recurring");
    assert_eq!(app.banner(Some(&token)).await["reason"], "supporter");
    app.finish().await;
}

#[tokio::test]
async fn a_quarterly_gift_is_shown_as_quarterly_in_any_order() {
    for (order, events) in orders(&events("13-quarterly-shown-as-monthly")) {
        let app = told(&events).await;
        let listed = listed(&app).await;
        let shown = [&listed[0]["interval"], &listed[0]["interval_count"], &listed[0]["terms"]];
        assert_eq!(shown, [&json!("month"), &json!(3), &json!("€21 every 3 months")], "{order}");
        assert_eq!(standing(&app, "p18@example.org").await, "recurring");
        app.finish().await;
    }
}

#[tokio::test]
async fn any_interval_of_a_price_or_a_plan_is_stored_and_can_be_listed() {
    for (unit, count, terms) in [
        ("week", 1, "€21 every week"),
        ("month", 6, "€21 every 6 months"),
        ("year", 2, "€21 every 2 years"),
        ("day", 10, "€21 every 10 days"),
        ("month", 12, "€21 every year"),
    ] {
        for plan in [false, true] {
            let mut events = events("13-quarterly-shown-as-monthly");
            let item = &mut events[3]["data"]["object"]["items"]["data"][0];
            item["price"]["recurring"] = json!({"interval": unit, "interval_count": count});
            if plan {
                // As of 2020: the interval stands next to the amount.
                item.as_object_mut().unwrap().remove("price");
                item["plan"] = json!({"id": "plan_1", "object": "plan", "amount": 2100, "currency": "eur",
                    "interval": unit, "interval_count": count});
            }
            let app = told(&events).await;
            assert_eq!(listed(&app).await[0]["terms"], terms, "{unit} {count}, plan: {plan}");
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn prices_with_different_intervals_are_shown_as_mixed_and_not_as_monthly() {
    let mut events = events("13-quarterly-shown-as-monthly");
    let items = events[3]["data"]["object"]["items"]["data"].as_array_mut().unwrap();
    let mut yearly = items[0].clone();
    yearly["price"]["recurring"] = json!({"interval": "year", "interval_count": 1});
    items.push(yearly);
    for (order, events) in orders(&events) {
        let app = told(&events).await;
        let listed = listed(&app).await;
        let shown = [&listed[0]["interval"], &listed[0]["interval_count"], &listed[0]["terms"]];
        assert_eq!(shown, [&json!("mixed"), &json!(1), &json!("€42 at mixed intervals")], "{order}");
        assert_eq!(standing(&app, "p18@example.org").await, "recurring");
        let scopes = [Scope::MoneyRead];
        let key = keepopen::actions::create_api_key(&app.app.as_operator(), "desk", &scopes).await.unwrap();
        let found = app.get("/v1/contributions?interval=mixed&running=true", Some(&key.secret)).await;
        assert_eq!(found.json["contributions"].as_array().map(Vec::len), Some(1), "{found:?}");
        app.finish().await;
    }
}

#[tokio::test]
async fn supporters_who_share_an_address_get_the_best_standing_in_any_order() {
    for (order, events) in orders(&events("14-address-of-two-supporters")) {
        let app = told(&events).await;
        let (paying, both) = (lookup(&app, "p30@example.org").await, lookup(&app, "p29@example.org").await);
        assert_eq!((paying.text("standing"), both.text("standing")), ("recurring", "recurring"), "{order}");
        // The paid period of the one is over; the other continues.
        app.days_pass(60);
        let later = lookup(&app, "p29@example.org").await;
        assert_eq!(
            (later.text("standing"), later.text("supporter")),
            ("recurring", paying.text("supporter"))
        );
        app.finish().await;
    }
}

#[tokio::test]
async fn the_newest_address_of_a_customer_finds_the_giver_and_the_ones_between_do_not() {
    let app = TestApp::start().await;
    let gift = app.gives(1000, "month").await;
    let customer = app.stripe.payments(&gift.session).customer.unwrap();
    for email in ["mistyped@example.org", "moved@example.org"] {
        app.days_pass(1);
        app.stripe.change_email(&customer, email).unwrap();
    }
    for (order, events) in orders(&app.stripe.events()) {
        let app = told(&events).await;
        assert_eq!(standing(&app, EMAIL).await, "recurring", "{order}");
        assert_eq!(standing(&app, "moved@example.org").await, "recurring", "{order}");
        assert_eq!(lookup(&app, "mistyped@example.org").await.code(), "supporter_not_found", "{order}");
        app.finish().await;
    }
    app.finish().await;
}

#[tokio::test]
async fn all_spellings_of_an_address_are_one_supporter() {
    let composed = "an\u{e1}@m\u{fc}ller.example.org";
    let decomposed = "ana\u{301}@mu\u{308}ller.example.org";
    let ascii = "AN\u{c1}@xn--mller-kva.example.org";
    let app = TestApp::start().await;
    app.gives(500, "once").await;
    app.gives(1000, "month").await;
    let events = app.stripe.events();
    let told = TestApp::start().await;
    for (at, event) in events.iter().enumerate() {
        let spelling = [composed, decomposed, ascii][at % 3];
        let event = event.to_string().replace(EMAIL, spelling);
        assert_eq!(told.deliver(&serde_json::from_str(&event).unwrap()).await.status, 200);
    }
    told.run_jobs().await;
    assert_eq!(told.app.store.supporters().await.unwrap().len(), 1);
    for spelling in [composed, decomposed, ascii, "ana\u{301}@XN--MLLER-KVA.example.org."] {
        assert_eq!(standing(&told, spelling).await, "recurring", "{spelling}");
    }
    told.finish().await;
    app.finish().await;
}
