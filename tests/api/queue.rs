//! The queue of tasks that run later, outside the transaction that added them. A worker claims a task by a lease (a
//! lock that expires).

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex};

use keepopen::actions::{self, FetchObject, MAX_ATTEMPTS, Task, TaskError, enqueue, run_due_tasks};
use keepopen::app::App;
use keepopen::store::{StoreError, Tx};
use keepopen_practice::Trouble;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::helpers::TestApp;

/// Processes the inbox and the queue.
pub async fn process_inbox_and_queue(app: &App) {
    actions::process_due_events(app, &app.as_job("inbox")).await.unwrap();
    // Thin events only name their object. A task fetches the object, and the inbox then books it.
    while actions::run_due_tasks::<FetchObject>(app, &app.as_job("queue")).await.unwrap() > 0 {
        actions::process_due_events(app, &app.as_job("inbox")).await.unwrap();
    }
}

/// The names of the tasks that were performed. All tests of this binary share the list.
static PERFORMED: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);

/// The names of the tasks that were committed.
static COMMITTED: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);
/// Lets the first worker of a waiting task continue.
static GO_ON: Notify = Notify::const_new();

/// Returns how often tasks whose name starts with `name` were committed.
fn times_committed(name: &str) -> usize {
    COMMITTED.lock().unwrap().iter().filter(|it| it.starts_with(name)).count()
}

/// Returns how often tasks whose name starts with `name` were performed.
fn times_performed(name: &str) -> usize {
    PERFORMED.lock().unwrap().iter().filter(|it| it.starts_with(name)).count()
}

/// A task that fails, panics or waits, as its test requests.
#[derive(Clone, Serialize, Deserialize)]
struct Errand {
    name: String,
    fails: bool,
    panics: bool,
    /// Whether the first worker that performs the task waits for [`GO_ON`].
    waits: bool,
}

impl Errand {
    /// Returns a task that succeeds at once.
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), fails: false, panics: false, waits: false }
    }
}

impl Task for Errand {
    const KIND: &'static str = "errand";
    type Done = ();

    fn cause(&self) -> String {
        self.name.clone()
    }

    async fn perform(&self, _: &App) -> Result<(), TaskError> {
        PERFORMED.lock().unwrap().push(self.name.clone());
        assert!(!self.panics, "the test asked for this panic");
        if self.waits && times_performed(&self.name) == 1 {
            GO_ON.notified().await;
        }
        // Lets another worker run.
        tokio::task::yield_now().await;
        if self.fails { Err(TaskError::Failed("the test asked for this failure".to_owned())) } else { Ok(()) }
    }

    async fn commit(&self, _: &App, _: &mut Tx, (): ()) -> Result<(), StoreError> {
        COMMITTED.lock().unwrap().push(self.name.clone());
        Ok(())
    }
}

/// Adds a task to the queue, in its own transaction.
async fn add(app: &App, errand: &Errand) {
    let mut tx = app.store.begin().await.unwrap();
    enqueue(&mut tx, errand, app.now_ms()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_task_that_is_added_twice_is_performed_once_and_leaves_the_queue() {
    let app = TestApp::start().await;
    add(&app.app, &Errand::named("once")).await;
    add(&app.app, &Errand::named("once")).await;
    assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 1);
    assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 0);
    assert_eq!(times_performed("once"), 1);
    assert_eq!(app.app.store.tasks(None, 9).await.unwrap(), []);
    app.finish().await;
}

#[tokio::test]
async fn a_task_is_not_queued_if_its_transaction_is_rolled_back() {
    let app = TestApp::start().await;
    let mut tx = app.app.store.begin().await.unwrap();
    enqueue(&mut tx, &Errand::named("never"), app.app.now_ms()).await.unwrap();
    drop(tx);
    assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 0);
    app.finish().await;
}

