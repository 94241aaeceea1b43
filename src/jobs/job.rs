//! The definition of a job: one entry of the table in `table.rs`.

use std::error::Error;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::app::App;

/// How long one run of a job may take. SQL statements and calls to Stripe have their own, much shorter limits. This
/// limit is for unforeseen failures.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How long one run may take for a job that works through a backlog, the whole ledger or everything at Stripe.
const LONG_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The outcome of one run. If a run returns an error, it is logged, and the job runs again.
pub type Outcome<'a> = BoxFuture<'a, Result<(), JobError>>;
/// The error of a failed run.
pub type JobError = Box<dyn Error + Send + Sync>;

/// Work that the service does without a request.
#[derive(Debug)]
pub struct Job {
    /// The name, in the log and in `docs/operating.md`.
    pub name: &'static str,
    /// The time from the end of one run to the start of the next.
    pub interval: Duration,
    /// If set, the job also runs whenever the `Notify` that this function returns is notified.
    pub wake: Option<fn(&App) -> &Notify>,
    /// Which instances run the job.
    pub runs: Runs,
    /// What a run needs.
    pub needs: Needs,
    /// How many runs this process does in parallel.
    pub workers: usize,
    /// How long one run may take. After that, its uncommitted changes are rolled back.
    pub timeout: Duration,
    /// The work of a run.
    pub work: Work,
    /// The log message of a run that failed.
    pub failure: &'static str,
    /// If set, the job runs once more when the service stops. The text is the log message for a failure of that run.
    pub failure_at_stop: Option<&'static str>,
}

/// Which of the instances that share a database run a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Every instance.
    EachInstance,
    /// One instance at a time: the one that holds this lease.
    OneLeader(Lease),
}

/// A lease: a row in the database that one instance holds for a limited time, and renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// The lease of comparisons with Stripe. An operator's command that compares with Stripe takes it too.
    Comparison,
}

/// What a job needs before it can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A database that this process has reached at least once.
    Database,
    /// A database that this process has reached, and a key for Stripe's API in the settings.
    StripeKey,
}

/// The work of a job.
#[derive(Debug)]
pub enum Work {
    /// Work that remembers nothing from one run to the next.
    Plain(for<'a> fn(&'a App) -> Outcome<'a>),
    /// Work with its own state, which this function creates at the start. It returns `None` if the job is not needed
    /// with the current settings.
    Stateful(fn(&App) -> Option<Box<dyn Runner>>),
}

/// A job with its state.
pub trait Runner: Send {
    /// Runs the job once.
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a>;
}

impl Runner for for<'a> fn(&'a App) -> Outcome<'a> {
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a> {
        self(app)
    }
}

impl Job {
    /// Creates a job that needs the database, runs on each instance, and is not woken.
    pub const fn new(name: &'static str, interval: Duration, work: Work) -> Self {
        Self {
            name,
            interval,
            wake: None,
            runs: Runs::EachInstance,
            needs: Needs::Database,
            workers: 1,
            timeout: TIMEOUT,
            work,
            failure: "",
            failure_at_stop: None,
        }
    }

    /// Logs this message when a run fails.
    pub const fn on_failure(self, failure: &'static str) -> Self {
        Self { failure, ..self }
    }

    /// Also runs the job when the `Notify` that `wake` returns is notified.
    pub const fn woken_by(self, wake: fn(&App) -> &Notify) -> Self {
        Self { wake: Some(wake), ..self }
    }

    /// Runs the job only on the instance that holds this lease.
    pub const fn one_leader(self, lease: Lease) -> Self {
        Self { runs: Runs::OneLeader(lease), ..self }
    }

    /// Sets what the job needs, if that is not just the database.
    pub const fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    /// Sets how many runs the process does in parallel.
    pub const fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// Gives each run a long time limit.
    pub const fn with_long_timeout(self) -> Self {
        Self { timeout: LONG_TIMEOUT, ..self }
    }

    /// Runs the job once more when the service stops. `failure` is the log message if that run fails.
    pub const fn last_at_stop(self, failure: &'static str) -> Self {
        Self { failure_at_stop: Some(failure), ..self }
    }

    /// Returns the job's work with a new state, or `None` if the job is not needed with the current settings.
    pub fn runner(&self, app: &App) -> Option<Box<dyn Runner>> {
        match self.work {
            _ if self.needs == Needs::StripeKey && !app.stripe.is_configured() => None,
            Work::Plain(run) => Some(Box::new(run)),
            Work::Stateful(start) => start(app),
        }
    }

    /// Whether the job can run: this process has reached the database at least once, or the job does not need it.
    pub fn is_ready(&self, app: &App) -> bool {
        self.needs == Needs::Nothing || app.store.was_reached()
    }
}
