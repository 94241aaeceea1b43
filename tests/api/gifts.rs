//! What follows from a gift: ledger entries, the supporter's standing, and the token.

use keepopen::contributions::{ContributionState as State, EntryKind as Kind};
use keepopen_practice::{Outcome, PaymentChoice};

use crate::helpers::{EMAIL, Gift, TestApp};

/// Requests the token of a gift that is not paid, with the option to report the payment's state. Returns that state.
async fn state_of_payment(app: &TestApp, gift: &Gift) -> String {
    let answer = app.exchange_reporting_state(gift).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.text("state").to_owned()
}

#[tokio::test]
async fn a_monthly_giver_is_not_asked_again_until_the_gift_is_refunded() {
    let app = TestApp::start().await;
    assert_eq!(app.banner(None).await["reason"], "matched");
    let gift = app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Active, "recurring"));
    let token = app.token(&gift).await;
    assert_eq!(app.banner(Some(&token)).await["reason"], "supporter");
    let supporter = app.get("/v1/supporter", Some(&token)).await;
    assert_eq!(supporter.text("standing"), "recurring");

    let paid = app.stripe.payments(&gift.session);
    app.stripe.refund(&paid.charge.unwrap(), None).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000), (Kind::Refund, 1000)]);
    assert_eq!(app.clearing().await, 0);
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Reversed, "none"));
    let verdict = app.banner(Some(&token)).await;
    assert_eq!(
        (&verdict["reason"], &verdict["token_problem"]),
        (&"unknown_standing".into(), &"token_superseded".into())
    );
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.code(), "token_superseded");
    assert_eq!(app.banner(None).await["reason"], "matched");
    app.finish().await;
}

#[tokio::test]
async fn a_one_off_giver_is_not_asked_for_90_days_and_can_be_asked_on_day_91() {
    let app = TestApp::start().await;
    let gift = app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1500)]);
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Paid, "one_off"));
    let token = app.token(&gift).await;
    let verdict = app.banner(Some(&token)).await;
    assert_eq!(verdict["reason"], "recent_giver");
    assert_eq!(verdict["next_eligible_at"], "2027-02-23T09:00:00Z");
    app.finish().await;
}

#[tokio::test]
async fn a_partial_refund_keeps_the_standing_and_the_token() {
    let app = TestApp::start().await;
    let gift = app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    let paid = app.stripe.payments(&gift.session);
    app.stripe.refund(&paid.charge.unwrap(), Some(500)).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1500), (Kind::Refund, 500)]);
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Paid, "one_off"));
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.text("standing"), "one_off");
    app.finish().await;
}

#[tokio::test]
async fn a_declined_card_books_nothing_and_gives_no_token() {
    let app = TestApp::start().await;
    let gift = app.start_gift(1000, "once").await;
    app.stripe.pay(&gift.session, PaymentChoice::Decline).unwrap();
    app.deliver_and_process_all_events().await;
    assert!(app.ledger().await.is_empty());
    assert!(app.app.store.supporters().await.unwrap().is_empty());
    assert_eq!(app.exchange(&gift).await.code(), "payment_unpaid");
    assert_eq!(state_of_payment(&app, &gift).await, "payment_unpaid");
    let stranger = Gift { attempt: uuid::Uuid::from_u128(7), ..gift.clone() };
    assert_eq!(
        app.exchange_reporting_state(&stranger).await.code(),
        "attempt_not_found",
        "a caller without access must not learn the state"
    );
    assert_eq!(app.banner(None).await["reason"], "matched");
    app.stripe.pay(&gift.session, PaymentChoice::Card).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    app.finish().await;
}

#[tokio::test]
async fn a_bank_debit_gives_the_standing_unknown_while_it_is_processing_and_none_when_it_fails() {
    let app = TestApp::start().await;
    let gift = app.start_gift(1000, "once").await;
    app.stripe.pay(&gift.session, PaymentChoice::BankDebit).unwrap();
    app.deliver_and_process_all_events().await;
    assert!(app.ledger().await.is_empty());
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Processing, "unknown"));
    assert_eq!(app.exchange(&gift).await.code(), "payment_processing");
    assert_eq!(state_of_payment(&app, &gift).await, "payment_processing");
    app.advance_days(4);
    app.stripe.settle_bank_debit(&gift.session, false).unwrap();
    assert_eq!(state_of_payment(&app, &gift).await, "payment_failed");
    // The browser can return before the event arrives, so the service asks Stripe.
    assert_eq!(app.exchange(&gift).await.code(), "payment_failed");
    app.deliver_and_process_all_events().await;
    assert!(app.ledger().await.is_empty());
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Failed, "none"));
    app.finish().await;
}

