//! Tests invoices that wait for the payer, stay drafts, are announced, are voided or are uncollectible. Also tests
//! canceled payments.

use keepopen_practice::{PaymentChoice, Renewal};
use serde_json::{Value, json};

use crate::helpers::{NOON, TestStripe};

/// Creates a subscription and renews it. Returns the ids of the subscription and of the new invoice.
async fn subscribe_and_renew(stripe: &TestStripe, how: Renewal) -> (String, String) {
    let sub = stripe.subscribe().await;
    let invoice = stripe.practice.renew(&sub, how).unwrap().unwrap();
    (sub, invoice)
}

fn status_of(stripe: &TestStripe, id: &str) -> Value {
    stripe.practice.object(id).unwrap()["status"].clone()
}

#[tokio::test]
async fn a_renewal_may_require_action_by_the_payer() {
    let stripe = TestStripe::start().await;
    let (sub, invoice) = subscribe_and_renew(&stripe, Renewal::NeedsAction).await;
    let emitted = stripe.emitted();
    assert_eq!(
        emitted[emitted.len() - 4..],
        [
            "payment_intent.requires_action",
            "invoice.payment_action_required",
            "invoice.payment_failed",
            "customer.subscription.updated"
        ]
    );
    assert_eq!(stripe.last_emitted("invoice.payment_action_required")["id"], json!(invoice));
    assert_eq!(status_of(&stripe, &sub), "past_due");
    stripe.practice.replace_card(&sub).unwrap();
    assert_eq!((status_of(&stripe, &sub), status_of(&stripe, &invoice)), (json!("active"), json!("paid")));
    assert_eq!(stripe.last_emitted("payment_intent.succeeded")["next_action"], Value::Null);
}

#[tokio::test]
async fn an_invoice_that_cant_be_finalized_stays_a_draft() {
    let stripe = TestStripe::start().await;
    let (sub, invoice) = subscribe_and_renew(&stripe, Renewal::NotFinalized).await;
    let failed = stripe.last_emitted("invoice.finalization_failed");
    assert_eq!((&failed["id"], &failed["status"]), (&json!(invoice), &json!("draft")));
    assert_eq!(failed["last_finalization_error"]["code"], "customer_tax_location_invalid");
    assert_eq!(status_of(&stripe, &sub), "active");
    let from = stripe.emitted().len();
    stripe.practice.finalize_invoice(&invoice).unwrap();
    assert_eq!(stripe.emitted_since(from)[..2], ["payment_intent.created", "invoice.finalized"]);
    assert_eq!(stripe.last_emitted("invoice.paid")["id"], json!(invoice));
    let (status, body) = stripe.post(&format!("/v1/invoices/{invoice}/finalize"), &[]).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("invoice_not_editable")));
}

#[tokio::test]
async fn the_next_invoice_is_announced_but_not_stored() {
    let stripe = TestStripe::start().await;
    let sub = stripe.subscribe().await;
    let invoices = stripe.practice.objects("invoice").len();
    stripe.practice.announce_renewal(&sub).unwrap();
    let upcoming = stripe.last_emitted("invoice.upcoming");
    assert!(upcoming["id"].as_str().unwrap().starts_with("upcoming_in_"));
    assert_eq!(upcoming["parent"]["subscription_details"]["subscription"], json!(sub));
    assert_eq!((&upcoming["amount_due"], &upcoming["number"]), (&json!(1000), &Value::Null));
    assert_eq!(upcoming["next_payment_attempt"], NOON + 31 * 86_400);
    assert_eq!(stripe.practice.objects("invoice").len(), invoices);
}

#[tokio::test]
async fn a_voided_invoice_cancels_its_payment() {
    let stripe = TestStripe::start().await;
    let (sub, invoice) = subscribe_and_renew(&stripe, Renewal::CardFails).await;
    let from = stripe.emitted().len();
    stripe.practice.void_invoice(&invoice).unwrap();
    assert_eq!(
        stripe.emitted_since(from),
        ["payment_intent.canceled", "invoice.voided", "customer.subscription.updated"]
    );
    assert_eq!(stripe.last_emitted("payment_intent.canceled")["cancellation_reason"], "void_invoice");
    let voided = stripe.last_emitted("invoice.voided");
    assert_eq!(
        (&voided["status"], &voided["status_transitions"]["voided_at"]),
        (&json!("void"), &json!(NOON))
    );
    let invoice_payment = stripe.practice.objects("invoice_payment").pop().unwrap();
    assert_eq!(
        (&invoice_payment["invoice"], &invoice_payment["status"]),
        (&json!(invoice), &json!("canceled"))
    );
    assert_eq!(status_of(&stripe, &sub), "active");
    assert!(stripe.practice.void_invoice(&invoice).is_err());
    assert!(stripe.practice.replace_card(&sub).is_err());
}

#[tokio::test]
async fn an_uncollectible_invoice_can_still_be_voided() {
    let stripe = TestStripe::start().await;
    let (sub, invoice) = subscribe_and_renew(&stripe, Renewal::CardFails).await;
    let (status, read) = stripe.post(&format!("/v1/invoices/{invoice}/mark_uncollectible"), &[]).await;
    assert_eq!((status, &read["status"]), (200, &json!("uncollectible")));
    assert_eq!(stripe.last_emitted("invoice.marked_uncollectible")["id"], json!(invoice));
    assert_eq!(status_of(&stripe, &sub), "active");
    assert!(stripe.practice.mark_uncollectible(&invoice).is_err());
    let (status, read) = stripe.post(&format!("/v1/invoices/{invoice}/void"), &[]).await;
    assert_eq!((status, &read["status"]), (200, &json!("void")));
    let paid = stripe.practice.objects("invoice")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(stripe.post(&format!("/v1/invoices/{paid}/void"), &[]).await.0, 400);
}

#[tokio::test]
async fn an_expired_session_cancels_its_payment() {
    let stripe = TestStripe::start().await;
    let session = stripe.one_off_session().await;
    stripe.practice.pay(&session, PaymentChoice::Decline).unwrap();
    let intent = stripe.practice.payments(&session).payment_intent.unwrap();
    let cancel = format!("/v1/payment_intents/{intent}/cancel");
    assert_eq!(stripe.post(&cancel, &[]).await.0, 400);
    let from = stripe.emitted().len();
    stripe.practice.expire(&session).unwrap();
    assert_eq!(stripe.emitted_since(from), ["checkout.session.expired", "payment_intent.canceled"]);
    assert_eq!(stripe.last_emitted("payment_intent.canceled")["canceled_at"], NOON);
    let (status, body) = stripe.post(&cancel, &[]).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("payment_intent_unexpected_state")));
}

#[tokio::test]
async fn a_failed_payment_can_be_canceled() {
    let stripe = TestStripe::start().await;
    subscribe_and_renew(&stripe, Renewal::CardFails).await;
    let intent = stripe.last_emitted("payment_intent.payment_failed")["id"].as_str().unwrap().to_owned();
    let form = [("cancellation_reason", "abandoned")];
    let (status, read) = stripe.post(&format!("/v1/payment_intents/{intent}/cancel"), &form).await;
    assert_eq!((status, &read["status"]), (200, &json!("canceled")));
    assert_eq!(stripe.last_emitted("payment_intent.canceled")["cancellation_reason"], "abandoned");
    assert!(stripe.practice.cancel_payment(&intent).is_err());
}
