//! Scheduled jobs: the work that the service does without a request.
//!
//! **Owns** when each job runs, and what it remembers from one run to the next.
//! **Never** does the work itself: `actions/` does it.
//! **Start at** [`JOBS`], then [`run`].
//! **Tested in** `tests/api/jobs.rs`, `tests/api/worker.rs`, `tests/durability/`.

mod appeals_file;
mod backlog;
mod data_folder;
mod job;
mod reconcile;
mod repeat;
mod requeue_unbooked;
mod table;
mod tidy;
mod watch_ledger;
mod watch_stripe;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::app::App;

pub use backlog::count_inbox;
pub use job::{Job, JobError, Lease, Needs, Outcome, Runner, Runs, Work};
use repeat::{Repeated, Schedule, repeat};
pub use table::JOBS;

/// How long a stop waits for running jobs.
const STOP_TIMEOUT: Duration = Duration::from_millis(1500);
/// How long a stop may take to store the counts that are still in memory.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// All running jobs.
pub struct Jobs {
    stop: CancellationToken,
    tasks: Vec<(&'static str, JoinHandle<()>)>,
}

/// Starts every job of the table.
pub fn run(app: &Arc<App>) -> Jobs {
    if !app.stripe.is_configured() {
        tracing::info!(
            "no Stripe key is configured, so the connection to Stripe is not checked; set stripe.secret_key"
        );
    }
    let mut jobs = Jobs { stop: CancellationToken::new(), tasks: Vec::new() };
    for job in JOBS {
        for _ in 0..job.workers {
            jobs.start(app, job);
        }
    }
    jobs
}

/// A job that does nothing until everything that it needs is available.
struct WhenReady<'a> {
    app: &'a App,
    job: &'static Job,
    runner: Box<dyn Runner>,
}

impl Repeated for WhenReady<'_> {
    fn run_once(&mut self) -> Outcome<'_> {
        if self.job.is_ready(self.app) { self.runner.run(self.app) } else { Box::pin(ready(Ok(()))) }
    }
}

impl Jobs {
    /// Starts a job, which runs at its interval and whenever it is woken.
    fn start(&mut self, app: &Arc<App>, job: &'static Job) {
        let Some(runner) = job.runner(app) else { return };
        let (app, stop) = (Arc::clone(app), self.stop.clone());
        let task = async move {
            let schedule = Schedule {
                interval: job.interval,
                wake: job.wake.map(|wake| wake(&app)),
                timeout: job.timeout,
                stop,
                clock: &app.clock,
            };
            repeat(schedule, job.name, job.failure, WhenReady { app: &app, job, runner }).await;
        };
        self.tasks.push((job.name, tokio::spawn(task)));
    }

    /// Stops every job after its current run, and stores the counts that are still in memory. A run that takes too
    /// long is aborted. Only the counts of the last seconds can be lost.
    pub async fn stop(self, app: &App) {
        self.stop.cancel();
        let end = Instant::now() + STOP_TIMEOUT;
        for (job, mut task) in self.tasks {
            match timeout_at(end, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(job, %error, "a job ended unexpectedly"),
                Err(_) => {
                    tracing::warn!(job, "a job did not end in time and was aborted");
                    task.abort();
                }
            }
        }
        let flush = async {
            for job in JOBS {
                let Some((failure, mut runner)) = job.failure_at_stop.zip(job.runner(app)) else { continue };
                if let Err(error) = runner.run(app).await {
                    tracing::error!(job = job.name, %error, "{failure}");
                }
            }
        };
        if timeout(FLUSH_TIMEOUT, flush).await.is_err() {
            tracing::error!(
                "the database did not answer in time; the last counts of views and clicks could not be stored"
            );
        }
    }
}
