//! The table of background jobs: each job can run. A job with a lease (a lock that expires) runs on only one instance
//! at a time.

use keepopen::config::Secret;
use keepopen::contributions::EntryKind;
use keepopen::jobs::{JOBS, Lease, Runs};
use keepopen::store::comparisons::{hold_lease, release_lease};
use keepopen_practice::Loss;

use crate::helpers::TestApp;

/// The name of an instance that holds a lease in these tests.
const OTHER: &str = "another instance";

async fn is_lease_free(app: &TestApp) -> bool {
    app.app.store.lease_held_until_ms().await.unwrap().is_none()
}

#[tokio::test]
async fn every_job_in_the_table_can_run_repeatedly() {
    let app = TestApp::start().await;
    for job in JOBS {
        let mut runner =
            job.runner(&app.app).unwrap_or_else(|| panic!("the job {} must be started", job.name));
        for _ in 0..2 {
            runner.run(&app.app).await.unwrap_or_else(|error| panic!("{}: {error}", job.name));
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_job_with_a_lease_does_nothing_while_another_instance_holds_the_lease() {
    let app = TestApp::start().await;
    let jobs_with_lease = JOBS.iter().filter_map(|job| match job.runs {
        Runs::EachInstance => None,
        Runs::OneLeader(lease) => Some((job, lease)),
    });
    app.stripe.lose_events(Some(Loss::Next(u32::MAX)));
    app.give(1000, "once").await;
    for (job, Lease::Comparison) in jobs_with_lease {
        let mut tx = app.app.store.begin().await.unwrap();
        let now_ms = app.app.now_ms();
        assert!(hold_lease(&mut tx, OTHER, now_ms, now_ms + 10_000).await.unwrap());
        tx.commit().await.unwrap();
        let mut runner = job.runner(&app.app).unwrap();
        runner.run(&app.app).await.unwrap();
        assert_eq!(app.ledger().await, [], "the job {} must do nothing without its lease", job.name);
        let mut tx = app.app.store.begin().await.unwrap();
        release_lease(&mut tx, OTHER).await.unwrap();
        tx.commit().await.unwrap();
        runner.run(&app.app).await.unwrap();
        assert_eq!(
            app.ledger().await,
            [(EntryKind::Payment, 1000)],
            "the job {} must work with its lease",
            job.name
        );
        assert!(is_lease_free(&app).await, "the job {} must release its lease", job.name);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_job_that_needs_a_stripe_key_or_an_appeals_file_is_not_started_without_it() {
    let app = TestApp::start_changed("", |settings| {
        settings.stripe.secret_key = Secret::default();
        settings.appeals.file = None;
    })
    .await;
    let idle = JOBS.iter().filter(|job| job.runner(&app.app).is_none());
    assert_eq!(idle.map(|job| job.name).collect::<Vec<_>>(), ["appeals_file", "stripe"]);
    app.finish().await;
}
