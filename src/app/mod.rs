//! What is built once and passed to every action.
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
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use uuid::Uuid;

pub use actor::Actor;
pub use context::{Change, Changing, Context, MachineWrite};

use crate::appeals::{AppealDocument, AppealProblem, LearnedSoFar, Snapshot, Switches, TickerTotals};
use crate::clock::Clock;
use crate::config::{Settings, SiteSettings};
use crate::keys::{Attribution, CheckLimits, MacKey, RecentKeys, Tokens, Vault};
use crate::limits::{Bodies, OnceIn, PerMinute, Proxies, RouteLimits, Seen};
use crate::store::Store;
use crate::store::counts::CountKey;
use crate::store::files::Watched;
use crate::store::intake::Intake;
use crate::store::last_good::LastGood;
use crate::stripe::{Deliveries, Gateway};
use crate::supporters::RecentStandings;
use crate::telemetry::Metrics;

/// Banner events that are remembered, so that each counts once; with twice as many they take about 5 MiB.
const COUNTED_EVENTS: usize = 100_000;
/// Request bodies that may be arriving at the same time. Few bodies come in more than one piece.
const MAX_BODIES: usize = 512;
/// How many bytes of them are held.
const MAX_BODY_BYTES: usize = 33_554_432;

/// Everything a door or an action works with.
pub struct App {
    /// The settings in force.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    /// Where facts are kept.
    pub store: Store,
    /// The way into the store for what Stripe delivers.
    pub intake: Intake,
    /// The way to Stripe.
    pub stripe: Gateway,
    /// The secrets that deliveries are signed with, and how the last ones went.
    pub deliveries: Deliveries,
    /// What readers are asked; swapped whole.
    pub snapshot: ArcSwap<Snapshot>,
    /// What the ledger last said of the numbers that appeals tell.
    pub ticker_totals: ArcSwap<TickerTotals>,
    /// Wakes who counts them when other appeals are in force.
    pub tickers_changed: Notify,
    /// What the snapshot is made from.
    snapshot_inputs: Mutex<SnapshotInputs>,
    /// Held by whoever reads what is in force, so that what was read later is not swapped out by what was read before.
    pub refresh_lock: tokio::sync::Mutex<()>,
    /// Wakes who keeps what is in force on disk.
    pub snapshot_changed: Notify,
    /// Opens and seals.
    pub vault: Vault,
    /// Weights of variants that follow results, as they were last learned.
    pub learned: ArcSwap<LearnedSoFar>,
    /// Supporter tokens.
    pub tokens: Tokens,
    /// Standings that changed since a token may have been issued.
    pub standings: RecentStandings,
    /// API keys that asked banner questions a moment ago.
    pub recent_keys: RecentKeys,
    /// The key that signs attributions.
    pub attribution_key: MacKey,
    /// The key that signs previews.
    pub preview_key: MacKey,
    /// The key from which supporter ids are made.
    pub supporter_key: MacKey,
    /// Counts that are not stored yet.
    pub counters: Counters,
    /// Banner events that were counted: the verdict's id, and the kind of event.
    pub counted_events: Seen<(u64, u8)>,
    /// The proxies whose word is taken for a client's address.
    pub proxies: Proxies,
    /// How often checkouts may be started.
    pub checkout_limits: RouteLimits,
    /// How often tokens may be fetched.
    pub token_limits: RouteLimits,
    /// When Stripe was last asked about each attempt.
    pub session_reads: OnceIn<Uuid>,
    /// Request bodies that are still arriving.
    pub bodies: Bodies,
    /// Wakes the worker when an event came in.
    pub inbox_notify: Notify,
    /// Wakes a worker of the queue when a task was added.
    pub task_added: Notify,
    /// What is counted for operators.
    pub metrics: Metrics,
    /// The data folder and its key file, as they were at the start.
    pub data_folder: Watched,
    stopping: AtomicBool,
    writing_fails: AtomicBool,
    catching_up: AtomicBool,
}

/// What the snapshot is made from, and what is kept on disk.
#[derive(Default)]
pub struct SnapshotInputs {
    /// The appeals.
    pub documents: Vec<AppealDocument>,
    /// What could not be read of them.
    pub problems: Vec<AppealProblem>,
    /// How many publications the store had when they were read from it; 0 for a file.
    pub number: i64,
    /// What is switched off, by site.
    pub switches: BTreeMap<String, Switches>,
    /// The revision that is on disk; 0 is none.
    pub on_disk: u64,
    kept: LastGood,
    revision: u64,
}

impl SnapshotInputs {
    /// What is to be kept on disk.
    pub fn kept(&self) -> &LastGood {
        &self.kept
    }

