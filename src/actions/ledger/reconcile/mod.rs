//! Compares Stripe's data with the ledger, and ingests what is missing.
//!
//! A webhook can get lost, and Stripe can fail to create an event. So the event list and the balance are compared
//! every few minutes, and the objects themselves once a day.
//!
//! **Owns** what is compared, how far back, and what is logged.
//! **Never** books anything itself: new objects go through the inbox.
//! **Start at** [`reconcile_due`].
//! **Tested in** `tests/api/reconciling.rs`.

mod balance;
mod forget;
mod ingest;
mod lease;
mod other_money;
mod pending;
mod reading;
mod unconfirmed;

use std::collections::HashSet;
use std::marker::PhantomData;

use super::emit_events::{Emitter, Recording};
use crate::actions::inbox::process_event::{process_due_events, process_events_with};
use crate::app::{App, Context, MachineWrite};
use crate::store::StoreError;
use crate::store::comparisons::{self, ListProgress};
use crate::store::inbox::{self, Arrival, EventState, Source};
use crate::store::sweeps::{self, SweepKind};
use crate::stripe::{self, CallError, Envelope, List, Listed};

use forget::{forget_after_failed, forget_old_runs};
use reading::Take;

const DAY_S: i64 = 86_400;
/// How far back events and the balance are read again. New items appear in Stripe's lists with a delay.
const OVERLAP_S: i64 = 3_600;
/// How far back the very first comparison goes.
const FIRST_S: i64 = 3 * DAY_S;
/// How long Stripe keeps events.
const EVENTS_KEPT_S: i64 = 30 * DAY_S;
/// How far back objects are read each day. A bank debit or a retried invoice can take weeks.
const OBJECTS_S: i64 = 35 * DAY_S;
/// How long a Checkout Session can stay open, plus a margin.
const SESSION_S: i64 = 2 * DAY_S;
/// How long a payout can still change after it was made.
const PAYOUT_CHANGES_S: i64 = 14 * DAY_S;
/// The webhook of an object younger than this may still arrive, so its absence is not logged.
const ON_ITS_WAY_S: i64 = 600;
/// The run key of a comparison of everything that is due. (A run key says what was requested. An interrupted run with
/// the same key is resumed.)
const DUE: &str = "due";
/// The run key for reading the balance as far back as the objects were read.
const DUE_FAR: &str = "due, far";

/// Why a comparison stopped. Everything that it stored before that is kept.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum ReconcileError {
    #[error("{0}; a restricted key needs read permission for everything that is compared")]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "another comparison is running, so nothing was compared; wait until it is done (if it was killed, try again in {seconds} s)"
    )]
    Busy { seconds: i64 },
    #[error("another process took over, because this one stalled for too long; start the comparison again")]
    LeaseLost,
    #[error("the comparison is not complete: {0}")]
    Incomplete(String),
}

/// Counts what a comparison did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepStats {
    /// The number of objects that were read from Stripe.
    pub objects_read: i64,
    /// The number of these objects that were new or changed.
    pub stored: i64,
    /// Whether the comparison resumed an interrupted run.
    pub resumed: bool,
    /// The lists that could not be read to their end. All others were read.
    pub failed: Vec<FailedList>,
}

/// A list that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedList {
    /// The list's name in plain words.
    pub list: String,
    /// Why the list could not be read.
    pub why: String,
}

impl SweepStats {
    fn add(&mut self, other: Self) {
        self.objects_read += other.objects_read;
        self.stored += other.stored;
        self.resumed |= other.resumed;
        self.failed.extend(other.failed);
    }

    /// Returns an error if a list could not be read.
    ///
    /// # Errors
    /// [`ReconcileError::Incomplete`], which names the lists.
    pub fn complete(&self) -> Result<(), ReconcileError> {
        if self.failed.is_empty() {
            return Ok(());
        }
        let each =
            self.failed.iter().map(|it| format!("the list of {} could not be read ({})", it.list, it.why));
        Err(ReconcileError::Incomplete(each.collect::<Vec<_>>().join(", ")))
    }
}

