//! Kills the service with `kill -9` at any moment.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use keepopen::clock::Stopwatch;
use keepopen::store::inbox::EventRow;
use tokio::task::block_in_place;

use super::deliveries::Deliveries;
use super::long_run::{LongRun, Round};
use super::program::{Program, Running, Service};
use super::proof::{LedgerState, Violation, check_database, check_nothing_lost, wait_until_processed};

/// The number of kills per database. After them, its ledger is compared with that of an undisturbed service.
const KILLS_PER_ROUND: u64 = 25;
/// How long a start after a kill may take until an event is acknowledged. Only long runs check this.
const RECOVERY_MS: u64 = 2000;

/// The results of a round of kills.
#[derive(Debug, Default)]
struct Results {
    acknowledged: u64,
    /// The events that were acknowledged but not processed at the moment of a kill.
    unprocessed: u64,
    /// The longest time from a start to the first acknowledgement.
    recovery_ms: u64,
}

/// Kills a service while events arrive, and checks that the inbox contains every acknowledged event. Returns the
/// inbox's content.
async fn kill_during_work(
    service: &Service,
    running: Running,
    address: &str,
    deliveries: &Arc<Deliveries>,
    random: &mut fastrand::Rng,
) -> Result<Vec<EventRow>, Violation> {
    let senders = deliveries.start_senders(address);
    deliveries.wait_for_acknowledgements(random.usize(1..=80)).await;
    // With this delay, the kill can also happen between two acknowledgements. The test does not depend on it.
    tokio::time::sleep(Duration::from_micros(random.u64(..5_000))).await;
    block_in_place(|| running.kill());
    senders.join_all().await;
    let inbox = service.read_inbox_after_stop().await;
    check_nothing_lost(&inbox, &deliveries.acknowledged())?;
    Ok(inbox)
}

/// Kills a service as often as `round` says, and checks the database after each kill. Returns the results, the
/// service, its final ledger, and the number of gifts that were delivered to it.
async fn kill_repeatedly(round: Round) -> Result<(Results, Service, LedgerState, u64), Violation> {
    let (mut random, mut results) = (fastrand::Rng::with_seed(round.seed), Results::default());
    let deliveries = Deliveries::of_unlimited_gifts(round.seed);
    let service = Service::new(Program::Keepopen);
    // The events that were acknowledged before the last kill.
    let mut acknowledged = BTreeSet::new();
    for number in 0..=round.count {
        let stopwatch = Stopwatch::start();
        let running = service.start();
        let is_last_start = number == round.count;
        if !is_last_start && random.u8(..5) == 0 {
            // Kills the service during its start.
            tokio::time::sleep(Duration::from_micros(random.u64(..200_000))).await;
            block_in_place(|| running.kill());
            continue;
        }
        let address = block_in_place(|| running.address());
        deliveries.deliver_any(&address).await;
        if number > 0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is only milliseconds"
            )]
            let recovery_ms = (stopwatch.elapsed_s() * 1000.0).ceil() as u64;
            results.recovery_ms = results.recovery_ms.max(recovery_ms);
        }
        if is_last_start {
            deliveries.start_no_more_gifts();
            deliveries.start_senders(&address).join_all().await;
            acknowledged = deliveries.acknowledged();
        }
        let app = service.open_app().await;
        wait_until_processed(&app).await;
        check_database(&app, &acknowledged).await?;
        if is_last_start {
            let ledger = LedgerState::of(&app).await;
            app.store.close().await;
            block_in_place(|| running.stop());
            results.acknowledged = acknowledged.len() as u64;
            return Ok((results, service, ledger, deliveries.start_no_more_gifts()));
        }
        // Closes this connection. If it stayed open, the next start would not need to recover the database, and this
        // test would not check the recovery.
        app.store.close().await;

        let inbox = kill_during_work(&service, running, &address, &deliveries, &mut random).await?;
        acknowledged = deliveries.acknowledged();
        let unprocessed = inbox.iter().filter(|it| it.state == "waiting" && acknowledged.contains(&it.id));
        results.unprocessed += unprocessed.count() as u64;
    }
    unreachable!("the last start must return")
}

/// The ledger of an undisturbed service with the same key and the same gifts.
async fn undisturbed_ledger(other: &Service, gifts: u64) -> LedgerState {
    let service = Service::with_the_key_of(other);
    let running = service.start();
    let address = block_in_place(|| running.address());
    Deliveries::of(gifts, 1).start_senders(&address).join_all().await;
    let app = service.open_app().await;
    wait_until_processed(&app).await;
    let ledger = LedgerState::of(&app).await;
    app.store.close().await;
    block_in_place(|| running.stop());
    ledger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_kills_lose_no_event_and_lead_to_the_same_ledger() {
    let database = if std::env::var("KEEPOPEN_TEST_POSTGRES").is_ok() { "PostgreSQL" } else { "SQLite" };
    let mut run = LongRun::of(&format!("kills on {database}"), "KEEPOPEN_TEST_KILLS", 25);
    while let Some(round) = run.next_round(KILLS_PER_ROUND) {
        let (results, service, ledger, gifts) = kill_repeatedly(round)
            .await
            .unwrap_or_else(|violation| panic!("{violation:?}, in {round:?} of {run}"));
        assert_eq!(
            ledger,
            undisturbed_ledger(&service, gifts).await,
            "the ledger differs from that of an undisturbed service in {round:?} of {run}"
        );
        run.record_success(
            round,
            &[
                ("acknowledged", results.acknowledged),
                ("acknowledged and unprocessed at a kill", results.unprocessed),
                ("greatest recovery in ms", results.recovery_ms),
            ],
        );
        if run.is_long() {
            println!("{run}");
        }
    }
    println!("{run}");
    if run.is_long() {
        // The maximum covers all parts of the run, so that a slow recovery in an earlier part counts too.
        assert!(run.total("greatest recovery in ms") < RECOVERY_MS, "a recovery took too long: {run}");
    }
    assert!(
        run.total("acknowledged and unprocessed at a kill") > 0,
        "at least one kill must happen while an acknowledged event is not processed: {run}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_acknowledges_before_it_stores_is_detected() {
    let (service, deliveries) = (Service::new(Program::AnswersFirst), Deliveries::of_unlimited_gifts(3));
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..KILLS_PER_ROUND {
        let running = service.start();
        let address = block_in_place(|| running.address());
        let outcome = kill_during_work(&service, running, &address, &deliveries, &mut random).await;
        if let Err(Violation::Lost(lost)) = outcome {
            println!("{} acknowledged events were lost", lost.len());
            return;
        }
    }
    panic!("the test did not notice the lost events");
}
