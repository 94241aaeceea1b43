//! `keepopen audit`. These tests also check that every command that changes something writes a row to the audit log.

use keepopen::clock::Clock;
use keepopen_practice::PracticeStripe;
use keepopen_testkit::{STRIPE_KEY, practice_stripe};
use serde_json::Value;

use super::{JOURNAL, Sandbox};

async fn start_practice_stripe() -> PracticeStripe {
    practice_stripe(|| Clock::System.now_ms() / 1000).await
}

/// The newest row of the audit log.
fn newest_row(sandbox: &Sandbox) -> Value {
    let output = sandbox.run_ok(&["audit", "list", "--limit", "1", "--json"]);
    serde_json::from_str(&output).unwrap()
}

/// Commands that need no audit row.
const NOT_AUDITED: &[&str] = &[
    "serve",
    "demo",
    "health",
    "migrate",
    "check-config",
    "openapi",
    "events list",
    "events show",
    "books check",
    "contributions list",
    "contributions export",
    "alarms list",
    "appeals check",
    "appeals export",
    "results",
    "switch show",
    "simulate",
    "stripe status",
    "stripe checklist",
    "audit list",
    "queue list",
    "api-key list",
];

/// Commands that change something, each with the action of its audit row, in an order in which they can run. `events
/// replay`, `queue replay` and `alarms acknowledge` need an event, a task and an alarm. `events.rs`, `queue.rs` and
/// `alarms.rs` test them, so their action is empty here.
const AUDITED: &[(&str, &str)] = &[
    ("rebuild", "ledger.rebuild"),
    ("reconcile", "ledger.reconcile"),
    ("api-key create --name desk --scope money:read", "api_key.create"),
    ("api-key revoke KEY", "api_key.revoke"),
    ("switch off --site journal", "switch.set"),
    ("switch on --site journal", "switch.set"),
    ("appeals apply appeals.toml", "appeal.publish"),
    ("books seal", "ledger.seal"),
    ("books rewrite", "ledger.rewrite"),
    ("stripe connect", "endpoint.create"),
    ("stripe roll-secret", "endpoint.create"),
    ("events replay", ""),
    ("queue replay", ""),
    ("alarms acknowledge", ""),
];

/// The full names of all subcommands of `command`, as listed in the help texts. If it has none, its own name.
fn subcommands(sandbox: &Sandbox, command: &[&str]) -> Vec<String> {
    let help = sandbox.run_ok(&[command, &["--help"][..]].concat());
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return vec![command.join(" ")] };
    let names = listed.lines().take_while(|line| !line.is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.flat_map(|name| subcommands(sandbox, &[command, &[name][..]].concat())).collect()
}

#[test]
fn every_command_is_in_one_of_the_two_lists() {
    let commands = subcommands(&Sandbox::new(), &[]);
    assert!(commands.len() > 25, "too few commands were found in the help texts: {commands:?}");
    let is_audited = |command: &str| AUDITED.iter().any(|(line, _)| line.starts_with(command));
    let unknown: Vec<&String> =
        commands.iter().filter(|it| !NOT_AUDITED.contains(&it.as_str()) && !is_audited(it)).collect();
    assert_eq!(
        unknown,
        Vec::<&String>::new(),
        "add each of these commands to the list AUDITED if it leaves an audit row, otherwise to NOT_AUDITED"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_changes_something_writes_a_row_with_the_operator_as_actor() {
    let stripe = start_practice_stripe().await;
    let settings = format!(
        "[server]\npublic_url = \"https://give.example.org/\"\n[stripe]\nsecret_key = \"{STRIPE_KEY}\"\napi_url = \"{}\"\n{JOURNAL}",
        stripe.url()
    );
    let sandbox = Sandbox::with_settings(&settings).with_database();
    let appeals = "[[appeals]]\nid = \"help\"\nsites = [\"journal\"]\nkind = \"ask\"\nsurface = [\"banner\"]\nlive = \"live\"\n\
                   [[appeals.variants]]\nid = \"a\"\ncopy = { heading = \"Help\", cta = \"Give\" }\n";
    sandbox.write("appeals.toml", appeals);
    for (line, action) in AUDITED.iter().filter(|(_, action)| !action.is_empty()) {
        let newest_before = sandbox.run_ok(&["audit", "list", "--limit", "1", "--json"]);
        let key = sandbox.run_ok(&["api-key", "list"]).split("  ").next().unwrap_or_default().to_owned();
        let line = line.replace("KEY", &key);
        sandbox.run_ok(&line.split(' ').collect::<Vec<_>>());
        let row = newest_row(&sandbox);
        assert_eq!((&row["actor"], &row["action"]), (&"operator".into(), &(*action).into()), "{line}");
        assert_ne!(sandbox.run_ok(&["audit", "list", "--limit", "1", "--json"]), newest_before, "{line}");
    }
    assert!(sandbox.run_ok(&["api-key", "list"]).contains("  revoked 2"));
    let listed = sandbox.run_ok(&["audit", "list", "--object", "journal"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("  operator  switch.set  journal  all: \"off\" -> \"on\"\n"), "{listed}");
    let row = newest_row(&sandbox);
    let table = sandbox.run_ok(&["audit", "list", "--limit", "1", "--csv"]);
    let changes = row["changes"].to_string().replace('"', "\"\"");
    let [number, at] = [row["number"].to_string(), row["at"].as_str().unwrap().to_owned()];
    let [action, object_type, object_id] =
        ["action", "object_type", "object_id"].map(|name| row[name].as_str().unwrap());
    let header = "number,at,actor,actor_id,actor_role,action,object_type,object_id,changes,request_id";
    let line = format!("{number},{at},operator,,,{action},{object_type},{object_id},\"{changes}\",");
    assert_eq!(table, format!("{header}\r\n{line}\r\n"));
    let none = sandbox.run_ok(&["audit", "list", "--until", "2020-01-01", "--csv"]);
    assert_eq!(none, format!("{header}\r\n"), "without changes, the table must have only its header");
    assert_eq!(sandbox.run(&["audit", "list", "--csv", "--json"]).status, Some(2));
    assert_eq!(sandbox.run_ok(&["audit", "list", "--until", "2020-01-01"]), "No changes match.\n");
    let created_keys =
        sandbox.run_ok(&["audit", "list", "--action", "api_key.create", "--actor", "operator"]);
    assert!(created_keys.contains("name (value not stored), scopes: \"money:read\""), "{created_keys}");
    assert!(!created_keys.contains("desk"), "{created_keys}");
}
