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

use crate::actions;
use crate::app::App;

use appeals_file::AppealsFile;
pub use inbox_numbers::count_inbox;
use repeat::{Beat, repeat};

/// How often the inbox is looked at when no event wakes the worker.
const INBOX_EVERY: Duration = Duration::from_secs(1);
/// How often we look for what an earlier version, or other settings, could not book. The first time, at the start, matters.
const WORKED_AGAIN_EVERY: Duration = Duration::from_secs(300);
/// How often counts are stored.
const COUNTS_EVERY: Duration = Duration::from_secs(5);
/// How often tokens that other instances superseded, and standings that changed there, are read.
const EPOCHS_EVERY: Duration = Duration::from_secs(1);
/// How often the inbox is counted.
const COUNTED_EVERY: Duration = Duration::from_secs(15);
/// How often it is found out whether the database takes what is written.
const PROVED_EVERY: Duration = Duration::from_secs(10);
/// How often what tickers tell is counted anew.
const TICKERS_EVERY: Duration = Duration::from_secs(60);
/// How often we look whether an hour has passed since weights were learned, or an appeal is new that learns.
const WEIGHTS_EVERY: Duration = Duration::from_secs(20);
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

/// Every job, running.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts every job.
pub fn run(app: &Arc<App>) -> Jobs {
    let mut jobs = Jobs { stop: watch::Sender::new(false), tasks: Vec::new() };
    let trouble = "the database can't be used; it is tried again";
    jobs.start(app, (REACHED_EVERY, None), trouble, |app| async move { actions::reach_database(&app).await });
    let trouble = "what is in force can't be kept in the data folder; it is tried again";
    let news = Some(Arc::clone(&app.news_to_keep));
    jobs.start(app, (KEPT_EVERY, news), trouble, |app| async move { actions::keep_last_good(&app).await });
    if let Some(mut file) = AppealsFile::of(app) {
        let trouble = "the appeals file can't be used; what was in force stays";
        jobs.start(app, (APPEALS_EVERY, None), trouble, move |app| ready(file.look(&app)));
    }
    let trouble = "what is counted can't be put in order; it is tried again";
    jobs.start(app, (COUNTED_EVERY, None), trouble, |app| {
        app.metrics.tidy();
        ready(Ok::<(), Infallible>(()))
    });
    jobs.run_on_database(app);
    jobs
}

impl Jobs {
    /// Starts what can be done only with a database; until it was reached, none of it is tried.
    fn run_on_database(&mut self, app: &Arc<App>) {
        let events = Some(Arc::clone(&app.event_came));
        let trouble = "the inbox can't be worked through; it is tried again";
        self.start_on_database(app, (INBOX_EVERY, events), trouble, |app| async move {
            actions::process_due_events(&app).await.map(drop)
        });
        let trouble = "what could not be booked before can't be worked again; it is tried again";
        self.start_on_database(app, (WORKED_AGAIN_EVERY, None), trouble, |app| async move {
            actions::work_again(&app, env!("CARGO_PKG_VERSION")).await
        });
        let trouble = "counts can't be stored; they are kept for the next time";
        self.start_on_database(app, (COUNTS_EVERY, None), trouble, |app| async move {
            actions::flush_counts(&app).await
        });
        let trouble = "superseded tokens can't be read; it is tried again";
        self.start_on_database(app, (EPOCHS_EVERY, None), trouble, |app| async move {
            actions::hear_of_epochs(&app).await
        });
        let trouble = "changed standings can't be read; it is tried again";
        self.start_on_database(app, (EPOCHS_EVERY, None), trouble, |app| async move {
            actions::sync_standings(&app).await
        });
        let trouble = "the inbox can't be counted; it is tried again";
        self.start_on_database(
            app,
            (COUNTED_EVERY, None),
            trouble,
            |app| async move { count_inbox(&app).await },
        );
        let trouble =
            "the database takes nothing that is written; webhooks are answered with 503 until it does";
        self.start_on_database(app, (PROVED_EVERY, None), trouble, |app| async move {
            actions::prove_writing(&app).await
        });
        let trouble = "the books can't be checked; it is tried again";
        self.start_on_database(app, (BOOKS_EVERY, None), trouble, |app| async move {
            actions::watch_books(&app).await
        });
        let trouble = "the ledger can't be compared with Stripe; it is tried again";
        self.start_on_database(app, (RECONCILED_EVERY, None), trouble, |app| async move {
            actions::reconcile_due(&app).await
        });
        let trouble = "weights can't be learned; those in force stay, and it is tried again";
        self.start_on_database(app, (WEIGHTS_EVERY, None), trouble, |app| async move {
            actions::choose_weights(&app).await
        });
        let changed = Some(Arc::clone(&app.tickers_changed));
        let trouble = "tickers can't be counted; readers see the numbers from before";
        self.start_on_database(app, (TICKERS_EVERY, changed), trouble, |app| async move {
            actions::count_tickers(&app).await
        });
        let trouble = "what is in force can't be read; it stays as it was, and it is tried again";
        self.start_on_database(app, (APPEALS_EVERY, None), trouble, |app| async move {
            actions::hear_of_appeals(&app).await
        });
        self.run_on_stripe(app);
    }

    /// Starts what has to do with the connection to Stripe.
    fn run_on_stripe(&mut self, app: &Arc<App>) {
        let trouble =
            "secrets of webhook endpoints can't be read; those in force stay, and it is tried again";
        self.start_on_database(app, (ENDPOINTS_EVERY, None), trouble, |app| async move {
            actions::hear_of_endpoints(&app).await
        });
        let trouble = "it can't be noted when Stripe was last heard; it is tried again";
        self.start_on_database(app, (HEARD_EVERY, None), trouble, |app| async move {
            actions::note_deliveries(&app).await
        });
        if !app.stripe.is_configured() {
            tracing::info!("without a Stripe key the connection to Stripe is not watched");
            return;
        }
        let trouble = "the connection to Stripe can't be looked at; it is tried again";
        self.start_on_database(app, (WATCHED_EVERY, None), trouble, |app| async move {
            actions::watch_stripe(&app).await
        });
    }

    fn start_on_database<F, E>(
        &mut self,
        app: &Arc<App>,
        when: (Duration, Option<Arc<Notify>>),
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
        (every, wake): (Duration, Option<Arc<Notify>>),
        trouble: &'static str,
        mut act: impl FnMut(Arc<App>) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let (app, beat) = (Arc::clone(app), Beat { every, wake, stopped: self.stop.subscribe() });
        self.tasks.push(tokio::spawn(repeat(beat, trouble, move || act(Arc::clone(&app)))));
    }

    /// Stops every job after the piece of work it is doing, and stores what is still counted or noted.
    pub async fn stop(self, app: &App) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a job broke off");
            }
        }
        if let Err(error) = actions::flush_counts(app).await {
            tracing::error!(%error, "the last counts could not be stored");
        }
        if let Err(error) = actions::note_deliveries(app).await {
            tracing::error!(%error, "it could not be noted when Stripe was last heard");
        }
    }
}
