//! Tests regular gifts: the first payment, renewals, failures and the end.

use keepopen_practice::PaymentChoice;
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe};

/// Creates a subscription that is paid by card. Returns its id.
async fn subscribe(stripe: &TestStripe) -> String {
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    stripe.practice.payments(&session).subscription.unwrap()
}

#[tokio::test]
async fn a_subscription_paid_by_card_emits_its_events_in_order() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    assert_eq!(
        stripe.emitted(),
        [
            "customer.created",
            "payment_method.attached",
            "customer.subscription.created",
            "payment_intent.created",
            "invoice.created",
            "invoice.finalized",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice_payment.paid",
            "customer.subscription.updated",
            "checkout.session.completed",
        ]
    );
    let done = stripe.last_emitted("checkout.session.completed");
    let ids = stripe.practice.payments(&session);
    assert_eq!(done["payment_status"], "paid");
    assert_eq!(done["payment_intent"], Value::Null);
    assert_eq!(done["subscription"].as_str(), ids.subscription.as_deref());
    assert_eq!(done["invoice"].as_str(), ids.invoice.as_deref());
    assert_eq!(stripe.last_emitted("customer.subscription.created")["status"], "incomplete");
    assert_eq!(stripe.last_emitted("customer.subscription.updated")["status"], "active");
}

#[tokio::test]
async fn a_paid_invoice_has_the_fields_of_the_newest_api_version() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let ids = stripe.practice.payments(&session);
    let invoice = stripe.last_emitted("invoice.paid");
    for old in ["subscription", "payment_intent", "charge", "paid"] {
        assert!(invoice.get(old).is_none(), "the invoice has the old field {old}");
    }
    let details = &invoice["parent"]["subscription_details"];
    assert_eq!(details["subscription"].as_str(), ids.subscription.as_deref());
    assert_eq!(details["metadata"], json!({ "attempt": "m1" }));
    assert_eq!(
        (&invoice["amount_paid"], &invoice["billing_reason"]),
        (&json!(1000), &json!("subscription_create"))
    );
    let invoice_payment = stripe.last_emitted("invoice_payment.paid");
    assert_eq!(invoice_payment["invoice"], invoice["id"]);
    assert_eq!(invoice_payment["payment"]["payment_intent"].as_str(), ids.payment_intent.as_deref());
    assert_eq!(stripe.last_emitted("payment_intent.succeeded")["metadata"], json!({}));
    let sub = stripe.last_emitted("customer.subscription.updated");
    assert!(sub.get("current_period_end").is_none());
    assert_eq!(sub["items"]["data"][0]["current_period_end"], NOON + 31 * 86_400);
}

#[tokio::test]
async fn a_month_later_a_new_invoice_is_paid() {
    let stripe = TestStripe::start().await;
    let sub = subscribe(&stripe).await;
    let from = stripe.emitted().len();
    stripe.advance_clock(31 * 86_400);
    let invoice = stripe.practice.next_period(&sub, true).unwrap().unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        [
            "payment_intent.created",
            "customer.subscription.updated",
            "invoice.created",
            "invoice.finalized",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated",
            "invoice.paid",
            "invoice.payment_succeeded",
            "invoice_payment.paid",
        ]
    );
    let paid = stripe.last_emitted("invoice.paid");
    assert_eq!(paid["id"], json!(invoice));
    assert_eq!(
        (&paid["billing_reason"], &paid["created"]),
        (&json!("subscription_cycle"), &json!(NOON + 31 * 86_400))
    );
    let item = &stripe.practice.object(&sub).unwrap()["items"]["data"][0];
    assert_eq!(item["current_period_start"], NOON + 31 * 86_400);
    assert_eq!(item["current_period_end"], NOON + 62 * 86_400);
}

#[tokio::test]
async fn a_subscription_is_past_due_after_a_declined_renewal_until_the_card_is_replaced() {
    let stripe = TestStripe::start().await;
    let sub = subscribe(&stripe).await;
    let from = stripe.emitted().len();
    let invoice = stripe.practice.next_period(&sub, false).unwrap().unwrap();
    assert_eq!(
        stripe.emitted_since(from)[4..],
        [
            "payment_intent.payment_failed",
            "charge.failed",
            "invoice.payment_failed",
            "customer.subscription.updated"
        ]
    );
    assert_eq!(stripe.last_emitted("customer.subscription.updated")["status"], "past_due");
    assert_eq!(stripe.last_emitted("invoice.payment_failed")["status"], "open");
    stripe.practice.replace_card(&sub).unwrap();
    assert_eq!(stripe.last_emitted("invoice.paid")["id"], json!(invoice));
    assert_eq!(stripe.practice.object(&sub).unwrap()["status"], "active");
    assert!(stripe.practice.replace_card(&sub).is_err());
}

