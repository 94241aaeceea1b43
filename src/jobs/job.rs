//! What a job is: one entry of the table.

use std::error::Error;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::app::App;

/// How long one run of a job may take. Statements, and calls to Stripe, have their own, much shorter limits. This one is for
/// unforeseen failures.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The same for jobs that work through everything there is: a backlog, the whole ledger, everything at Stripe.
const LONG_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// The outcome of one run. An error is logged, and the job runs again.
pub type Outcome<'a> = BoxFuture<'a, Result<(), JobError>>;
/// Why a run failed.
pub type JobError = Box<dyn Error + Send + Sync>;

/// Work that the service does without being asked.
#[derive(Debug)]
pub struct Job {
    /// The name, in the log and in `docs/operating.md`.
    pub name: &'static str,
    /// The time from the end of one run to the next.
    pub interval: Duration,
    /// Runs when it is notified, too.
    pub wake: Option<fn(&App) -> &Notify>,
    /// Which instances run it.
    pub runs: Runs,
    /// What must be there for a run.
    pub needs: Needs,
    /// How many runs this process does at the same time.
    pub workers: usize,
    /// How long one run may take. It loses what it has not committed by then.
    pub timeout: Duration,
    /// What a run does.
    pub work: Work,
    /// The log message of a run that failed.
    pub failure: &'static str,
    /// Runs a last time at a stop. Contains the log message for a failure of that run.
    pub failure_at_stop: Option<&'static str>,
}

/// Which of the instances that share a database run a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Each of them.
    EachInstance,
    /// One at a time: the one that holds this lease.
    OneLeader(Lease),
}

/// A row in the database that one instance holds for a while, and renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// The lease of comparisons with Stripe, which operators' commands take too.
    Comparison,
}

/// What must be there for a job to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A database that was reached once since the start.
    Database,
    /// That, and a key for Stripe's API in the settings.
    StripeKey,
}

/// What a job does.
#[derive(Debug)]
pub enum Work {
    /// Remembers nothing from one run to the next.
    Plain(for<'a> fn(&'a App) -> Outcome<'a>),
    /// Has its own state, built at the start. If there is none, these settings don't need the job.
    Stateful(fn(&App) -> Option<Box<dyn Runner>>),
}

/// A job with its state.
pub trait Runner: Send {
    /// Runs once.
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a>;
}

impl Runner for for<'a> fn(&'a App) -> Outcome<'a> {
    fn run<'a>(&'a mut self, app: &'a App) -> Outcome<'a> {
        self(app)
    }
}

impl Job {
    /// A job that needs the database, runs on each instance, and is not woken.
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

    /// Runs when it is notified, too.
    pub const fn woken_by(self, wake: fn(&App) -> &Notify) -> Self {
        Self { wake: Some(wake), ..self }
    }

    /// Runs on the instance that holds a lease.
    pub const fn one_leader(self, lease: Lease) -> Self {
        Self { runs: Runs::OneLeader(lease), ..self }
    }

    /// Needs more than the database, or less.
    pub const fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    /// Does several runs at the same time.
    pub const fn workers(self, workers: usize) -> Self {
        Self { workers, ..self }
    }

    /// May take long.
    pub const fn long(self) -> Self {
        Self { timeout: LONG_TIMEOUT, ..self }
    }

    /// Runs a last time at a stop.
    pub const fn last_at_stop(self, failure: &'static str) -> Self {
        Self { failure_at_stop: Some(failure), ..self }
    }

    /// The job with a new state; none if these settings don't need it.
    pub fn runner(&self, app: &App) -> Option<Box<dyn Runner>> {
        match self.work {
            _ if self.needs == Needs::StripeKey && !app.stripe.is_configured() => None,
            Work::Plain(run) => Some(Box::new(run)),
            Work::Stateful(start) => start(app),
        }
    }

    /// Whether what it needs is there by now.
    pub fn is_ready(&self, app: &App) -> bool {
        self.needs == Needs::Nothing || app.store.was_reached()
    }
}
