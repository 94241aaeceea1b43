//! Invoices that wait for the payer, stay drafts, are announced, or are given up; payments that are called off.

use keepopen_practice::{How, Renewal};
use serde_json::{Value, json};

use crate::helpers::{NOON, Stand};

async fn renewed(stand: &Stand, how: Renewal) -> (String, String) {
    let sub = stand.subscribed().await;
    let invoice = stand.practice.renew(&sub, how).unwrap().unwrap();
    (sub, invoice)
}

fn state(stand: &Stand, id: &str) -> Value {
    stand.practice.object(id).unwrap()["status"].clone()
}

#[tokio::test]
async fn a_renewal_may_need_the_payer() {
    let stand = Stand::start().await;
    let (sub, invoice) = renewed(&stand, Renewal::NeedsAction).await;
    let told = stand.told();
    assert_eq!(
        told[told.len() - 4..],
        [
            "payment_intent.requires_action",
            "invoice.payment_action_required",
            "invoice.payment_failed",
            "customer.subscription.updated"
        ]
    );
    assert_eq!(stand.told_of("invoice.payment_action_required")["id"], json!(invoice));
    assert_eq!(state(&stand, &sub), "past_due");
    stand.practice.replace_card(&sub).unwrap();
    assert_eq!((state(&stand, &sub), state(&stand, &invoice)), (json!("active"), json!("paid")));
    assert_eq!(stand.told_of("payment_intent.succeeded")["next_action"], Value::Null);
}

#[tokio::test]
async fn an_invoice_that_cant_be_made_final_stays_a_draft() {
    let stand = Stand::start().await;
    let (sub, invoice) = renewed(&stand, Renewal::NotFinalized).await;
    let failed = stand.told_of("invoice.finalization_failed");
    assert_eq!((&failed["id"], &failed["status"]), (&json!(invoice), &json!("draft")));
    assert_eq!(failed["last_finalization_error"]["code"], "customer_tax_location_invalid");
    assert_eq!(state(&stand, &sub), "active");
    let from = stand.told().len();
    stand.practice.finalize_invoice(&invoice).unwrap();
    assert_eq!(stand.told_since(from)[..2], ["payment_intent.created", "invoice.finalized"]);
    assert_eq!(stand.told_of("invoice.paid")["id"], json!(invoice));
    let (status, body) = stand.post(&format!("/v1/invoices/{invoice}/finalize"), &[]).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("invoice_not_editable")));
}

#[tokio::test]
async fn the_next_invoice_is_announced_and_not_kept() {
    let stand = Stand::start().await;
    let sub = stand.subscribed().await;
    let invoices = stand.practice.objects("invoice").len();
    stand.practice.announce_renewal(&sub).unwrap();
    let upcoming = stand.told_of("invoice.upcoming");
    assert!(upcoming["id"].as_str().unwrap().starts_with("upcoming_in_"));
    assert_eq!(upcoming["parent"]["subscription_details"]["subscription"], json!(sub));
    assert_eq!((&upcoming["amount_due"], &upcoming["number"]), (&json!(1000), &Value::Null));
    assert_eq!(upcoming["next_payment_attempt"], NOON + 31 * 86_400);
    assert_eq!(stand.practice.objects("invoice").len(), invoices);
}

#[tokio::test]
async fn a_voided_invoice_calls_its_payment_off() {
    let stand = Stand::start().await;
    let (sub, invoice) = renewed(&stand, Renewal::CardFails).await;
    let from = stand.told().len();
    stand.practice.void_invoice(&invoice).unwrap();
    assert_eq!(
        stand.told_since(from),
        ["payment_intent.canceled", "invoice.voided", "customer.subscription.updated"]
    );
    assert_eq!(stand.told_of("payment_intent.canceled")["cancellation_reason"], "void_invoice");
    let voided = stand.told_of("invoice.voided");
    assert_eq!(
        (&voided["status"], &voided["status_transitions"]["voided_at"]),
        (&json!("void"), &json!(NOON))
    );
    let tie = stand.practice.objects("invoice_payment").pop().unwrap();
    assert_eq!((&tie["invoice"], &tie["status"]), (&json!(invoice), &json!("canceled")));
    assert_eq!(state(&stand, &sub), "active");
    assert!(stand.practice.void_invoice(&invoice).is_err());
    assert!(stand.practice.replace_card(&sub).is_err());
}

#[tokio::test]
async fn an_invoice_may_be_written_off_and_still_be_voided() {
    let stand = Stand::start().await;
    let (sub, invoice) = renewed(&stand, Renewal::CardFails).await;
    let (status, read) = stand.post(&format!("/v1/invoices/{invoice}/mark_uncollectible"), &[]).await;
    assert_eq!((status, &read["status"]), (200, &json!("uncollectible")));
    assert_eq!(stand.told_of("invoice.marked_uncollectible")["id"], json!(invoice));
    assert_eq!(state(&stand, &sub), "active");
    assert!(stand.practice.mark_uncollectible(&invoice).is_err());
    let (status, read) = stand.post(&format!("/v1/invoices/{invoice}/void"), &[]).await;
    assert_eq!((status, &read["status"]), (200, &json!("void")));
    let paid = stand.practice.objects("invoice")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(stand.post(&format!("/v1/invoices/{paid}/void"), &[]).await.0, 400);
}

#[tokio::test]
async fn an_expired_session_takes_its_payment_with_it() {
    let stand = Stand::start().await;
    let session = stand.once().await;
    stand.practice.pay(&session, How::Decline).unwrap();
    let intent = stand.practice.payments(&session).payment_intent.unwrap();
    let cancel = format!("/v1/payment_intents/{intent}/cancel");
    assert_eq!(stand.post(&cancel, &[]).await.0, 400);
    let from = stand.told().len();
    stand.practice.expire(&session).unwrap();
    assert_eq!(stand.told_since(from), ["checkout.session.expired", "payment_intent.canceled"]);
    assert_eq!(stand.told_of("payment_intent.canceled")["canceled_at"], NOON);
    let (status, body) = stand.post(&cancel, &[]).await;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("payment_intent_unexpected_state")));
}

#[tokio::test]
async fn a_payment_that_failed_can_be_called_off() {
    let stand = Stand::start().await;
    renewed(&stand, Renewal::CardFails).await;
    let intent = stand.told_of("payment_intent.payment_failed")["id"].as_str().unwrap().to_owned();
    let form = [("cancellation_reason", "abandoned")];
    let (status, read) = stand.post(&format!("/v1/payment_intents/{intent}/cancel"), &form).await;
    assert_eq!((status, &read["status"]), (200, &json!("canceled")));
    assert_eq!(stand.told_of("payment_intent.canceled")["cancellation_reason"], "abandoned");
    assert!(stand.practice.cancel_payment(&intent).is_err());
}
