//! The table of jobs.

use std::time::Duration;

use super::appeals_file::AppealsFile;
use super::backlog::count_backlog;
use super::data_folder::check_data_folder;
use super::job::{Job, Lease, Needs, Work};
use super::reconcile::reconcile;
use super::requeue_unbooked::requeue_unbooked;
use super::tidy::tidy;
use super::watch_ledger::WatchLedger;
use super::watch_stripe::WatchStripe;
use crate::actions::{self, FetchObject};

/// Creates work without state from a function that takes the app. A function that changes something also takes a
/// context. For such a function, add `as` and the name of the context's actor.
macro_rules! run {
    ($function:path) => {
        Work::Plain(|app| {
            Box::pin(async move {
                $function(app).await?;
                Ok(())
            })
        })
    };
    ($function:path, as $actor:literal) => {
        Work::Plain(|app| {
            Box::pin(async move {
                $function(app, &app.as_job($actor)).await?;
                Ok(())
            })
        })
    };
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Every job. Each job also has a row in `docs/operating.md`, which a test below checks.
#[rustfmt::skip]
pub static JOBS: &[Job] = &[
    // Completes the start if the service started without its database.
    Job::new("reach_database", seconds(1), run!(actions::reach_database)).needs(Needs::Nothing).with_long_timeout()
        .on_failure("the database can't be used; it will be retried"),
    // Saves the active snapshot, so that the service can start without its database.
    Job::new("last_good", seconds(10), run!(actions::persist_snapshot)).needs(Needs::Nothing).woken_by(|app| &app.snapshot_changed)
        .on_failure("the active snapshot can't be saved in the data folder; it will be retried"),
    Job::new("appeals_file", seconds(1), Work::Stateful(AppealsFile::start)).needs(Needs::Nothing)
        .on_failure("the appeals file can't be used; the active appeals stay"),
    Job::new("data_folder", seconds(5), run!(check_data_folder)).needs(Needs::Nothing)
        .on_failure("the data folder is not the one that was opened; the service is not ready until it is back"),
    Job::new("tidy", seconds(15), run!(tidy)).needs(Needs::Nothing)
        .on_failure("metrics can't be cleaned up; it will be retried"),

    Job::new("inbox", seconds(1), run!(actions::process_due_events, as "inbox")).woken_by(|app| &app.inbox_notify).with_long_timeout()
        .on_failure("the inbox can't be processed; it will be retried"),
    Job::new("queue", seconds(1), run!(actions::run_due_tasks::<FetchObject>, as "queue")).woken_by(|app| &app.task_added).workers(2).with_long_timeout()
        .on_failure("the queue can't be processed; it will be retried"),
    // Requeues events that an earlier version, or other settings, could not book. The run at the start matters most.
    Job::new("requeue_unbooked", seconds(300), run!(requeue_unbooked))
        .on_failure("unbooked events can't be requeued; it will be retried"),
    Job::new("counts", seconds(5), run!(actions::flush_counts, as "counts")).last_at_stop("the last counts of views and clicks could not be stored")
        .on_failure("the counts of views and clicks can't be stored; they are kept until the next try"),
    Job::new("epochs", seconds(1), run!(actions::sync_epochs))
        .on_failure("invalidated tokens can't be read; it will be retried"),
    Job::new("standings", seconds(1), run!(actions::sync_standings))
        .on_failure("changed standings can't be read; it will be retried"),
    Job::new("backlog", seconds(15), run!(count_backlog))
        .on_failure("the inbox and the queue can't be counted; it will be retried"),
    Job::new("write_probe", seconds(5), run!(actions::probe_writes, as "write_probe"))
        .on_failure("the database does not accept writes; webhooks are answered with 503 until it does"),
    // Checks a ledger without problems once a day, and one with problems once an hour.
    Job::new("books", seconds(300), Work::Stateful(WatchLedger::start)).with_long_timeout()
        .on_failure("the ledger can't be checked; it will be retried"),
    Job::new("reconcile", seconds(300), run!(reconcile)).one_leader(Lease::Comparison).with_long_timeout()
        .on_failure("the ledger can't be compared with Stripe; it will be retried"),
    // Learns the weights of an appeal's variants once an hour, and sooner for an appeal that has none yet.
    Job::new("weights", seconds(20), run!(actions::update_weights, as "weights"))
        .on_failure("weights can't be learned; the current weights stay, and it will be retried"),
    Job::new("tickers", seconds(60), run!(actions::refresh_tickers)).woken_by(|app| &app.tickers_changed)
        .on_failure("tickers can't be counted; readers see the previous numbers"),
    Job::new("appeals", seconds(1), run!(actions::sync_appeals))
        .on_failure("the published appeals can't be read; the service keeps the active ones and will try again"),
    Job::new("attempts", seconds(3600), run!(actions::remove_unused_attempts, as "attempts"))
        .on_failure("old checkout attempts can't be deleted; it will be retried"),

    Job::new("endpoints", seconds(2), run!(actions::sync_endpoints))
        .on_failure("the secrets of the webhook endpoints can't be read; the service keeps the active ones and will try again"),
    Job::new("last_delivery", seconds(5), run!(actions::record_last_delivery, as "stripe"))
        .last_at_stop("the time of Stripe's last delivery could not be stored")
        .on_failure("the time of Stripe's last delivery can't be stored; it will be retried"),
    Job::new("stripe", seconds(300), Work::Stateful(WatchStripe::start)).needs(Needs::StripeKey)
        .on_failure("the connection to Stripe can't be checked; it will be retried"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::jobs::job::Runs;

    #[test]
    fn every_job_has_its_own_name_and_its_own_failure_message() {
        let names: BTreeSet<_> = JOBS.iter().map(|job| job.name).collect();
        assert_eq!(names.len(), JOBS.len(), "two jobs have the same name");
        let failures: BTreeSet<_> = JOBS.iter().map(|job| job.failure).collect();
        assert_eq!(failures.len(), JOBS.len(), "two jobs have the same failure message");
        assert!(!failures.contains(""), "a job has no failure message");
    }

    #[test]
    fn the_manual_lists_every_job_with_its_interval_and_the_instances_that_run_it() {
        let manual = include_str!("../../docs/operating.md");
        let section = manual.split_once("\n## Background jobs\n").unwrap().1;
        let section = section.split_once("\n## ").unwrap().0;
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
        let rows: Vec<Vec<&str>> = rows
            .map(|row| row.split(" | ").take(4).map(|cell| cell.trim_end_matches('`')).collect())
            .collect();
        let expected = JOBS.iter().map(|job| {
            let runs = match job.runs {
                Runs::EachInstance => "each instance",
                Runs::OneLeader(_) => "one instance at a time",
            };
            let woken = if job.wake.is_some() { "yes" } else { "no" };
            [job.name.to_owned(), format!("{} s", job.interval.as_secs()), woken.to_owned(), runs.to_owned()]
        });
        assert_eq!(rows, expected.collect::<Vec<_>>(), "docs/operating.md must have one row for each job");
    }
}