/// A comparison that is running. `E` receives the domain events.
struct Sweep<'a, E> {
    emitter: PhantomData<E>,
    app: &'a App,
    context: &'a Context<'a>,
    kind: SweepKind,
    /// The run key: what was requested. An interrupted run with the same key is resumed.
    run: String,
    now_ms: i64,
    /// Whether to record objects that no webhook had reported.
    records_missed: bool,
    stats: SweepStats,
    /// The lists whose reading has started.
    lists: Vec<&'static str>,
    /// The ids of the objects that dead events (events that failed at every try) are about.
    dead: HashSet<String>,
    /// False if the service began to stop before the comparison finished.
    is_complete: bool,
    /// Whether the comparison goes back as far as the end of the last finished one. If not, the next comparison must
    /// still begin at that end.
    reaches_back: bool,
}

/// Compares everything that is due: events and balance each time, objects once a day. Does nothing without an API
/// key.
///
/// Only the parts of Stripe's balance and payouts that belong to known gifts are stored. So events and objects are
/// read first. After the objects, the balance is read just as far back.
///
/// # Errors
/// See [`ReconcileError`]. An unreadable list is not an error: [`SweepStats::failed`] names it.
pub async fn reconcile_due(app: &App, context: &Context<'_>) -> Result<SweepStats, ReconcileError> {
    if !app.stripe.is_configured() {
        return Ok(SweepStats::default());
    }
    lease::with_lease(app, context, compare_due(app, context)).await
}

async fn compare_due(app: &App, context: &Context<'_>) -> Result<SweepStats, ReconcileError> {
    let now_s = app.now_ms().div_euclid(1000);
    forget_old_runs(context, now_s).await?;
    forget_after_failed(app, context, DUE).await?;
    let mut stats = sweep_events::<Recording>(app, context, DUE, None).await?;
    process_due_events(app, context).await?;
    stats.failed.extend(unconfirmed::ask_about_unconfirmed(app, context).await?);
    let compared_at_ms = finished_at_ms(app, SweepKind::Objects).await?;
    if compared_at_ms.is_none_or(|at_ms| app.now_ms() - at_ms >= DAY_S * 1000) {
        stats.add(sweep_objects::<Recording>(app, context, DUE, None, true).await?);
    }
    // After the objects were compared, the balance must be read as far back as they were.
    if app.store.is_unfinished(DUE_FAR).await? {
        stats.add(sweep_balance::<Recording>(app, context, DUE_FAR, Some(now_s - OBJECTS_S)).await?);
    } else {
        stats.add(sweep_balance::<Recording>(app, context, DUE, None).await?);
    }
    Ok(stats)
}

/// Compares everything that was created since `since_s` (seconds since 1970). `records_missed` says whether to record
/// objects that no webhook had reported.
///
/// # Errors
/// As [`reconcile_due`].
pub async fn reconcile_since(
    app: &App,
    context: &Context<'_>,
    since_s: i64,
    records_missed: bool,
) -> Result<SweepStats, ReconcileError> {
    lease::with_lease(app, context, compare_since::<Recording>(app, context, since_s, records_missed)).await
}

/// Books everything that Stripe has, for a new database. `E` receives the domain events.
///
/// # Errors
/// As [`reconcile_due`].
pub(super) async fn book_everything<E: Emitter>(
    app: &App,
    context: &Context<'_>,
) -> Result<SweepStats, ReconcileError> {
    lease::with_lease(app, context, compare_since::<E>(app, context, 0, false)).await
}

