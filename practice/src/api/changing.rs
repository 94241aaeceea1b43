//! Calls that change an existing object, with their routes. `calls.rs` has the routes of the other calls, such as those
//! that change a subscription or expire a session.

use serde_json::{Map, Value, json};

use crate::api::form::Params;
use crate::flows::{checkout, customers, disputes, invoices, pausing, refunds, renewal, reviews};
use crate::state::State;
use crate::{Outcome, Refused};

/// Carries out a call that changes one object. Returns `None` if no call here has this method and path.
pub(crate) fn route(
    state: &mut State,
    method: &str,
    segments: &[&str],
    params: &Params,
) -> Option<Result<Value, Refused>> {
    let outcome = match (method, segments) {
        ("POST", ["customers", id]) => update_customer(state, id, params),
        ("DELETE", ["customers", id]) => return Some(delete_customer(state, id, params)),
        ("POST", ["payment_methods", id, "attach"]) => attach(state, id, params),
        ("POST", ["payment_methods", id, "detach"]) => {
            params.allow_only(&[]).and_then(|()| customers::detach(state, id))
        }
        ("POST", ["payment_methods", id]) => update_method(state, id, params),
        ("POST", ["payment_intents", id, "cancel"]) => cancel_payment(state, id, params),
        ("POST", ["charges", id]) => update_charge(state, id, params),
        ("POST", ["refunds", id]) => update_refund(state, id, params),
        ("POST", ["disputes", id]) => answer_dispute(state, id, params),
        ("POST", ["disputes", id, "close"]) => {
            params.allow_only(&[]).and_then(|()| disputes::close(state, id, Outcome::Lost))
        }
        ("POST", ["invoices", id, "void"]) => params.allow_only(&[]).and_then(|()| invoices::void(state, id)),
        ("POST", ["invoices", id, "mark_uncollectible"]) => {
            params.allow_only(&[]).and_then(|()| invoices::mark_uncollectible(state, id))
        }
        ("POST", ["invoices", id, "finalize"]) => {
            params.allow_only(&["auto_advance"]).and_then(|()| renewal::finalize_and_pay(state, id))
        }
        ("POST", ["subscriptions", id, "resume"]) => {
            let checked = params.allow_only(&["billing_cycle_anchor", "proration_behavior"]);
            checked.and_then(|()| pausing::resume(state, id))
        }
        ("POST", ["reviews", id, "approve"]) => {
            params.allow_only(&[]).and_then(|()| reviews::close(state, id, "approved"))
        }
        _ => return None,
    };
    let id = segments.get(1).copied().unwrap_or_default();
    Some(outcome.map(|()| state.copy_of(id)))
}

fn update_customer(state: &mut State, id: &str, params: &Params) -> Result<(), Refused> {
    let string_fields = ["email", "name", "phone", "description"];
    params.allow_only(&["email", "name", "phone", "description", "metadata[*]"])?;
    let mut fields = Map::new();
    for name in string_fields.into_iter().filter(|name| params.has(name)) {
        fields.insert(name.to_owned(), params.or_null(name));
    }
    let metadata = merged_metadata(&state.require("customer", id)?, params)?;
    fields.insert("metadata".to_owned(), metadata);
    customers::update(state, id, Value::Object(fields))
}

fn delete_customer(state: &mut State, id: &str, params: &Params) -> Result<Value, Refused> {
    params.allow_only(&[])?;
    customers::delete(state, id)
}

fn attach(state: &mut State, id: &str, params: &Params) -> Result<(), Refused> {
    params.allow_only(&["customer"])?;
    customers::attach(state, id, params.require("customer")?)
}

fn update_method(state: &mut State, id: &str, params: &Params) -> Result<(), Refused> {
    params.allow_only(&["metadata[*]", "billing_details[email]", "billing_details[name]"])?;
    let object = state.require("payment_method", id)?;
    let mut details = object["billing_details"].clone();
    for (name, value) in params.nested("billing_details") {
        details[name] = json!(value);
    }
    let fields = json!({ "billing_details": details, "metadata": merged_metadata(&object, params)? });
    state.change("payment_method.updated", id, fields);
    Ok(())
}

fn cancel_payment(state: &mut State, id: &str, params: &Params) -> Result<(), Refused> {
    params.allow_only(&["cancellation_reason"])?;
    let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let reason = params.label("cancellation_reason", &reasons)?.unwrap_or("requested_by_customer");
    checkout::cancel_payment(state, id, reason)
}

fn update_charge(state: &mut State, id: &str, params: &Params) -> Result<(), Refused> {
    params.allow_only(&["description", "metadata[*]"])?;
    let object = state.require("charge", id)?;
    let mut fields = json!({ "metadata": merged_metadata(&object, params)? });
    if params.has("description") {
        fields["description"] = params.or_null("description");
    }
    state.change("charge.updated", id, fields);
    Ok(())
}

fn update_refund(state: &mut State, id: &str, params: &Params) -> Result<(), Refused> {
    params.allow_only(&["metadata[*]"])?;
    let metadata = params.metadata("metadata")?;
    refunds::add_metadata(state, id, metadata)
}

fn answer_dispute(state: &mut State, id: &str, params: &Params) -> Result<(), Refused> {
    params.allow_only(&["evidence[*]", "metadata[*]", "submit"])?;
    let known_fields = state.require("dispute", id)?["evidence"].clone();
    let mut evidence = Map::new();
    for (name, value) in params.nested("evidence") {
        if known_fields.get(name).is_none() {
            let sentence = format!("Received unknown parameter: evidence[{name}]");
            return Err(Refused::param("parameter_unknown", &format!("evidence[{name}]"), sentence));
        }
        evidence.insert(name.to_owned(), json!(value));
    }
    let metadata = params.metadata("metadata")?;
    // Stripe submits the evidence immediately unless `submit` is false.
    let submit = params.label("submit", &["true", "false"])? != Some("false");
    disputes::answer(state, id, &Value::Object(evidence), metadata, submit)
}

/// The object's metadata with the call's metadata added. An empty value in the call removes its key.
fn merged_metadata(object: &Value, params: &Params) -> Result<Value, Refused> {
    let more = params.metadata("metadata")?;
    let mut metadata = object["metadata"].as_object().cloned().unwrap_or_default();
    for (key, _) in params.nested("metadata") {
        metadata.remove(key);
    }
    if let Value::Object(more) = more {
        metadata.extend(more);
    }
    Ok(Value::Object(metadata))
}
