//! Reads Stripe's balance, and the payouts that Stripe made from it.

use crate::actions::ledger::emit_events::Emitter;
use std::collections::BTreeSet;

use super::reading::Take;
use super::{PAYOUT_CHANGES_S, ReconcileError, Sweep};
use crate::contributions::{Fact, PayoutFact, TransactionFact};
use crate::store::objects;
use crate::stripe::{CallError, List, Listed, PAYOUT_CONTENTS, Report, is_payout, read_fetched};

impl<E: Emitter> Sweep<'_, E> {
    /// Reads the balance transactions and the payouts since the last comparison, or since `since_s` (seconds since
    /// 1970).
    pub(super) async fn read_balance(&mut self, since_s: Option<i64>) -> Result<(), ReconcileError> {
        let from_s = self.begin_s(since_s).await?;
        self.read_list(List::TRANSACTIONS, from_s, Take::Object).await?;
        match since_s {
            None => {
                self.read_list(List::PAYOUTS, from_s - PAYOUT_CHANGES_S, Take::Payout { force: false }).await
            }
            Some(since_s) => {
                self.read_list(List::PAYOUTS, since_s, Take::Payout { force: true }).await?;
                for list in List::RETURNED_PAYOUTS {
                    self.read_list(list, 0, Take::Payout { force: false }).await?;
                }
                Ok(())
            }
        }
    }

    /// Stores a payout that changed, with those of its transactions that belong to our gifts. If `force` is true, an
    /// unchanged payout is stored too, because more of the gifts in it may be known now.
    pub(super) async fn store_payout(&mut self, listed: &Listed, force: bool) -> Result<(), ReconcileError> {
        let Ok(Report::Facts(facts)) = read_fetched(&listed.body, self.now_s()) else {
            return self.store(listed, "payout").await;
        };
        let [Fact::Payout(payout)] = facts.as_slice() else { return Ok(()) };
        let mut tx = self.app.store.snapshot().await?;
        let known = objects::fact_about(&mut tx, &payout.id).await?;
        drop(tx);
        if let Some(Fact::Payout(known)) = known
            && !force
            && known.listed_as == Some(payout.mark.latest.state)
            && known.mark.arrives_at_s == payout.mark.arrives_at_s
        {
            return Ok(());
        }
        let contents = self.read_contents(payout, &listed.body).await?;
        self.store(&contents, "payout").await
    }

    /// Returns a payout together with those of its transactions that belong to our gifts.
    async fn read_contents(&mut self, payout: &PayoutFact, body: &str) -> Result<Listed, ReconcileError> {
        let (mut ours, mut sum_minor) = (Vec::new(), None);
        let (mut seen, mut next) = (BTreeSet::new(), vec![payout.id.clone()]);
        while let Some(id) = next.pop() {
            if !seen.insert(id.clone()) {
                continue;
            }
            // Stripe does not list the contents of a payout that somebody created by hand.
            let Some(listed) = self.list_transactions(&id).await? else { continue };
            if id == payout.id {
                // The sum is `None` if one of the transactions is in an unknown currency.
                let amounts = listed.iter().map(|(_, fact)| fact.moved.map(|moved| moved.net_minor()));
                sum_minor = amounts.sum::<Option<i64>>();
            }
            for (transaction, fact) in listed {
                // The money of a returned payout is paid out again as one sum. So the contents of the returned payout
                // also belong to this payout.
                if let Some(returned_payout) = fact.source.clone().filter(|source| is_payout(source)) {
                    next.push(returned_payout);
                } else if self.concerns_us(&[Fact::Transaction(fact)]).await? {
                    ours.push(transaction);
                }
            }
        }
        let transactions = ours.join(",");
        let body = format!(
            r#"{{"object":"{PAYOUT_CONTENTS}","id":"{}","payout":{body},"transactions":[{transactions}]}}"#,
            payout.id
        );
        // The sums are compared only if the payout's list is complete. Stripe may still be adding transactions to it.
        if is_list_complete(&body, self.now_s())
            && sum_minor.zip(payout.amount_minor).is_some_and(|(listed, paid)| listed != paid)
        {
            self.record_problem(&payout.id, "payout that is not what Stripe lists of it").await?;
        }
        Ok(Listed { id: payout.id.clone(), created_s: payout.created_at_s.unwrap_or(0), body })
    }

    /// Returns the balance transactions that Stripe lists for a payout, except the payout's own transaction. Returns
    /// `None` if Stripe lists nothing.
    async fn list_transactions(
        &self,
        payout: &str,
    ) -> Result<Option<Vec<(String, TransactionFact)>>, ReconcileError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = match self.app.stripe.list_payout(payout, after.as_deref()).await {
                Err(CallError::Refused { status: 400, .. }) => return Ok(None),
                page => page?,
            };
            for transaction in page.objects {
                let Ok(Report::Facts(facts)) = read_fetched(&transaction.body, self.now_s()) else {
                    self.record_problem(&transaction.id, "balance transaction that can't be read").await?;
                    continue;
                };
                let Some(Fact::Transaction(fact)) = facts.into_iter().next() else { continue };
                if fact.source.as_deref() != Some(payout) {
                    found.push((transaction.body, fact));
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(Some(found));
            }
        }
    }
}

/// Returns whether the contents of a payout are completely known.
fn is_list_complete(contents: &str, now_s: i64) -> bool {
    let Ok(Report::Facts(facts)) = read_fetched(contents, now_s) else { return false };
    facts.iter().any(|fact| matches!(fact, Fact::Payout(payout) if payout.listed_as.is_some()))
}
