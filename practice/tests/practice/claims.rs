//! Disputes in parts and in stages, warnings of fraud, and reviews.

use keepopen_practice::Outcome;
use serde_json::{Value, json};

use crate::helpers::{Stand, id};

fn state(stand: &Stand, id: &str) -> Value {
    stand.practice.object(id).unwrap()["status"].clone()
}

/// The amounts that a dispute moved, oldest first.
fn moved(stand: &Stand, dispute: &str) -> Vec<Value> {
    let dispute = stand.practice.object(dispute).unwrap();
    let entries = dispute["balance_transactions"].as_array().unwrap();
    entries.iter().map(|entry| entry["amount"].clone()).collect()
}

#[tokio::test]
async fn a_charge_may_be_disputed_in_parts_but_never_above_itself() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let first = stand.practice.dispute(&charge, Some(300)).unwrap();
    let second = stand.practice.dispute(&charge, Some(500)).unwrap();
    assert_eq!((moved(&stand, &first), moved(&stand, &second)), (vec![json!(-300)], vec![json!(-500)]));
    assert_eq!(stand.practice.dispute(&charge, Some(201)).unwrap_err().param.as_deref(), Some("amount"));
    let rest = stand.practice.dispute(&charge, None).unwrap();
    assert_eq!(moved(&stand, &rest), [json!(-200)]);
    assert_eq!(stand.practice.dispute(&charge, None).unwrap_err().code, Some("charge_disputed"));
    // What a won dispute brought back can be disputed again.
    stand.practice.close_dispute(&first, Outcome::Won).unwrap();
    assert!(stand.practice.dispute(&charge, Some(301)).is_err());
    assert!(stand.practice.dispute(&charge, Some(300)).is_ok());
    let (_, list) = stand.get(&format!("/v1/disputes?charge={charge}")).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_inquiry_moves_no_money_and_may_be_closed() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let from = stand.told().len();
    let inquiry = stand.practice.open_inquiry(&charge, None).unwrap();
    assert_eq!(stand.told_since(from), ["charge.dispute.created"]);
    let told = stand.told_of("charge.dispute.created");
    assert_eq!(
        (&told["status"], &told["is_charge_refundable"], &told["balance_transactions"]),
        (&json!("warning_needs_response"), &json!(true), &json!([]))
    );
    assert_eq!(told["payment_method_details"]["card"]["case_type"], "inquiry");
    stand.practice.answer_dispute(&inquiry).unwrap();
    assert_eq!(state(&stand, &inquiry), "warning_under_review");
    assert!(stand.practice.close_dispute(&inquiry, Outcome::Won).is_err());
    stand.practice.close_dispute(&inquiry, Outcome::WarningClosed).unwrap();
    assert_eq!(stand.told_of("charge.dispute.closed")["status"], "warning_closed");
    assert!(moved(&stand, &inquiry).is_empty());
    assert!(stand.practice.escalate(&inquiry).is_err());
    assert!(stand.practice.refund(&charge, None).is_ok());
}

#[tokio::test]
async fn an_inquiry_may_become_a_dispute() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let inquiry = stand.practice.open_inquiry(&charge, Some(600)).unwrap();
    let from = stand.told().len();
    stand.practice.escalate(&inquiry).unwrap();
    assert_eq!(stand.told_since(from), ["charge.dispute.updated", "charge.dispute.funds_withdrawn"]);
    assert_eq!(state(&stand, &inquiry), "needs_response");
    assert_eq!(moved(&stand, &inquiry), [json!(-600)]);
    let told = stand.told_of("charge.dispute.funds_withdrawn");
    assert_eq!(told["payment_method_details"]["card"]["case_type"], "chargeback");
    assert_eq!(stand.practice.refund(&charge, None).unwrap_err().code, Some("charge_disputed"));
    assert!(stand.practice.close_dispute(&inquiry, Outcome::WarningClosed).is_err());
    stand.practice.close_dispute(&inquiry, Outcome::Lost).unwrap();
    assert_eq!(moved(&stand, &inquiry), [json!(-600)]);
}

#[tokio::test]
async fn a_full_refund_ends_an_inquiry() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let inquiry = stand.practice.open_inquiry(&charge, None).unwrap();
    stand.practice.refund(&charge, Some(400)).unwrap();
    assert_eq!(state(&stand, &inquiry), "warning_needs_response");
    stand.practice.refund(&charge, None).unwrap();
    assert_eq!(state(&stand, &inquiry), "warning_closed");
    assert_eq!(stand.told().last().unwrap(), "charge.dispute.closed");
}

