//! Kills the service with `kill -9` between booking an event and executing its task. Each task must be executed at
//! least once. It must have at most one effect if the receiver supports idempotency keys.
//!
//! The service is this test binary, started as a second process, because the product has no receiver of such tasks
//! yet. It books like the product, and also adds a task for each domain event (something that happened to a
//! contribution). Its workers send each domain event to a receiver on a loopback port.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, HttpServer};
use keepopen::actions::{self, Emitter, Task, TaskError, enqueue, record_events, run_due_tasks};
use keepopen::app::App;
use keepopen::clock::Clock;
use keepopen::contributions::DomainEvent;
use keepopen::store::{StoreError, Tx};
use keepopen::{api, sites, telemetry};
use serde::{Deserialize, Serialize};
use tokio::task::block_in_place;

use super::deliveries::Deliveries;
use super::long_run::{LongRun, Round};
use super::program::{Program, Service};

/// If this environment variable is set, this test binary runs as the service. The value is the receiver's port.
const RECEIVER_PORT: &str = "KEEPOPEN_TEST_RECEIVER";
/// If this environment variable is set, the service is faulty: it removes a task before it executes the task.
const CARELESS: &str = "KEEPOPEN_TEST_CARELESS";
/// The number of kills per database.
const KILLS_PER_ROUND: u64 = 25;

/// When the service's workers remove a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worker {
    /// The worker removes a task after it has executed the task.
    Careful,
    /// The worker removes a task before it executes the task. The test must detect this fault.
    Careless,
}

/// The command that starts this binary as the service. Run it in a folder that contains the settings.
pub(crate) fn command(worker: Worker, receiver: u16) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "queue::this_process_runs_as_the_service_if_the_variable_is_set",
        "--exact",
        "--nocapture",
    ]);
    command.env_clear().env(RECEIVER_PORT, receiver.to_string());
    if worker == Worker::Careless {
        command.env(CARELESS, "yes");
    }
    command
}

/// Adds a task for each new domain event.
enum TaskPerEvent {}

impl Emitter for TaskPerEvent {
    async fn emit(tx: &mut Tx, events: &[DomainEvent], now_ms: i64) -> Result<(), StoreError> {
        for event in record_events(tx, events, now_ms).await? {
            enqueue(tx, &Notify { event: event.key() }, now_ms).await?;
        }
        Ok(())
    }
}

/// A task that sends a domain event to the receiver, with the event's key as idempotency key.
#[derive(Serialize, Deserialize)]
struct Notify {
    event: String,
}

impl Task for Notify {
    const KIND: &'static str = "notify";
    const TIMEOUT: Duration = Duration::from_secs(5);
    const LEASE: Duration = Duration::from_millis(1500);
    type Done = ();

    fn cause(&self) -> String {
        self.event.clone()
    }

    async fn perform(&self, _: &App) -> Result<(), TaskError> {
        let port = std::env::var(RECEIVER_PORT).unwrap();
        let url = format!("http://127.0.0.1:{port}/{}", self.event.replace('/', ":"));
        let send = reqwest::Client::new().post(url).send();
        if std::env::var(CARELESS).is_ok() {
            tokio::spawn(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                drop(send.await);
            });
            return Ok(());
        }
        let answer = send.await.map_err(|error| TaskError::Failed(error.to_string()))?;
        if answer.status().is_success() { Ok(()) } else { Err(TaskError::Failed("refused".to_owned())) }
    }

    async fn commit(&self, _: &App, _: &mut Tx, (): ()) -> Result<(), StoreError> {
        Ok(())
    }
}