async fn compare_since<E: Emitter>(
    app: &App,
    context: &Context<'_>,
    since_s: i64,
    records_missed: bool,
) -> Result<SweepStats, ReconcileError> {
    forget_old_runs(context, app.now_ms().div_euclid(1000)).await?;
    let run = format!("since {since_s}");
    forget_after_failed(app, context, &run).await?;
    let mut stats = sweep_events::<E>(app, context, &run, Some(since_s)).await?;
    process_events_with::<E>(app, context).await?;
    stats.add(sweep_objects::<E>(app, context, &run, Some(since_s), records_missed).await?);
    stats.add(sweep_balance::<E>(app, context, &run, Some(since_s)).await?);
    if stats.failed.is_empty() && !app.is_stopping() {
        let mut tx = context.machine_write(MachineWrite::Reconciliation).await?;
        comparisons::forget_run(&mut tx, &run).await?;
        tx.commit().await?;
    }
    Ok(stats)
}

/// Returns when the last complete comparison of this kind finished, in milliseconds since 1970.
async fn finished_at_ms(app: &App, kind: SweepKind) -> Result<Option<i64>, StoreError> {
    let sweeps = app.store.sweeps().await?;
    Ok(sweeps.into_iter().find(|sweep| sweep.kind == kind.as_str()).and_then(|sweep| sweep.finished_at_ms))
}

async fn sweep_events<E: Emitter>(
    app: &App,
    context: &Context<'_>,
    run: &str,
    since_s: Option<i64>,
) -> Result<SweepStats, ReconcileError> {
    let mut sweep = Sweep::<E>::new((app, context), SweepKind::Events, run, true).await?;
    sweep.read_events(since_s).await?;
    sweep.end().await
}

async fn sweep_balance<E: Emitter>(
    app: &App,
    context: &Context<'_>,
    run: &str,
    since_s: Option<i64>,
) -> Result<SweepStats, ReconcileError> {
    let mut sweep = Sweep::<E>::new((app, context), SweepKind::Balance, run, false).await?;
    sweep.read_balance(since_s).await?;
    sweep.end().await
}

async fn sweep_objects<E: Emitter>(
    app: &App,
    context: &Context<'_>,
    run: &str,
    since_s: Option<i64>,
    records_missed: bool,
) -> Result<SweepStats, ReconcileError> {
    let mut sweep = Sweep::<E>::new((app, context), SweepKind::Objects, run, records_missed).await?;
    sweep.read_objects(since_s).await?;
    sweep.end().await
}

