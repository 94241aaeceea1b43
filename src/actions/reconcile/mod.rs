//! Compares what Stripe has with what we know, and takes in what is missing.
//!
//! Webhooks can be lost, and Stripe can fail to make an event. So its list of events and its balance are looked
//! through every few minutes, and the objects themselves once a day.
//!
//! **Owns** what is compared, how far back, and what is worth a word.
//! **Never** books by itself: what it finds goes through the inbox.
//! **Start at** [`reconcile_due`].
//! **Tested in** `tests/api/reconciling.rs`.

mod balance;
mod taking_in;

use super::process_event::process_due_events;
use crate::app::App;
use crate::store::inbox::{self, Arrival, EventState, Source};
use crate::store::sweeps::{self, SweepKind};
use crate::stripe::{self, CallError, Envelope, List, Listed};

const DAY_S: i64 = 86_400;
/// How far events and balance are looked through again, for lists show what is new a little late.
const OVERLAP_S: i64 = 3_600;
/// How far back a comparison goes that was never made before.
const FIRST_S: i64 = 3 * DAY_S;
/// How long Stripe keeps events.
const EVENTS_KEPT_S: i64 = 30 * DAY_S;
/// How far back objects are looked at each day: a bank debit, or an invoice that is tried again, can take weeks.
const OBJECTS_S: i64 = 35 * DAY_S;
/// How long a payout can still change after it was made.
const PAYOUT_CHANGES_S: i64 = 14 * DAY_S;
/// What is younger may still be on its way as a webhook, and is not worth a word.
const ON_ITS_WAY_S: i64 = 600;
/// How long an instance keeps a comparison for itself; one that was killed leaves it behind.
const CLAIM_MS: i64 = 3_600_000;

/// Why a comparison stopped. What was found until then is kept.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its sentence")]
pub enum ReconcileError {
    #[error("{0}; a restricted key needs permission to read what is compared")]
    Call(#[from] CallError),
    #[error("the database does not answer ({0})")]
    Database(#[from] sqlx::Error),
}

/// What a comparison did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects of Stripe's that were looked at.
    pub looked_at: i64,
    /// How many of them told something new.
    pub stored: i64,
}

/// A comparison under way.
struct Sweep<'a> {
    app: &'a App,
    kind: SweepKind,
    now_ms: i64,
    /// Whether it is noted what no webhook had told.
    notes: bool,
    done: Swept,
    /// False once the service began to stop.
    whole: bool,
}

/// Compares what is due: events and balance each time, objects once a day. Nothing without a key.
///
/// Of Stripe's balance and payouts only what is of known gifts is kept. So gifts that events and objects tell of come
/// first, and after a look at the objects the balance is looked through as far back as they were.
///
/// # Errors
/// See [`ReconcileError`].
pub async fn reconcile_due(app: &App) -> Result<(), ReconcileError> {
    if !app.stripe.is_configured() {
        return Ok(());
    }
    sweep_events(app, None).await?;
    process_due_events(app).await?;
    let objects = finished_at_ms(app, SweepKind::Objects).await?;
    if objects.is_some_and(|at_ms| app.now_ms() - at_ms < DAY_S * 1000) {
        sweep_balance(app, None).await?;
        return Ok(());
    }
    let objects = sweep_objects(app, None, true).await;
    let since_s = objects.is_ok().then(|| app.now_ms().div_euclid(1000) - OBJECTS_S);
    sweep_balance(app, since_s).await?;
    objects.map(drop)
}

/// Compares everything that was made since `since_s` (seconds since 1970). `notes`: whether it is noted what no webhook
/// had told.
///
/// # Errors
/// See [`ReconcileError`].
pub async fn reconcile_since(app: &App, since_s: i64, notes: bool) -> Result<Swept, ReconcileError> {
    let events = sweep_events(app, Some(since_s)).await?;
    process_due_events(app).await?;
    let parts =
        [events, sweep_objects(app, Some(since_s), notes).await?, sweep_balance(app, Some(since_s)).await?];
    Ok(parts.iter().fold(Swept::default(), |sum, part| Swept {
        looked_at: sum.looked_at + part.looked_at,
        stored: sum.stored + part.stored,
    }))
}

async fn finished_at_ms(app: &App, kind: SweepKind) -> Result<Option<i64>, sqlx::Error> {
    let sweeps = app.store.sweeps().await?;
    Ok(sweeps.into_iter().find(|sweep| sweep.kind == kind.as_str()).and_then(|sweep| sweep.finished_at_ms))
}

/// From where a comparison goes on.
async fn cursor_s(app: &App, kind: SweepKind, now_s: i64) -> Result<i64, sqlx::Error> {
    let sweeps = app.store.sweeps().await?;
    let cursor_s = sweeps.iter().find(|sweep| sweep.kind == kind.as_str()).map_or(0, |sweep| sweep.cursor_s);
    Ok(if cursor_s == 0 { now_s - FIRST_S } else { cursor_s - OVERLAP_S })
}

