//! Stores and books an object from Stripe that is new or changed.

use super::{ON_ITS_WAY_S, ReconcileError, Sweep};
use crate::actions::inbox::ingest_fetched::{FetchedObject, Ingested, ingest_fetched};
use crate::actions::ledger::emit_events::Emitter;
use crate::app::MachineWrite;
use crate::contributions::{Fact, Folded, fold};
use crate::store::sweeps::{self, Finding};
use crate::store::unbooked;
use crate::store::{StoreError, objects};
use crate::stripe::{Listed, Report, read_fetched};

impl<E: Emitter> Sweep<'_, E> {
    /// Stores and books an object, if it belongs to one of our gifts and is new or changed. If the object moved money
    /// but is not ours, its amount is added to the account's other money.
    pub(super) async fn store(&mut self, listed: &Listed, what: &str) -> Result<(), ReconcileError> {
        // An unreadable object is stored too. If it is about one of our gifts, processing it fails until its inbox row
        // becomes dead (no longer retried). An operator then reviews it.
        let facts = match read_fetched(&listed.body, self.now_s()) {
            Ok(Report::Facts(facts)) => facts,
            Ok(_) => return Ok(()),
            Err(_) => Vec::new(),
        };
        let may_be_ours = facts.is_empty() || self.concerns_us(&facts).await?;
        if may_be_ours && (facts.is_empty() || self.is_new(&facts).await?) {
            self.ingest(listed, what).await?;
        }
        if what != "payout" {
            self.count_other_money(listed, what, &facts).await?;
        }
        self.close_dead_events(listed, may_be_ours, &facts).await
    }

    async fn ingest(&mut self, listed: &Listed, what: &str) -> Result<(), ReconcileError> {
        let before = self.stored_gift(&listed.id).await?;
        let object = FetchedObject { id: &listed.id, what, body: &listed.body, fetched_at_ms: self.now_ms };
        let Ingested { inbox_id, is_new } = ingest_fetched::<E>(self.app, self.context, object).await?;
        self.stats.stored += i64::from(is_new);
        let after = self.stored_gift(&listed.id).await?;
        // An object that only adds details, and changes no gift, is not logged.
        let visible_parts = |it: &Option<Folded>| {
            it.as_ref().map(|it| (it.entries.clone(), it.contribution.state, it.contribution.money))
        };
        if is_new && self.should_log(listed.created_s) && visible_parts(&before) != visible_parts(&after) {
            let mut tx = self.context.machine_write(MachineWrite::Reconciliation).await?;
            sweeps::record_finding(&mut tx, &self.log_missed(&inbox_id, &listed.id, what)).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Closes dead events (events that failed at every try) about an object whose newest state is now stored.
    async fn close_dead_events(
        &mut self,
        listed: &Listed,
        is_ours: bool,
        facts: &[Fact],
    ) -> Result<(), ReconcileError> {
        let is_known = !facts.is_empty() && (!is_ours || !self.is_new(facts).await?);
        if !is_known || !self.dead.remove(&listed.id) {
            return Ok(());
        }
        let mut tx = self.context.machine_write(MachineWrite::Reconciliation).await?;
        let is_booked = unbooked::is_of_a_gift(&mut tx, &listed.id).await?;
        let outcome = if is_booked { "booked by a comparison with Stripe" } else { "not ours" };
        let closed = unbooked::close_dead(&mut tx, &listed.id, outcome).await?;
        tx.commit().await?;
        tracing::info!(
            object = listed.id,
            closed,
            outcome,
            "dead events were closed, because their object could now be read from Stripe"
        );
        Ok(())
    }

    /// Returns the gift that an object belongs to, as it is stored now.
    async fn stored_gift(&self, object: &str) -> Result<Option<Folded>, StoreError> {
        let mut tx = self.app.store.snapshot().await?;
        Ok(fold(&objects::facts_of_gift_with(&mut tx, object).await?))
    }

    /// Returns whether the facts name one of our gifts or a known object. If not, they may come from other software on
    /// the same account.
    pub(super) async fn concerns_us(&self, facts: &[Fact]) -> Result<bool, StoreError> {
        let mut tx = self.app.store.snapshot().await?;
        for fact in facts {
            if fact.origin().is_some() || matches!(fact, Fact::Payout(_)) {
                return Ok(true);
            }
            for id in fact.links().into_iter().chain([fact.id()]) {
                if sweeps::is_known(&mut tx, id).await? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Returns whether one of the facts adds something to the stored facts.
    async fn is_new(&self, facts: &[Fact]) -> Result<bool, StoreError> {
        let mut tx = self.app.store.snapshot().await?;
        for fact in facts {
            if fact.adds_to(objects::fact_about(&mut tx, fact.id()).await?.as_ref()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether to log an object that no webhook reported.
    pub(super) fn should_log(&self, created_s: i64) -> bool {
        self.records_missed && self.now_s() - created_s >= ON_ITS_WAY_S
    }

    /// Logs an object that no webhook reported. Returns the row that records it.
    pub(super) fn log_missed(&self, id: &str, object: &str, what: &str) -> Finding {
        tracing::warn!(object, what, "found at Stripe, although no webhook reported it");
        Finding {
            id: id.to_owned(),
            object: object.to_owned(),
            what: what.to_owned(),
            sweep: self.kind.as_str().to_owned(),
            found_at_ms: self.app.now_ms(),
            booked: true,
        }
    }

    /// Records, once per object, a problem that needs manual review: an object that could not be ingested, or
    /// whose amounts do not add up.
    pub(super) async fn record_problem(&self, object: &str, what: &str) -> Result<(), StoreError> {
        let finding = Finding {
            id: format!("{what}: {object}"),
            object: object.to_owned(),
            what: what.to_owned(),
            sweep: self.kind.as_str().to_owned(),
            found_at_ms: self.app.now_ms(),
            booked: false,
        };
        let mut tx = self.context.machine_write(MachineWrite::Reconciliation).await?;
        let is_new = sweeps::record_finding(&mut tx, &finding).await?;
        tx.commit().await?;
        if is_new {
            tracing::warn!(object, what, "found at Stripe; review it in Stripe's dashboard");
        }
        Ok(())
    }
}
