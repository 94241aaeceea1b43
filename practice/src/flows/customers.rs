//! Changes to customers, their payment methods and their mandates.

use serde_json::{Value, json};

use crate::Refused;
use crate::flows::{billing, payments};
use crate::state::{State, text};

/// Sets fields of a customer and emits `customer.updated`.
pub(crate) fn update(state: &mut State, customer: &str, fields: Value) -> Result<(), Refused> {
    existing_customer(state, customer)?;
    state.change("customer.updated", customer, fields);
    Ok(())
}

/// Deletes a customer and ends their subscriptions. Returns what the API still shows of the customer.
pub(crate) fn delete(state: &mut State, customer: &str) -> Result<Value, Refused> {
    existing_customer(state, customer)?;
    let subscriptions: Vec<String> = state
        .all("subscription")
        .filter(|sub| text(sub, "customer") == customer)
        .map(|sub| text(sub, "id").to_owned())
        .collect();
    for subscription in subscriptions {
        if billing::ongoing_subscription(state, &subscription).is_ok() {
            billing::end_subscription(state, &subscription);
        }
    }
    state.emit("customer.deleted", customer);
    let remains = json!({ "id": customer, "object": "customer", "deleted": true });
    state.replace_with_remains(customer, remains.clone());
    Ok(remains)
}

/// Returns a customer, or an error if the customer was deleted.
pub(crate) fn existing_customer(state: &State, customer: &str) -> Result<Value, Refused> {
    match state.require("customer", customer)? {
        deleted if deleted["deleted"] == true => Err(Refused::missing("customer", "id", customer)),
        object => Ok(object),
    }
}

/// Attaches a payment method to a customer.
pub(crate) fn attach(state: &mut State, method: &str, customer: &str) -> Result<(), Refused> {
    let object = state.require("payment_method", method)?;
    existing_customer(state, customer)?;
    if !object["customer"].is_null() {
        let sentence = "The payment method you provided has already been attached to a customer.";
        return Err(Refused::invalid(None, sentence));
    }
    state.set(method, json!({ "customer": customer }));
    state.emit("payment_method.attached", method);
    Ok(())
}

/// Detaches a payment method from its customer.
pub(crate) fn detach(state: &mut State, method: &str) -> Result<(), Refused> {
    let object = state.require("payment_method", method)?;
    if object["customer"].is_null() {
        let sentence =
            "The payment method you provided is not attached to a customer so detachment is impossible.";
        return Err(Refused::invalid(None, sentence));
    }
    state.change("payment_method.detached", method, json!({ "customer": null }));
    Ok(())
}

/// Sets a later expiry year of a card, as happens when the card network reports that the payer has a new card.
pub(crate) fn renew_card(state: &mut State, method: &str) -> Result<(), Refused> {
    let object = state.require("payment_method", method)?;
    let Some(year) = object["card"]["exp_year"].as_i64() else {
        return Err(Refused::invalid(None, format!("The payment method {method} is not a card.")));
    };
    let mut card = object["card"].clone();
    card["exp_year"] = json!(year + 4);
    state.set(method, json!({ "card": card }));
    // The event reports only the field of the card that changed.
    let before = json!({ "card": { "exp_year": year } });
    state.emit_change("payment_method.automatically_updated", method, before);
    Ok(())
}

/// Withdraws the mandate of a bank debit. `id` is the id of the mandate or of its payment method.
pub(crate) fn withdraw_mandate(state: &mut State, id: &str) -> Result<(), Refused> {
    let mandate = payments::mandate_of(state, id).unwrap_or_else(|| id.to_owned());
    let object = state.require("mandate", &mandate)?;
    if text(&object, "status") == "inactive" {
        return Err(Refused::invalid(None, format!("The mandate {mandate} has already been withdrawn.")));
    }
    state.change("mandate.updated", &mandate, json!({ "status": "inactive" }));
    Ok(())
}
