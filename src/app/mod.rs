//! Holds the state that is built once, at the start, and passed to every action.
//!
//! **Owns** the parts of a running service, and the context of one action: who is acting, and how it may write.
//! **Never** decides anything.
//! **Start at** [`Context`], then [`App`].
//! **Tested in** `tests/api/audit.rs`, and by every test of `tests/api/`.

mod actor;
mod context;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

pub use actor::Actor;
pub use context::{Change, ChangeTx, Context, MachineWrite};

use crate::appeals::{AppealDocument, AppealProblem, Snapshot, StoredWeights, Switches, TickerTotals};
use crate::clock::Clock;
use crate::keys::{Attribution, CheckLimits, MacKey, Tokens, Vault};
use crate::sites::{Settings, SiteSettings};
use crate::store::Store;
use crate::store::counts::CountKey;
use crate::store::files::Watched;
use crate::store::intake::Intake;
use crate::store::last_good::LastGood;
use crate::stripe::{Deliveries, Gateway};
use crate::supporters::RecentStandings;
use crate::telemetry::Metrics;

/// Everything that an entry point or an action needs.
pub struct App {
    /// The settings.
    pub settings: Settings,
    /// The clock.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    /// Stores Stripe's deliveries in batches.
    pub intake: Intake,
    /// Stripe's API.
    pub stripe: Gateway,
    /// The signing secrets for deliveries, and the results of the last deliveries.
    pub deliveries: Deliveries,
    /// The compiled appeals. They are always replaced as a whole.
    pub snapshot: ArcSwap<Snapshot>,
    /// The totals for tickers (which show readers how much was given), as they were last read from the ledger.
    pub ticker_totals: ArcSwap<TickerTotals>,
    /// Wakes the job that reads the tickers' totals. It is notified when other appeals become active.
    pub tickers_changed: Notify,
    /// The inputs from which the snapshot is built.
    snapshot_inputs: Mutex<SnapshotInputs>,
    /// A lock that is held while the active appeals are read, so that an older result never replaces a newer one.
    pub refresh_lock: tokio::sync::Mutex<()>,
    /// Wakes the job that saves the active snapshot.
    pub snapshot_changed: Notify,
    /// Encrypts and decrypts secrets.
    pub vault: Vault,
    /// The weights of variants (their shares of readers) that were learned from results.
    pub learned: ArcSwap<StoredWeights>,
    /// Issues and checks supporter tokens.
    pub tokens: Tokens,
    /// The recent changes of supporters' standings (their status as supporters). A token that was issued before such a
    /// change may still be valid, so the change takes precedence over the standing in the token.
    pub standings: RecentStandings,
    /// The key that signs attributions.
    pub attribution_key: MacKey,
    /// Counts that are not stored in the database yet.
    pub counters: Counters,
    /// Wakes the worker when an event was stored.
    pub inbox_notify: Notify,
    /// Wakes a worker of the queue when a task was added.
    pub task_added: Notify,
    /// The service's metrics.
    pub metrics: Metrics,
    /// The data folder and its key file, with their device and inode numbers at the start. With these numbers, the
    /// service notices if the folder or the file is replaced.
    pub data_folder: Watched,
    stopping: AtomicBool,
    writing_fails: AtomicBool,
    catching_up: AtomicBool,
}

/// The inputs from which the snapshot is built, and the state that is saved to disk.
#[derive(Default)]
pub struct SnapshotInputs {
    /// The appeals.
    pub documents: Vec<AppealDocument>,
    /// The problems of appeals that could not be read.
    pub problems: Vec<AppealProblem>,
    /// How many publications the database contained when the appeals were read; 0 for an appeals file.
    pub publication_count: i64,
    /// The surfaces and sites that are switched off, per site.
    pub switches: BTreeMap<String, Switches>,
    /// The revision that is saved on disk; 0 if none is.
    pub on_disk: u64,
    last_good: LastGood,
    revision: u64,
}

impl SnapshotInputs {
    /// Returns the state that is to be saved to disk.
    pub fn last_good(&self) -> &LastGood {
        &self.last_good
    }

