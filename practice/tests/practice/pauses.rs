//! Tests paused subscriptions, and changes of a subscription that wait for their payment.

use keepopen_practice::Renewal;
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe};

#[tokio::test]
async fn while_collection_is_paused_invoices_are_created_and_not_paid() {
    for (behavior, emitted, status) in [
        ("keep_as_draft", vec!["invoice.created"], "draft"),
        ("void", vec!["invoice.created", "invoice.finalized", "invoice.voided"], "void"),
        (
            "mark_uncollectible",
            vec!["invoice.created", "invoice.finalized", "invoice.marked_uncollectible"],
            "uncollectible",
        ),
    ] {
        let stripe = TestStripe::start().await;
        let sub = stripe.subscribe().await;
        stripe.practice.pause_collection(&sub, Some(behavior)).unwrap();
        assert_eq!(stripe.previous_attributes(), json!({ "pause_collection": null }));
        let from = stripe.emitted().len();
        let invoice = stripe.practice.renew(&sub, Renewal::Paid).unwrap().unwrap();
        assert_eq!(stripe.emitted_since(from)[0], "customer.subscription.updated");
        assert_eq!(stripe.emitted_since(from)[1..], emitted);
        assert_eq!(stripe.practice.object(&invoice).unwrap()["status"], status);
        assert_eq!(stripe.practice.object(&sub).unwrap()["status"], "active");
        stripe.practice.pause_collection(&sub, None).unwrap();
        assert_eq!(stripe.last_emitted("customer.subscription.updated")["pause_collection"], Value::Null);
        stripe.practice.renew(&sub, Renewal::Paid).unwrap();
        assert_eq!(stripe.emitted().iter().filter(|kind| *kind == "invoice.paid").count(), 2);
    }
}

#[tokio::test]
async fn the_api_pauses_collection_until_a_time_and_resumes_it() {
    let stripe = TestStripe::start().await;
    let sub = stripe.subscribe().await;
    let path = format!("/v1/subscriptions/{sub}");
    let until = (NOON + 86_400).to_string();
    let form = [("pause_collection[behavior]", "void"), ("pause_collection[resumes_at]", until.as_str())];
    let (status, paused) = stripe.post(&path, &form).await;
    assert_eq!(status, 200, "{paused:#}");
    assert_eq!(paused["pause_collection"], json!({ "behavior": "void", "resumes_at": NOON + 86_400 }));
    stripe.advance_clock(86_400);
    stripe.practice.renew(&sub, Renewal::Paid).unwrap();
    assert_eq!(stripe.last_emitted("invoice.paid")["billing_reason"], "subscription_cycle");
    assert_eq!(stripe.practice.object(&sub).unwrap()["pause_collection"], Value::Null);
    stripe.post(&path, &form[..1]).await;
    let (_, resumed) = stripe.post(&path, &[("pause_collection", "")]).await;
    assert_eq!(resumed["pause_collection"], Value::Null);
    for behavior in ["sleep", ""] {
        let (status, _) = stripe.post(&path, &[("pause_collection[behavior]", behavior)]).await;
        assert_eq!(status, 400, "the behavior {behavior:?} was accepted");
    }
}

#[tokio::test]
async fn a_paused_subscription_has_no_periods_until_it_is_resumed() {
    let stripe = TestStripe::start().await;
    let sub = stripe.subscribe().await;
    let resume = format!("/v1/subscriptions/{sub}/resume");
    assert_eq!(stripe.post(&resume, &[]).await.0, 400);
    stripe.practice.pause(&sub).unwrap();
    assert_eq!(stripe.emitted().last().unwrap(), "customer.subscription.paused");
    assert_eq!(stripe.last_emitted("customer.subscription.paused")["status"], "paused");
    assert!(stripe.practice.pause(&sub).is_err());
    assert!(stripe.practice.renew(&sub, Renewal::Paid).is_err());
    let (status, read) = stripe.post(&resume, &[("billing_cycle_anchor", "now")]).await;
    assert_eq!((status, &read["status"]), (200, &json!("active")));
    assert_eq!(stripe.emitted().last().unwrap(), "customer.subscription.resumed");
    assert_eq!(stripe.previous_attributes(), json!({ "status": "paused" }));
    stripe.practice.renew(&sub, Renewal::Paid).unwrap();
}

#[tokio::test]
async fn a_pending_change_is_applied_after_its_payment() {
    let stripe = TestStripe::start().await;
    let sub = stripe.subscribe().await;
    let from = stripe.emitted().len();
    stripe.practice.apply_update(&sub, 1500).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        [
            "customer.subscription.updated",
            "customer.subscription.pending_update_applied",
            "customer.subscription.updated"
        ]
    );
    let updated = &stripe.practice.events()[from]["data"]["object"];
    assert_eq!(updated["items"]["data"][0]["price"]["unit_amount"], 1000);
    assert_eq!(updated["pending_update"]["subscription_items"][0]["price"]["unit_amount"], 1500);
    let applied = stripe.last_emitted("customer.subscription.pending_update_applied");
    assert_eq!(applied["items"]["data"][0]["price"]["unit_amount"], 1500);
    assert_eq!(applied["pending_update"], Value::Null);
    stripe.practice.renew(&sub, Renewal::Paid).unwrap();
    assert_eq!(stripe.last_emitted("invoice.paid")["amount_paid"], 1500);
    assert!(stripe.practice.apply_update(&sub, 0).is_err());
}
