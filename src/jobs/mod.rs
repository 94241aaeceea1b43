//! The door for time: what happens without anybody asking.
//!
//! **Owns** when things happen.
//! **Never** does them itself: that is `actions/`.
//! **Start at** [`run`].
//! **Tested in** `tests/api/worker.rs`, `tests/durability/`.

mod appeals_file;
mod inbox_numbers;
mod repeat;

use std::convert::Infallible;
use std::fmt::Display;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::actions::{self, FetchObject};
use crate::app::App;
use crate::telemetry::log_limits::report_suppressed_lines;

use appeals_file::AppealsFile;
pub use inbox_numbers::{count_inbox, count_queue};
use repeat::{Schedule, repeat};

/// How often the inbox is looked at when no event wakes the worker.
const INBOX_EVERY: Duration = Duration::from_secs(1);
/// How often the queue is looked at when no task wakes a worker.
const QUEUE_INTERVAL: Duration = Duration::from_secs(1);
/// Tasks of one kind that this process does at the same time.
const QUEUE_WORKERS: usize = 2;
/// How often we look for what an earlier version, or other settings, could not book. The first time, at the start, matters.
const WORKED_AGAIN_EVERY: Duration = Duration::from_secs(300);
/// How often counts are stored.
const COUNTS_EVERY: Duration = Duration::from_secs(5);
/// How often tokens that other instances superseded, and standings that changed there, are read.
const EPOCHS_EVERY: Duration = Duration::from_secs(1);
/// How often the inbox is counted.
const COUNTED_EVERY: Duration = Duration::from_secs(15);
/// How often it is found out whether the database takes what is written.
const PROVED_EVERY: Duration = Duration::from_secs(5);
/// How often it is found out whether the data folder is still the one that was opened.
const FOLDER_EVERY: Duration = Duration::from_secs(5);
/// How often what tickers tell is counted anew.
const TICKERS_EVERY: Duration = Duration::from_secs(60);
/// How often we look whether an hour has passed since weights were learned, or an appeal is new that learns.
const WEIGHTS_EVERY: Duration = Duration::from_secs(20);
/// How often attempts that nothing came of are removed.
const ATTEMPTS_EVERY: Duration = Duration::from_secs(3600);
/// How often Stripe's events and balance are compared with ours.
const RECONCILED_EVERY: Duration = Duration::from_secs(300);
/// How often we look whether the books were checked on this day.
const BOOKS_EVERY: Duration = Duration::from_secs(300);
/// How often we look whether something else is in force: in the file, and in the store.
const APPEALS_EVERY: Duration = Duration::from_secs(1);
/// How often it is tried to reach the database, where the service began without it.
const REACHED_EVERY: Duration = Duration::from_secs(1);
/// How often it is tried to keep on disk what is in force, beside at every change.
const KEPT_EVERY: Duration = Duration::from_secs(10);

/// How often we hear which webhook endpoints were made or retired.
const ENDPOINTS_EVERY: Duration = Duration::from_secs(2);
/// How often it is noted when Stripe was last heard.
const HEARD_EVERY: Duration = Duration::from_secs(5);
/// How often the connection to Stripe is looked at.
const WATCHED_EVERY: Duration = Duration::from_secs(300);

/// How long one action of a job may take. Statements, and calls to Stripe, have much shorter limits of their own: this one
/// is for what nobody foresaw.
const JOB_TIMEOUT: Duration = Duration::from_secs(120);
/// The same for jobs that work through all there is: a backlog, the whole ledger, everything at Stripe.
const LONG_JOB_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// How long a stop waits for the actions that are under way.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a stop may take to store what is still in memory.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// When a job acts.
struct When {
    every: Duration,
    wake: Option<Arc<Notify>>,
    deadline: Duration,
}

impl When {
    fn every(every: Duration) -> Self {
        Self { every, wake: None, deadline: JOB_TIMEOUT }
    }

    /// Acts when it is notified, too.
    fn or_woken_by(self, wake: &Arc<Notify>) -> Self {
        Self { wake: Some(Arc::clone(wake)), ..self }
    }

