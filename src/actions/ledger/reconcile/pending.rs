//! Fetches each object that can still change but is too old to be in the lists.

use super::{DAY_S, FailedList, ReconcileError, Sweep};
use crate::actions::ledger::emit_events::Emitter;
use crate::contributions::Fact;
use crate::store::objects::PendingObject;
use crate::store::{StoreError, unbooked};
use crate::stripe::{CallError, Listed};

/// Up to this age, objects that can still change are fetched each day: a dispute can take four months.
const DAILY_S: i64 = 180 * DAY_S;
/// How often older objects are fetched, such as an invoice that is never going to be paid.
const OLD_INTERVAL_S: i64 = 30 * DAY_S;
/// The number of objects that are read from the database together.
const PAGE: i64 = 200;

impl<E: Emitter> Sweep<'_, E> {
    /// Fetches the objects of known gifts that can still change and that Stripe created before `before_s` (seconds
    /// since 1970). `compared_s` is when the last finished comparison of objects began. If there was none, all
    /// these objects are fetched, even old ones that are not due.
    pub(super) async fn fetch_pending_objects(
        &mut self,
        before_s: i64,
        compared_s: Option<i64>,
    ) -> Result<(), ReconcileError> {
        let mut after: Option<PendingObject> = None;
        loop {
            let page = self.app.store.pending_objects(before_s, after.as_ref(), PAGE).await?;
            for pending in &page {
                if self.is_stopping() || !self.fetch_pending(pending, compared_s).await? {
                    return Ok(());
                }
            }
            match page.into_iter().last() {
                None => return Ok(()),
                last => after = last,
            }
        }
    }

    /// Fetches one object, if it is due. Returns false if Stripe failed; the next comparison then tries again.
    async fn fetch_pending(
        &mut self,
        pending: &PendingObject,
        compared_s: Option<i64>,
    ) -> Result<bool, ReconcileError> {
        let (fact, created_s) = (&pending.fact, pending.since_s);
        let Some((stripe_type, what)) = kind_of(fact) else { return Ok(true) };
        if !is_due(created_s, compared_s, self.now_s()) || !self.is_of_a_gift(fact.id()).await? {
            return Ok(true);
        }
        let body = match self.app.stripe.fetch(stripe_type, fact.id()).await {
            Ok(Some(body)) => body,
            // The object belongs to another account, or was deleted.
            Ok(None) | Err(CallError::NotFound) => return Ok(true),
            Err(error) => {
                tracing::warn!(object = fact.id(), %error, "could not fetch an object that can still change");
                let failed = FailedList { list: "pending objects".to_owned(), why: error.to_string() };
                self.stats.failed.push(failed);
                return Ok(false);
            }
        };
        self.stats.objects_read += 1;
        self.store(&Listed { id: fact.id().to_owned(), created_s, body }, what).await?;
        Ok(true)
    }

    /// Returns whether the object belongs to a known gift. Objects that other software created on the same account are
    /// stored too, in case they turn out to be ours.
    async fn is_of_a_gift(&self, object: &str) -> Result<bool, StoreError> {
        let mut tx = self.app.store.snapshot().await?;
        unbooked::is_of_a_gift(&mut tx, object).await
    }
}

/// Returns whether an object is due. A young object is due each day. An older one is due if, since the last comparison,
/// its age passed a multiple of [`OLD_INTERVAL_S`]. So a day without a comparison delays a fetch only until the next
/// comparison.
fn is_due(created_s: i64, compared_s: Option<i64>, now_s: i64) -> bool {
    let Some(compared_s) = compared_s else { return true };
    let intervals = |at_s: i64| (at_s - created_s).div_euclid(OLD_INTERVAL_S);
    now_s - created_s < DAILY_S || intervals(now_s) > intervals(compared_s)
}

/// Returns Stripe's name and our name for the type of a fact's object.
fn kind_of(fact: &Fact) -> Option<(&'static str, &'static str)> {
    Some(match fact {
        Fact::Session(_) => ("checkout.session", "Checkout Session"),
        Fact::Invoice(_) => ("invoice", "invoice"),
        Fact::Refund(_) => ("refund", "refund"),
        Fact::Dispute(_) => ("dispute", "dispute"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_object_is_due_at_the_first_comparison_after_each_interval() {
        let due = |compared_day: f64, now_day: f64| {
            let at_s = |day: f64| (day * DAY_S as f64) as i64;
            is_due(0, Some(at_s(compared_day)), at_s(now_day))
        };
        assert!(
            due(178.0, 179.0) && due(179.0, 180.0),
            "an object is due each day until it is half a year old"
        );
        assert!(!due(180.0, 181.0) && !due(208.0, 209.5), "an older object is not due every day");
        assert!(
            due(209.0, 210.0) && due(209.9, 210.9),
            "an older object is due on day 210, after 7 intervals"
        );
        // No comparison ran on days 210 and 211.
        assert!(due(209.0, 212.0));
        assert!(!due(212.0, 213.0));
        assert!(is_due(0, None, 200 * DAY_S), "an old object is due if there was no comparison before");
    }
}
