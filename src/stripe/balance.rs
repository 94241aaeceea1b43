//! Reads Stripe's balance: its transactions, and payouts from it. Returns facts (what Stripe said about an object).

use std::collections::BTreeMap;

use super::currencies;
use super::field::{BadShape, Object};
use crate::contributions::{
    BalanceChange, Fact, Latest, PayoutFact, PayoutMark, PayoutState, TransactionFact,
};

/// Reads a balance transaction. If this version does not know its currency, an additional fact reports the currency and
/// the amount.
pub fn transaction_facts(it: Object<'_>) -> Result<Vec<Fact>, BadShape> {
    let unknown_currency = currencies::unknown_currency(it, "amount", true)?;
    Ok([Fact::Transaction(read_transaction(it)?)].into_iter().chain(unknown_currency).collect())
}

/// Reads a balance transaction (<https://docs.stripe.com/api/balance_transactions/object>).
fn read_transaction(it: Object<'_>) -> Result<TransactionFact, BadShape> {
    let amount_minor = it.signed("amount")?.ok_or(it.bad("amount"))?;
    let fee_minor = it.signed("fee")?.ok_or(it.bad("fee"))?;
    it.currency_code("currency")?.ok_or(it.bad("currency"))?;
    let currency = it.currency("currency")?;
    Ok(TransactionFact {
        id: it.id()?,
        source: it.reference("source")?,
        moved: currency.map(|currency| BalanceChange { amount_minor, fee_minor, currency }),
        created_at_s: Some(it.time("created")?.ok_or(it.bad("created"))?),
        payouts: BTreeMap::new(),
    })
}

/// Whether this is the id of a payout. (A payout is the `source` of the balance transactions that take its money from
/// the balance or return it.)
pub fn is_payout(id: &str) -> bool {
    id.starts_with("po_")
}

/// Reads a payout (<https://docs.stripe.com/api/payouts/object>). `at_s` is when the payout was reported or fetched, in
/// seconds since 1970.
pub fn read_payout(it: Object<'_>, at_s: i64) -> Result<PayoutFact, BadShape> {
    let state = match it.text("status")?.ok_or(it.bad("status"))? {
        "pending" => PayoutState::Pending,
        "in_transit" => PayoutState::InTransit,
        "paid" => PayoutState::Paid,
        "canceled" => PayoutState::Canceled,
        "failed" => PayoutState::Failed,
        _ => PayoutState::Other,
    };
    Ok(PayoutFact {
        id: it.id()?,
        mark: PayoutMark {
            latest: Latest { state, reported_at_s: at_s },
            left: matches!(state, PayoutState::InTransit | PayoutState::Paid | PayoutState::Failed),
            arrives_at_s: it.time("arrival_date")?,
            returned_at_s: match it.expanded("failure_balance_transaction")? {
                Some(transaction) => transaction.time("created")?,
                None => None,
            },
        },
        amount_minor: it.signed("amount")?,
        currency: it.currency("currency")?,
        created_at_s: it.time("created")?,
        listed_as: None,
    })
}

/// Whether Stripe is still assigning transactions to a payout. If so, the payout's list of transactions can be
/// incomplete.
fn is_being_listed(payout: Object<'_>) -> Result<bool, BadShape> {
    Ok(payout.text("reconciliation_status")? == Some("in_progress"))
}

/// Reads a payout and its transactions from the object in which we store fetched payouts. Stripe has no such object.
pub fn read_contents(it: Object<'_>, at_s: i64) -> Result<Vec<Fact>, BadShape> {
    let object = it.child("payout")?.ok_or(it.bad("payout"))?;
    let payout = read_payout(object, at_s)?;
    let mut facts = Vec::new();
    for transaction in it.array("transactions")? {
        // The payout's own transaction is the payment to the bank. It is not part of the contents.
        if transaction.reference("source")?.as_ref() == Some(&payout.id) {
            continue;
        }
        facts.extend(currencies::unknown_currency(transaction, "amount", true)?);
        let payouts = BTreeMap::from([(payout.id.clone(), payout.mark)]);
        facts.push(Fact::Transaction(TransactionFact { payouts, ..read_transaction(transaction)? }));
    }
    let listed_as = (!is_being_listed(object)?).then_some(payout.mark.latest.state);
    facts.push(Fact::Payout(PayoutFact { listed_as, ..payout }));
    Ok(facts)
}
