//! Objects that can still change and are too old for the lists: each is fetched.

use super::{DAY_S, FailedList, ReconcileError, Sweep};
use crate::actions::ledger::emit_events::Emitter;
use crate::contributions::Fact;
use crate::store::{StoreError, unbooked};
use crate::stripe::{CallError, Listed};

/// Objects that can still change are fetched each day until they are so old: a dispute can take four months.
const DAILY_S: i64 = 180 * DAY_S;
/// How often older ones are fetched, such as an invoice that is never going to be paid.
const OLD_INTERVAL_DAYS: i64 = 30;

impl<E: Emitter> Sweep<'_, E> {
    /// Fetches the objects of known gifts that can still change and that Stripe created before `before_s` (seconds since
    /// 1970). `all`: including the old ones that are not due today.
    pub(super) async fn pending(&mut self, before_s: i64, all: bool) -> Result<(), ReconcileError> {
        for fact in self.app.store.pending_objects(before_s).await? {
            let Some((word, what)) = kind_of(&fact) else { continue };
            let created_s = fact.pending_since_s().unwrap_or(0);
            if self.stops() || !(all || self.is_due(created_s)) || !self.is_of_a_gift(fact.id()).await? {
                continue;
            }
            let body = match self.app.stripe.fetch(word, fact.id()).await {
                Ok(Some(body)) => body,
                // It belongs to another account, or was deleted.
                Ok(None) | Err(CallError::NotFound) => continue,
                Err(error) => {
                    tracing::warn!(object = fact.id(), %error, "could not fetch an object that can still change");
                    let failed = FailedList { list: "pending objects".to_owned(), why: error.to_string() };
                    self.done.failed.push(failed);
                    return Ok(());
                }
            };
            self.done.looked_at += 1;
            self.store(&Listed { id: fact.id().to_owned(), created_s, body }, what).await?;
        }
        Ok(())
    }

    fn is_due(&self, created_s: i64) -> bool {
        let age_s = self.now_s() - created_s;
        age_s < DAILY_S || age_s.div_euclid(DAY_S) % OLD_INTERVAL_DAYS == 0
    }

    /// Objects that other software made over the same account are stored too, in case they turn out to be ours.
    async fn is_of_a_gift(&self, object: &str) -> Result<bool, StoreError> {
        let mut tx = self.app.store.snapshot().await?;
        unbooked::is_of_a_gift(&mut tx, object).await
    }
}

/// Stripe's word for the type of an object, and ours.
fn kind_of(fact: &Fact) -> Option<(&'static str, &'static str)> {
    Some(match fact {
        Fact::Session(_) => ("checkout.session", "Checkout Session"),
        Fact::Invoice(_) => ("invoice", "invoice"),
        Fact::Refund(_) => ("refund", "refund"),
        Fact::Dispute(_) => ("dispute", "dispute"),
        _ => return None,
    })
}
