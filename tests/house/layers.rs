//! Code uses the lines of the map above its own, never those below, and neighbours on one line leave
//! each other alone.

use super::files::{File, below, file};

/// The map, from the ground floor up.
const LINES: &[&[&str]] = &[
    &["clock", "ids", "money", "telemetry"],
    &["config", "limits"],
    &["appeals", "contributions", "supporters"],
    &["simulation"],
    &["store", "stripe", "mail", "tokens"],
    &["app"],
    &["actions"],
    &["http", "jobs", "cli"],
];

/// Neighbours that know each other all the same, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("cli", "http", "the command line starts the servers"),
    ("cli", "jobs", "the command line starts the jobs"),
    ("telemetry", "clock", "a kind of log line is limited to one in a minute"),
    ("supporters", "contributions", "a standing is read off the states of somebody's contributions"),
];

/// The line of a module; none for a name that is no module of the map.
fn line_of(module: &str) -> Option<usize> {
    LINES.iter().position(|line| line.contains(&module))
}

/// Uses that the map forbids.
pub fn forbidden_uses(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (file, from, to) in uses(files) {
        let sentence = match (line_of(&from), line_of(&to)) {
            (None, _) => format!("{file}: `{from}` is not on the map"),
            (_, None) => format!("{file}: `{to}` is not on the map"),
            (Some(own), Some(other)) if other > own => {
                format!("{file}: `{from}` uses `{to}`, which stands below it on the map")
            }
            (Some(own), Some(other)) if other == own && !is_exception(&from, &to) => {
                format!("{file}: `{from}` uses its neighbour `{to}`")
            }
            _ => continue,
        };
        complaints.push(sentence);
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

/// Exceptions that nothing needs any more.
fn idle_exceptions(files: &[File]) -> Vec<String> {
    let uses = uses(files);
    let needed = |from: &str, to: &str| uses.iter().any(|(_, a, b)| a == from && b == to);
    EXCEPTIONS
        .iter()
        .filter(|(from, to, _)| !needed(from, to))
        .map(|(from, to, _)| format!("{from} does not use {to} any more; take the exception away"))
        .collect()
}

fn is_exception(from: &str, to: &str) -> bool {
    EXCEPTIONS.iter().any(|(a, b, _)| (*a, *b) == (from, to))
}

/// Every use of one module by another: the file, who uses, who is used.
fn uses(files: &[File]) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for file in files {
        let steps = steps_of(&file.path);
        let Some(from) = steps.first() else { continue };
        let code = file.code();
        let mut used = names_after(&code, "crate::");
        // `super::` repeated as often as the file is deep means the crate, too.
        let up = "super::".repeat(steps.len());
        used.extend(names_after(&code, &up).into_iter().filter(|name| line_of(name).is_some()));
        used.retain(|name| name != from);
        found.extend(used.into_iter().map(|to| (file.path.clone(), from.clone(), to)));
    }
    found
}

/// `src/cli/demo/mod.rs` is `cli`, `demo`; `src/lib.rs` and `src/main.rs` are nothing: they name everything.
fn steps_of(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let steps = inside.split('/').filter(|step| !["mod", "lib", "main"].contains(step));
    steps.map(str::to_owned).collect()
}

/// The names that follow `prefix`: one, or the first of each path in a group `{a, b::c}`.
fn names_after(code: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices(prefix) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '$') {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => names.extend(first_names(group)),
            None => names.push(name(rest)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut starts, mut names) = (0, true, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts = true,
            c if starts && !c.is_whitespace() => {
                names.push(name(&group[at..]));
                starts = false;
            }
            _ => {}
        }
    }
    names
}

fn name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn code_uses_only_what_the_map_allows() {
    let files = below("src", &[".rs"]);
    assert!(uses(&files).len() > 50, "the rule reads too few uses to be trusted");
    assert_eq!(forbidden_uses(&files), Vec::<String>::new());
    assert_eq!(idle_exceptions(&files), Vec::<String>::new());
}

#[test]
fn a_use_against_the_map_is_found_however_it_is_written() {
    let complaints = |path: &str, text: &str| forbidden_uses(&[File::made_up(path, text)]);
    let above = ["src/store/keys.rs: `store` uses `actions`, which stands below it on the map"];
    for text in [
        "use crate::actions::start;",
        "use crate::{clock, actions::{self, start}};",
        "use crate::{\n    clock::{Clock, DAY_MS},\n    actions,\n};",
        "fn f() { crate::actions::start() }",
        "use super::super::actions;",
        "type A = Vec<crate::actions::Started>;",
    ] {
        assert_eq!(complaints("src/store/keys.rs", text), above, "{text}");
    }
    assert_eq!(
        complaints("src/jobs/mod.rs", "use crate::http;"),
        ["src/jobs/mod.rs: `jobs` uses its neighbour `http`"]
    );
    assert_eq!(
        complaints("src/utils.rs", "use crate::ids::Id;"),
        ["src/utils.rs: `utils` is not on the map"]
    );
    assert_eq!(
        complaints("src/app.rs", "use super::http;"),
        ["src/app.rs: `app` uses `http`, which stands below it on the map"]
    );
}

#[test]
fn a_use_along_the_map_is_left_alone() {
    for (path, text) in [
        ("src/http/banner.rs", "use crate::actions;\nuse super::problem::Code;"),
        ("src/cli/serve.rs", "use crate::{http, jobs};"),
        ("src/store/keys.rs", "// crate::actions decides\nuse crate::ids::ApiKeyId;"),
        ("src/store/keys.rs", "//! See [`crate::actions`]."),
        ("src/clock.rs", "mod tests { use super::*; }"),
        ("src/stripe/objects.rs", "use other_crate::http::Method;"),
        ("src/lib.rs", "pub mod http;"),
    ] {
        assert_eq!(forbidden_uses(&[File::made_up(path, text)]), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn an_exception_that_nothing_needs_is_found() {
    let idle = idle_exceptions(&[
        File::made_up("src/cli/serve.rs", "use crate::{http, jobs};"),
        File::made_up("src/telemetry/log_limits.rs", "use crate::clock::Clock;"),
    ]);
    assert_eq!(idle, ["supporters does not use contributions any more; take the exception away"]);
}

#[test]
fn every_module_of_the_crate_is_on_the_map_in_its_order() {
    let lib = file("src/lib.rs").code();
    let modules: Vec<&str> =
        lib.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(!modules.is_empty());
    let lines: Vec<Option<usize>> = modules.iter().map(|module| line_of(module)).collect();
    assert!(lines.iter().all(Option::is_some), "{modules:?}");
    assert!(lines.is_sorted(), "the modules of src/lib.rs stand in another order than the map: {modules:?}");
}