impl<'a, E: Emitter> Sweep<'a, E> {
    async fn new(
        (app, context): (&'a App, &'a Context<'a>),
        kind: SweepKind,
        run: &str,
        records_missed: bool,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            emitter: PhantomData,
            app,
            context,
            kind,
            run: run.to_owned(),
            now_ms: app.now_ms(),
            records_missed,
            stats: SweepStats::default(),
            lists: Vec::new(),
            dead: app.store.objects_of_dead_events().await?.into_iter().collect(),
            is_complete: true,
            reaches_back: true,
        })
    }

    /// Ends the comparison. If it is complete, records up to when everything was compared, and discards the saved
    /// progress of its lists.
    async fn end(self) -> Result<SweepStats, ReconcileError> {
        let mut tx = self.context.machine_write(MachineWrite::Reconciliation).await?;
        if self.stats.failed.is_empty() && self.is_complete {
            let counts = (self.stats.objects_read, self.stats.stored);
            if self.reaches_back {
                sweeps::finish(&mut tx, self.kind, self.now_s(), self.app.now_ms(), counts).await?;
            }
            for list in &self.lists {
                if self.run == DUE_FAR {
                    comparisons::forget_progress(&mut tx, DUE_FAR, list).await?;
                }
                if self.reaches_back {
                    comparisons::forget_progress(&mut tx, DUE, list).await?;
                }
            }
            if self.run == DUE && self.kind == SweepKind::Objects {
                comparisons::put_progress(&mut tx, DUE_FAR, &self.far_progress()).await?;
            }
        }
        tx.commit().await?;
        Ok(self.stats)
    }

    /// Returns the initial progress of the run [`DUE_FAR`]. That run reads the balance as far back as the objects were
    /// read.
    fn far_progress(&self) -> ListProgress {
        ListProgress {
            list: List::TRANSACTIONS.name.to_owned(),
            from_s: self.now_s() - OBJECTS_S,
            started_s: self.now_s(),
            after_id: None,
            finished: false,
            error: None,
            updated_at_ms: self.app.now_ms(),
        }
    }

    /// Returns the start of the comparison: as requested, or the end of the last one.
    async fn begin_s(&mut self, since_s: Option<i64>) -> Result<i64, StoreError> {
        let due_s = self.cursor_s().await?.map_or(self.now_s() - FIRST_S, |cursor_s| cursor_s - OVERLAP_S);
        self.reaches_back = since_s.is_none_or(|since_s| since_s <= due_s);
        Ok(since_s.unwrap_or(due_s))
    }

    /// Returns the time up to which everything was compared, in seconds since 1970; `None` before the first
    /// comparison.
    async fn cursor_s(&self) -> Result<Option<i64>, StoreError> {
        let sweeps = self.app.store.sweeps().await?;
        let last = sweeps.iter().find(|sweep| sweep.kind == self.kind.as_str());
        Ok(last.map(|it| it.cursor_s).filter(|cursor_s| *cursor_s > 0))
    }

    fn now_s(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }

    /// Reads the events since the last comparison, or since `since_s`, and stores those that are missing.
    async fn read_events(&mut self, since_s: Option<i64>) -> Result<(), ReconcileError> {
        let from_s = self.begin_s(since_s).await?;
        self.read_list(List::EVENTS, from_s.max(self.now_s() - EVENTS_KEPT_S), Take::Event).await?;
        self.app.inbox_notify.notify_one();
        Ok(())
    }

    /// Stores an event as if Stripe had delivered it, unless it is already stored.
    async fn store_event(&mut self, listed: &Listed) -> Result<(), ReconcileError> {
        let Ok(envelope) = Envelope::read(&listed.body) else {
            return Ok(self.record_problem(&listed.id, "event that can't be read").await?);
        };
        if !stripe::is_used_event(&envelope.kind) {
            return Ok(());
        }
        let is_right_mode = envelope.mode() == self.app.settings.stripe.mode;
        let arrival = Arrival {
            id: &envelope.id,
            kind: &envelope.kind,
            api_version: envelope.api_version.as_deref().unwrap_or_default(),
            source: Source::Fetched,
            mode: envelope.mode(),
            created_at_ms: envelope.created_s().saturating_mul(1000),
            received_at_ms: self.app.now_ms(),
            body: &listed.body,
            state: if is_right_mode { EventState::Waiting } else { EventState::Quarantined },
        };
        let mut tx = self.context.machine_write(MachineWrite::Reconciliation).await?;
        if inbox::insert(&mut tx, &arrival).await? {
            self.stats.stored += 1;
            if self.should_log(envelope.created_s()) {
                sweeps::record_finding(&mut tx, &self.log_missed(&envelope.id, &envelope.id, &envelope.kind))
                    .await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Reads the objects that can have changed since the last comparison, or that were created since `since_s`.
    async fn read_objects(&mut self, since_s: Option<i64>) -> Result<(), ReconcileError> {
        let cursor_s = self.cursor_s().await?;
        // After a long downtime, the lists must also cover the time since the last comparison, and the sessions that
        // were open then.
        let due_s = (self.now_s() - OBJECTS_S).min(cursor_s.map_or(i64::MAX, |at_s| at_s - SESSION_S));
        self.reaches_back = since_s.is_none_or(|since_s| since_s <= due_s);
        let from_s = since_s.unwrap_or(due_s);
        for list in List::OF_GIFTS {
            // A subscription can change for years after it was created.
            let list_from_s = if list.what == "subscription" { 0 } else { from_s };
            self.read_list(list, list_from_s, Take::Object).await?;
        }
        self.fetch_pending_objects(from_s, cursor_s.filter(|_| since_s.is_none())).await
    }
}