    /// A number that grows with every change of what is to be kept.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}

impl App {
    /// Puts the parts together; there are no keys, and nobody is asked, until they are read. What is delivered is
    /// written on the runtime that this is called on.
    pub fn new(settings: Settings, clock: Clock, store: Store, stripe: Gateway, vault: Vault) -> Arc<Self> {
        let metrics = Metrics::new();
        let intake = Intake::new(store.clone(), metrics.intake_commits.clone());
        let snapshot = Snapshot::build(&settings.sites, &[], Vec::new());
        let limits = settings.limits.clone();
        let checkouts = PerMinute {
            address: limits.checkout_address_per_minute,
            attempt: limits.checkout_attempt_per_minute,
            site: limits.checkout_site_per_minute,
        };
        let token_calls = PerMinute {
            address: limits.token_address_per_minute,
            attempt: limits.token_attempt_per_minute,
            site: limits.token_site_per_minute,
        };
        Arc::new(Self {
            tokens: Tokens::new(settings.issuer(), Vec::new())
                .at_most(&check_limits(&settings), &clock)
                .counting(metrics.token_checks.clone()),
            standings: RecentStandings::default(),
            recent_keys: RecentKeys::default(),
            snapshot: ArcSwap::from_pointee(snapshot),
            ticker_totals: ArcSwap::default(),
            tickers_changed: Notify::new(),
            snapshot_inputs: Mutex::default(),
            refresh_lock: tokio::sync::Mutex::default(),
            snapshot_changed: Notify::new(),
            learned: ArcSwap::default(),
            attribution_key: vault.attribution_key(),
            preview_key: vault.preview_key(),
            supporter_key: vault.supporter_key(),
            vault,
            counters: Counters::default(),
            counted_events: Seen::at_least(COUNTED_EVENTS),
            proxies: Proxies::new(settings.server.trusted_proxies.clone()),
            checkout_limits: RouteLimits::new(checkouts, settings.sites.keys(), &clock),
            token_limits: RouteLimits::new(token_calls, settings.sites.keys(), &clock),
            session_reads: OnceIn::new(Duration::from_secs(limits.stripe_read_seconds), &clock),
            bodies: Bodies::at_most(MAX_BODIES, MAX_BODY_BYTES.max(4 * settings.stripe.webhook_max_bytes)),
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

    /// What an action works with, for this actor.
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

    /// The same for a job of the service.
    pub fn as_job(&self, name: &'static str) -> Context<'_> {
        self.context(Actor::Job(name))
    }

    /// The same for a person at the command line.
    pub fn as_operator(&self) -> Context<'_> {
        self.context(Actor::Operator)
    }

    /// A site's settings.
    pub fn site(&self, id: &str) -> Option<&SiteSettings> {
        self.settings.sites.get(id)
    }

    /// What the snapshot is made from, for whoever changes it.
    pub fn snapshot_inputs(&self) -> MutexGuard<'_, SnapshotInputs> {
        // What was changed by halves is read anew at the next change.
        self.snapshot_inputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is to be kept on disk, which is then done in the background.
    pub fn keep(&self, change: impl FnOnce(&mut LastGood)) {
        let mut snapshot_inputs = self.snapshot_inputs();
        let mut kept = snapshot_inputs.kept.clone();
        change(&mut kept);
        if kept != snapshot_inputs.kept {
            snapshot_inputs.kept = kept;
            snapshot_inputs.revision += 1;
            self.snapshot_changed.notify_one();
        }
    }

    /// Says whether the service began without its database and has not read from it yet.
    pub fn set_catching_up(&self, so: bool) {
        self.catching_up.store(so, Ordering::Relaxed);
    }

    /// Whether the service began without its database and has not read from it yet.
    pub fn is_catching_up(&self) -> bool {
        self.catching_up.load(Ordering::Relaxed)
    }

    /// Says that the service is about to end: no new requests should be sent to it.
    pub fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to end.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Notes whether the database took what was last written to prove it.
    pub fn set_can_write(&self, good: bool) {
        self.writing_fails.store(!good, Ordering::Relaxed);
    }

    /// Whether the database took what was last written to prove it.
    pub fn can_write(&self) -> bool {
        !self.writing_fails.load(Ordering::Relaxed)
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

fn check_limits(settings: &Settings) -> CheckLimits {
    CheckLimits {
        per_second: settings.tokens.checks_per_second,
        address_per_second: settings.tokens.address_checks_per_second,
        address_bad_per_minute: settings.tokens.address_bad_per_minute,
    }
}

const HOUR_MS: i64 = 3_600_000;

/// Views, clicks, dismissals and checkouts since the last flush.
#[derive(Default)]
pub struct Counters(Mutex<HashMap<CountKey, i64>>);

impl Counters {
    /// Counts one.
    pub fn count(&self, key: CountKey) {
        *self.lock().entry(key).or_insert(0) += 1;
    }

    /// Counts at `now_ms` (milliseconds since 1970) what came of an appeal that was shown.
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

    /// Takes all counts out.
    pub fn take(&self) -> HashMap<CountKey, i64> {
        std::mem::take(&mut *self.lock())
    }

    /// Puts counts back that could not be stored.
    pub fn put_back(&self, counts: HashMap<CountKey, i64>) {
        let mut held = self.lock();
        for (key, count) in counts {
            *held.entry(key).or_insert(0) += count;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CountKey, i64>> {
        // Nothing panics while holding it; were it so, the numbers would still be good.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
