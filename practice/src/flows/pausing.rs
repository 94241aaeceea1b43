//! Pauses the collection of payments or a whole subscription. Also applies pending updates, which are changes of a
//! subscription that wait for their payment.

use serde_json::{Value, json};

use crate::Refused;
use crate::flows::renewal::CYCLE;
use crate::flows::{billing, invoices};
use crate::ids;
use crate::objects::billing::Period;
use crate::state::{State, text};

/// What can happen to the invoices of a subscription while collection is paused.
pub(crate) const BEHAVIORS: &[&str] = &["keep_as_draft", "mark_uncollectible", "void"];

/// Pauses the collection of payments. The subscription stays active. With `None`, resumes the collection.
pub(crate) fn pause_collection(
    state: &mut State,
    subscription: &str,
    pause: Option<(&str, Option<i64>)>,
) -> Result<(), Refused> {
    billing::ongoing_subscription(state, subscription)?;
    let pause = match pause {
        Some((behavior, _)) if !BEHAVIORS.contains(&behavior) => {
            let sentence = format!("Invalid behavior: must be one of {}", BEHAVIORS.join(", "));
            let param = Some("pause_collection[behavior]".to_owned());
            return Err(Refused { param, ..Refused::invalid(None, sentence) });
        }
        Some((behavior, resumes_at)) => json!({ "behavior": behavior, "resumes_at": resumes_at }),
        None => Value::Null,
    };
    state.change("customer.subscription.updated", subscription, json!({ "pause_collection": pause }));
    Ok(())
}

/// What happens to the invoice of a new period while collection is paused. If the pause has a resume time and
/// that time has passed, ends the pause and returns `None`.
pub(crate) fn pause_behavior(state: &mut State, subscription: &str) -> Option<String> {
    let pause = state.copy_of(subscription)["pause_collection"].clone();
    let behavior = pause["behavior"].as_str()?;
    if pause["resumes_at"].as_i64().is_some_and(|at| at <= state.now()) {
        let fields = json!({ "pause_collection": null });
        state.change("customer.subscription.updated", subscription, fields);
        return None;
    }
    Some(behavior.to_owned())
}

/// Creates the invoice of a period in which no payment is collected. `behavior` is one of [`BEHAVIORS`].
pub(crate) fn renew(
    state: &mut State,
    subscription: &str,
    period: Period,
    behavior: &str,
) -> Result<String, Refused> {
    let invoice = invoices::create_draft(state, subscription, CYCLE, period);
    match behavior {
        "keep_as_draft" => {
            state.set(&invoice, json!({ "auto_advance": false }));
        }
        "void" => {
            invoices::finalize(state, &invoice, None);
            invoices::void(state, &invoice)?;
        }
        _ => {
            invoices::finalize(state, &invoice, None);
            invoices::mark_uncollectible(state, &invoice)?;
        }
    }
    Ok(invoice)
}

/// Pauses a whole subscription, as Stripe does when a trial ends without a payment method.
pub(crate) fn pause(state: &mut State, subscription: &str) -> Result<(), Refused> {
    let sub = billing::ongoing_subscription(state, subscription)?;
    if text(&sub, "status") == "paused" {
        return Err(Refused::invalid(None, format!("The subscription '{subscription}' is already paused.")));
    }
    let before = state.set(subscription, json!({ "status": "paused" }));
    state.emit_change("customer.subscription.paused", subscription, before);
    Ok(())
}

/// Resumes a paused subscription.
pub(crate) fn resume(state: &mut State, subscription: &str) -> Result<(), Refused> {
    let sub = billing::ongoing_subscription(state, subscription)?;
    if text(&sub, "status") != "paused" {
        let sentence = format!("The subscription '{subscription}' is not paused, so it can't be resumed.");
        return Err(Refused::invalid(None, sentence));
    }
    let before = state.set(subscription, json!({ "status": "active" }));
    state.emit_change("customer.subscription.resumed", subscription, before);
    Ok(())
}

/// Changes the price of a subscription's first item, with a pending update whose payment has arrived.
pub(crate) fn apply_update(state: &mut State, subscription: &str, unit_amount: i64) -> Result<(), Refused> {
    let sub = billing::ongoing_subscription(state, subscription)?;
    if unit_amount < 1 {
        let sentence = "This value must be greater than or equal to 1.";
        return Err(Refused::param("parameter_invalid_integer", "unit_amount", sentence));
    }
    let mut items = sub["items"].clone();
    let price = ids::new("price_");
    for part in ["price", "plan"] {
        items["data"][0][part]["id"] = json!(price);
    }
    let item = &mut items["data"][0];
    item["price"]["unit_amount"] = json!(unit_amount);
    item["price"]["unit_amount_decimal"] = json!(unit_amount.to_string());
    item["plan"]["amount"] = json!(unit_amount);
    item["plan"]["amount_decimal"] = json!(unit_amount.to_string());
    let pending_update = json!({
        "billing_cycle_anchor": null,
        "expires_at": state.now() + 23 * 3_600,
        "subscription_items": [item],
        "trial_end": null,
        "trial_from_plan": null,
    });
    state.change("customer.subscription.updated", subscription, json!({ "pending_update": pending_update }));
    let before = state.set(subscription, json!({ "items": items, "pending_update": null }));
    state.emit("customer.subscription.pending_update_applied", subscription);
    state.emit_change("customer.subscription.updated", subscription, before);
    Ok(())
}
