//! A module may only use modules of lower layers, never of the same or a higher layer. `src/` and `decision/` each
//! have a map of their layers. Modules must not use each other in a cycle.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{File, file, files_below};

/// The map of a crate: its modules by layer, from the bottom layer up.
pub struct Map {
    folder: &'static str,
    layers: &'static [&'static [&'static str]],
    /// Exceptions: a place, a module of the same layer that this place may use, and the reason. A folder ends in `/`.
    exceptions: &'static [(&'static str, &'static str, &'static str)],
}

static SRC: Map = Map {
    folder: "src/",
    layers: &[
        &["clock", "csv", "ids", "money", "telemetry"],
        &["config", "limits"],
        &["sites"],
        &["appeals", "contributions", "supporters"],
        &["simulation"],
        &["keys"],
        &["store", "stripe", "mail"],
        &["app"],
        &["reports"],
        &["actions"],
        &["web"],
        &["api", "management", "jobs", "cli"],
    ],
    exceptions: &[
        ("src/cli/serve.rs", "api", "`serve` starts the servers and the jobs"),
        ("src/cli/serve.rs", "management", "`serve` starts the servers and the jobs"),
        ("src/cli/serve.rs", "jobs", "`serve` starts the servers and the jobs"),
        ("src/cli/demo/mod.rs", "api", "`demo` starts the public server"),
        ("src/cli/mod.rs", "api", "`openapi` prints the API description"),
        ("src/telemetry/", "clock", "a kind of log line is limited to one in a minute"),
        (
            "src/supporters/",
            "contributions",
            "a standing follows from the states of a supporter's contributions",
        ),
    ],
};

static DECISION: Map = Map {
    folder: "decision/src/",
    layers: &[
        &["bandit", "buckets", "country", "diagnostics", "labels", "reason"],
        &["calendar", "glob", "names", "verdict"],
        &["appeal_rules", "question"],
        &["timing"],
        &["site"],
        &["context"],
        &["choice"],
        &["rules"],
        &["compiled"],
        &["compile", "walk"],
        &["decide"],
        &["explain", "values"],
    ],
    exceptions: &[],
};

impl Map {
    /// The layer of a module; `None` for a name that is not on the map.
    fn layer_of(&self, module: &str) -> Option<usize> {
        self.layers.iter().position(|layer| layer.contains(&module))
    }

    /// Whether the file at `path` may use the module `to` as an exception.
    fn is_exception(&self, path: &str, to: &str) -> bool {
        self.exceptions.iter().any(|(place, used, _)| path.starts_with(place) && *used == to)
    }

    /// Uses of modules that the map forbids.
    pub fn forbidden_uses(&self, files: &[File]) -> Vec<String> {
        let mut findings = Vec::new();
        for (file, from, to) in self.uses(files) {
            let finding = match (self.layer_of(&from), self.layer_of(&to)) {
                (None, _) => format!("{file}: `{from}` is not on the map"),
                (_, None) => format!("{file}: `{to}` is not on the map"),
                (Some(from_layer), Some(to_layer)) if to_layer > from_layer => {
                    format!("{file}: `{from}` uses `{to}`, which is in a higher layer")
                }
                (Some(from_layer), Some(to_layer))
                    if to_layer == from_layer && !self.is_exception(&file, &to) =>
                {
                    format!("{file}: `{from}` uses `{to}`, which is in the same layer")
                }
                _ => continue,
            };
            findings.push(finding);
        }
        findings.sort();
        findings.dedup();
        findings
    }

    /// Exceptions that are no longer needed.
    fn unused_exceptions(&self, files: &[File]) -> Vec<String> {
        let uses = self.uses(files);
        let needed =
            |place: &str, to: &str| uses.iter().any(|(path, _, used)| path.starts_with(place) && used == to);
        self.exceptions
            .iter()
            .filter(|(place, to, _)| !needed(place, to))
            .map(|(place, to, _)| format!("{place} no longer uses {to}; remove the exception"))
            .collect()
    }

