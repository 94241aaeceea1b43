//! Tests one-off payments, refunds and disputes: which events they emit, in which order, and with which content.

use keepopen_practice::{Outcome, PaymentChoice};
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe};

#[tokio::test]
async fn a_card_payment_emits_its_events_in_order() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    assert_eq!(stripe.practice.session(&session)["payment_intent"], Value::Null);
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    assert_eq!(
        stripe.emitted(),
        [
            "customer.created",
            "payment_intent.created",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated",
            "checkout.session.completed",
        ]
    );
    let done = stripe.last_emitted("checkout.session.completed");
    assert_eq!(done["payment_status"], "paid");
    assert_eq!(done["status"], "complete");
    assert_eq!(done["metadata"], json!({ "attempt": "a1" }));
    assert_eq!(done["customer_details"]["email"], "reader@example.org");
    assert_eq!(done["subscription"], Value::Null);
    assert_eq!(done["url"], Value::Null);
    let ids = stripe.practice.payments(&session);
    assert_eq!(done["payment_intent"].as_str(), ids.payment_intent.as_deref());
    assert_eq!(done["customer"].as_str(), ids.customer.as_deref());
    assert_eq!(stripe.last_emitted("payment_intent.succeeded")["metadata"], json!({ "attempt": "a1" }));
    let charge = stripe.last_emitted("charge.succeeded");
    assert!(charge.get("refunds").is_none() && charge.get("invoice").is_none());
    assert_eq!(charge["balance_transaction"], Value::Null);
}

#[tokio::test]
async fn an_event_contains_the_object_in_stripes_envelope() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let created = &stripe.practice.events()[1];
    assert_eq!(created["data"]["object"]["status"], "requires_payment_method");
    assert_eq!(created["api_version"], "2026-09-30.endive");
    assert_eq!(created["object"], "event");
    assert_eq!(created["created"], NOON);
    assert_eq!(created["livemode"], false);
    assert_eq!(created["request"], json!({ "id": null, "idempotency_key": null }));
    assert!(created["id"].as_str().unwrap().starts_with("evt_"));
    assert!(created["data"].get("previous_attributes").is_none());
    let updated = &stripe.practice.events()[4];
    assert_eq!(updated["data"]["previous_attributes"], json!({ "balance_transaction": null }));
}

#[tokio::test]
async fn the_fee_of_a_charge_can_be_read() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let entry = stripe.last_emitted("charge.updated")["balance_transaction"].as_str().unwrap().to_owned();
    let (status, entry) = stripe.get(&format!("/v1/balance_transactions/{entry}")).await;
    assert_eq!(status, 200);
    assert_eq!((&entry["amount"], &entry["fee"], &entry["net"]), (&json!(1000), &json!(40), &json!(960)));
}

#[tokio::test]
async fn a_one_off_payment_creates_no_customer_unless_the_call_asks_for_one() {
    let stripe = TestStripe::start().await;
    let mut form = crate::helpers::one_off_form();
    form.retain(|(name, _)| *name != "customer_creation");
    let (_, session) = stripe.post("/v1/checkout/sessions", &form).await;
    let session = stripe.practice.pay(session["id"].as_str().unwrap(), PaymentChoice::Card).unwrap();
    assert_eq!(session["customer"], Value::Null);
    assert!(!stripe.emitted().contains(&"customer.created".to_owned()));
}

#[tokio::test]
async fn a_declined_card_leaves_the_session_open_for_another_try() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    let declined_session = stripe.practice.pay(&session, PaymentChoice::Decline).unwrap();
    assert_eq!(declined_session["status"], "open");
    assert_eq!(
        stripe.emitted(),
        ["payment_intent.created", "payment_intent.payment_failed", "charge.failed"]
    );
    let failed = stripe.last_emitted("payment_intent.payment_failed");
    assert_eq!(failed["status"], "requires_payment_method");
    assert_eq!(failed["last_payment_error"]["code"], "card_declined");
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    assert_eq!(stripe.last_emitted("payment_intent.succeeded")["id"], failed["id"]);
    assert_eq!(stripe.last_emitted("checkout.session.completed")["payment_status"], "paid");
}

#[tokio::test]
async fn a_session_paid_by_bank_debit_completes_unpaid_and_is_paid_later() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::BankDebit).unwrap();
    assert_eq!(
        stripe.emitted()[2..],
        ["payment_intent.processing", "charge.pending", "checkout.session.completed"]
    );
    assert_eq!(stripe.last_emitted("checkout.session.completed")["payment_status"], "unpaid");
    let from = stripe.emitted().len();
    stripe.practice.settle_bank_debit(&session, true).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        [
            "checkout.session.async_payment_succeeded",
            "payment_intent.succeeded",
            "charge.succeeded",
            "charge.updated"
        ]
    );
    assert_eq!(stripe.last_emitted("checkout.session.async_payment_succeeded")["payment_status"], "paid");
    assert!(stripe.practice.settle_bank_debit(&session, true).is_err());
}

