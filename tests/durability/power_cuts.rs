//! Cuts the power. After a power cut, the disk is only certain to have the synced data. These tests always use SQLite,
//! whichever database the test run uses, because PostgreSQL is responsible for its own disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::store::StoreError;
use keepopen::{actions, api, jobs, sites};
use keepopen_powercut::{Lost, Recording, Syncs};
use keepopen_testkit::memory_folder;
use tempfile::TempDir;

use super::deliveries::Deliveries;
use super::long_run::LongRun;
use super::program::settings;
use super::proof::{Violation, check_database, check_nothing_lost, wait_until_processed};

/// The number of cuts per recording.
const CUTS_PER_RECORDING: u64 = 20;
/// The number of gifts before the restart of the service in a recording, and again after it.
const GIFTS: u64 = 120;

async fn start_app(data: &Path, database: &str) -> Result<Arc<App>, Violation> {
    let settings = sites::from_toml(&settings(data, database)).unwrap();
    actions::start(settings, Clock::System).await.map_err(|error| Violation::Damaged(error.to_string()))
}

/// A service that did its work, and a recording of all its changes to files.
struct Recorded {
    recording: Arc<Recording>,
    deliveries: Arc<Deliveries>,
    /// The path of the key file, which is not part of the database.
    key: PathBuf,
    _data: TempDir,
    _files: TempDir,
}

/// Records a service that starts with a new database, receives events, restarts and receives more events. All events
/// are processed before the restart and at the end.
async fn record(syncs: Syncs, seed: u64) -> Recorded {
    let (data, files) = (memory_folder(), memory_folder());
    let recording = Arc::new(Recording::start(files.path(), syncs).unwrap());
    let position_source = Arc::clone(&recording);
    let deliveries = Deliveries::with_positions(0, seed, move || position_source.position());
    for _ in 0..2 {
        deliveries.add_gifts(GIFTS);
        let app = start_app(data.path(), &recording.url("keepopen.db")).await.unwrap();
        let running = api::serve(&app).unwrap();
        tokio::spawn(running.server);
        let jobs = jobs::run(&app);
        deliveries.start_senders(&running.address.to_string()).join_all().await;
        wait_until_processed(&app).await;
        running.handle.stop(true).await;
        jobs.stop(&app).await;
        app.store.close().await;
    }
    let key = data.path().join("keepopen.key");
    Recorded { recording, deliveries, key, _data: data, _files: files }
}

/// One power cut: what it lost, which events must survive, and whether they did.
struct Cut {
    at: usize,
    lost: Lost,
    acknowledged: BTreeSet<String>,
    disk: TempDir,
    outcome: Result<(), Violation>,
}

impl Recorded {
    /// Cuts the power at a moment whose kind depends on `number`. Then starts the service on the resulting disk, and
    /// checks the database.
    async fn cut(&self, number: u64, random: &mut fastrand::Rng) -> Cut {
        let at = match number % 4 {
            // The riskiest moment for an event: right after its acknowledgement.
            0 => self.deliveries.position_of_an_acknowledgement(random),
            1 => self.recording.any_moment(random),
            2 => self.recording.risky_moment(random),
            _ => self.recording.moment_of_a_directory_change(random),
        };
        let disk = memory_folder();
        let lost = self.recording.disk_after_a_cut(at, random, disk.path()).unwrap();
        std::fs::copy(&self.key, disk.path().join("keepopen.key")).unwrap();
        let acknowledged = self.deliveries.acknowledged_until(at);
        let outcome = check_disk(disk.path(), &acknowledged).await;
        Cut { at, lost, acknowledged, disk, outcome }
    }
}

/// Starts the service on a disk after a power cut, and checks its database.
async fn check_disk(data: &Path, acknowledged: &BTreeSet<String>) -> Result<(), Violation> {
    let damaged = |error: StoreError| Violation::Damaged(error.to_string());
    let app = start_app(data, &format!("sqlite:{}", data.join("keepopen.db").display())).await?;
    let sql = "SELECT integrity_check FROM pragma_integrity_check";
    let integrity = app.store.read_sql(sql).await.map_err(damaged)?;
    if integrity != ["ok"] {
        return Err(Violation::Damaged(integrity.join("; ")));
    }
    check_nothing_lost(&app.store.events().await.map_err(damaged)?, acknowledged)?;
    actions::process_due_events(&app, &app.as_job("inbox")).await.map_err(damaged)?;
    check_database(&app, acknowledged).await?;
    app.store.close().await;
    Ok(())
}

#[actix_web::test]
async fn acknowledged_events_survive_a_power_cut() {
    let mut run = LongRun::of("power cuts on SQLite", "KEEPOPEN_TEST_CUTS", 20);
    while let Some(round) = run.next_round(CUTS_PER_RECORDING) {
        let recorded = record(Syncs::Kept, round.seed).await;
        let mut random = fastrand::Rng::with_seed(round.seed);
        let (mut lost_writes, mut torn_writes, mut lost_entries, mut acknowledged) = (0, 0, 0, 0);
        for number in 0..round.count {
            let Cut { at, lost, acknowledged: survivors, disk, outcome } =
                recorded.cut(number, &mut random).await;
            if let Err(violation) = outcome {
                // Keeps the disk for inspection. The check has already opened its database, and may have changed it.
                let disk = disk.keep();
                panic!(
                    "{violation:?}, cut at {at} with {lost:?} in {round:?} of {run}; see {}",
                    disk.display()
                );
            }
            lost_writes += lost.whole as u64;
            torn_writes += lost.torn as u64;
            lost_entries += lost.names as u64;
            acknowledged += survivors.len() as u64;
        }
        run.record_success(
            round,
            &[
                ("acknowledged before the cuts", acknowledged),
                ("writes lost", lost_writes),
                ("writes torn", torn_writes),
                ("directory entries lost", lost_entries),
            ],
        );
        if run.is_long() {
            println!("{run}");
        }
    }
    println!("{run}");
    for name in ["acknowledged before the cuts", "writes lost"] {
        assert!(run.total(name) > 0, "the total of {name:?} must be above 0: {run}");
    }
}

#[actix_web::test]
async fn a_database_that_never_syncs_is_detected() {
    let recorded = record(Syncs::Ignored, 11).await;
    let (mut random, mut lost) = (fastrand::Rng::with_seed(11), 0);
    for number in 0..CUTS_PER_RECORDING {
        if let Err(Violation::Lost(events)) = recorded.cut(number, &mut random).await.outcome {
            lost += events.len();
        }
    }
    println!("{lost} acknowledged events were lost");
    assert!(lost > 0, "the test did not notice the missing syncs");
}