    /// Cycles of modules, each as one sentence. The layers allow no cycle, but exceptions could create one.
    fn cycles(&self, files: &[File]) -> Vec<String> {
        let mut uses_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (_, from, to) in self.uses(files) {
            uses_of.entry(from).or_default().insert(to);
        }
        let modules_reached_from = |from: &str| {
            let (mut reached, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
            while let Some(module) = next.pop() {
                let unseen: Vec<_> = uses_of.get(&module).into_iter().flatten().cloned().collect();
                next.extend(unseen.into_iter().filter(|module| reached.insert(module.clone())));
            }
            reached
        };
        let all: BTreeMap<&String, BTreeSet<String>> =
            uses_of.keys().map(|module| (module, modules_reached_from(module))).collect();
        let reach_each_other = |one: &String, other: &String| {
            all[one].contains(other) && all.get(other).is_some_and(|reached| reached.contains(one))
        };
        let cycles: BTreeSet<Vec<&str>> = all
            .keys()
            .filter(|module| all[*module].contains(**module))
            .map(|one| {
                all.keys().filter(|other| reach_each_other(one, other)).map(|other| other.as_str()).collect()
            })
            .collect();
        cycles.iter().map(|cycle| format!("a cycle of modules: {}", cycle.join(", "))).collect()
    }

    /// Every use of one module by another: the file, the using module, the used module.
    fn uses(&self, files: &[File]) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        for file in files {
            let modules = module_path(&file.path, self.folder);
            let Some(from) = modules.first() else { continue };
            let code = file.code();
            let mut used = names_after(&code, "crate::");
            // `super::` leads to the crate's root if it is repeated once per level of the file's module.
            let up = "super::".repeat(modules.len());
            used.extend(names_after(&code, &up).into_iter().filter(|name| self.layer_of(name).is_some()));
            used.retain(|name| name != from);
            found.extend(used.into_iter().map(|to| (file.path.clone(), from.clone(), to)));
        }
        found
    }

    /// Checks that the modules in the crate's `lib.rs` are on the map in the same order.
    fn modules_in_order(&self, lib: &File) -> Result<(), String> {
        let code = lib.code();
        let modules: Vec<&str> = code
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
            .collect();
        let layers: Vec<Option<usize>> = modules.iter().map(|module| self.layer_of(module)).collect();
        if layers.iter().any(Option::is_none) {
            Err(format!("{} has modules that are not on the map: {modules:?}", lib.path))
        } else if modules.is_empty() || !layers.is_sorted() {
            Err(format!("the modules of {} are in another order than on the map: {modules:?}", lib.path))
        } else {
            Ok(())
        }
    }
}

/// The module path of a file: `src/cli/demo/mod.rs` gives `cli`, `demo`. `src/lib.rs` and `src/main.rs` belong to no
/// module, because they use all modules.
fn module_path(path: &str, folder: &str) -> Vec<String> {
    let inside = path.strip_prefix(folder).unwrap_or(path).trim_end_matches(".rs");
    let steps = inside.split('/').filter(|step| !["mod", "lib", "main"].contains(step));
    steps.map(str::to_owned).collect()
}

/// The module names that follow `prefix` in a piece of code: one name, or the first name of each path in a group `{a,
/// b::c}`.
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

/// The first name of each path in a group, up to the brace that closes the group.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut is_path_start, mut names) = (0, true, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => is_path_start = true,
            c if is_path_start && !c.is_whitespace() => {
                names.push(name(&group[at..]));
                is_path_start = false;
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
    for map in [&SRC, &DECISION] {
        let files = files_below(map.folder.trim_end_matches('/'), &[".rs"]);
        assert!(
            map.uses(&files).len() > 50,
            "the rule must find more than 50 uses; otherwise it misses most of them"
        );
        assert_eq!(map.forbidden_uses(&files), Vec::<String>::new());
        assert_eq!(map.unused_exceptions(&files), Vec::<String>::new());
        assert_eq!(map.cycles(&files), Vec::<String>::new());
    }
}

#[test]
fn a_forbidden_use_is_found_in_every_notation() {
    let findings = |path: &str, text: &str| SRC.forbidden_uses(&[File::made_up(path, text)]);
    let expected = ["src/store/keys.rs: `store` uses `actions`, which is in a higher layer"];
    for text in [
        "use crate::actions::start;",
        "use crate::{clock, actions::{self, start}};",
        "use crate::{\n    clock::{Clock, DAY_MS},\n    actions,\n};",
        "fn f() { crate::actions::start() }",
        "use super::super::actions;",
        "type A = Vec<crate::actions::Started>;",
    ] {
        assert_eq!(findings("src/store/keys.rs", text), expected, "{text}");
    }
    assert_eq!(
        findings("src/web/page.rs", "use crate::api::banner;"),
        ["src/web/page.rs: `web` uses `api`, which is in a higher layer"]
    );
    assert_eq!(findings("src/utils.rs", "use crate::ids::Id;"), ["src/utils.rs: `utils` is not on the map"]);
    assert_eq!(
        findings("src/config/load.rs", "use crate::sites::SiteSettings;"),
        ["src/config/load.rs: `config` uses `sites`, which is in a higher layer"]
    );
    assert_eq!(
        findings("src/app.rs", "use super::api;"),
        ["src/app.rs: `app` uses `api`, which is in a higher layer"]
    );
}

