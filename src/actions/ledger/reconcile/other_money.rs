//! Counts payments on the account that belong to none of our gifts, so that a missing gift is noticed.

use crate::actions::ledger::emit_events::Emitter;
use serde_json::Value;

use super::Sweep;
use crate::app::MachineWrite;
use crate::contributions::{Fact, InvoiceState, SessionState, SubscriptionState};
use crate::store::StoreError;
use crate::store::other_money::{self, OtherObject};
use crate::store::unbooked::is_of_a_gift;
use crate::stripe::{Listed, is_payout};

/// ISO 4217's code for "no currency". It is used for a subscription whose price is not a single amount.
const NO_CURRENCY: &str = "XXX";

impl<E: Emitter> Sweep<'_, E> {
    /// Stores the amount that an object moved. Removes the amount if the object moved nothing, or belongs to one of our
    /// gifts. `facts` are read from the object; the first fact describes the object itself.
    pub(super) async fn count_other_money(
        &self,
        listed: &Listed,
        what: &str,
        facts: &[Fact],
    ) -> Result<(), StoreError> {
        let Some(fact) = facts.first() else { return Ok(()) };
        let ids: Vec<&str> = fact.links().into_iter().chain([fact.id()]).collect();
        let mut tx = self.app.store.snapshot().await?;
        let mut is_ours = false;
        for id in &ids {
            is_ours = is_ours || is_of_a_gift(&mut tx, id).await?;
        }
        let moved = if is_ours { None } else { moved_money(facts) };
        let stored = other_money::stored(&mut tx, fact.id()).await?;
        let mut site = fact.origin().map(|origin| origin.site.clone());
        if moved.is_some() && site.is_none() {
            for id in &ids {
                site = site.or(other_money::other_site(&mut tx, id).await?);
            }
        }
        drop(tx);
        let kind = kind_to_count(what, &listed.body);
        let current = moved.map(|(currency, amount_minor)| (kind, site, currency, amount_minor));
        if current == stored {
            return Ok(());
        }
        let mut tx = self.context.machine_write(MachineWrite::Reconciliation).await?;
        match current {
            None => other_money::forget(&mut tx, fact.id()).await?,
            Some((kind, site, currency, amount_minor)) => {
                let object = OtherObject {
                    id: fact.id(),
                    kind: &kind,
                    site: site.as_deref(),
                    currency: &currency,
                    amount_minor,
                    created_at_ms: listed.created_s.saturating_mul(1000),
                };
                other_money::put(&mut tx, &object).await?;
            }
        }
        tx.commit().await
    }
}

/// Returns the kind under which an object is counted. The kind of a balance transaction also names the transaction's
/// type, such as `charge` or `stripe_fee`.
fn kind_to_count(what: &str, body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    match value.as_ref().and_then(|value| value.get("type")).and_then(Value::as_str) {
        Some(transaction_type)
            if what == "balance transaction"
                && transaction_type.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') =>
        {
            format!("{what} ({transaction_type})")
        }
        _ => what.to_owned(),
    }
}

/// Returns the money that an object moved: the currency code, and the amount in its minor unit.
fn moved_money(facts: &[Fact]) -> Option<(String, i64)> {
    let fact = facts.first()?;
    let money = match fact {
        Fact::Session(it) if it.latest.state == SessionState::Paid => it.total,
        Fact::Invoice(it) if it.latest.state == InvoiceState::Paid => it.paid,
        Fact::Intent(it) => it.received,
        Fact::Charge(it) => it.paid,
        Fact::Refund(it) if it.left => it.amount,
        Fact::Dispute(it) if it.left && !it.returned => it.amount,
        Fact::Subscription(it) => {
            use SubscriptionState::{Active, PastDue, Trialing};
            let is_running = matches!(it.latest.state, Active | PastDue | Trialing);
            let price = it.terms.map(|terms| terms.value.price);
            let price = price.map(|price| (price.currency.code().to_owned(), price.amount_minor));
            let no_price = (NO_CURRENCY.to_owned(), 0);
            return is_running.then(|| price.or_else(|| unknown_currency_amount(facts)).unwrap_or(no_price));
        }
        Fact::Transaction(it) if !it.source.as_deref().is_some_and(is_payout) => {
            let known = it.moved.map(|moved| (moved.currency.code().to_owned(), moved.net_minor()));
            return known.or_else(|| unknown_currency_amount(facts));
        }
        Fact::Transaction(_) => return None,
        _ => None,
    };
    let known = money.map(|money| (money.currency.code().to_owned(), money.amount_minor));
    known.or_else(|| unknown_currency_amount(facts)).filter(|(_, minor)| *minor != 0)
}

/// Returns an amount in an unknown currency: the currency's code, and the amount as Stripe reports it.
fn unknown_currency_amount(facts: &[Fact]) -> Option<(String, i64)> {
    let id = facts.first()?.id();
    facts.iter().find_map(|fact| match fact {
        Fact::UnknownCurrency(it) if it.moved && it.object.as_deref() == Some(id) => {
            Some((it.currency.clone()?, it.amount_minor.unwrap_or(0)))
        }
        _ => None,
    })
}
