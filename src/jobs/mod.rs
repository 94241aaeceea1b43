//! The door for time: what happens without anybody asking.
//!
//! **Owns** when things happen.
//! **Never** does them itself: that is `actions/`.
//! **Start at** [`run`].
//! **Tested in** `tests/api/`.

mod inbox_numbers;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::actions;
use crate::app::App;

pub use inbox_numbers::count_inbox;

/// How often the inbox is looked at when no event wakes the worker.
const INBOX_EVERY: Duration = Duration::from_secs(1);
/// How often counts are stored.
const COUNTS_EVERY: Duration = Duration::from_secs(5);
/// How often we hear which tokens other instances superseded.
const EPOCHS_EVERY: Duration = Duration::from_secs(2);
/// How often the inbox is counted.
const COUNTED_EVERY: Duration = Duration::from_secs(15);
/// How often we look whether other appeals are in force: in the file, or in the store.
const APPEALS_EVERY: Duration = Duration::from_secs(1);

/// Every job, running.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Starts every job.
pub fn run(app: &Arc<App>) -> Jobs {
    let (stop, stopped) = watch::channel(false);
    let tasks = vec![
        tokio::spawn(work_through_inbox(Arc::clone(app), stopped.clone())),
        tokio::spawn(flush_counts(Arc::clone(app), stopped.clone())),
        tokio::spawn(hear_of_epochs(Arc::clone(app), stopped.clone())),
        tokio::spawn(watch_appeals(Arc::clone(app), stopped.clone())),
        tokio::spawn(keep_numbers(Arc::clone(app), stopped)),
    ];
    Jobs { stop, tasks }
}

impl Jobs {
    /// Stops every job after what it is doing, and stores what is still counted.
    pub async fn stop(self, app: &App) {
        // An error means that no job listens any more: they are over.
        let _ = self.stop.send(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a job broke off");
            }
        }
        if let Err(error) = actions::flush_counts(app).await {
            tracing::error!(%error, "the last counts could not be stored");
        }
    }
}

async fn work_through_inbox(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut tick = ticks(INBOX_EVERY);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = app.event_came.notified() => {}
            _ = tick.tick() => {}
        }
        match actions::process_due_events(&app).await {
            Ok(taken_up) => app.metrics.events_taken_up.increment(taken_up as u64),
            Err(error) => tracing::error!(%error, "the inbox can't be read; it is tried again"),
        }
    }
}

async fn flush_counts(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut tick = ticks(COUNTS_EVERY);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = actions::flush_counts(&app).await {
            tracing::error!(%error, "counts can't be stored; they are kept for the next time");
        }
    }
}

async fn hear_of_epochs(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut tick = ticks(EPOCHS_EVERY);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = actions::hear_of_epochs(&app).await {
            tracing::error!(%error, "superseded tokens can't be read; it is tried again");
        }
    }
}

/// Keeps the numbers of the inbox true, and the measured durations small.
async fn keep_numbers(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut tick = ticks(COUNTED_EVERY);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = tick.tick() => {}
        }
        app.metrics.tidy();
        if let Err(error) = count_inbox(&app).await {
            tracing::error!(%error, "the inbox can't be counted; it is tried again");
        }
    }
}

/// Puts into force what was published since, or the appeals file anew when it
/// has changed. What can't be used leaves what was in force.
async fn watch_appeals(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let path = app.settings.appeals.file.clone();
    let mut tick = ticks(APPEALS_EVERY);
    let mut seen = path.as_deref().and_then(stamp);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = tick.tick() => {}
        }
        let Some(path) = &path else {
            if let Err(error) = actions::hear_of_appeals(&app).await {
                tracing::error!(%error, "appeals can't be read; what was in force stays, and it is tried again");
            }
            continue;
        };
        let now = stamp(path);
        if now != seen {
            seen = now;
            if let Err(error) = actions::publish_appeals(&app) {
                tracing::error!(%error, "the appeals file can't be used; what was in force stays");
            }
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn ticks(every: Duration) -> tokio::time::Interval {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}