#[tokio::test]
async fn a_failing_task_is_retried_until_it_is_dead_and_can_be_replayed() {
    let app = TestApp::start().await;
    add(&app.app, &Errand { fails: true, ..Errand::named("failing") }).await;
    add(&app.app, &Errand { panics: true, ..Errand::named("panicking") }).await;
    let mut hours = 0;
    while app.app.store.tasks(Some("dead"), 9).await.unwrap().len() < 2 {
        run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap();
        // After a failure, a task waits at least half a second.
        assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 0);
        app.app.clock.advance(3_600_000);
        hours += 1;
        assert!(hours < 100, "the failing tasks must become dead");
    }
    let tries = usize::try_from(MAX_ATTEMPTS).unwrap();
    assert_eq!((times_performed("failing"), times_performed("panicking")), (tries, tries));
    let dead = app.app.store.tasks(Some("dead"), 9).await.unwrap();
    let errors: BTreeSet<&str> = dead.iter().filter_map(|it| it.error.as_deref()).collect();
    assert!(errors.contains("the test asked for this failure"), "{errors:?}");
    let numbers = app.app.store.task_numbers().await.unwrap();
    assert_eq!((numbers.waiting, numbers.dead, numbers.oldest_at_ms), (0, 2, None));

    assert!(!actions::replay_task(&app.app.as_operator(), "errand/other").await.unwrap());
    assert!(actions::replay_task(&app.app.as_operator(), "errand/failing").await.unwrap());
    assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 1);
    assert_eq!(times_performed("failing"), tries + 1);
    app.finish().await;
}

#[tokio::test]
async fn a_task_of_a_worker_that_died_is_not_run_until_the_lease_ends() {
    let app = TestApp::start().await;
    add(&app.app, &Errand::named("leased")).await;
    let now_ms = app.app.now_ms();
    let lease_ms = i64::try_from(Errand::LEASE.as_millis()).unwrap();
    let store = &app.app.store;
    assert!(store.claim_task(Errand::KIND, "died", now_ms, now_ms + lease_ms).await.unwrap().is_some());
    assert!(store.claim_task(Errand::KIND, "other", now_ms, now_ms + lease_ms).await.unwrap().is_none());
    app.app.clock.advance(lease_ms - 1);
    assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 0);
    app.app.clock.advance(1);
    assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 1);
    assert_eq!(times_performed("leased"), 1);
    app.finish().await;
}

#[tokio::test]
async fn several_workers_share_the_queue_and_perform_each_task_once() {
    let app = TestApp::start().await;
    for number in 0..40 {
        add(&app.app, &Errand::named(&format!("shared {number}"))).await;
    }
    let context = app.app.as_job("queue");
    let worker = || run_due_tasks::<Errand>(&app.app, &context);
    let (a, b, c) = tokio::join!(worker(), worker(), worker());
    let done = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert_eq!(done.iter().sum::<usize>(), 40, "{done:?}");
    assert_eq!(times_performed("shared"), 40);
    app.finish().await;
}

