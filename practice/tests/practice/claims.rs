//! Tests disputes, inquiries, fraud warnings and reviews.

use keepopen_practice::Outcome;
use serde_json::{Value, json};

use crate::helpers::{TestStripe, id};

fn status_of(stripe: &TestStripe, id: &str) -> Value {
    stripe.practice.object(id).unwrap()["status"].clone()
}

/// The amounts of the balance transactions of a dispute, oldest first.
fn moved_amounts(stripe: &TestStripe, dispute: &str) -> Vec<Value> {
    let dispute = stripe.practice.object(dispute).unwrap();
    let entries = dispute["balance_transactions"].as_array().unwrap();
    entries.iter().map(|entry| entry["amount"].clone()).collect()
}

#[tokio::test]
async fn a_charge_may_be_disputed_in_parts_but_not_for_more_than_its_amount() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let first = stripe.practice.dispute(&charge, Some(300)).unwrap();
    let second = stripe.practice.dispute(&charge, Some(500)).unwrap();
    assert_eq!(
        (moved_amounts(&stripe, &first), moved_amounts(&stripe, &second)),
        (vec![json!(-300)], vec![json!(-500)])
    );
    assert_eq!(stripe.practice.dispute(&charge, Some(201)).unwrap_err().param.as_deref(), Some("amount"));
    let rest = stripe.practice.dispute(&charge, None).unwrap();
    assert_eq!(moved_amounts(&stripe, &rest), [json!(-200)]);
    assert_eq!(stripe.practice.dispute(&charge, None).unwrap_err().code, Some("charge_disputed"));
    // After a dispute is won, its amount can be disputed again.
    stripe.practice.close_dispute(&first, Outcome::Won).unwrap();
    assert!(stripe.practice.dispute(&charge, Some(301)).is_err());
    assert!(stripe.practice.dispute(&charge, Some(300)).is_ok());
    let (_, list) = stripe.get(&format!("/v1/disputes?charge={charge}")).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_inquiry_moves_no_money_and_can_be_closed() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let from = stripe.emitted().len();
    let inquiry = stripe.practice.open_inquiry(&charge, None).unwrap();
    assert_eq!(stripe.emitted_since(from), ["charge.dispute.created"]);
    let emitted = stripe.last_emitted("charge.dispute.created");
    assert_eq!(
        (&emitted["status"], &emitted["is_charge_refundable"], &emitted["balance_transactions"]),
        (&json!("warning_needs_response"), &json!(true), &json!([]))
    );
    assert_eq!(emitted["payment_method_details"]["card"]["case_type"], "inquiry");
    stripe.practice.answer_dispute(&inquiry).unwrap();
    assert_eq!(status_of(&stripe, &inquiry), "warning_under_review");
    assert!(stripe.practice.close_dispute(&inquiry, Outcome::Won).is_err());
    stripe.practice.close_dispute(&inquiry, Outcome::WarningClosed).unwrap();
    assert_eq!(stripe.last_emitted("charge.dispute.closed")["status"], "warning_closed");
    assert!(moved_amounts(&stripe, &inquiry).is_empty());
    assert!(stripe.practice.escalate(&inquiry).is_err());
    assert!(stripe.practice.refund(&charge, None).is_ok());
}

#[tokio::test]
async fn an_inquiry_can_be_escalated_to_a_dispute() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let inquiry = stripe.practice.open_inquiry(&charge, Some(600)).unwrap();
    let from = stripe.emitted().len();
    stripe.practice.escalate(&inquiry).unwrap();
    assert_eq!(stripe.emitted_since(from), ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]);
    assert_eq!(status_of(&stripe, &inquiry), "needs_response");
    assert_eq!(moved_amounts(&stripe, &inquiry), [json!(-600)]);
    let emitted = stripe.last_emitted("charge.dispute.funds_withdrawn");
    assert_eq!(emitted["payment_method_details"]["card"]["case_type"], "chargeback");
    assert_eq!(stripe.practice.refund(&charge, None).unwrap_err().code, Some("charge_disputed"));
    assert!(stripe.practice.close_dispute(&inquiry, Outcome::WarningClosed).is_err());
    stripe.practice.close_dispute(&inquiry, Outcome::Lost).unwrap();
    assert_eq!(moved_amounts(&stripe, &inquiry), [json!(-600)]);
}

#[tokio::test]
async fn a_full_refund_closes_an_inquiry() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let inquiry = stripe.practice.open_inquiry(&charge, None).unwrap();
    stripe.practice.refund(&charge, Some(400)).unwrap();
    assert_eq!(status_of(&stripe, &inquiry), "warning_needs_response");
    stripe.practice.refund(&charge, None).unwrap();
    assert_eq!(status_of(&stripe, &inquiry), "warning_closed");
    assert_eq!(stripe.emitted().last().unwrap(), "charge.dispute.closed");
}

