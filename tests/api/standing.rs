//! How gifts determine a supporter's standing: goodwill refunds, gifts that end early, unusual intervals, and shared
//! e-mail addresses.

use keepopen::contributions::ContributionState as State;
use keepopen::keys::Scope;
use keepopen_practice::Outcome;
use serde_json::{Value, json};

use crate::helpers::{Answer, EMAIL, Gift, TestApp};
use crate::replays::{app_after, case_events, orders};

/// Looks up the supporter with this e-mail address, as a site's back end does.
async fn lookup(app: &TestApp, email: &str) -> Answer {
    let request =
        app.client.post(format!("{}/v1/supporters/lookup", app.url)).bearer_auth(app.api_key().await);
    app.send(request.json(&json!({"site": "journal", "email": email}))).await
}

/// Returns the standing that a site's back end gets for this e-mail address.
pub async fn standing(app: &TestApp, email: &str) -> String {
    lookup(app, email).await.text("standing").to_owned()
}

/// Returns the contributions as JSON.
async fn list_contributions(app: &TestApp) -> Vec<Value> {
    let scopes = [Scope::MoneyRead];
    let key = keepopen::actions::create_api_key(&app.app.as_operator(), "test", &scopes).await.unwrap();
    let answer = app.get("/v1/contributions", Some(&key.secret)).await;
    answer.json["contributions"].as_array().unwrap().clone()
}

/// Refunds a charge in part, or in full if the amount is `None`.
fn refund(app: &TestApp, charge: &str, amount_minor: Option<i64>) {
    app.stripe.refund(charge, amount_minor).unwrap();
}

/// Returns the charges of a recurring gift, oldest first.
async fn charges(app: &TestApp) -> Vec<String> {
    let mut payments = crate::settling::payments(app).await;
    payments.sort_by_key(|it| it.paid_at_ms);
    payments.into_iter().map(|it| it.charge.unwrap()).collect()
}

/// Makes a monthly gift with two payments. Returns the gift and its subscription.
async fn give_for_two_months(app: &TestApp) -> (Gift, String) {
    let gift = app.give(1000, "month").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.advance_days(31);
    app.stripe.next_period(&subscription, true).unwrap();
    app.deliver_and_process_all_events().await;
    (gift, subscription)
}

#[tokio::test]
async fn a_running_gift_stays_recurring_after_the_refund_of_one_month() {
    for month in [0, 1] {
        let app = TestApp::start().await;
        let (_, subscription) = give_for_two_months(&app).await;
        refund(&app, &charges(&app).await[month], None);
        app.deliver_and_process_all_events().await;
        assert_eq!(
            (app.state().await, app.standing().await.as_str()),
            (State::Active, "recurring"),
            "refunded payment: {month}"
        );
        // The gift continues with the next month.
        app.advance_days(30);
        app.stripe.next_period(&subscription, true).unwrap();
        app.deliver_and_process_all_events().await;
        assert_eq!(app.standing().await, "recurring");
        app.finish().await;
    }
}

#[tokio::test]
async fn a_running_gift_whose_payments_are_all_refunded_has_no_standing() {
    let app = TestApp::start().await;
    give_for_two_months(&app).await;
    for charge in charges(&app).await {
        refund(&app, &charge, None);
    }
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Reversed, "none"));
    app.finish().await;
}

#[tokio::test]
async fn a_failing_card_makes_a_gift_past_due_even_after_a_goodwill_refund() {
    let app = TestApp::start().await;
    let (_, subscription) = give_for_two_months(&app).await;
    refund(&app, &charges(&app).await[1], None);
    app.advance_days(30);
    app.stripe.next_period(&subscription, false).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::PastDue, "past_due"));
    app.finish().await;
}

#[tokio::test]
async fn a_dispute_of_the_newest_payment_ends_the_standing() {
    let app = TestApp::start().await;
    give_for_two_months(&app).await;
    let charges = charges(&app).await;
    let older = app.stripe.dispute(&charges[0], None).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.standing().await, "recurring", "a dispute of an older payment must not end the standing");
    app.stripe.close_dispute(&older, Outcome::Won).unwrap();
    app.stripe.dispute(&charges[1], None).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Reversed, "lapsed"));
    app.finish().await;
}

/// Returns the standing now, shortly before the end of the paid period, and at its end.
async fn standings_around_end(app: &TestApp, email: &str, paid_until_s: i64) -> [String; 3] {
    let now = standing(app, email).await;
    let left_ms = paid_until_s * 1000 - app.app.now_ms();
    app.app.clock.advance(left_ms - 1);
    let before = standing(app, email).await;
    app.app.clock.advance(1);
    [now, before, standing(app, email).await]
}