    /// May take long.
    fn long(self) -> Self {
        Self { deadline: LONG_JOB_TIMEOUT, ..self }
    }
}

/// Every job, running.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts every job.
pub fn run(app: &Arc<App>) -> Jobs {
    let mut jobs = Jobs { stop: watch::Sender::new(false), tasks: Vec::new() };
    let trouble = "the database can't be used; it is tried again";
    jobs.start(app, When::every(REACHED_EVERY).long(), trouble, |app| async move {
        actions::reach_database(&app).await
    });
    let trouble = "what is in force can't be kept in the data folder; it is tried again";
    let when = When::every(KEPT_EVERY).or_woken_by(&app.snapshot_changed);
    jobs.start(app, when, trouble, |app| async move { actions::persist_snapshot(&app).await });
    if let Some(mut file) = AppealsFile::of(app) {
        let trouble = "the appeals file can't be used; what was in force stays";
        jobs.start(app, When::every(APPEALS_EVERY), trouble, move |app| ready(file.look(&app)));
    }
    let trouble = "the data folder is not the one that was opened; the service is not ready until it is back";
    jobs.start(app, When::every(FOLDER_EVERY), trouble, |app| ready(app.data_folder.check()));
    let trouble = "what is counted can't be put in order; it is tried again";
    jobs.start(app, When::every(COUNTED_EVERY), trouble, |app| {
        app.metrics.tidy();
        report_suppressed_lines();
        ready(Ok::<(), Infallible>(()))
    });
    jobs.run_on_database(app);
    jobs
}

