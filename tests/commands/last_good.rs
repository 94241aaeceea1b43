//! `serve` while PostgreSQL is down. It then starts from `last-good.json`, the saved snapshot of the active appeals
//! and switches.

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

fn sandbox(database: &str) -> Sandbox {
    let sandbox = Sandbox::with(&(SETTINGS.replace("{database}", database) + JOURNAL));
    sandbox.write("appeals.toml", FILE);
    sandbox
}

/// Starts the service. Returns the process, its log until it listens, and its URL.
fn serve(sandbox: &Sandbox) -> (Running, String, String) {
    let running = sandbox.start(&["serve"]);
    let logs = block_in_place(|| running.logs_until("keepopen answers"));
    let line: Value = serde_json::from_str(logs.lines().last().unwrap()).unwrap();
    let address = line.pointer("/fields/address").or_else(|| line.get("address")).unwrap();
    let url = format!("http://{}", address.as_str().unwrap());
    (running, logs, url)
}

async fn banner(url: &str) -> Value {
    let asked =
        Client::new().post(format!("{url}/v1/banner")).json(&json!({"site": "journal", "history": {}}));
    asked.send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_answers_while_postgresql_is_unreachable_and_recovers_when_it_is_back() {
    let database = Database::make(Path::new("unused"));
    let Some((mut wire, url)) = Wire::to(database.url()) else {
        println!("SKIPPED: KEEPOPEN_TEST_POSTGRES names no server");
        return;
    };
    let sandbox = sandbox(&url);
    block_in_place(|| sandbox.good(&["appeals", "apply", "appeals.toml"]));
    let key =
        block_in_place(|| sandbox.good(&["api-key", "create", "--name", "desk", "--scope", "appeals:read"]));
    let (mut running, _, url) = serve(&sandbox);
    assert_eq!(banner(&url).await["appeal"], "summer");
    assert_eq!(block_in_place(|| running.stop()), Some(0));

    wire.cut().await;
    let (mut running, logs, url) = serve(&sandbox);
    let lines: Vec<&str> =
        logs.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    let about_database: Vec<_> =
        lines.iter().filter(|line| line.contains("the database can't be reached")).collect();
    assert_eq!(about_database.len(), 1, "{logs}");
    assert_eq!(banner(&url).await["appeal"], "summer");
    let list = || Client::new().get(format!("{url}/v1/appeals")).bearer_auth(key.trim()).send();
    assert_eq!(list().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    wire.restore();
    let logs = block_in_place(|| running.logs_until("fully available again"));
    let of_a_job = |line: &str| line.contains("ERROR") && line.contains("\"job\"");
    assert!(!logs.lines().any(of_a_job), "no job may run before the database can be reached: {logs}");
    assert_eq!(list().await.unwrap().status(), StatusCode::OK);
    assert_eq!(block_in_place(|| running.stop()), Some(0));

    // A damaged file is reported, and not used.
    wire.cut().await;
    damage(&sandbox.path("data/last-good.json"));
    let said = block_in_place(|| sandbox.run(&["serve"]));
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.err.contains("can't be used") && said.err.contains("damaged"), "{said:?}");
    assert!(said.err.contains("PostgreSQL can't be reached"), "{said:?}");
}

/// Changes the file's content, so that its authentication fails.
fn damage(file: &Path) {
    let good = std::fs::read_to_string(file).unwrap();
    let bad = good.replacen("live", "dead", 1);
    assert_ne!(bad, good);
    std::fs::write(file, bad).unwrap();
}

#[test]
fn without_a_saved_snapshot_serve_stops_with_a_message() {
    // A port that was free a moment ago, so that nothing listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sentence = sandbox(&format!("postgres://keepopen@{free}/keepopen")).stopped(&["serve"]);
    assert!(
        sentence.contains("PostgreSQL can't be reached") && sentence.contains("check that it runs"),
        "{sentence}"
    );
}

/// The file's content, which must be complete if the file exists.
fn saved(sandbox: &Sandbox) -> LastGood {
    let vault = Vault::open(&Secret::default(), &sandbox.path("data/keepopen.key")).unwrap();
    match LastGood::read(&sandbox.path("data/last-good.json"), &vault.last_good_key()) {
        Ok((saved, _)) => saved,
        Err(LastGoodError::Missing) => LastGood::default(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_killed_while_writing_the_file_leaves_a_complete_one() {
    let sandbox = sandbox("sqlite:data/keepopen.db");
    let key =
        block_in_place(|| sandbox.good(&["api-key", "create", "--name", "desk", "--scope", "appeals:write"]));
    let client = Client::new();
    let mut turns = 0;
    for _ in 0..8 {
        let (mut running, _, url) = serve(&sandbox);
        let turn = async |state: &str| {
            let switched = client.put(format!("{url}/v1/sites/journal/switches")).bearer_auth(key.trim());
            let answer = switched.json(&json!({"all": state})).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        };
        for _ in 0..fastrand::usize(1..15) {
            turn("off").await;
            turn("on").await;
            turns += 2;
        }
        // At this moment, the file for the last change may be written, half written, or not yet begun.
        block_in_place(|| running.kill());
        assert!(saved(&sandbox).turns <= turns);
    }
    let (mut running, _, _) = serve(&sandbox);
    assert_eq!(saved(&sandbox).turns, turns, "at its start, the service must save the active snapshot");
    assert_eq!(block_in_place(|| running.stop()), Some(0));
}
