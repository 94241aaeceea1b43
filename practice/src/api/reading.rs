//! The calls that read one object or a list of objects, with `expand[]`.

use serde_json::{Value, json};

use crate::Refused;
use crate::api::filters::Filters;
use crate::api::form::Params;
use crate::api::resources::Resource;
use crate::objects::{self, session};
use crate::state::{State, text};

/// Reads one object.
pub(crate) fn read_object(
    state: &State,
    resource: &Resource,
    id: &str,
    params: &Params,
) -> Result<Value, Refused> {
    params.allow_only(&[])?;
    let object = match resource.kind {
        "event" => {
            let mut shown = state.shown_events();
            let event = shown.find(|event| text(event, "id") == id);
            event.cloned().ok_or_else(|| Refused::missing("event", "id", id))?
        }
        kind => state.require(kind, id)?,
    };
    Ok(expanded(state, object, params, ""))
}

/// Reads a list, newest first. It contains at most `limit` objects, after or before the object that the call names.
pub(crate) fn read_list(state: &State, resource: &Resource, params: &Params) -> Result<Value, Refused> {
    let filters = Filters::parse(state, resource, params)?;
    let limit = params.integer("limit")?.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(Refused::param(
            "parameter_invalid_integer",
            "limit",
            "The limit must be between 1 and 100.",
        ));
    }
    let mut found: Vec<&Value> = match resource.kind {
        "event" => state.shown_events().rev().filter(|event| filters.includes(event)).collect(),
        kind => state.all(kind).rev().filter(|object| filters.includes(object)).collect(),
    };
    let position_of = |found: &[&Value], name: &str| -> Result<Option<usize>, Refused> {
        let Some(id) = params.get(name) else {
            return Ok(None);
        };
        let at = found.iter().position(|object| text(object, "id") == id);
        at.map(Some).ok_or_else(|| Refused { status: 400, ..Refused::missing(resource.kind, name, id) })
    };
    let limit = usize::try_from(limit).unwrap_or(10);
    let has_more = if let Some(at) = position_of(&found, "ending_before")? {
        found.truncate(at);
        let surplus = found.len().saturating_sub(limit);
        found.drain(..surplus);
        surplus > 0
    } else {
        if let Some(at) = position_of(&found, "starting_after")? {
            found.drain(..=at);
        }
        let has_more = found.len() > limit;
        found.truncate(limit);
        has_more
    };
    let data = found.into_iter().map(|object| expanded(state, object.clone(), params, "data.")).collect();
    Ok(objects::list(&format!("/v1/{}", resource.path), data, has_more))
}

/// Replaces each id selected by an `expand[]` parameter with the object that has this id. Ignores parameters whose path
/// does not start with `base`. An id that can't be expanded is not replaced.
pub(crate) fn expanded(state: &State, mut object: Value, params: &Params, base: &str) -> Value {
    for (_, path) in params.nested("expand") {
        let Some(path) = path.strip_prefix(base) else {
            continue;
        };
        let steps: Vec<&str> = path.split('.').collect();
        expand(state, &mut object, &steps);
    }
    object
}

fn expand(state: &State, object: &mut Value, steps: &[&str]) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    if let Value::Array(items) = object {
        let from = if *step == "data" { rest } else { steps };
        items.iter_mut().for_each(|item| expand(state, item, from));
        return;
    }
    add_list(state, object, step);
    let Some(inner) = object.get_mut(*step) else {
        return;
    };
    if let Some(referenced) = inner.as_str().and_then(|id| state.get(id)) {
        *inner = referenced.clone();
    }
    expand(state, inner, rest);
}

/// Adds a list that the object includes only if the call asks for it with `expand[]`.
fn add_list(state: &State, object: &mut Value, step: &str) {
    let id = text(object, "id").to_owned();
    // All objects of a kind in which the field `name` contains this object's id.
    let referring = |kind: &str, name: &str| -> Vec<Value> {
        state.all(kind).filter(|own| text(own, name) == id).cloned().collect()
    };
    let (url, data) = match (text(object, "object"), step) {
        ("checkout.session", "line_items") => {
            let lines = state.plans.get(&id).map(|plan| plan.lines.iter().map(session::line_item).collect());
            (format!("/v1/checkout/sessions/{id}/line_items"), lines.unwrap_or_default())
        }
        ("charge", "refunds") => (format!("/v1/charges/{id}/refunds"), referring("refund", "charge")),
        ("invoice", "payments") => {
            ("/v1/invoice_payments".to_owned(), referring("invoice_payment", "invoice"))
        }
        _ => return,
    };
    object[step] = json!(objects::list(&url, data, false));
}