#[tokio::test]
async fn a_yearly_gift_that_is_cancelled_at_once_keeps_its_standing_to_the_end_of_the_year() {
    for (order, events) in orders(&case_events("17-paid-year-then-cancelled")) {
        let app = app_after(&events).await;
        let gift = app.contribution().await;
        // 2027-08-22T07:54:02Z
        let paid_until_s = 1_818_921_242;
        assert_eq!((gift.state, gift.paid_until_ms), (State::Ended, Some(paid_until_s * 1000)), "{order}");
        assert_eq!(gift.ended_at_ms, Some(1_787_644_502_000));
        // The reader is not asked for money before the paid period ends. A back end can store this date and check it
        // without another request.
        assert_eq!(lookup(&app, "4y-2@example.org").await.text("quiet_until"), "2027-08-22T07:54:02Z");
        let seen = standings_around_end(&app, "4y-2@example.org", paid_until_s).await;
        assert_eq!(seen, ["recurring", "recurring", "lapsed"], "{order}");
        app.finish().await;
    }
}

/// Returns the events without the fields at `paths`.
fn without_fields(mut events: Vec<Value>, paths: &[&str]) -> Vec<Value> {
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
async fn the_end_of_the_paid_period_is_found_in_the_payloads_of_every_api_version() {
    let app = TestApp::start().await;
    let gift = app.give(5000, "year").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.advance_days(40);
    app.stripe.cancel(&subscription, false).unwrap();
    let events = app.stripe.events();
    let line = "/lines/data/0/period";
    let item_period = ["/items/data/0/current_period_start", "/items/data/0/current_period_end"];
    let mut older = events.clone();
    for event in &mut older {
        let object = &mut event["data"]["object"];
        if object["object"] == "subscription" {
            for field in ["current_period_start", "current_period_end"] {
                object[field] = object["items"]["data"][0][field].take();
            }
        }
    }
    for (shape, events) in [
        ("the invoice's lines and the periods of the items", events.clone()),
        ("the periods of the items", without_fields(events.clone(), &[line])),
        ("the invoice's lines", without_fields(events.clone(), &item_period)),
        ("the period of the subscription", without_fields(older, &[line])),
        (
            "no period: one interval after the payment",
            without_fields(events, &[line, item_period[0], item_period[1]]),
        ),
    ] {
        for (order, events) in orders(&events) {
            let app = app_after(&events).await;
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
async fn a_monthly_gift_that_is_cancelled_at_once_keeps_its_standing_unless_it_is_refunded() {
    for (refunded_minor, expected) in [
        (None, ["recurring", "recurring", "lapsed"]),
        // A goodwill refund of a part does not shorten the paid period.
        (Some(300), ["recurring", "recurring", "lapsed"]),
        // The refund is for the remaining time, rounded as staff would round it.
        (Some(660), ["lapsed", "lapsed", "lapsed"]),
        // The whole payment is refunded.
        (Some(1000), ["none", "none", "none"]),
    ] {
        let app = TestApp::start().await;
        let gift = app.give(1000, "month").await;
        let paid = app.stripe.payments(&gift.session);
        app.advance_days(10);
        app.stripe.cancel(&paid.subscription.unwrap(), false).unwrap();
        if let Some(minor) = refunded_minor {
            refund(&app, &paid.charge.unwrap(), Some(minor));
        }
        app.deliver_and_process_all_events().await;
        // The paid month ends on 24 December 2026.
        let seen = standings_around_end(&app, EMAIL, 1_798_102_800).await;
        assert_eq!(seen, expected, "{refunded_minor:?}");
        app.finish().await;
    }
}

#[tokio::test]
async fn only_retained_payments_count_for_the_paid_period_of_a_gift_that_ended() {
    let app = TestApp::start().await;
    let (_, subscription) = give_for_two_months(&app).await;
    app.stripe.cancel(&subscription, false).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Ended, "recurring"));
    refund(&app, &charges(&app).await[1], None);
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Ended, "lapsed"));
    app.finish().await;
}

#[tokio::test]
async fn a_gift_that_ended_after_its_card_failed_is_lapsed_after_the_paid_period() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.advance_days(31);
    // The next period has begun, but its payment failed.
    app.stripe.next_period(&subscription, false).unwrap();
    app.advance_days(2);
    app.stripe.cancel(&subscription, false).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Ended, "lapsed"));
    app.finish().await;
}