#[tokio::test]
async fn a_prevented_dispute_is_a_refund() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let from = stand.told().len();
    let dispute = stand.practice.prevent_dispute(&charge, Some(400)).unwrap();
    assert_eq!(
        stand.told_since(from),
        [
            "charge.refunded",
            "refund.created",
            "refund.updated",
            "charge.dispute.created",
            "charge.dispute.closed"
        ]
    );
    let told = stand.told_of("charge.dispute.closed");
    assert_eq!((&told["status"], &told["amount"]), (&json!("prevented"), &json!(400)));
    assert!(moved(&stand, &dispute).is_empty());
    assert_eq!(stand.practice.object(&charge).unwrap()["amount_refunded"], 400);
    assert!(stand.practice.close_dispute(&dispute, Outcome::Won).is_err());
    assert!(stand.practice.refund(&charge, None).is_ok());
}

#[tokio::test]
async fn the_api_answers_and_gives_in() {
    let stand = Stand::start().await;
    let dispute = stand.practice.dispute(&stand.charged().await, None).unwrap();
    let path = format!("/v1/disputes/{dispute}");
    let form = [("evidence[customer_name]", "A Reader"), ("submit", "false"), ("metadata[a]", "1")];
    let (_, read) = stand.post(&path, &form).await;
    assert_eq!((&read["status"], &read["metadata"]), (&json!("needs_response"), &json!({ "a": "1" })));
    assert_eq!(read["evidence"]["customer_name"], "A Reader");
    assert_eq!(read["evidence_details"]["submission_count"], 0);
    let (_, read) = stand.post(&path, &[("evidence[receipt]", "file_1")]).await;
    assert_eq!(read["status"], "under_review");
    assert_eq!(stand.told_of("charge.dispute.updated")["evidence_details"]["submission_count"], 1);
    assert_eq!(stand.post(&path, &[("evidence[colour]", "red")]).await.0, 400);
    assert_eq!(stand.post(&format!("{path}/close"), &[]).await.1["status"], "lost");
    assert_eq!(stand.post(&path, &[("metadata[a]", "2")]).await.0, 400);
}

#[tokio::test]
async fn the_cards_bank_warns_of_fraud() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let warning = stand.practice.warn_of_fraud(&charge).unwrap();
    let told = stand.told_of("radar.early_fraud_warning.created");
    assert_eq!((&told["charge"], &told["actionable"]), (&json!(charge), &json!(true)));
    let (_, list) = stand.get(&format!("/v1/radar/early_fraud_warnings?charge={charge}")).await;
    assert_eq!(id(&list["data"][0]), warning);
    assert_eq!(id(&stand.get(&format!("/v1/radar/early_fraud_warnings/{warning}")).await.1), warning);
    stand.practice.refund(&charge, None).unwrap();
    stand.practice.warn_of_fraud(&charge).unwrap();
    assert_eq!(stand.told_of("radar.early_fraud_warning.created")["actionable"], false);
}

#[tokio::test]
async fn a_review_ends_by_hand_or_when_the_charge_is_refunded_or_disputed() {
    let stand = Stand::start().await;
    let charge = stand.charged().await;
    let review = stand.practice.open_review(&charge).unwrap();
    assert_eq!(stand.told_of("review.opened")["open"], true);
    assert_eq!(stand.practice.object(&charge).unwrap()["review"], json!(review));
    assert!(stand.practice.open_review(&charge).is_err());
    assert!(stand.practice.close_review(&review, "boredom").is_err());
    let (status, read) = stand.post(&format!("/v1/reviews/{review}/approve"), &[]).await;
    assert_eq!((status, &read["open"], &read["closed_reason"]), (200, &json!(false), &json!("approved")));
    assert!(stand.practice.close_review(&review, "approved").is_err());
    stand.practice.open_review(&charge).unwrap();
    stand.practice.refund(&charge, None).unwrap();
    assert_eq!(stand.told_of("review.closed")["reason"], "refunded");
    let charge = stand.charged().await;
    stand.practice.open_review(&charge).unwrap();
    stand.practice.dispute(&charge, None).unwrap();
    assert_eq!(stand.told_of("review.closed")["reason"], "disputed");
    assert_eq!(stand.practice.object(&charge).unwrap()["review"], Value::Null);
}