#[test]
fn this_process_runs_as_the_service_if_the_variable_is_set() {
    if std::env::var(RECEIVER_PORT).is_err() {
        return;
    }
    let settings = sites::from_toml(&std::fs::read_to_string("keepopen.toml").unwrap()).unwrap();
    telemetry::start(settings.log.format, &settings.log.level).unwrap();
    actix_web::rt::System::new().block_on(async {
        let app = actions::start(settings, Clock::System).await.unwrap();
        let running = api::serve(&app).unwrap();
        actix_web::rt::spawn(running.server);
        tracing::info!(address = %running.address, "keepopen is serving requests");
        let book = async {
            while !app.is_stopping() {
                actions::process_events_with::<TaskPerEvent>(&app, &app.as_job("inbox")).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let work = || async {
            while !app.is_stopping() {
                run_due_tasks::<Notify>(&app, &app.as_job("queue")).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::join!(book, work(), work())
    });
}

/// How often each key was received. Only the first delivery of a key has an effect.
type Received = Arc<Mutex<BTreeMap<String, u64>>>;

async fn receive(received: Data<Received>, key: Path<String>) -> HttpResponse {
    *received.lock().unwrap().entry(key.replace(':', "/")).or_default() += 1;
    HttpResponse::Ok().finish()
}

/// Starts a receiver on a loopback port. Returns the port, and how often the receiver got each key.
fn start_receiver() -> (u16, Received) {
    let received = Received::default();
    let data = Data::new(Arc::clone(&received));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let app = move || {
            let route = actix_web::web::post().to(receive);
            actix_web::App::new().app_data(data.clone()).route("/{key:.*}", route)
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        actix_web::rt::System::new().block_on(server.run())
    });
    (port, received)
}

/// The results of a round of kills.
#[derive(Debug, Default)]
struct Results {
    events: u64,
    sent_again: u64,
    tasks_at_kills: u64,
}

/// Waits until every event is booked and the queue is empty.
async fn wait_until_done(app: &App) {
    super::proof::wait_until_processed(app).await;
    let queue_is_empty = async {
        while app.store.task_numbers().await.unwrap().waiting > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(120), queue_is_empty).await.is_err() {
        panic!("the queue must become empty, but contains {:?}", app.store.tasks(None, 3).await.unwrap());
    }
}

/// Kills a service repeatedly while it books events and executes tasks. Returns the results, and the events that the
/// receiver never got.
async fn kill_between_booking_and_executing(round: Round, worker: Worker) -> (Results, Vec<String>) {
    let (mut random, mut results) = (fastrand::Rng::with_seed(round.seed), Results::default());
    let (port, received) = start_receiver();
    let service = Service::new(Program::Queue(worker, port));
    let deliveries = Deliveries::of_unlimited_gifts(round.seed);
    for _ in 0..round.count {
        let running = service.start();
        let address = block_in_place(|| running.address());
        let senders = deliveries.start_senders(&address);
        deliveries.wait_for_acknowledgements(random.usize(1..=60)).await;
        // With this delay, the kill can happen at any moment. The test does not depend on it.
        tokio::time::sleep(Duration::from_micros(random.u64(..60_000))).await;
        block_in_place(|| running.kill());
        senders.join_all().await;
        let app = service.open_app().await;
        results.tasks_at_kills += u64::try_from(app.store.task_numbers().await.unwrap().waiting).unwrap();
        app.store.close().await;
    }
    let running = service.start();
    let address = block_in_place(|| running.address());
    deliveries.start_no_more_gifts();
    deliveries.start_senders(&address).join_all().await;
    let app = service.open_app().await;
    wait_until_done(&app).await;
    let outbox = app.store.outbox(0, i64::MAX).await.unwrap();
    assert_eq!(app.store.task_numbers().await.unwrap().dead, 0);
    app.store.close().await;
    block_in_place(|| running.kill());

    let received = received.lock().unwrap();
    let current: Vec<&str> =
        outbox.iter().filter(|it| it.state == "current").map(|it| it.key.as_str()).collect();
    assert!(
        received.keys().all(|key| current.contains(&key.as_str())),
        "the receiver got an event that is not booked"
    );
    results.events = current.len() as u64;
    results.sent_again = received.values().map(|times| times - 1).sum();
    let missing = current.into_iter().filter(|key| !received.contains_key(*key)).map(str::to_owned).collect();
    (results, missing)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_killed_between_booking_and_executing_executes_every_task() {
    let database = if std::env::var("KEEPOPEN_TEST_POSTGRES").is_ok() { "PostgreSQL" } else { "SQLite" };
    let mut run = LongRun::of(&format!("kills of workers on {database}"), "KEEPOPEN_TEST_WORKER_KILLS", 25);
    while let Some(round) = run.next_round(KILLS_PER_ROUND) {
        let (results, missing) = kill_between_booking_and_executing(round, Worker::Careful).await;
        assert_eq!(
            missing,
            Vec::<String>::new(),
            "the receiver did not get these events in {round:?} of {run}"
        );
        run.record_success(
            round,
            &[
                ("domain events", results.events),
                ("sent again", results.sent_again),
                ("tasks in the queue at a kill", results.tasks_at_kills),
            ],
        );
        if run.is_long() {
            println!("{run}");
        }
    }
    println!("{run}");
    assert!(
        run.total("tasks in the queue at a kill") > 0,
        "at least one kill must happen between booking and executing: {run}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_removes_a_task_before_executing_it_is_detected() {
    let round = Round { seed: 5, count: KILLS_PER_ROUND };
    let (results, missing) = kill_between_booking_and_executing(round, Worker::Careless).await;
    assert!(!missing.is_empty(), "the test did not notice the lost tasks: {results:?}");
    println!("{} of {} events were never received", missing.len(), results.events);
}