#[tokio::test]
async fn a_prevented_dispute_refunds_the_charge() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let from = stripe.emitted().len();
    let dispute = stripe.practice.prevent_dispute(&charge, Some(400)).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        [
            "charge.refunded",
            "refund.created",
            "refund.updated",
            "charge.dispute.created",
            "charge.dispute.closed"
        ]
    );
    let emitted = stripe.last_emitted("charge.dispute.closed");
    assert_eq!((&emitted["status"], &emitted["amount"]), (&json!("prevented"), &json!(400)));
    assert!(moved_amounts(&stripe, &dispute).is_empty());
    assert_eq!(stripe.practice.object(&charge).unwrap()["amount_refunded"], 400);
    assert!(stripe.practice.close_dispute(&dispute, Outcome::Won).is_err());
    assert!(stripe.practice.refund(&charge, None).is_ok());
}

#[tokio::test]
async fn a_dispute_can_be_answered_and_accepted_over_the_api() {
    let stripe = TestStripe::start().await;
    let dispute = stripe.practice.dispute(&stripe.pay_by_card().await, None).unwrap();
    let path = format!("/v1/disputes/{dispute}");
    let form = [("evidence[customer_name]", "A Reader"), ("submit", "false"), ("metadata[a]", "1")];
    let (_, read) = stripe.post(&path, &form).await;
    assert_eq!((&read["status"], &read["metadata"]), (&json!("needs_response"), &json!({ "a": "1" })));
    assert_eq!(read["evidence"]["customer_name"], "A Reader");
    assert_eq!(read["evidence_details"]["submission_count"], 0);
    let (_, read) = stripe.post(&path, &[("evidence[receipt]", "file_1")]).await;
    assert_eq!(read["status"], "under_review");
    assert_eq!(stripe.last_emitted("charge.dispute.updated")["evidence_details"]["submission_count"], 1);
    assert_eq!(stripe.post(&path, &[("evidence[colour]", "red")]).await.0, 400);
    assert_eq!(stripe.post(&format!("{path}/close"), &[]).await.1["status"], "lost");
    assert_eq!(stripe.post(&path, &[("metadata[a]", "2")]).await.0, 400);
}

#[tokio::test]
async fn a_fraud_warning_is_actionable_until_the_charge_is_refunded() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let warning = stripe.practice.warn_of_fraud(&charge).unwrap();
    let emitted = stripe.last_emitted("radar.early_fraud_warning.created");
    assert_eq!((&emitted["charge"], &emitted["actionable"]), (&json!(charge), &json!(true)));
    let (_, list) = stripe.get(&format!("/v1/radar/early_fraud_warnings?charge={charge}")).await;
    assert_eq!(id(&list["data"][0]), warning);
    assert_eq!(id(&stripe.get(&format!("/v1/radar/early_fraud_warnings/{warning}")).await.1), warning);
    stripe.practice.refund(&charge, None).unwrap();
    stripe.practice.warn_of_fraud(&charge).unwrap();
    assert_eq!(stripe.last_emitted("radar.early_fraud_warning.created")["actionable"], false);
}

#[tokio::test]
async fn a_review_is_closed_by_hand_or_by_a_refund_or_a_dispute() {
    let stripe = TestStripe::start().await;
    let charge = stripe.pay_by_card().await;
    let review = stripe.practice.open_review(&charge).unwrap();
    assert_eq!(stripe.last_emitted("review.opened")["open"], true);
    assert_eq!(stripe.practice.object(&charge).unwrap()["review"], json!(review));
    assert!(stripe.practice.open_review(&charge).is_err());
    assert!(stripe.practice.close_review(&review, "boredom").is_err());
    let (status, read) = stripe.post(&format!("/v1/reviews/{review}/approve"), &[]).await;
    assert_eq!((status, &read["open"], &read["closed_reason"]), (200, &json!(false), &json!("approved")));
    assert!(stripe.practice.close_review(&review, "approved").is_err());
    stripe.practice.open_review(&charge).unwrap();
    stripe.practice.refund(&charge, None).unwrap();
    assert_eq!(stripe.last_emitted("review.closed")["reason"], "refunded");
    let charge = stripe.pay_by_card().await;
    stripe.practice.open_review(&charge).unwrap();
    stripe.practice.dispute(&charge, None).unwrap();
    assert_eq!(stripe.last_emitted("review.closed")["reason"], "disputed");
    assert_eq!(stripe.practice.object(&charge).unwrap()["review"], Value::Null);
}
