//! Sends the available balance to the bank, with one payout per currency. The bank may return a payout.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Refused;
use crate::flows::balance::{self, Fee, Movement};
use crate::objects;
use crate::state::{State, number, text};

/// Pays out every available balance entry that is not in a payout yet. If `all` is true, pending entries become
/// available first. Returns the ids of the payouts. A currency with nothing to pay gets no payout.
pub(crate) fn pay_out(state: &mut State, all: bool) -> Vec<String> {
    let now = state.now();
    if all {
        let moved = state.balance.bring_forward(now);
        balance::make_available(state, &moved, json!({ "available_on": now, "status": "available" }));
    }
    let mut by_currency: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in state.balance.unpaid(now) {
        by_currency.entry(text(&state.copy_of(&entry), "currency").to_owned()).or_default().push(entry);
    }
    by_currency
        .into_iter()
        .filter_map(|(currency, entries)| create_payout(state, &currency, entries))
        .collect()
}

/// Pays out these entries of one currency. Returns the id of the payout, or `None` if the sum is not positive.
fn create_payout(state: &mut State, currency: &str, mut entries: Vec<String>) -> Option<String> {
    let net_minor: i64 = entries.iter().map(|entry| number(&state.copy_of(entry), "net")).sum();
    if net_minor <= 0 {
        return None;
    }
    let now = state.now();
    let payout = state.put(objects::balance::payout(net_minor, currency, now));
    let own_entry = book(state, &payout, "payout", -net_minor);
    entries.push(own_entry.clone());
    state.balance.add_to_payout(&payout, &entries);
    state.set(&payout, json!({ "balance_transaction": own_entry }));
    state.emit("payout.created", &payout);
    state.balance.unreconciled.push(payout.clone());
    if !state.balance.reconciles_late {
        reconcile_payouts(state);
    }
    state.set(&payout, json!({ "status": "paid" }));
    state.emit("payout.paid", &payout);
    Some(payout)
}

/// Reconciles every payout that is not reconciled yet, so that the API lists its contents. Emits the events of each
/// reconciliation.
pub(crate) fn reconcile_payouts(state: &mut State) {
    for payout in std::mem::take(&mut state.balance.unreconciled) {
        let before = state.set(&payout, json!({ "reconciliation_status": "completed" }));
        state.emit_change("payout.updated", &payout, before);
        state.emit("payout.reconciliation_completed", &payout);
    }
}

/// Makes a payout fail, even if it was already paid, because the bank returned it. The next payout includes the money.
pub(crate) fn fail(state: &mut State, payout_id: &str) -> Result<(), Refused> {
    let payout = state.require("payout", payout_id)?;
    if matches!(text(&payout, "status"), "failed" | "canceled") {
        return Err(Refused::invalid(None, format!("Payout {payout_id} has already failed.")));
    }
    let entry = book(state, payout_id, "payout_failure", number(&payout, "amount"));
    let fields = json!({
        "failure_balance_transaction": entry,
        "failure_code": "account_closed",
        "failure_message": "The bank account has been closed.",
        "status": "failed",
    });
    state.set(payout_id, fields);
    state.emit("payout.failed", payout_id);
    Ok(())
}

/// Creates the balance entry of a payout or of its failure. Returns the entry's id.
fn book(state: &mut State, payout_id: &str, kind: &str, amount_minor: i64) -> String {
    let payout = state.copy_of(payout_id);
    let is_failure = kind == "payout_failure";
    balance::book(
        state,
        &Movement {
            kind,
            amount_minor,
            fee: Fee::None,
            // The entry needs no conversion, because the balance already holds this money in the payout's currency.
            currency: text(&payout, "currency"),
            source: payout_id,
            description: json!(if is_failure { "PAYOUT FAILURE" } else { "STRIPE PAYOUT" }),
            available_on: state.now(),
        },
    )
}
