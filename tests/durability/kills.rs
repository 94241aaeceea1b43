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
use super::proof::{LedgerState, Wrong, everything_is_processed, examine, nothing_is_lost};

/// The number of kills per database. After them, its ledger is compared with that of an undisturbed service.
const KILLS_PER_ROUND: u64 = 25;
/// How long a start after a kill may take until an event is acknowledged. Only long runs check this.
const RECOVERY_MS: u64 = 2000;

/// The results of a round of kills.
#[derive(Debug, Default)]
struct Seen {
    acknowledged: u64,
    unprocessed: u64,
    recovery_ms: u64,
}

/// Kills a service while events arrive. Returns the inbox's content at that moment, and all acknowledged events.
async fn kill_at_work(
    service: &Service,
    running: Running,
    address: &str,
    deliveries: &Arc<Deliveries>,
    random: &mut fastrand::Rng,
) -> Result<Vec<EventRow>, Wrong> {
    let senders = deliveries.begin(address);
    deliveries.acknowledges(random.usize(1..=80)).await;
    // With this delay, the kill can also happen between two acknowledgements. The test does not depend on it.
    tokio::time::sleep(Duration::from_micros(random.u64(..5_000))).await;
    block_in_place(|| running.kill());
    senders.join_all().await;
    let inbox = service.inbox_after_a_kill().await;
    nothing_is_lost(&inbox, &deliveries.acknowledged())?;
    Ok(inbox)
}

/// Kills a service as often as `round` says, and checks the database after each kill. Returns the results, the
/// service, its final ledger, and the number of gifts that were delivered to it.
async fn kill_again_and_again(round: Round) -> Result<(Seen, Service, LedgerState, u64), Wrong> {
    let (mut random, mut seen) = (fastrand::Rng::with_seed(round.seed), Seen::default());
    let deliveries = Deliveries::without_end(round.seed);
    let service = Service::new(Program::Keepopen);
    // The events that were acknowledged before the last kill.
    let mut promised = BTreeSet::new();
    for number in 0..=round.count {
        let watch = Stopwatch::start();
        let running = service.start();
        let last = number == round.count;
        if !last && random.u8(..5) == 0 {
            // Kills the service during its start.
            tokio::time::sleep(Duration::from_micros(random.u64(..200_000))).await;
            block_in_place(|| running.kill());
            continue;
        }
        let address = block_in_place(|| running.address());
        deliveries.first(&address).await;
        if number > 0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is only milliseconds"
            )]
            let recovery_ms = (watch.elapsed_s() * 1000.0).ceil() as u64;
            seen.recovery_ms = seen.recovery_ms.max(recovery_ms);
        }
        if last {
            deliveries.no_more();
            deliveries.begin(&address).join_all().await;
            promised = deliveries.acknowledged();
        }
        let app = service.look().await;
        everything_is_processed(&app).await;
        examine(&app, &promised).await?;
        if last {
            let ledger = LedgerState::of(&app).await;
            app.store.close().await;
            block_in_place(|| running.stop());
            seen.acknowledged = promised.len() as u64;
            return Ok((seen, service, ledger, deliveries.no_more()));
        }
        // Closes this reader. If it stayed open, the next start would not need a recovery, which this test checks.
        app.store.close().await;

        let inbox = kill_at_work(&service, running, &address, &deliveries, &mut random).await?;
        promised = deliveries.acknowledged();
        let waits = inbox.iter().filter(|it| it.state == "waiting" && promised.contains(&it.id));
        seen.unprocessed += waits.count() as u64;
    }
    unreachable!("the last start must return")
}

/// The ledger of an undisturbed service with the same key and the same gifts.
async fn undisturbed(other: &Service, gifts: u64) -> LedgerState {
    let service = Service::with_the_key_of(other);
    let running = service.start();
    let address = block_in_place(|| running.address());
    Deliveries::of(gifts, 1).begin(&address).join_all().await;
    let app = service.look().await;
    everything_is_processed(&app).await;
    let ledger = LedgerState::of(&app).await;
    app.store.close().await;
    block_in_place(|| running.stop());
    ledger
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_kills_lose_no_event_and_lead_to_the_same_ledger() {
    let database = if std::env::var("KEEPOPEN_TEST_POSTGRES").is_ok() { "PostgreSQL" } else { "SQLite" };
    let mut run = LongRun::of(&format!("kills on {database}"), "KEEPOPEN_TEST_KILLS", 25);
    while let Some(round) = run.round(KILLS_PER_ROUND) {
        let (seen, service, ledger, gifts) = kill_again_and_again(round)
            .await
            .unwrap_or_else(|wrong| panic!("{wrong:?}, in {round:?} of {run}"));
        assert_eq!(
            ledger,
            undisturbed(&service, gifts).await,
            "the ledger differs from that of an undisturbed service in {round:?} of {run}"
        );
        run.went_well(
            round,
            &[
                ("acknowledged", seen.acknowledged),
                ("acknowledged and unprocessed at a kill", seen.unprocessed),
                ("greatest recovery in ms", seen.recovery_ms),
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
    assert!(run.total("acknowledged and unprocessed at a kill") > 0, "no kill happened during work: {run}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_acknowledges_before_it_stores_is_detected() {
    let (service, deliveries) = (Service::new(Program::AnswersFirst), Deliveries::without_end(3));
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..KILLS_PER_ROUND {
        let running = service.start();
        let address = block_in_place(|| running.address());
        let kept = kill_at_work(&service, running, &address, &deliveries, &mut random).await;
        if let Err(Wrong::Lost(lost)) = kept {
            println!("{} acknowledged events were lost", lost.len());
            return;
        }
    }
    panic!("the test did not notice the lost events");
}
