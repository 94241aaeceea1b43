//! Checks the settings of the Cargo workspace: the lints of all packages, and the code that may read time and
//! randomness.

use toml::{Table, Value};

use super::files::{file, files_below};

/// Lints that the workspace must set, each with its level.
const LINTS: [(&str, &str, &str); 4] = [
    ("rust", "unsafe_code", "forbid"),
    ("rust", "missing_docs", "warn"),
    ("clippy", "unwrap_used", "warn"),
    ("clippy", "print_stdout", "warn"),
];
/// All functions that read the machine's time or randomness.
const TIME_AND_RANDOMNESS: [&str; 6] = [
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "jiff::Timestamp::now",
    "jiff::ZonedDateTime::now",
    "uuid::Uuid::new_v4",
    "uuid::Uuid::now_v7",
];

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

/// The lints in [`LINTS`] that the workspace does not set to their level.
fn missing_lints(root: &Table) -> Vec<String> {
    let missing = LINTS.iter().filter(|(tool, lint, level)| {
        let found = root.get("workspace").and_then(|it| it.get("lints")?.get(tool)?.get(lint)?.as_str());
        found != Some(level)
    });
    missing.map(|(tool, lint, level)| format!("{tool}: {lint} is not {level}")).collect()
}

fn uses_the_workspace_lints(package: &Table) -> bool {
    let lints = package.get("lints").and_then(|lints| lints.get("workspace"));
    lints.and_then(Value::as_bool) == Some(true)
}

/// Whether the package `other` is compiled into this package. A dependency that only tests use does not count.
fn depends_on(package: &Table, other: &str) -> bool {
    let lists =
        ["dependencies", "build-dependencies"].iter().filter_map(|list| package.get(*list)?.as_table());
    lists.into_iter().any(|list| list.contains_key(other))
}

/// Methods that clippy does not forbid, or forbids without a reason.
fn methods_not_forbidden(clippy: &Table) -> Vec<&'static str> {
    let forbidden: Vec<&str> = clippy["disallowed-methods"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| {
            it.get("reason").and_then(Value::as_str).is_some_and(|reason| reason.contains("src/clock.rs"))
        })
        .filter_map(|it| it.get("path")?.as_str())
        .collect();
    TIME_AND_RANDOMNESS.into_iter().filter(|path| !forbidden.contains(path)).collect()
}

#[test]
fn unsafe_code_is_forbidden_in_every_package() {
    let root = table(&file("Cargo.toml").text);
    assert_eq!(missing_lints(&root), Vec::<String>::new());
    let manifests = files_below(".", &["Cargo.toml"]);
    assert!(manifests.len() > root["workspace"]["members"].as_array().unwrap().len());
    for manifest in manifests {
        let package = table(&manifest.text);
        // The package powercut needs unsafe code, because SQLite calls it through pointers. Only tests may use the
        // package, so no program contains it.
        if manifest.path == "powercut/Cargo.toml" {
            continue;
        }
        assert!(uses_the_workspace_lints(&package), "{} must use the workspace lints", manifest.path);
        assert!(!depends_on(&package, "keepopen-powercut"), "{} must not use powercut", manifest.path);
    }
}

#[test]
fn the_test_kit_is_in_no_program_and_does_not_depend_on_the_service() {
    for manifest in files_below(".", &["Cargo.toml"]) {
        assert!(
            !depends_on(&table(&manifest.text), "keepopen-testkit"),
            "{} must not use the test kit",
            manifest.path
        );
    }
    assert!(!depends_on(&table(&file("testkit/Cargo.toml").text), "keepopen"));
}

#[test]
fn clippy_forbids_all_other_sources_of_time_and_randomness() {
    assert_eq!(methods_not_forbidden(&table(&file("clippy.toml").text)), Vec::<&str>::new());
}

#[test]
fn a_removed_lint_is_noticed() {
    let text = file("Cargo.toml").text.replace("unsafe_code = \"forbid\"", "unsafe_code = \"warn\"");
    assert_eq!(missing_lints(&table(&text)), ["rust: unsafe_code is not forbid"]);
    assert!(!uses_the_workspace_lints(&table("[package]\nname = \"a\"")));
    assert!(!uses_the_workspace_lints(&table("[lints]\nworkspace = false")));
    assert!(depends_on(&table("[dependencies]\na = \"1\""), "a"));
    assert!(!depends_on(&table("[dev-dependencies]\na = \"1\""), "a"));
    let text = file("clippy.toml").text.replace("jiff::ZonedDateTime::now", "jiff::ZonedDateTime::new");
    assert_eq!(methods_not_forbidden(&table(&text)), ["jiff::ZonedDateTime::now"]);
}
