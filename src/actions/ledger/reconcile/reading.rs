//! Reads one of Stripe's lists to its end: page by page, with retries, from where an earlier run stopped.

use crate::actions::ledger::emit_events::Emitter;
use std::time::Duration;

use super::{DAY_S, FailedList, OVERLAP_S, ReconcileError, Sweep};
use crate::app::MachineWrite;
use crate::store::comparisons::{self, ListProgress};
use crate::stripe::{CallError, List, Listed};

/// The maximum number of tries per list. (Each call also retries by itself.)
const MAX_TRIES: u32 = 3;
/// The pause after the first try. The pause after the second try is twice as long.
const PAUSE: Duration = Duration::from_millis(250);

/// What to do with each object of a list.
#[derive(Clone, Copy)]
pub(super) enum Take {
    Event,
    Object,
    /// A payout. If `force` is true, it is stored even if it is unchanged.
    Payout {
        force: bool,
    },
}

impl<E: Emitter> Sweep<'_, E> {
    /// Reads everything in `list` that was created at or after `from_s`. If the list can't be read, the failure is
    /// recorded and the comparison continues.
    pub(super) async fn read_list(
        &mut self,
        list: List,
        from_s: i64,
        take: Take,
    ) -> Result<(), ReconcileError> {
        self.lists.push(list.name);
        let saved_progress = self.app.store.list_progress(&self.run, list.name).await?;
        // Saved progress is used only if it covers the requested time and is less than a day old.
        let is_usable = |it: &ListProgress| it.from_s <= from_s && self.now_s() - it.started_s < DAY_S;
        let saved_progress = saved_progress.filter(is_usable);
        let is_resumed = saved_progress.as_ref().is_some_and(|it| it.finished || it.after_id.is_some());
        self.stats.resumed |= is_resumed;
        let mut progress = saved_progress.unwrap_or_else(|| ListProgress {
            list: list.name.to_owned(),
            from_s,
            started_s: self.now_s(),
            after_id: None,
            finished: false,
            error: None,
            updated_at_ms: 0,
        });
        let had_failed = progress.error.take().is_some();
        let mut tries = 1;
        loop {
            match self.read_pages(list, take, &mut progress, is_resumed).await {
                Err(ReconcileError::Call(error)) => {
                    if tries < MAX_TRIES && is_temporary(&error) {
                        tokio::time::sleep(PAUSE * tries).await;
                        tries += 1;
                        continue;
                    }
                    tracing::warn!(list = list.name, %error, "one of Stripe's lists could not be read to its end; the other lists are still read");
                    progress.error = Some(error.to_string());
                    self.stats.failed.push(FailedList { list: list.name.to_owned(), why: error.to_string() });
                    return self.save(&mut progress).await;
                }
                Ok(()) if had_failed => return self.save(&mut progress).await,
                outcome => return outcome,
            }
        }
    }

    /// Reads the remaining pages of a list. If an earlier run read the first pages, also reads what was created since.
    async fn read_pages(
        &mut self,
        list: List,
        take: Take,
        progress: &mut ListProgress,
        is_resumed: bool,
    ) -> Result<(), ReconcileError> {
        while !progress.finished && !self.is_stopping() {
            let page = self.app.stripe.list(list, progress.from_s, progress.after_id.as_deref()).await?;
            self.take_all(list, take, &page.objects).await?;
            progress.finished = page.next.is_none();
            progress.after_id = page.next.or(progress.after_id.take());
            self.save(progress).await?;
        }
        if !is_resumed {
            return Ok(());
        }
        // Lists begin with the newest objects. So the pages that were read above contain no object that was created
        // since the earlier run.
        let mut after = None;
        while !self.is_stopping() {
            let from_s = progress.started_s - OVERLAP_S;
            let page = self.app.stripe.list(list, from_s, after.as_deref()).await?;
            self.take_all(list, take, &page.objects).await?;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn take_all(&mut self, list: List, take: Take, objects: &[Listed]) -> Result<(), ReconcileError> {
        for object in objects {
            self.stats.objects_read += 1;
            match take {
                Take::Event => self.store_event(object).await?,
                Take::Object => self.store(object, list.what).await?,
                Take::Payout { force } => self.store_payout(object, force).await?,
            }
        }
        Ok(())
    }

    async fn save(&self, progress: &mut ListProgress) -> Result<(), ReconcileError> {
        progress.updated_at_ms = self.app.now_ms();
        let mut tx = self.context.machine_write(MachineWrite::Reconciliation).await?;
        comparisons::put_progress(&mut tx, &self.run, progress).await?;
        Ok(tx.commit().await?)
    }

    /// Returns whether the service is stopping. The comparison is then marked as incomplete, and is resumed after the
    /// next start.
    pub(super) fn is_stopping(&mut self) -> bool {
        self.is_complete &= !self.app.is_stopping();
        !self.is_complete
    }
}

/// Returns whether a later try may succeed.
fn is_temporary(error: &CallError) -> bool {
    matches!(error, CallError::Failed { .. } | CallError::Busy { .. } | CallError::Unreachable)
}
