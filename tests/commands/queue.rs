//! `keepopen queue`: the queue of tasks that the service runs later, with retries.

use keepopen::clock::Clock;
use keepopen::store::{Store, tasks};

use super::Sandbox;

/// A sandbox whose queue contains one waiting and one dead task.
async fn sandbox_with_a_dead_task() -> Sandbox {
    let sandbox = Sandbox::new().with_database();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let now_ms = Clock::System.now_ms();
    for key in ["fetch_object/evt_1", "fetch_object/evt_2"] {
        let mut tx = store.begin().await.unwrap();
        tasks::put(&mut tx, "fetch_object", key, "{}", now_ms).await.unwrap();
        tx.commit().await.unwrap();
        if key.ends_with('1') {
            store.claim_task("fetch_object", "worker", now_ms, now_ms).await.unwrap().unwrap();
            let mut tx = store.begin().await.unwrap();
            tasks::fail(&mut tx, key, "worker", "Stripe refused", None).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    store.close().await;
    sandbox
}

#[tokio::test]
async fn a_dead_task_is_listed_with_its_error_and_can_be_replayed() {
    let sandbox = sandbox_with_a_dead_task().await;
    let dead = sandbox.run_ok(&["queue", "list", "--dead"]);
    assert_eq!(dead, "fetch_object/evt_1  dead      1  added less than a minute ago  Stripe refused\n");
    let all = sandbox.run_ok(&["queue", "list"]);
    assert!(all.contains("fetch_object/evt_2  waiting   0") && all.contains("not failed yet"), "{all}");
    assert!(
        sandbox.run_ok(&["queue", "replay", "fetch_object/evt_1"]).contains("fetch_object/evt_1 is queued")
    );
    assert_eq!(sandbox.run_ok(&["queue", "list", "--dead"]), "No task is dead.\n");
    let audited = sandbox.run_ok(&["audit", "list"]);
    assert!(audited.ends_with("  operator  task.replay  fetch_object/evt_1\n"), "{audited}");
}

#[test]
fn a_task_that_is_not_dead_is_not_replayed() {
    let sentence = Sandbox::new().with_database().run_err(&["queue", "replay", "fetch_object/evt_1"]);
    assert!(sentence.contains("fetch_object/evt_1 is not a dead task"), "{sentence}");
}