#[tokio::test]
async fn a_token_has_the_same_standing_as_the_lookup_after_a_gift_ended_early() {
    let app = TestApp::start().await;
    let gift = app.give(5000, "year").await;
    app.stripe.cancel(&app.stripe.payments(&gift.session).subscription.unwrap(), false).unwrap();
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.text("standing"), "recurring");
    assert_eq!(app.banner(Some(&token)).await["reason"], "supporter");
    app.finish().await;
}

#[tokio::test]
async fn a_quarterly_gift_is_shown_as_quarterly_in_any_order_of_events() {
    for (order, events) in orders(&case_events("13-quarterly-shown-as-monthly")) {
        let app = app_after(&events).await;
        let listed = list_contributions(&app).await;
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
        for has_plan in [false, true] {
            let mut events = case_events("13-quarterly-shown-as-monthly");
            let item = &mut events[3]["data"]["object"]["items"]["data"][0];
            item["price"]["recurring"] = json!({"interval": unit, "interval_count": count});
            if has_plan {
                // In the API versions of 2020, an item has a plan, which has the amount and the interval.
                item.as_object_mut().unwrap().remove("price");
                item["plan"] = json!({"id": "plan_1", "object": "plan", "amount": 2100, "currency": "eur",
                    "interval": unit, "interval_count": count});
            }
            let app = app_after(&events).await;
            assert_eq!(list_contributions(&app).await[0]["terms"], terms, "{unit} {count}, plan: {has_plan}");
            app.finish().await;
        }
    }
}

#[tokio::test]
async fn prices_with_different_intervals_are_shown_as_mixed_and_not_as_monthly() {
    let mut events = case_events("13-quarterly-shown-as-monthly");
    let items = events[3]["data"]["object"]["items"]["data"].as_array_mut().unwrap();
    let mut yearly = items[0].clone();
    yearly["price"]["recurring"] = json!({"interval": "year", "interval_count": 1});
    items.push(yearly);
    for (order, events) in orders(&events) {
        let app = app_after(&events).await;
        let listed = list_contributions(&app).await;
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
async fn supporters_who_share_an_email_address_get_the_best_standing_in_any_order_of_events() {
    for (order, events) in orders(&case_events("14-address-of-two-supporters")) {
        let app = app_after(&events).await;
        let (paying, shared) = (lookup(&app, "p30@example.org").await, lookup(&app, "p29@example.org").await);
        assert_eq!((paying.text("standing"), shared.text("standing")), ("recurring", "recurring"), "{order}");
        // The paid period of one supporter is over. The other supporter's gift continues.
        app.advance_days(60);
        let later = lookup(&app, "p29@example.org").await;
        assert_eq!(
            (later.text("standing"), later.text("supporter")),
            ("recurring", paying.text("supporter"))
        );
        app.finish().await;
    }
}

#[tokio::test]
async fn a_lookup_finds_the_giver_by_the_first_and_the_newest_address_but_not_by_others() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let customer = app.stripe.payments(&gift.session).customer.unwrap();
    for email in ["mistyped@example.org", "moved@example.org"] {
        app.advance_days(1);
        app.stripe.change_email(&customer, email).unwrap();
    }
    for (order, events) in orders(&app.stripe.events()) {
        let app = app_after(&events).await;
        assert_eq!(standing(&app, EMAIL).await, "recurring", "{order}");
        assert_eq!(standing(&app, "moved@example.org").await, "recurring", "{order}");
        assert_eq!(lookup(&app, "mistyped@example.org").await.code(), "supporter_not_found", "{order}");
        app.finish().await;
    }
    app.finish().await;
}

#[tokio::test]
async fn all_spellings_of_an_email_address_belong_to_one_supporter() {
    let composed = "an\u{e1}@m\u{fc}ller.example.org";
    let decomposed = "ana\u{301}@mu\u{308}ller.example.org";
    let ascii = "AN\u{c1}@xn--mller-kva.example.org";
    let app = TestApp::start().await;
    app.give(500, "once").await;
    app.give(1000, "month").await;
    let events = app.stripe.events();
    let other = TestApp::start().await;
    for (index, event) in events.iter().enumerate() {
        let spelling = [composed, decomposed, ascii][index % 3];
        let event = event.to_string().replace(EMAIL, spelling);
        assert_eq!(other.deliver(&serde_json::from_str(&event).unwrap()).await.status, 200);
    }
    other.process_inbox().await;
    assert_eq!(other.app.store.supporters().await.unwrap().len(), 1);
    for spelling in [composed, decomposed, ascii, "ana\u{301}@XN--MLLER-KVA.example.org."] {
        assert_eq!(standing(&other, spelling).await, "recurring", "{spelling}");
    }
    other.finish().await;
    app.finish().await;
}
