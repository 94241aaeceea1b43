//! The filters that a call can apply to a list of objects.

use serde_json::Value;

use crate::Refused;
use crate::api::form::Params;
use crate::api::resources::Resource;
use crate::state::{State, number, text};

/// The maximum number of types in `types[]`, the filter of the list of events.
const MAX_TYPES: usize = 20;

/// The validated filters of one call.
pub(crate) struct Filters<'a> {
    state: &'a State,
    resource: &'a Resource,
    params: &'a Params,
    times: Vec<Bound>,
    /// The value of `delivery_success`, which is a filter for events.
    delivered: Option<bool>,
}

/// A comparison of a time with a bound.
type Comparison = fn(&i64, &i64) -> bool;

/// A bound for a time field of the objects, from a parameter such as `created[gte]`.
struct Bound {
    field: &'static str,
    compare: Comparison,
    time: i64,
}

impl<'a> Filters<'a> {
    /// Reads the filters of a call. Rejects unknown parameters and invalid values.
    pub(crate) fn parse(
        state: &'a State,
        resource: &'a Resource,
        params: &'a Params,
    ) -> Result<Self, Refused> {
        let mut known = vec!["limit", "starting_after", "ending_before", "created", "created[*]"];
        known.extend(resource.filters.iter().map(|(name, _)| *name));
        known.extend(resource.extra_params());
        params.allow_only(&known)?;
        if let Some(payout) = params.get("payout") {
            state.require("payout", payout)?;
        }
        let delivered = params.label("delivery_success", &["true", "false"])?.map(|label| label == "true");
        check_types(params)?;
        let mut times = bounds(params, "created")?;
        times.extend(bounds(params, "arrival_date")?);
        Ok(Self { state, resource, params, times, delivered })
    }

    /// Whether the list includes this object.
    pub(crate) fn includes(&self, object: &Value) -> bool {
        let mut filters = self.resource.filters.iter();
        let fields_match = filters.all(|(name, pointer)| self.matches_field(object, name, pointer));
        fields_match
            && self.has_requested_type(object)
            && self.is_in_payout(object)
            && self.delivered.is_none_or(|delivered| self.state.was_delivered(object) == delivered)
            && self.times.iter().all(|bound| (bound.compare)(&number(object, bound.field), &bound.time))
    }

    fn matches_field(&self, object: &Value, name: &str, pointer: &str) -> bool {
        match self.params.get(name) {
            // A list of subscriptions includes ended ones only if the call asks for them.
            None => {
                self.resource.kind != "subscription"
                    || name != "status"
                    || text(object, "status") != "canceled"
            }
            Some("all") => true,
            // A requested value may end with a star, such as `charge.*`.
            Some(wanted) => object.pointer(pointer).and_then(Value::as_str).is_some_and(|value| match wanted
                .strip_suffix('*')
            {
                Some(start) => value.starts_with(start),
                None => value == wanted,
            }),
        }
    }

    fn has_requested_type(&self, object: &Value) -> bool {
        let types = self.params.nested("types");
        types.is_empty() || types.iter().any(|(_, kind)| *kind == text(object, "type"))
    }

    /// Whether the payout that the call names contains this balance transaction. As in Stripe's API, until the payout
    /// is reconciled, the list contains only the balance transaction of the payout itself. If the call names no payout,
    /// the list contains every balance transaction.
    fn is_in_payout(&self, object: &Value) -> bool {
        let Some(payout) = self.params.get("payout") else { return true };
        let balance = &self.state.balance;
        let is_unreconciled = balance.unreconciled.iter().any(|other| other == payout);
        balance.payout_of(text(object, "id")) == Some(payout)
            && (!is_unreconciled || text(object, "source") == payout)
    }
}

/// Rejects more than 20 types, and `types[]` together with `type`.
fn check_types(params: &Params) -> Result<(), Refused> {
    let types = params.nested("types").len();
    let sentence = match params.get("type") {
        _ if types > MAX_TYPES => "You may pass at most 20 types.",
        Some(_) if types > 0 => "You may only specify one of these parameters: type, types.",
        _ => return Ok(()),
    };
    Err(Refused { param: Some("types".to_owned()), ..Refused::invalid(None, sentence) })
}

/// Reads the bounds of one time field, such as `created` and `created[gte]`.
fn bounds(params: &Params, field: &'static str) -> Result<Vec<Bound>, Refused> {
    let suffixes: [(&str, Comparison); 5] =
        [("", i64::eq), ("[gte]", i64::ge), ("[gt]", i64::gt), ("[lte]", i64::le), ("[lt]", i64::lt)];
    let mut bounds = Vec::new();
    for (suffix, compare) in suffixes {
        if let Some(time) = params.integer(&format!("{field}{suffix}"))? {
            bounds.push(Bound { field, compare, time });
        }
    }
    Ok(bounds)
}