#[tokio::test]
async fn a_bank_debit_that_takes_days_gives_a_token_once_it_has_succeeded() {
    let app = TestApp::start().await;
    let gift = app.start_gift(1000, "once").await;
    app.stripe.pay(&gift.session, PaymentChoice::BankDebit).unwrap();
    app.deliver_and_process_all_events().await;
    app.advance_days(5);
    app.stripe.settle_bank_debit(&gift.session, true).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000)]);
    app.token(&gift).await;
    app.finish().await;
}

#[tokio::test]
async fn a_recurring_gift_by_bank_debit_is_thanked_only_after_its_payment() {
    let app = TestApp::start().await;
    let gift = app.start_gift(1000, "month").await;
    app.stripe.pay(&gift.session, PaymentChoice::BankDebit).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Processing, "unknown"));
    assert_eq!(app.exchange(&gift).await.code(), "payment_processing");
    app.stripe.settle_bank_debit(&gift.session, true).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Active, "recurring"));
    app.finish().await;
}

#[tokio::test]
async fn an_expired_payment_page_stores_no_supporter() {
    let app = TestApp::start().await;
    let gift = app.start_gift(1000, "once").await;
    app.stripe.expire(&gift.session).unwrap();
    for mut event in app.stripe.events() {
        // The reader typed an e-mail address before abandoning the page.
        event["data"]["object"]["customer_details"] = serde_json::json!({"email": EMAIL});
        assert_eq!(app.deliver(&event).await.status, 200);
    }
    app.process_inbox().await;
    assert_eq!(app.state().await, State::Expired);
    assert!(app.app.store.supporters().await.unwrap().is_empty());
    assert_eq!(app.exchange(&gift).await.code(), "session_expired");
    app.finish().await;
}

#[tokio::test]
async fn each_month_is_booked_once_and_a_failing_card_makes_the_gift_past_due() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.advance_days(31);
    app.stripe.next_period(&subscription, true).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000); 2]);
    assert_eq!(app.standing().await, "recurring");
    app.advance_days(30);
    app.stripe.next_period(&subscription, false).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await, [(Kind::Payment, 1000); 2]);
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::PastDue, "past_due"));
    app.advance_days(3);
    app.stripe.replace_card(&subscription).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.clearing().await, 3000);
    assert_eq!(app.standing().await, "recurring");
    app.finish().await;
}

#[tokio::test]
async fn a_gift_whose_cancellation_is_scheduled_keeps_its_standing_to_the_end_of_the_period() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "month").await;
    let subscription = app.stripe.payments(&gift.session).subscription.unwrap();
    app.stripe.cancel(&subscription, true).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.standing().await, "recurring");
    app.advance_days(31);
    app.stripe.end_period(&subscription).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.state().await, app.standing().await.as_str()), (State::Ended, "lapsed"));
    assert_eq!(app.clearing().await, 1000);
    app.finish().await;
}

#[tokio::test]
async fn a_yearly_gift_is_stored_with_its_frequency() {
    let app = TestApp::start().await;
    app.give(5000, "year").await;
    app.deliver_and_process_all_events().await;
    let gift = app.contribution().await;
    assert_eq!(gift.frequency.as_str(), "year");
    assert_eq!(gift.money.unwrap().amount_minor, 5000);
    app.finish().await;
}

#[tokio::test]
async fn a_dispute_removes_the_money_and_the_standing_and_winning_it_restores_both() {
    let app = TestApp::start().await;
    let gift = app.give(1500, "once").await;
    app.deliver_and_process_all_events().await;
    let token = app.token(&gift).await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    let dispute = app.stripe.dispute(&charge, None).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.clearing().await, app.standing().await.as_str()), (0, "none"));
    assert_eq!(app.get("/v1/supporter", Some(&token)).await.code(), "token_superseded");
    app.stripe.close_dispute(&dispute, Outcome::Won).unwrap();
    app.deliver_and_process_all_events().await;
    let won = [(Kind::Dispute, 1500), (Kind::DisputeReversal, 1500), (Kind::Payment, 1500)];
    assert_eq!(app.ledger().await, won);
    assert_eq!((app.clearing().await, app.standing().await.as_str()), (1500, "one_off"));

    let lost = app.give(700, "once").await;
    let charge = app.stripe.payments(&lost.session).charge.unwrap();
    let dispute = app.stripe.dispute(&charge, None).unwrap();
    app.stripe.close_dispute(&dispute, Outcome::Lost).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!(app.clearing().await, 1500);
    app.finish().await;
}