    /// Returns a number that grows with every change of the state that is to be saved.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

impl App {
    /// Assembles the state. It contains no keys and no appeals until they are loaded. Stripe's deliveries are stored by
    /// a task on the async runtime that calls this function.
    pub fn new(settings: Settings, clock: Clock, store: Store, stripe: Gateway, vault: Vault) -> Arc<Self> {
        let metrics = Metrics::new();
        let intake = Intake::new(store.clone(), metrics.intake_commits.clone());
        let snapshot = Snapshot::build(&settings.sites, &[], Vec::new());
        Arc::new(Self {
            tokens: Tokens::new(settings.issuer(), Vec::new())
                .with_limits(&token_check_limits(&settings), &clock)
                .with_counts(metrics.token_checks.clone()),
            standings: RecentStandings::default(),
            snapshot: ArcSwap::from_pointee(snapshot),
            ticker_totals: ArcSwap::default(),
            tickers_changed: Notify::new(),
            snapshot_inputs: Mutex::default(),
            refresh_lock: tokio::sync::Mutex::default(),
            snapshot_changed: Notify::new(),
            learned: ArcSwap::default(),
            attribution_key: vault.attribution_key(),
            vault,
            counters: Counters::default(),
            inbox_notify: Notify::new(),
            task_added: Notify::new(),
            deliveries: Deliveries::new(&settings.stripe.webhook_secrets),
            stripe: stripe.counting(metrics.stripe_calls.clone()),
            metrics,
            data_folder: Watched::default(),
            stopping: AtomicBool::new(false),
            writing_fails: AtomicBool::new(false),
            catching_up: AtomicBool::new(false),
            settings,
            clock,
            intake,
            store,
        })
    }

    /// Returns the context for an action by this actor.
    pub fn context(&self, actor: Actor) -> Context<'_> {
        Context {
            store: &self.store,
            stripe: &self.stripe,
            settings: &self.settings,
            clock: &self.clock,
            actor,
            request_id: None,
        }
    }

    /// Returns the context for a job of the service.
    pub fn as_job(&self, name: &'static str) -> Context<'_> {
        self.context(Actor::Job(name))
    }

    /// Returns the context for a person at the command line.
    pub fn as_operator(&self) -> Context<'_> {
        self.context(Actor::Operator)
    }

    /// Returns the settings of a site.
    pub fn site(&self, id: &str) -> Option<&SiteSettings> {
        self.settings.sites.get(id)
    }

    /// Locks and returns the inputs of the snapshot, so that they can be changed.
    pub fn snapshot_inputs(&self) -> MutexGuard<'_, SnapshotInputs> {
        // If another thread panicked during a change, the next change replaces the incomplete one.
        self.snapshot_inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state that is to be saved to disk. The file is written in the background.
    pub fn update_last_good(&self, change: impl FnOnce(&mut LastGood)) {
        let mut snapshot_inputs = self.snapshot_inputs();
        let mut changed = snapshot_inputs.last_good.clone();
        change(&mut changed);
        if changed != snapshot_inputs.last_good {
            snapshot_inputs.last_good = changed;
            snapshot_inputs.revision += 1;
            self.snapshot_changed.notify_one();
        }
    }

    /// Sets whether the service started without its database and has not caught up yet.
    pub fn set_catching_up(&self, is_catching_up: bool) {
        self.catching_up.store(is_catching_up, Ordering::Relaxed);
    }

    /// Whether the service started without its database and has not caught up yet.
    pub fn is_catching_up(&self) -> bool {
        self.catching_up.load(Ordering::Relaxed)
    }

    /// Marks the service as stopping, so that it gets no new requests.
    pub fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the service is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Records whether the database accepted the last write probe.
    pub fn set_can_write(&self, can_write: bool) {
        self.writing_fails.store(!can_write, Ordering::Relaxed);
    }

    /// Whether the database accepted the last write probe.
    pub fn can_write(&self) -> bool {
        !self.writing_fails.load(Ordering::Relaxed)
    }

    /// Returns the current time, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

fn token_check_limits(settings: &Settings) -> CheckLimits {
    CheckLimits {
        per_second: settings.tokens.checks_per_second,
        address_per_second: settings.tokens.address_checks_per_second,
        address_bad_per_minute: settings.tokens.address_bad_per_minute,
    }
}

const HOUR_MS: i64 = 3_600_000;

/// The views, clicks, dismissals and checkouts since the last flush.
#[derive(Default)]
pub struct Counters(Mutex<HashMap<CountKey, i64>>);

impl Counters {
    /// Adds 1 to the count of `key`.
    pub fn count(&self, key: CountKey) {
        *self.lock().entry(key).or_insert(0) += 1;
    }

    /// Counts an event of a shown appeal. The event happened at `now_ms` (milliseconds since 1970).
    pub fn count_shown(&self, shown: &Attribution, kind: String, now_ms: i64) {
        self.count(CountKey {
            hour_at_ms: now_ms - now_ms.rem_euclid(HOUR_MS),
            site: shown.site.clone(),
            appeal: shown.appeal.clone(),
            variant: shown.variant.clone(),
            surface: shown.surface.clone(),
            country: shown.country.clone(),
            kind,
        });
    }

    /// Removes and returns all counts.
    pub fn take(&self) -> HashMap<CountKey, i64> {
        std::mem::take(&mut *self.lock())
    }

    /// Adds back the counts that could not be stored.
    pub fn put_back(&self, counts: HashMap<CountKey, i64>) {
        let mut counts_by_key = self.lock();
        for (key, count) in counts {
            *counts_by_key.entry(key).or_insert(0) += count;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CountKey, i64>> {
        // No code panics while it holds the lock. Even after a panic, the counts would be correct.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
