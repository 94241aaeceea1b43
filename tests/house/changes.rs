//! Every action that changes something must take a `Context`, which says who is acting. Only the listed kinds of
//! writes may leave no audit row.

use super::files::{File, files_below};

/// The *machine writes*: each kind of write that leaves no audit row, and the files that may perform it.
const MACHINE_WRITES: &[(&str, &[&str])] = &[
    ("Booking", &["process_event.rs", "rebuild_projections.rs", "requeue_unbooked.rs", "ingest_fetched.rs"]),
    ("Reconciliation", &["mod.rs", "forget.rs", "lease.rs", "other_money.rs", "reading.rs", "ingest.rs"]),
    ("Counts", &["flush_counts.rs"]),
    ("Checkout", &["start_checkout.rs", "exchange_session.rs", "remove_unused_attempts.rs"]),
    ("Weights", &["update_weights.rs"]),
    ("LastDelivery", &["record_last_delivery.rs"]),
    ("Queue", &["run_tasks.rs"]),
    ("WriteProbe", &["probe_writes.rs"]),
];

/// The file that starts the service. Before the start, there is no context to pass.
const START_FILE: &str = "src/actions/service/start.rs";

/// Functions in `src/actions/` that write without a `Context` parameter, or that create a `Context` themselves. Their
/// caller must say who is acting.
fn changes_without_context(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    let writes = |function: &str| function.contains(".change()") || function.contains(".machine_write(");
    let makes_context = |function: &str| {
        [".as_job(", ".as_operator(", ".context(", "Context {"].iter().any(|made| function.contains(made))
    };
    for file in files.iter().filter(|file| file.path.starts_with("src/actions/")) {
        let code = file.code();
        for function in code.split("fn ").skip(1) {
            let signature = function.split(" {\n").next().unwrap_or_default();
            let name = function.split(['(', '<']).next().unwrap_or_default();
            // A comparison with Stripe stores the context with which it was started, and may use it.
            let has_context =
                signature.contains("Context<'_>") || function.contains("self.context.machine_write(");
            if writes(function) && !has_context {
                findings.push(format!("{}: `{name}` changes something without a Context", file.path));
            }
            if makes_context(function) && file.path != START_FILE {
                findings.push(format!("{}: `{name}` decides who is acting", file.path));
            }
        }
    }
    findings
}

/// Uses of a machine write in a file that is not listed for it.
fn unlisted_machine_writes(files: &[File]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with("src/actions/")) {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        for used in file.code().split("MachineWrite::").skip(1) {
            let kind: String = used.chars().take_while(|c| c.is_alphanumeric()).collect();
            let is_listed =
                MACHINE_WRITES.iter().any(|(known, files)| *known == kind && files.contains(&name));
            if !is_listed {
                findings.push(format!("{}: `{kind}` is not listed for this file", file.path));
            }
        }
    }
    findings
}

#[test]
fn every_action_that_changes_something_takes_a_context() {
    let files = files_below("src", &[".rs"]);
    assert!(
        files.iter().any(|file| file.code().contains(".change()")),
        "the rule must find at least one write in the real files"
    );
    assert_eq!(changes_without_context(&files), Vec::<String>::new());
    let good =
        "pub async fn save(context: &Context<'_>) {\n    context.change().await;\n}\nfn other() {\n}\n";
    assert_eq!(changes_without_context(&[File::made_up("src/actions/save.rs", good)]), Vec::<String>::new());
    let findings = |text: &str| changes_without_context(&[File::made_up("src/actions/save.rs", text)]);
    for write in ["change()", "machine_write(MachineWrite::Counts)"] {
        let bad = format!(
            "fn other(context: &Context<'_>) {{\n}}\npub async fn save(app: &App) {{\n    app.of.{write};\n}}\n"
        );
        assert_eq!(findings(&bad), ["src/actions/save.rs: `save` changes something without a Context"]);
    }
    for made in ["app.as_job(\"a\")", "app.as_operator()", "app.context(Actor::Reader)", "Context { store }"]
    {
        let bad = format!("pub async fn save(app: &App) {{\n    other(&{made}).await;\n}}\n");
        assert_eq!(findings(&bad), ["src/actions/save.rs: `save` decides who is acting"]);
    }
}

#[test]
fn only_listed_writes_leave_no_audit_row() {
    assert_eq!(unlisted_machine_writes(&files_below("src", &[".rs"])), Vec::<String>::new());
    let bad = "context.machine_write(MachineWrite::Counts)";
    assert_eq!(
        unlisted_machine_writes(&[File::made_up("src/actions/edit_appeals.rs", bad)]),
        ["src/actions/edit_appeals.rs: `Counts` is not listed for this file"]
    );
}