#[tokio::test]
async fn a_failed_refund_restores_the_money_and_the_standing() {
    let app = TestApp::start().await;
    let gift = app.give(1500, "once").await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    let refund = app.stripe.refund(&charge, None).unwrap();
    app.deliver_and_process_all_events().await;
    assert_eq!((app.clearing().await, app.standing().await.as_str()), (0, "none"));
    app.stripe.fail_refund(&refund).unwrap();
    app.deliver_and_process_all_events().await;
    let entries = [(Kind::Payment, 1500), (Kind::Refund, 1500), (Kind::RefundReversal, 1500)];
    assert_eq!(app.ledger().await, entries);
    assert_eq!((app.clearing().await, app.standing().await.as_str()), (1500, "one_off"));
    app.finish().await;
}

#[tokio::test]
async fn a_withdrawn_dispute_returns_the_money_in_either_order_of_events() {
    for is_reverse_order in [false, true] {
        let app = TestApp::start().await;
        let gift = app.give(1500, "once").await;
        let charge = app.stripe.payments(&gift.session).charge.unwrap();
        let dispute = app.stripe.dispute(&charge, None).unwrap();
        app.stripe.close_dispute(&dispute, Outcome::Won).unwrap();
        let mut events = app.stripe.events();
        for event in &mut events {
            if event["type"] == "charge.dispute.closed" || event["type"] == "charge.dispute.funds_reinstated"
            {
                event["data"]["object"]["status"] = "prevented".into();
            }
        }
        if is_reverse_order {
            events.reverse();
        }
        for event in &events {
            assert_eq!(app.deliver(event).await.status, 200);
            app.process_inbox().await;
        }
        let entries = [(Kind::Dispute, 1500), (Kind::DisputeReversal, 1500), (Kind::Payment, 1500)];
        assert_eq!(app.ledger().await, entries);
        assert_eq!((app.clearing().await, app.standing().await.as_str()), (1500, "one_off"));
        app.finish().await;
    }
}

#[tokio::test]
async fn refunds_and_disputes_that_exceed_the_payment_raise_an_alarm_and_are_booked_in_full() {
    let app = TestApp::start().await;
    let gift = app.give(1500, "once").await;
    let charge = app.stripe.payments(&gift.session).charge.unwrap();
    let dispute = app.stripe.dispute(&charge, None).unwrap();
    app.stripe.close_dispute(&dispute, Outcome::Lost).unwrap();
    let mut events = app.stripe.events();
    // The practice Stripe rejects a refund of money that a lost dispute has taken, but Stripe itself has allowed one.
    let mut refund = events.last().unwrap().clone();
    refund["id"] = "evt_above".into();
    refund["type"] = "refund.created".into();
    refund["data"]["object"] = serde_json::json!({
        "id": "re_above", "object": "refund", "amount": 1500, "currency": "eur", "status": "succeeded",
        "charge": charge, "created": 1_800_000_000,
    });
    events.push(refund);
    for event in events {
        assert_eq!(app.deliver(&event).await.status, 200);
    }
    app.process_inbox().await;
    assert_eq!(app.clearing().await, -1500);
    let alarms = app.app.store.alarms(10).await.unwrap();
    assert!(alarms[0].1.contains("taken_back_above_paid") && alarms[0].1.contains("1500"), "{alarms:?}");
    app.finish().await;
}

#[tokio::test]
async fn one_person_who_gives_twice_is_one_supporter_with_two_contributions() {
    let app = TestApp::start().await;
    app.give(500, "once").await;
    app.give(1000, "month").await;
    app.deliver_and_process_all_events().await;
    let gifts = app.app.store.contributions().await.unwrap();
    assert_eq!((gifts.len(), app.app.store.supporters().await.unwrap().len()), (2, 1));
    assert_eq!(gifts[0].supporter, gifts[1].supporter);
    assert_eq!(app.standing().await, "recurring");
    let shown = format!("{gifts:?}");
    assert!(!shown.contains(EMAIL), "a contribution must not contain the e-mail address: {shown}");
    app.finish().await;
}

#[tokio::test]
async fn a_payment_of_other_software_in_the_same_stripe_account_is_stored_and_not_booked() {
    let app = TestApp::start().await;
    app.give(500, "once").await;
    for mut event in app.stripe.events() {
        let text = event.to_string().replace("keepopen_", "shop_");
        event = serde_json::from_str(&text).unwrap();
        assert_eq!(app.deliver(&event).await.status, 200);
    }
    app.process_inbox().await;
    assert!(app.app.store.contributions().await.unwrap().is_empty());
    assert!(app.ledger().await.is_empty());
    app.finish().await;
}