#[tokio::test]
async fn a_bank_debit_can_fail_later() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::BankDebit).unwrap();
    let from = stripe.emitted().len();
    stripe.practice.settle_bank_debit(&session, false).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        ["checkout.session.async_payment_failed", "payment_intent.payment_failed", "charge.failed"]
    );
    assert_eq!(stripe.last_emitted("checkout.session.async_payment_failed")["payment_status"], "unpaid");
    assert_eq!(stripe.last_emitted("charge.failed")["paid"], false);
}

#[tokio::test]
async fn a_session_expires_after_24_hours() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.advance_clock(86_399);
    assert_eq!(stripe.practice.session(&session)["status"], "open");
    stripe.advance_clock(1);
    assert_eq!(stripe.practice.session(&session)["status"], "expired");
    assert_eq!(stripe.emitted(), ["checkout.session.expired"]);
    assert!(stripe.practice.pay(&session, PaymentChoice::Card).is_err());
}

#[tokio::test]
async fn a_session_can_be_paid_only_once() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    let emitted = stripe.emitted().len();
    assert!(stripe.practice.pay(&session, PaymentChoice::Card).is_err());
    assert!(stripe.practice.expire(&session).is_err());
    assert_eq!(stripe.emitted().len(), emitted);
}

/// Pays 10.00 euros by card. Returns the payment intent's id.
async fn pay(stripe: &TestStripe) -> String {
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Card).unwrap();
    stripe.practice.payments(&session).payment_intent.unwrap()
}

#[tokio::test]
async fn all_refunds_of_a_charge_together_never_exceed_its_amount() {
    let stripe = TestStripe::start().await;
    let intent = pay(&stripe).await;
    let from = stripe.emitted().len();
    stripe.practice.refund(&intent, Some(300)).unwrap();
    assert_eq!(stripe.emitted_since(from), ["charge.refunded", "refund.created", "refund.updated"]);
    let charge = stripe.last_emitted("charge.refunded");
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(300), &json!(false)));
    assert!(stripe.practice.refund(&intent, Some(701)).is_err());
    let rest = stripe.practice.refund(&intent, None).unwrap();
    assert_eq!(stripe.practice.object(&rest).unwrap()["amount"], 700);
    let charge = stripe.last_emitted("charge.refunded");
    assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(1000), &json!(true)));
    assert_eq!(stripe.practice.refund(&intent, None).unwrap_err().code, Some("charge_already_refunded"));
}

#[tokio::test]
async fn a_failed_refund_returns_the_money_to_the_account() {
    let stripe = TestStripe::start().await;
    let intent = pay(&stripe).await;
    let refund = stripe.practice.refund(&intent, None).unwrap();
    let from = stripe.emitted().len();
    stripe.practice.fail_refund(&refund).unwrap();
    assert_eq!(stripe.emitted_since(from), ["charge.refund.updated", "refund.updated", "refund.failed"]);
    let failed = stripe.last_emitted("refund.failed");
    assert_eq!((&failed["status"], &failed["payment_intent"]), (&json!("failed"), &json!(intent)));
    assert!(failed["failure_balance_transaction"].as_str().unwrap().starts_with("txn_"));
    assert!(stripe.practice.fail_refund(&refund).is_err());
    assert!(stripe.practice.refund(&intent, None).is_ok());
}

#[tokio::test]
async fn a_dispute_withdraws_the_money_and_returns_it_if_it_is_won() {
    let stripe = TestStripe::start().await;
    let intent = pay(&stripe).await;
    let from = stripe.emitted().len();
    let dispute = stripe.practice.dispute(&intent, None).unwrap();
    assert_eq!(stripe.last_emitted("charge.dispute.created")["status"], "needs_response");
    stripe.practice.close_dispute(&dispute, Outcome::Won).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        [
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.closed",
            "charge.dispute.funds_reinstated",
        ]
    );
    let closed = stripe.last_emitted("charge.dispute.closed");
    assert_eq!((&closed["status"], &closed["amount"]), (&json!("won"), &json!(1000)));
    let amounts: Vec<_> = closed["balance_transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["amount"].clone())
        .collect();
    assert_eq!(amounts, [json!(-1000), json!(1000)]);
    assert!(stripe.practice.close_dispute(&dispute, Outcome::Lost).is_err());
}

#[tokio::test]
async fn a_dispute_may_exceed_the_amount_left_after_a_refund() {
    let stripe = TestStripe::start().await;
    let intent = pay(&stripe).await;
    stripe.practice.refund(&intent, Some(600)).unwrap();
    let from = stripe.emitted().len();
    let dispute = stripe.practice.dispute(&intent, Some(1000)).unwrap();
    stripe.practice.close_dispute(&dispute, Outcome::Lost).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]
    );
    assert_eq!(stripe.last_emitted("charge.dispute.closed")["status"], "lost");
    assert_eq!(stripe.practice.refund(&intent, None).unwrap_err().code, Some("charge_disputed"));
}
