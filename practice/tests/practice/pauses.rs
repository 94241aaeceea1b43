//! Subscriptions that rest, and changes that waited for their payment.

use keepopen_practice::Renewal;
use serde_json::{Value, json};

use crate::helpers::{NOON, Stand};

#[tokio::test]
async fn paused_collection_draws_invoices_up_and_takes_nothing() {
    for (behavior, told, status) in [
        ("keep_as_draft", vec!["invoice.created"], "draft"),
        ("void", vec!["invoice.created", "invoice.finalized", "invoice.voided"], "void"),
        (
            "mark_uncollectible",
            vec!["invoice.created", "invoice.finalized", "invoice.marked_uncollectible"],
            "uncollectible",
        ),
    ] {
        let stand = Stand::start().await;
        let sub = stand.subscribed().await;
        stand.practice.pause_collection(&sub, Some(behavior)).unwrap();
        assert_eq!(stand.before(), json!({ "pause_collection": null }));
        let from = stand.told().len();
        let invoice = stand.practice.renew(&sub, Renewal::Paid).unwrap().unwrap();
        assert_eq!(stand.told_since(from)[0], "customer.subscription.updated");
        assert_eq!(stand.told_since(from)[1..], told);
        assert_eq!(stand.practice.object(&invoice).unwrap()["status"], status);
        assert_eq!(stand.practice.object(&sub).unwrap()["status"], "active");
        stand.practice.pause_collection(&sub, None).unwrap();
        assert_eq!(stand.told_of("customer.subscription.updated")["pause_collection"], Value::Null);
        stand.practice.renew(&sub, Renewal::Paid).unwrap();
        assert_eq!(stand.told().iter().filter(|kind| *kind == "invoice.paid").count(), 2);
    }
}

#[tokio::test]
async fn the_api_pauses_collection_until_a_time_and_takes_it_up_again() {
    let stand = Stand::start().await;
    let sub = stand.subscribed().await;
    let path = format!("/v1/subscriptions/{sub}");
    let until = (NOON + 86_400).to_string();
    let form = [("pause_collection[behavior]", "void"), ("pause_collection[resumes_at]", until.as_str())];
    let (status, paused) = stand.post(&path, &form).await;
    assert_eq!(status, 200, "{paused:#}");
    assert_eq!(paused["pause_collection"], json!({ "behavior": "void", "resumes_at": NOON + 86_400 }));
    stand.seconds_pass(86_400);
    stand.practice.renew(&sub, Renewal::Paid).unwrap();
    assert_eq!(stand.told_of("invoice.paid")["billing_reason"], "subscription_cycle");
    assert_eq!(stand.practice.object(&sub).unwrap()["pause_collection"], Value::Null);
    stand.post(&path, &form[..1]).await;
    let (_, resumed) = stand.post(&path, &[("pause_collection", "")]).await;
    assert_eq!(resumed["pause_collection"], Value::Null);
    for wrong in ["sleep", ""] {
        let (status, _) = stand.post(&path, &[("pause_collection[behavior]", wrong)]).await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_paused_subscription_has_no_periods_until_it_is_resumed() {
    let stand = Stand::start().await;
    let sub = stand.subscribed().await;
    let resume = format!("/v1/subscriptions/{sub}/resume");
    assert_eq!(stand.post(&resume, &[]).await.0, 400);
    stand.practice.pause(&sub).unwrap();
    assert_eq!(stand.told().last().unwrap(), "customer.subscription.paused");
    assert_eq!(stand.told_of("customer.subscription.paused")["status"], "paused");
    assert!(stand.practice.pause(&sub).is_err());
    assert!(stand.practice.renew(&sub, Renewal::Paid).is_err());
    let (status, read) = stand.post(&resume, &[("billing_cycle_anchor", "now")]).await;
    assert_eq!((status, &read["status"]), (200, &json!("active")));
    assert_eq!(stand.told().last().unwrap(), "customer.subscription.resumed");
    assert_eq!(stand.before(), json!({ "status": "paused" }));
    stand.practice.renew(&sub, Renewal::Paid).unwrap();
}

#[tokio::test]
async fn a_change_that_waited_for_its_payment_is_applied() {
    let stand = Stand::start().await;
    let sub = stand.subscribed().await;
    let from = stand.told().len();
    stand.practice.apply_update(&sub, 1500).unwrap();
    assert_eq!(
        stand.told_since(from),
        [
            "customer.subscription.updated",
            "customer.subscription.pending_update_applied",
            "customer.subscription.updated"
        ]
    );
    let waiting = &stand.practice.events()[from]["data"]["object"];
    assert_eq!(waiting["items"]["data"][0]["price"]["unit_amount"], 1000);
    assert_eq!(waiting["pending_update"]["subscription_items"][0]["price"]["unit_amount"], 1500);
    let applied = stand.told_of("customer.subscription.pending_update_applied");
    assert_eq!(applied["items"]["data"][0]["price"]["unit_amount"], 1500);
    assert_eq!(applied["pending_update"], Value::Null);
    stand.practice.renew(&sub, Renewal::Paid).unwrap();
    assert_eq!(stand.told_of("invoice.paid")["amount_paid"], 1500);
    assert!(stand.practice.apply_update(&sub, 0).is_err());
}