async fn sweep_events(app: &App, since_s: Option<i64>) -> Result<Swept, ReconcileError> {
    let Some(mut sweep) = Sweep::claim(app, SweepKind::Events, true).await? else {
        return Ok(Swept::default());
    };
    let outcome = sweep.events(since_s).await;
    sweep.end(outcome).await
}

async fn sweep_balance(app: &App, since_s: Option<i64>) -> Result<Swept, ReconcileError> {
    let Some(mut sweep) = Sweep::claim(app, SweepKind::Balance, false).await? else {
        return Ok(Swept::default());
    };
    let outcome = sweep.balance(since_s).await;
    sweep.end(outcome).await
}

async fn sweep_objects(app: &App, since_s: Option<i64>, notes: bool) -> Result<Swept, ReconcileError> {
    let Some(mut sweep) = Sweep::claim(app, SweepKind::Objects, notes).await? else {
        return Ok(Swept::default());
    };
    let outcome = sweep.objects(since_s).await;
    sweep.end(outcome).await
}

impl<'a> Sweep<'a> {
    /// None when another instance is at it.
    async fn claim(app: &'a App, kind: SweepKind, notes: bool) -> Result<Option<Self>, sqlx::Error> {
        let now_ms = app.now_ms();
        let mut tx = app.store.begin().await?;
        let ours = sweeps::claim(&mut tx, kind, now_ms, now_ms + CLAIM_MS).await?;
        tx.commit().await?;
        Ok(ours.then(|| Self { app, kind, now_ms, notes, done: Swept::default(), whole: true }))
    }

    /// Notes how far it came, if it came to its end, and lets others compare.
    async fn end(self, outcome: Result<(), ReconcileError>) -> Result<Swept, ReconcileError> {
        let mut tx = self.app.store.begin().await?;
        if outcome.is_ok() && self.whole {
            let counts = (self.done.looked_at, self.done.stored);
            sweeps::finish(&mut tx, self.kind, self.now_s(), self.app.now_ms(), counts).await?;
        }
        sweeps::release(&mut tx, self.kind).await?;
        tx.commit().await?;
        outcome.map(|()| self.done)
    }

    fn now_s(&self) -> i64 {
        self.now_ms.div_euclid(1000)
    }

    async fn events(&mut self, since_s: Option<i64>) -> Result<(), ReconcileError> {
        let from_s = match since_s {
            Some(since_s) => since_s,
            None => cursor_s(self.app, self.kind, self.now_s()).await?,
        };
        let from_s = from_s.max(self.now_s() - EVENTS_KEPT_S);
        let mut after = None;
        while !self.stops() {
            let page = self.app.stripe.list(List::EVENTS, from_s, after.as_deref()).await?;
            for event in &page.objects {
                self.done.looked_at += 1;
                self.event(event).await?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.app.event_came.notify_one();
        Ok(())
    }

    /// Stores an event as if it had been delivered, unless it was.
    async fn event(&mut self, listed: &Listed) -> Result<(), ReconcileError> {
        let Ok(envelope) = Envelope::read(&listed.body) else {
            return Ok(self.trouble(&listed.id, "event that can't be read").await?);
        };
        if !stripe::concerns_us(&envelope.kind) {
            return Ok(());
        }
        let right_mode = envelope.mode() == self.app.settings.stripe.mode;
        let arrival = Arrival {
            id: &envelope.id,
            kind: &envelope.kind,
            api_version: envelope.api_version.as_deref().unwrap_or_default(),
            source: Source::Fetched,
            mode: envelope.mode(),
            created_at_ms: envelope.created_s().saturating_mul(1000),
            received_at_ms: self.app.now_ms(),
            body: &listed.body,
            state: if right_mode { EventState::Waiting } else { EventState::SetAside },
        };
        let mut tx = self.app.store.begin().await?;
        if inbox::insert(&mut tx, &arrival).await? {
            self.done.stored += 1;
            if self.is_worth_a_word(envelope.created_s()) {
                sweeps::found(&mut tx, &self.finding(&envelope.id, &envelope.id, &envelope.kind)).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn objects(&mut self, since_s: Option<i64>) -> Result<(), ReconcileError> {
        let from_s = since_s.unwrap_or(self.now_s() - OBJECTS_S);
        for list in List::OF_GIFTS {
            // A subscription changes for years after it was made.
            let from_s = if list.what == "subscription" { 0 } else { from_s };
            self.list(list, from_s).await?;
        }
        Ok(())
    }

    async fn list(&mut self, list: List, from_s: i64) -> Result<(), ReconcileError> {
        let mut after = None;
        while !self.stops() {
            let page = self.app.stripe.list(list, from_s, after.as_deref()).await?;
            for object in &page.objects {
                self.done.looked_at += 1;
                self.store(object, list.what).await?;
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A service that is stopping goes on with the comparison after the next start.
    fn stops(&mut self) -> bool {
        self.whole &= !self.app.is_stopping();
        !self.whole
    }
}