#[tokio::test]
async fn a_scheduled_cancellation_takes_effect_at_the_end_of_the_period() {
    let stripe = TestStripe::start().await;
    let sub = subscribe(&stripe).await;
    let from = stripe.emitted().len();
    stripe.practice.cancel(&sub, true).unwrap();
    let scheduled = stripe.last_emitted("customer.subscription.updated");
    assert_eq!(
        (&scheduled["status"], &scheduled["cancel_at"]),
        (&json!("active"), &json!(NOON + 31 * 86_400))
    );
    stripe.practice.end_period(&sub).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        ["customer.subscription.updated", "customer.subscription.deleted"]
    );
    assert_eq!(stripe.last_emitted("customer.subscription.deleted")["status"], "canceled");
    assert!(stripe.practice.next_period(&sub, true).is_err());
}

#[tokio::test]
async fn an_immediate_cancellation_ends_the_subscription() {
    let stripe = TestStripe::start().await;
    let sub = subscribe(&stripe).await;
    let from = stripe.emitted().len();
    stripe.practice.cancel(&sub, false).unwrap();
    assert_eq!(stripe.emitted_since(from), ["customer.subscription.deleted"]);
    assert_eq!(stripe.last_emitted("customer.subscription.deleted")["ended_at"], NOON);
}

#[tokio::test]
async fn a_first_payment_by_bank_debit_leaves_the_invoice_open_until_it_settles() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::BankDebit).unwrap();
    let done = stripe.last_emitted("checkout.session.completed");
    assert_eq!(done["payment_status"], "unpaid");
    assert!(!stripe.emitted().contains(&"invoice.paid".to_owned()));
    let from = stripe.emitted().len();
    stripe.practice.settle_bank_debit(&session, true).unwrap();
    assert_eq!(stripe.emitted_since(from)[0], "checkout.session.async_payment_succeeded");
    assert_eq!(stripe.last_emitted("invoice.paid")["id"], done["invoice"]);
}

#[tokio::test]
async fn a_subscription_is_past_due_if_its_first_bank_debit_fails() {
    let stripe = TestStripe::start().await;
    let session = stripe.monthly_session().await;
    stripe.practice.pay(&session, PaymentChoice::BankDebit).unwrap();
    stripe.practice.settle_bank_debit(&session, false).unwrap();
    assert_eq!(stripe.last_emitted("customer.subscription.updated")["status"], "past_due");
    assert!(!stripe.emitted().contains(&"invoice.paid".to_owned()));
    assert!(stripe.emitted().contains(&"checkout.session.async_payment_failed".to_owned()));
}

#[tokio::test]
async fn the_api_schedules_and_withdraws_a_cancellation_and_cancels_at_once() {
    let stripe = TestStripe::start().await;
    let sub = subscribe(&stripe).await;
    let path = format!("/v1/subscriptions/{sub}");
    let (status, scheduled) = stripe.post(&path, &[("cancel_at_period_end", "true")]).await;
    assert_eq!((status, &scheduled["cancel_at_period_end"]), (200, &json!(true)));
    let (_, withdrawn) = stripe.post(&path, &[("cancel_at_period_end", "false")]).await;
    assert_eq!((&withdrawn["cancel_at_period_end"], &withdrawn["cancel_at"]), (&json!(false), &Value::Null));
    let (status, ended) =
        stripe.send(stripe.http.delete(stripe.url(&path)).bearer_auth(crate::helpers::KEY)).await;
    assert_eq!((status, &ended["status"]), (200, &json!("canceled")));
    assert_eq!(stripe.emitted().last().unwrap(), "customer.subscription.deleted");
}

#[tokio::test]
async fn ended_subscriptions_are_listed_only_on_request() {
    let stripe = TestStripe::start().await;
    let sub = subscribe(&stripe).await;
    stripe.practice.cancel(&sub, false).unwrap();
    for (query, count) in [("", 0), ("?status=all", 1), ("?status=canceled", 1), ("?status=active", 0)] {
        let (_, list) = stripe.get(&format!("/v1/subscriptions{query}")).await;
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{query}");
    }
}
