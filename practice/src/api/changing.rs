//! The calls that change what is there already, and their routes.

use serde_json::{Map, Value, json};

use crate::api::form::Params;
use crate::books::Books;
use crate::flows::{checkout, customers, disputes, invoices, pausing, refunds, renewal, reviews};
use crate::{Outcome, Refused};

/// Carries out a call on one object; `None` where there is no such call.
pub(crate) fn route(
    books: &mut Books,
    method: &str,
    steps: &[&str],
    params: &Params,
) -> Option<Result<Value, Refused>> {
    let outcome = match (method, steps) {
        ("POST", ["customers", id]) => update_customer(books, id, params),
        ("DELETE", ["customers", id]) => return Some(delete_customer(books, id, params)),
        ("POST", ["payment_methods", id, "attach"]) => attach(books, id, params),
        ("POST", ["payment_methods", id, "detach"]) => {
            params.only(&[]).and_then(|()| customers::detach(books, id))
        }
        ("POST", ["payment_methods", id]) => update_method(books, id, params),
        ("POST", ["payment_intents", id, "cancel"]) => cancel_payment(books, id, params),
        ("POST", ["charges", id]) => update_charge(books, id, params),
        ("POST", ["refunds", id]) => update_refund(books, id, params),
        ("POST", ["disputes", id]) => answer_dispute(books, id, params),
        ("POST", ["disputes", id, "close"]) => {
            params.only(&[]).and_then(|()| disputes::close(books, id, Outcome::Lost))
        }
        ("POST", ["invoices", id, "void"]) => params.only(&[]).and_then(|()| invoices::void(books, id)),
        ("POST", ["invoices", id, "mark_uncollectible"]) => {
            params.only(&[]).and_then(|()| invoices::mark_uncollectible(books, id))
        }
        ("POST", ["invoices", id, "finalize"]) => {
            params.only(&["auto_advance"]).and_then(|()| renewal::finalize_and_pay(books, id))
        }
        ("POST", ["subscriptions", id, "resume"]) => {
            let known = params.only(&["billing_cycle_anchor", "proration_behavior"]);
            known.and_then(|()| pausing::resume(books, id))
        }
        ("POST", ["reviews", id, "approve"]) => {
            params.only(&[]).and_then(|()| reviews::close(books, id, "approved"))
        }
        _ => return None,
    };
    let id = steps.get(1).copied().unwrap_or_default();
    Some(outcome.map(|()| books.see(id)))
}

fn update_customer(books: &mut Books, id: &str, params: &Params) -> Result<(), Refused> {
    let plain = ["email", "name", "phone", "description"];
    params.only(&["email", "name", "phone", "description", "metadata[*]"])?;
    let mut fields = Map::new();
    for name in plain.into_iter().filter(|name| params.has(name)) {
        fields.insert(name.to_owned(), params.or_null(name));
    }
    let metadata = with_more(&books.want("customer", id)?, params)?;
    fields.insert("metadata".to_owned(), metadata);
    customers::update(books, id, Value::Object(fields))
}

fn delete_customer(books: &mut Books, id: &str, params: &Params) -> Result<Value, Refused> {
    params.only(&[])?;
    customers::delete(books, id)
}

fn attach(books: &mut Books, id: &str, params: &Params) -> Result<(), Refused> {
    params.only(&["customer"])?;
    customers::attach(books, id, params.need("customer")?)
}

fn update_method(books: &mut Books, id: &str, params: &Params) -> Result<(), Refused> {
    params.only(&["metadata[*]", "billing_details[email]", "billing_details[name]"])?;
    let object = books.want("payment_method", id)?;
    let mut details = object["billing_details"].clone();
    for (name, value) in params.under("billing_details") {
        details[name] = json!(value);
    }
    let fields = json!({ "billing_details": details, "metadata": with_more(&object, params)? });
    books.change("payment_method.updated", id, fields);
    Ok(())
}

fn cancel_payment(books: &mut Books, id: &str, params: &Params) -> Result<(), Refused> {
    params.only(&["cancellation_reason"])?;
    let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let reason = params.word("cancellation_reason", &reasons)?.unwrap_or("requested_by_customer");
    checkout::cancel_payment(books, id, reason)
}

fn update_charge(books: &mut Books, id: &str, params: &Params) -> Result<(), Refused> {
    params.only(&["description", "metadata[*]"])?;
    let object = books.want("charge", id)?;
    let mut fields = json!({ "metadata": with_more(&object, params)? });
    if params.has("description") {
        fields["description"] = params.or_null("description");
    }
    books.change("charge.updated", id, fields);
    Ok(())
}

fn update_refund(books: &mut Books, id: &str, params: &Params) -> Result<(), Refused> {
    params.only(&["metadata[*]"])?;
    let metadata = params.metadata("metadata")?;
    refunds::add_metadata(books, id, metadata)
}

fn answer_dispute(books: &mut Books, id: &str, params: &Params) -> Result<(), Refused> {
    params.only(&["evidence[*]", "metadata[*]", "submit"])?;
    let known = books.want("dispute", id)?["evidence"].clone();
    let mut evidence = Map::new();
    for (name, value) in params.under("evidence") {
        if known.get(name).is_none() {
            let sentence = format!("Received unknown parameter: evidence[{name}]");
            return Err(Refused::param("parameter_unknown", &format!("evidence[{name}]"), sentence));
        }
        evidence.insert(name.to_owned(), json!(value));
    }
    let metadata = params.metadata("metadata")?;
    // Stripe hands the evidence in at once unless it is told not to.
    let submit = params.word("submit", &["true", "false"])? != Some("false");
    disputes::answer(books, id, &Value::Object(evidence), metadata, submit)
}

/// An object's metadata with that of the call added; an empty value takes its key out.
fn with_more(object: &Value, params: &Params) -> Result<Value, Refused> {
    let more = params.metadata("metadata")?;
    let mut metadata = object["metadata"].as_object().cloned().unwrap_or_default();
    for (key, _) in params.under("metadata") {
        metadata.remove(key);
    }
    if let Value::Object(more) = more {
        metadata.extend(more);
    }
    Ok(Value::Object(metadata))
}