#[tokio::test]
async fn a_stopping_worker_begins_no_task() {
    let app = TestApp::start().await;
    add(&app.app, &Errand::named("after the stop")).await;
    app.app.begin_stopping();
    assert_eq!(run_due_tasks::<Errand>(&app.app, &app.app.as_job("queue")).await.unwrap(), 0);
    assert_eq!(app.app.store.task_numbers().await.unwrap().waiting, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_worker_whose_lease_has_ended_does_not_change_the_task_of_its_successor() {
    for fails in [false, true] {
        let app = TestApp::start().await;
        let name = format!("slow, fails: {fails}");
        add(&app.app, &Errand { waits: true, fails, ..Errand::named(&name) }).await;
        let lease_ms = i64::try_from(Errand::LEASE.as_millis()).unwrap();
        // A second worker claims the task after the lease of the first worker has ended. Then the first one continues.
        let second = async {
            while times_performed(&name) == 0 {
                tokio::task::yield_now().await;
            }
            app.app.clock.advance(lease_ms);
            let now_ms = app.app.now_ms();
            let claimed =
                app.app.store.claim_task(Errand::KIND, "second", now_ms, now_ms + lease_ms).await.unwrap();
            GO_ON.notify_one();
            claimed.unwrap().attempts
        };
        let context = app.app.as_job("queue");
        let (first, attempts) = tokio::join!(run_due_tasks::<Errand>(&app.app, &context), second);
        assert_eq!((first.unwrap(), attempts, times_committed(&name)), (1, 2, 0));
        let [task] = app.app.store.tasks(None, 9).await.unwrap().try_into().unwrap();
        assert_eq!((task.lease_owner.as_deref(), task.error), (Some("second"), None), "fails: {fails}");
        app.finish().await;
    }
}

/// Returns a thin event, which names a charge without containing it.
fn thin_event(charge: &str) -> Value {
    json!({"id": "evt_thin", "object": "v2.core.event", "type": "v1.charge.succeeded", "livemode": false,
        "created": "2026-11-24T09:00:00Z",
        "related_object": {"id": charge, "type": "charge", "url": format!("/v1/charges/{charge}")}})
}

#[tokio::test]
async fn an_object_that_can_not_be_fetched_delays_no_other_event_and_becomes_a_dead_task() {
    let app = TestApp::start().await;
    assert_eq!(app.deliver(&thin_event("ch_nowhere")).await.status, 200);
    app.give(1000, "once").await;
    app.deliver_and_process_all_events().await;
    assert_eq!(app.ledger().await.len(), 1);
    let waiting = app.app.store.tasks(None, 9).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].key.as_str()), (1, "fetch_object/evt_thin"));
    for _ in 0..MAX_ATTEMPTS {
        app.app.clock.advance(3_600_000);
        run_due_tasks::<FetchObject>(&app.app, &app.app.as_job("queue")).await.unwrap();
    }
    assert_eq!(app.app.store.task_numbers().await.unwrap().dead, 1);
    // A new version of Keepopen retries the task. Replaying the event retries it, too.
    actions::requeue_unbooked(&app.app, &app.app.as_job("start"), "a new version").await.unwrap();
    assert_eq!(app.app.store.task_numbers().await.unwrap().waiting, 1);
    for _ in 0..MAX_ATTEMPTS {
        app.app.clock.advance(3_600_000);
        run_due_tasks::<FetchObject>(&app.app, &app.app.as_job("queue")).await.unwrap();
    }
    assert_eq!(app.app.store.task_numbers().await.unwrap().dead, 1);
    assert!(actions::replay_event(&app.app.as_operator(), "evt_thin").await.unwrap());
    actions::process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap();
    assert_eq!(app.app.store.task_numbers().await.unwrap().waiting, 1);
    app.finish().await;
}

#[tokio::test]
async fn a_dead_task_is_retried_when_stripe_delivers_its_event_again() {
    let app = TestApp::start().await;
    let gift = app.give(1000, "once").await;
    let event = thin_event(&app.stripe.payments(&gift.session).charge.unwrap());
    assert_eq!(app.deliver(&event).await.status, 200);
    // A second delivery while the task waits changes nothing.
    assert_eq!(app.deliver(&event).await.status, 200);
    actions::process_due_events(&app.app, &app.app.as_job("inbox")).await.unwrap();
    for _ in 0..MAX_ATTEMPTS {
        app.stripe.break_call_after(Trouble::Status(403), 0);
        app.app.clock.advance(3_600_000);
        run_due_tasks::<FetchObject>(&app.app, &app.app.as_job("queue")).await.unwrap();
    }
    assert_eq!(app.app.store.task_numbers().await.unwrap().dead, 1);
    assert_eq!(app.deliver(&event).await.status, 200);
    let numbers = app.app.store.task_numbers().await.unwrap();
    assert_eq!((numbers.waiting, numbers.dead), (1, 0));
    process_inbox_and_queue(&app.app).await;
    assert_eq!(app.app.store.tasks(None, 9).await.unwrap(), []);
    let rows = app.app.store.read_sql("SELECT action FROM audit_log WHERE action = 'task.replay'").await;
    assert_eq!(rows.unwrap().len(), 1);
    app.finish().await;
}