impl Jobs {
    /// Starts what can be done only with a database; until it was reached, none of it is tried.
    fn run_on_database(&mut self, app: &Arc<App>) {
        let when = When::every(INBOX_EVERY).or_woken_by(&app.inbox_notify).long();
        let trouble = "the inbox can't be worked through; it is tried again";
        self.start_on_database(app, when, trouble, |app| async move {
            actions::process_due_events(&app).await.map(drop)
        });
        for _ in 0..QUEUE_WORKERS {
            let when = When::every(QUEUE_INTERVAL).or_woken_by(&app.task_added).long();
            let trouble = "the queue can't be worked through; it is tried again";
            self.start_on_database(app, when, trouble, |app| async move {
                actions::run_due_tasks::<FetchObject>(&app).await.map(drop)
            });
        }
        let trouble = "what could not be booked before can't be worked again; it is tried again";
        self.start_on_database(app, When::every(WORKED_AGAIN_EVERY), trouble, |app| async move {
            actions::requeue_unbooked(&app, env!("CARGO_PKG_VERSION")).await
        });
        let trouble = "counts can't be stored; they are kept for the next time";
        self.start_on_database(app, When::every(COUNTS_EVERY), trouble, |app| async move {
            actions::flush_counts(&app).await
        });
        let trouble = "superseded tokens can't be read; it is tried again";
        self.start_on_database(app, When::every(EPOCHS_EVERY), trouble, |app| async move {
            actions::sync_epochs(&app).await
        });
        let trouble = "changed standings can't be read; it is tried again";
        self.start_on_database(app, When::every(EPOCHS_EVERY), trouble, |app| async move {
            actions::sync_standings(&app).await
        });
        let trouble = "the inbox and the queue can't be counted; it is tried again";
        self.start_on_database(app, When::every(COUNTED_EVERY), trouble, |app| async move {
            count_inbox(&app).await?;
            count_queue(&app).await
        });
        let trouble =
            "the database takes nothing that is written; webhooks are answered with 503 until it does";
        self.start_on_database(app, When::every(PROVED_EVERY), trouble, |app| async move {
            actions::probe_writes(&app).await
        });
        let trouble = "the books can't be checked; it is tried again";
        self.start_on_database(app, When::every(BOOKS_EVERY).long(), trouble, |app| async move {
            actions::watch_ledger(&app).await
        });
        let trouble = "the ledger can't be compared with Stripe; it is tried again";
        self.start_on_database(app, When::every(RECONCILED_EVERY).long(), trouble, |app| async move {
            match actions::reconcile_due(&app).await {
                Ok(swept) => swept.complete(),
                // Another instance, or an operator, compares at this moment.
                Err(actions::ReconcileError::Busy { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        });
        let trouble = "weights can't be learned; those in force stay, and it is tried again";
        self.start_on_database(app, When::every(WEIGHTS_EVERY), trouble, |app| async move {
            actions::update_weights(&app).await
        });
        let when = When::every(TICKERS_EVERY).or_woken_by(&app.tickers_changed);
        let trouble = "tickers can't be counted; readers see the numbers from before";
        self.start_on_database(app, when, trouble, |app| async move { actions::refresh_tickers(&app).await });
        let trouble = "what is in force can't be read; it stays as it was, and it is tried again";
        self.start_on_database(app, When::every(APPEALS_EVERY), trouble, |app| async move {
            actions::sync_appeals(&app).await
        });
        let trouble = "old attempts at the checkout can't be removed; it is tried again";
        self.start_on_database(app, When::every(ATTEMPTS_EVERY), trouble, |app| async move {
            actions::remove_unused_attempts(&app).await
        });
        self.run_on_stripe(app);
    }

    /// Starts what has to do with the connection to Stripe.
    fn run_on_stripe(&mut self, app: &Arc<App>) {
        let trouble =
            "secrets of webhook endpoints can't be read; those in force stay, and it is tried again";
        self.start_on_database(app, When::every(ENDPOINTS_EVERY), trouble, |app| async move {
            actions::sync_endpoints(&app).await
        });
        let trouble = "it can't be noted when Stripe was last heard; it is tried again";
        self.start_on_database(app, When::every(HEARD_EVERY), trouble, |app| async move {
            actions::record_last_delivery(&app).await
        });
        if !app.stripe.is_configured() {
            tracing::info!("without a Stripe key the connection to Stripe is not watched");
            return;
        }
        let trouble = "the connection to Stripe can't be looked at; it is tried again";
        self.start_on_database(app, When::every(WATCHED_EVERY), trouble, |app| async move {
            actions::watch_stripe(&app).await
        });
    }

    fn start_on_database<F, E>(
        &mut self,
        app: &Arc<App>,
        when: When,
        trouble: &'static str,
        mut act: impl FnMut(Arc<App>) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        self.start(app, when, trouble, move |app| {
            let work = app.store.was_reached().then(|| act(app));
            async move {
                match work {
                    Some(work) => work.await,
                    None => Ok(()),
                }
            }
        });
    }

    /// Starts one: every so often, and whenever it is woken.
    fn start<F, E>(
        &mut self,
        app: &Arc<App>,
        When { every, wake, deadline }: When,
        trouble: &'static str,
        mut act: impl FnMut(Arc<App>) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let (app, clock) = (Arc::clone(app), app.clock.clone());
        let beat = Schedule { every, wake, deadline, stopped: self.stop.subscribe(), clock };
        self.tasks.push(tokio::spawn(repeat(beat, trouble, move || act(Arc::clone(&app)))));
    }

    /// Stops every job after the piece of work it is doing, and stores what is still counted or noted. What takes too long
    /// is broken off: nothing is lost by that but the counts of the last seconds.
    pub async fn stop(self, app: &App) {
        self.stop.send_replace(true);
        let end = Instant::now() + STOP_TIMEOUT;
        for mut task in self.tasks {
            match timeout_at(end, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "a job broke off"),
                Err(_) => {
                    tracing::warn!("a job did not end in time and is broken off");
                    task.abort();
                }
            }
        }
        let flush = async {
            if let Err(error) = actions::flush_counts(app).await {
                tracing::error!(%error, "the last counts could not be stored");
            }
            if let Err(error) = actions::record_last_delivery(app).await {
                tracing::error!(%error, "it could not be noted when Stripe was last heard");
            }
        };
        if timeout(FLUSH_TIMEOUT, flush).await.is_err() {
            tracing::error!("the database did not answer in time, so the last counts could not be stored");
        }
    }
}
