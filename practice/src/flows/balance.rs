//! Movements of money in the account's balance. Each movement creates one entry (Stripe calls it a balance
//! transaction).

use serde_json::{Value, json};

use crate::money;
use crate::objects::balance::{self, NewEntry};
use crate::state::{State, number, text};

/// The time until the money of a payment is available, in seconds.
const SETTLING_TIME_S: i64 = 7 * 86_400;

/// The fee of a dispute, in minor units. It is not returned if the account wins the dispute.
const DISPUTE_FEE_MINOR: i64 = 1500;

/// The kind of fee that a movement has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fee {
    None,
    Processing,
    Dispute,
}

/// A movement of money in the balance. The amount is in the currency of the payment, refund, dispute or payout. It is
/// converted if the account settles in another currency.
pub(crate) struct Movement<'a> {
    pub(crate) kind: &'a str,
    pub(crate) amount_minor: i64,
    pub(crate) fee: Fee,
    pub(crate) currency: &'a str,
    pub(crate) source: &'a str,
    pub(crate) description: Value,
    pub(crate) available_on: i64,
}

/// Creates the entry of a movement. Returns the entry's id.
pub(crate) fn book(state: &mut State, movement: &Movement<'_>) -> String {
    let now = state.now();
    // A payout is not converted, because the account already holds this money in the payout's currency.
    let rates = state.balance.settlement.as_ref().filter(|_| !movement.kind.starts_with("payout"));
    let converted = rates.and_then(|rates| rates.convert(movement.amount_minor, movement.currency));
    let (amount_minor, currency, exchange_rate) =
        converted.unwrap_or((movement.amount_minor, movement.currency, Value::Null));
    let currency = currency.to_owned();
    let (fee_minor, fee_description) = match movement.fee {
        Fee::None => (0, ""),
        Fee::Processing => (money::fee(amount_minor), "Practice processing fees"),
        Fee::Dispute => (DISPUTE_FEE_MINOR, "Dispute fee"),
    };
    let entry = state.put(balance::balance_transaction(&NewEntry {
        kind: movement.kind,
        amount_minor,
        fee_minor,
        fee_description,
        currency: &currency,
        exchange_rate,
        source: movement.source,
        description: movement.description.clone(),
        available_on: movement.available_on,
        now,
    }));
    state.balance.add(&entry, movement.available_on, now);
    entry
}

/// Creates the entry of a successful charge. If `books_late` is set, only stores the charge's id until `post_fees` is
/// called.
pub(crate) fn charge_succeeded(state: &mut State, charge: &str) {
    if state.balance.books_late {
        state.balance.unbooked.push(charge.to_owned());
    } else {
        book_charge(state, charge);
    }
}

/// Creates the entries of all charges that have none yet.
pub(crate) fn post_fees(state: &mut State) {
    for charge in std::mem::take(&mut state.balance.unbooked) {
        book_charge(state, &charge);
    }
}

/// Creates the entry of a charge. Then emits `charge.updated`, in which the charge names its entry. As with Stripe,
/// this event follows `charge.succeeded`.
fn book_charge(state: &mut State, charge_id: &str) {
    let charge = state.copy_of(charge_id);
    let entry = book(
        state,
        &Movement {
            kind: if is_card(&charge) { "charge" } else { "payment" },
            amount_minor: number(&charge, "amount"),
            fee: Fee::Processing,
            currency: text(&charge, "currency"),
            source: charge_id,
            description: charge["description"].clone(),
            available_on: state.now() + SETTLING_TIME_S,
        },
    );
    let before = state.set(charge_id, json!({ "balance_transaction": entry }));
    state.emit_change("charge.updated", charge_id, before);
}

/// Whether a charge was paid by card. Stripe's entries for other charges have types of their own.
pub(crate) fn is_card(charge: &Value) -> bool {
    charge["payment_method_details"]["type"] == "card"
}

/// The time at which a reversal of a charge is deducted from the available balance. If the charge's own money is still
/// pending, the reversal waits for it.
pub(crate) fn reversal_available_on(state: &State, charge: &Value) -> i64 {
    let entry = state.copy_of(text(charge, "balance_transaction"));
    number(&entry, "available_on").max(state.now())
}

/// Makes the due entries available.
pub(crate) fn settle_due(state: &mut State) {
    let now = state.now();
    if state.balance.has_due(now) {
        let due = state.balance.take_due(now);
        make_available(state, &due, json!({ "status": "available" }));
    }
}

/// Makes entries available by setting these fields. A dispute contains copies of its entries. They need no update,
/// because the entries of a dispute are available from the start.
pub(crate) fn make_available(state: &mut State, entries: &[String], fields: Value) {
    for entry in entries {
        state.set(entry, fields.clone());
    }
}
