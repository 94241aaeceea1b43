//! The calls that create a refund, change a subscription, or cancel a subscription.

use serde_json::Value;

use crate::Refused;
use crate::api::form::Params;
use crate::flows::{billing, pausing, refunds};
use crate::state::State;

/// Carries out `POST /v1/refunds`.
pub(crate) fn create_refund(state: &mut State, params: &Params) -> Result<Value, Refused> {
    params.allow_only(&["charge", "payment_intent", "amount", "reason", "metadata[*]"])?;
    let payment_id = match (params.get("payment_intent"), params.get("charge")) {
        (Some(id), _) | (None, Some(id)) => id,
        (None, None) => {
            let sentence =
                "One of the following params should be provided for this request: payment_intent or charge.";
            return Err(Refused::param("parameter_missing", "charge", sentence));
        }
    };
    params.label("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
    let details =
        refunds::RefundDetails { metadata: params.metadata("metadata")?, reason: params.or_null("reason") };
    let refund = refunds::refund(state, payment_id, params.integer("amount")?, &details)?;
    Ok(state.copy_of(&refund))
}

/// Carries out `POST /v1/subscriptions/{id}`: schedules or withdraws a cancellation or a pause, and changes metadata.
pub(crate) fn update_subscription(state: &mut State, id: &str, params: &Params) -> Result<Value, Refused> {
    params.allow_only(&[
        "cancel_at_period_end",
        "metadata[*]",
        "pause_collection",
        "pause_collection[behavior]",
        "pause_collection[resumes_at]",
    ])?;
    billing::ongoing_subscription(state, id)?;
    let metadata = params.metadata("metadata")?;
    match params.label("cancel_at_period_end", &["true", "false"])? {
        Some("true") => billing::cancel_later(state, id, true)?,
        Some(_) => billing::withdraw_cancellation(state, id)?,
        None => {}
    }
    if params.has("pause_collection[behavior]") {
        let behavior = params.require("pause_collection[behavior]")?;
        let resumes_at = params.integer("pause_collection[resumes_at]")?;
        pausing::pause_collection(state, id, Some((behavior, resumes_at)))?;
    } else if params.has("pause_collection") {
        pausing::pause_collection(state, id, None)?;
    }
    billing::add_metadata(state, id, metadata);
    Ok(state.copy_of(id))
}

/// Carries out `DELETE /v1/subscriptions/{id}`.
pub(crate) fn cancel_subscription(state: &mut State, id: &str, params: &Params) -> Result<Value, Refused> {
    params.allow_only(&[
        "invoice_now",
        "prorate",
        "cancellation_details[comment]",
        "cancellation_details[feedback]",
    ])?;
    billing::cancel_now(state, id)?;
    Ok(state.copy_of(id))
}