#[test]
fn no_entry_point_uses_another() {
    let findings = |path: &str, text: &str| SRC.forbidden_uses(&[File::made_up(path, text)]);
    let entry_points = SRC.layers.last().unwrap();
    assert_eq!(*entry_points, ["api", "management", "jobs", "cli"]);
    for entry_point in *entry_points {
        for other in entry_points.iter().filter(|other| *other != entry_point) {
            assert_eq!(
                findings(&format!("src/{entry_point}/new.rs"), &format!("use crate::{other}::start;")),
                [format!(
                    "src/{entry_point}/new.rs: `{entry_point}` uses `{other}`, which is in the same layer"
                )]
            );
        }
    }
}

#[test]
fn an_allowed_use_is_accepted() {
    for (path, text) in [
        ("src/api/banner.rs", "use crate::actions;\nuse super::problem::Code;"),
        ("src/cli/serve.rs", "use crate::{api, jobs};"),
        ("src/store/keys.rs", "// crate::actions decides\nuse crate::ids::ApiKeyId;"),
        ("src/store/keys.rs", "//! See [`crate::actions`]."),
        ("src/clock.rs", "mod tests { use super::*; }"),
        ("src/stripe/objects.rs", "use other_crate::api::Method;"),
        ("src/lib.rs", "pub mod api;"),
    ] {
        assert_eq!(SRC.forbidden_uses(&[File::made_up(path, text)]), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn an_unused_exception_is_found() {
    let unused = SRC.unused_exceptions(&[
        File::made_up("src/cli/serve.rs", "use crate::{api, jobs, management};"),
        File::made_up("src/cli/demo/mod.rs", "use crate::api;"),
        File::made_up("src/cli/mod.rs", "use crate::api::openapi_yaml;"),
        File::made_up("src/telemetry/log_limits.rs", "use crate::clock::Clock;"),
    ]);
    assert_eq!(unused, ["src/supporters/ no longer uses contributions; remove the exception"]);
}

#[test]
fn a_forbidden_use_in_the_decision_is_found() {
    let findings = |path: &str, text: &str| DECISION.forbidden_uses(&[File::made_up(path, text)]);
    assert_eq!(
        findings("decision/src/context.rs", "use crate::rules::Rule;"),
        ["decision/src/context.rs: `context` uses `rules`, which is in a higher layer"]
    );
    assert_eq!(
        findings("decision/src/rules/cap.rs", "use super::super::walk;"),
        ["decision/src/rules/cap.rs: `rules` uses `walk`, which is in a higher layer"]
    );
    assert_eq!(
        findings("decision/src/walk/evaluation.rs", "use crate::compile::compile;"),
        ["decision/src/walk/evaluation.rs: `walk` uses `compile`, which is in the same layer"]
    );
    assert_eq!(
        findings("decision/src/calendar/week.rs", "use crate::DAY_MS;"),
        ["decision/src/calendar/week.rs: `DAY_MS` is not on the map"]
    );
    assert_eq!(findings("decision/src/rules/cap.rs", "use crate::site::Cap;"), Vec::<String>::new());
}

#[test]
fn a_cycle_is_found_even_if_exceptions_allow_each_use() {
    let file = File::made_up;
    let cycle_of_two = [file("src/cli/a.rs", "use crate::jobs;"), file("src/jobs/mod.rs", "use crate::cli;")];
    assert_eq!(SRC.cycles(&cycle_of_two), ["a cycle of modules: cli, jobs"]);
    let two_cycles = [
        file("decision/src/walk/mod.rs", "use crate::{rules, context};"),
        file("decision/src/rules/mod.rs", "use crate::context;"),
        file("decision/src/context.rs", "use crate::choice;"),
        file("decision/src/choice/mod.rs", "use crate::rules;"),
        file("decision/src/site/cap.rs", "use crate::glob;"),
        file("decision/src/glob.rs", "use crate::site;"),
    ];
    assert_eq!(
        DECISION.cycles(&two_cycles),
        ["a cycle of modules: choice, context, rules", "a cycle of modules: glob, site"]
    );
    assert_eq!(SRC.cycles(&[file("src/cli/a.rs", "use crate::{jobs, api};")]), Vec::<String>::new());
}

#[test]
fn every_module_of_each_crate_is_on_the_map_in_its_order() {
    assert_eq!(SRC.modules_in_order(&file("src/lib.rs")), Ok(()));
    assert_eq!(DECISION.modules_in_order(&file("decision/src/lib.rs")), Ok(()));
    let lib = file("decision/src/lib.rs");
    let swapped = lib.text.replace("mod site;", "mod x;").replace("mod walk;", "mod site;");
    let swapped = swapped.replace("mod x;", "mod walk;");
    assert!(DECISION.modules_in_order(&File::made_up(&lib.path, &swapped)).is_err());
    let one_more = format!("{}mod utils;\n", lib.text);
    assert!(DECISION.modules_in_order(&File::made_up(&lib.path, &one_more)).is_err());
}
