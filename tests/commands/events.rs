//! `keepopen events`: the inbox.

use keepopen::config::Mode;
use keepopen::store::Store;
use keepopen::store::inbox::{self, Arrival, EventState, Source};

use super::Sandbox;

/// A sandbox whose inbox contains one dead event.
async fn sandbox_with_a_dead_event() -> Sandbox {
    let sandbox = Sandbox::new().with_database();
    let store = Store::open(sandbox.database_url()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let arrival = Arrival {
        id: "evt_1",
        kind: "refund.created",
        api_version: "",
        source: Source::Webhook,
        mode: Mode::Test,
        created_at_ms: 1,
        received_at_ms: 1,
        body: r#"{"email":"reader@example.org"}"#,
        state: EventState::Waiting,
    };
    inbox::insert(&mut tx, &arrival).await.unwrap();
    inbox::record_failure(&mut tx, "evt_1", "refund.amount is odd", None).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    sandbox
}

#[tokio::test]
async fn a_dead_event_is_listed_with_its_error_and_can_be_replayed() {
    let sandbox = sandbox_with_a_dead_event().await;
    let listed = sandbox.run_ok(&["events", "list", "--state", "dead"]);
    assert_eq!(listed, "evt_1  dead        1  refund.created  refund.amount is odd\n");
    assert!(sandbox.run_ok(&["events", "replay", "evt_1"]).contains("evt_1 is queued"));
    assert_eq!(sandbox.run_ok(&["events", "list", "--state", "dead"]), "No events match.\n");
    let waiting = sandbox.run_ok(&["events", "show", "evt_1"]);
    assert_eq!(waiting, "evt_1  waiting     0  refund.created  not tried yet\n");
    let audited = sandbox.run_ok(&["audit", "list"]);
    assert!(audited.ends_with("  operator  event.replay  evt_1\n"), "{audited}");
}

#[tokio::test]
async fn a_body_is_shown_only_with_the_option_body() {
    let sandbox = sandbox_with_a_dead_event().await;
    assert!(!sandbox.run_ok(&["events", "show", "evt_1"]).contains("reader@example.org"));
    assert!(!sandbox.run_ok(&["events", "list"]).contains("reader@example.org"));
    assert!(sandbox.run_ok(&["events", "show", "evt_1", "--body"]).contains("reader@example.org"));
}

#[test]
fn a_missing_event_is_reported() {
    for verb in ["show", "replay"] {
        let sentence = Sandbox::new().with_database().run_err(&["events", verb, "evt_nowhere"]);
        assert!(sentence.contains("evt_nowhere is not in the inbox"), "{sentence}");
    }
}
