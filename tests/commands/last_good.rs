//! `serve` while PostgreSQL is down. In that case, the service starts from `last-good.json`, the saved snapshot of the
//! active appeals and switches.

use std::path::Path;

use keepopen::config::Secret;
use keepopen::keys::Vault;
use keepopen::store::last_good::{LastGood, LastGoodError};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::block_in_place;

use super::{JOURNAL, Sandbox};
use keepopen_testkit::Database;
use keepopen_testkit::Running;
use keepopen_testkit::Wire;

const SETTINGS: &str = r#"
[server]
bind = "127.0.0.1:0"
workers = 1
[management]
bind = "127.0.0.1:0"
[database]
url = "{database}"
[log]
format = "json"
"#;
const FILE: &str = r#"
[[appeals]]
id = "summer"
live = "live"
sites = ["journal"]
kind = "ask"
surface = ["banner"]
variants = [{ id = "a", copy = { heading = "Help" } }]
"#;

fn sandbox_with_appeal(database_url: &str) -> Sandbox {
    let sandbox = Sandbox::with_settings(&(SETTINGS.replace("{database}", database_url) + JOURNAL));
    sandbox.write("appeals.toml", FILE);
    sandbox
}

/// Starts the service. Returns the process, its log until it listens, and its URL.
fn serve(sandbox: &Sandbox) -> (Running, String, String) {
    let running = sandbox.start(&["serve"]);
    let logs = block_in_place(|| running.logs_until("keepopen is serving requests"));
    let line: Value = serde_json::from_str(logs.lines().last().unwrap()).unwrap();
    let address = line.pointer("/fields/address").or_else(|| line.get("address")).unwrap();
    let url = format!("http://{}", address.as_str().unwrap());
    (running, logs, url)
}

async fn ask_for_appeal(url: &str) -> Value {
    let request =
        Client::new().post(format!("{url}/v1/banner")).json(&json!({"site": "journal", "history": {}}));
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_answers_while_postgresql_is_unreachable_and_recovers_when_it_is_back() {
    let database = Database::make(Path::new("unused"));
    let Some((mut wire, url)) = Wire::open(database.url()) else {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    };
    let sandbox = sandbox_with_appeal(&url);
    block_in_place(|| sandbox.run_ok(&["appeals", "apply", "appeals.toml"]));
    let key = block_in_place(|| {
        sandbox.run_ok(&["api-key", "create", "--name", "desk", "--scope", "appeals:read"])
    });
    let (mut running, _, url) = serve(&sandbox);
    assert_eq!(ask_for_appeal(&url).await["appeal"], "summer");
    assert_eq!(block_in_place(|| running.stop()), Some(0));

    wire.cut().await;
    let (mut running, logs, url) = serve(&sandbox);
    let lines: Vec<&str> =
        logs.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    let about_database: Vec<_> =
        lines.iter().filter(|line| line.contains("the database can't be reached")).collect();
    assert_eq!(about_database.len(), 1, "the log must report the unreachable database once: {logs}");
    assert_eq!(ask_for_appeal(&url).await["appeal"], "summer");
    let list = || Client::new().get(format!("{url}/v1/appeals")).bearer_auth(key.trim()).send();
    assert_eq!(list().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    wire.restore();
    let logs = block_in_place(|| running.logs_until("fully available again"));
    let is_job_error = |line: &str| line.contains("ERROR") && line.contains("\"job\"");
    assert!(!logs.lines().any(is_job_error), "no job may run before the database can be reached: {logs}");
    assert_eq!(list().await.unwrap().status(), StatusCode::OK);
    assert_eq!(block_in_place(|| running.stop()), Some(0));

    // A damaged file is reported, and not used.
    wire.cut().await;
    damage(&sandbox.path("data/last-good.json"));
    let output = block_in_place(|| sandbox.run(&["serve"]));
    assert_eq!(output.status, Some(1), "{output:?}");
    assert!(output.err.contains("can't be used") && output.err.contains("damaged"), "{output:?}");
    assert!(output.err.contains("PostgreSQL can't be reached"), "{output:?}");
}

/// Changes the file's content, so that its authentication fails.
fn damage(file: &Path) {
    let valid = std::fs::read_to_string(file).unwrap();
    let damaged = valid.replacen("live", "dead", 1);
    assert_ne!(damaged, valid);
    std::fs::write(file, damaged).unwrap();
}

#[test]
fn without_a_saved_snapshot_serve_stops_with_a_message() {
    // The system just chose this port as free, so nothing listens on it.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sandbox = sandbox_with_appeal(&format!("postgres://keepopen@{free}/keepopen"));
    let sentence = sandbox.run_err(&["serve"]);
    assert!(
        sentence.contains("PostgreSQL can't be reached") && sentence.contains("check that it runs"),
        "{sentence}"
    );
}

/// Reads the saved snapshot. The file must be complete if it exists.
fn read_last_good(sandbox: &Sandbox) -> LastGood {
    let vault = Vault::open(&Secret::default(), &sandbox.path("data/keepopen.key")).unwrap();
    match LastGood::read(&sandbox.path("data/last-good.json"), &vault.last_good_key()) {
        Ok((saved, _)) => saved,
        Err(LastGoodError::Missing) => LastGood::default(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_writing_the_file_leaves_a_complete_file() {
    let sandbox = sandbox_with_appeal("sqlite:data/keepopen.db");
    let key = block_in_place(|| {
        sandbox.run_ok(&["api-key", "create", "--name", "desk", "--scope", "appeals:write"])
    });
    let client = Client::new();
    let mut changes = 0;
    for _ in 0..8 {
        let (mut running, _, url) = serve(&sandbox);
        let set_switch = async |state: &str| {
            let request = client.put(format!("{url}/v1/sites/journal/switches")).bearer_auth(key.trim());
            let answer = request.json(&json!({"all": state})).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        };
        for _ in 0..fastrand::usize(1..15) {
            set_switch("off").await;
            set_switch("on").await;
            changes += 2;
        }
        // At this moment, the file for the last change may be written, half written, or not yet begun.
        block_in_place(|| running.kill());
        let saved_changes = read_last_good(&sandbox).turns;
        assert!(saved_changes <= changes, "the file must not count more changes than were made");
    }
    let (mut running, _, _) = serve(&sandbox);
    let saved_changes = read_last_good(&sandbox).turns;
    assert_eq!(saved_changes, changes, "at its start, the service must save the active snapshot");
    assert_eq!(block_in_place(|| running.stop()), Some(0));
}
