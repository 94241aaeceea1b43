//! Payouts: what is available goes to the bank, one payout for each currency, and may come back.

use std::collections::BTreeMap;

use serde_json::json;

use crate::Refused;
use crate::books::{Books, number, text};
use crate::flows::balance::{self, Fee, Move};
use crate::objects;

/// Pays out what no payout has taken yet and whose day has come, or with `all` everything; the payouts' ids.
/// A currency with nothing to pay, or that owes, has none.
pub(crate) fn pay_out(books: &mut Books, all: bool) -> Vec<String> {
    let now = books.now();
    if all {
        let moved = books.balance.bring_forward(now);
        balance::make_available(books, &moved, json!({ "available_on": now, "status": "available" }));
    }
    let mut by_currency: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in books.balance.unpaid(now) {
        by_currency.entry(text(&books.see(&entry), "currency").to_owned()).or_default().push(entry);
    }
    by_currency.into_iter().filter_map(|(currency, entries)| pay(books, &currency, entries)).collect()
}

fn pay(books: &mut Books, currency: &str, mut entries: Vec<String>) -> Option<String> {
    let net_minor: i64 = entries.iter().map(|entry| number(&books.see(entry), "net")).sum();
    if net_minor <= 0 {
        return None;
    }
    let now = books.now();
    let payout = books.put(objects::balance::payout(net_minor, currency, now));
    let own = book(books, &payout, "payout", -net_minor);
    entries.push(own.clone());
    books.balance.pay(&payout, &entries);
    books.set(&payout, json!({ "balance_transaction": own }));
    books.emit("payout.created", &payout);
    books.balance.unsorted.push(payout.clone());
    if !books.balance.sorts_late {
        sort_out(books);
    }
    books.set(&payout, json!({ "status": "paid" }));
    books.emit("payout.paid", &payout);
    Some(payout)
}

/// What is in them is known, of every payout that waits for it.
pub(crate) fn sort_out(books: &mut Books) {
    for payout in std::mem::take(&mut books.balance.unsorted) {
        let before = books.set(&payout, json!({ "reconciliation_status": "completed" }));
        books.emit_change("payout.updated", &payout, before);
        books.emit("payout.reconciliation_completed", &payout);
    }
}

/// The bank sends a payout back, also one that had been paid: the money waits for the next payout.
pub(crate) fn fail(books: &mut Books, payout_id: &str) -> Result<(), Refused> {
    let payout = books.want("payout", payout_id)?;
    if matches!(text(&payout, "status"), "failed" | "canceled") {
        return Err(Refused::invalid(None, format!("Payout {payout_id} has failed already.")));
    }
    let entry = book(books, payout_id, "payout_failure", number(&payout, "amount"));
    let fields = json!({
        "failure_balance_transaction": entry,
        "failure_code": "account_closed",
        "failure_message": "The bank account has been closed.",
        "status": "failed",
    });
    books.set(payout_id, fields);
    books.emit("payout.failed", payout_id);
    Ok(())
}

fn book(books: &mut Books, payout_id: &str, kind: &str, amount_minor: i64) -> String {
    let payout = books.see(payout_id);
    let failed = kind == "payout_failure";
    balance::book(
        books,
        &Move {
            kind,
            amount_minor,
            fee: Fee::None,
            // A payout's currency is one that the account settles in.
            currency: text(&payout, "currency"),
            source: payout_id,
            description: json!(if failed { "PAYOUT FAILURE" } else { "STRIPE PAYOUT" }),
            available_on: books.now(),
        },
    )
}
