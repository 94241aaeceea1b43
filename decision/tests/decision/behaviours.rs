//! Checks that each behaviour that was collected from other decision services has a case, or is listed as an intended
//! difference.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The ids of the behaviours, by group.
const BEHAVIOURS: &[(&str, &[u8])] = &[
    ("FREQ", &[1, 2, 4, 5, 7, 8, 10, 11]),
    ("AUD", &[1, 2, 4, 5, 7, 8, 10]),
    ("ART", &[1, 2, 4, 5, 7, 8]),
    ("REDEPLOY", &[1, 2, 4, 5, 7, 8, 10, 11, 13]),
    ("GEO", &[1, 2, 4, 5]),
    ("CTX", &[1, 2, 4, 5]),
    ("DEV", &[1, 2]),
    ("TIME", &[1, 2]),
    ("SIGN", &[1]),
    ("HOLD", &[1]),
    ("FORCE", &[1, 2]),
    ("AB", &[1, 2]),
    ("BANDIT", &[1, 2, 4]),
    ("ALLOC", &[1, 2, 4, 5]),
    ("DIET", &[1, 2, 4]),
    ("FALL", &[1, 2]),
    ("SEQ", &[1]),
    ("NP", &[1, 2, 4]),
    ("WM", &[1, 2, 4, 5]),
    ("EDGE", &[1, 2, 4]),
];

/// Returns the folder of the cases.
fn cases_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// Returns the ids of all behaviours, such as `FREQ-01`.
fn all_ids() -> BTreeSet<String> {
    let ids = BEHAVIOURS
        .iter()
        .flat_map(|(group, numbers)| numbers.iter().map(move |number| format!("{group}-{number:02}")));
    ids.collect()
}

/// Returns the ids of behaviours that have a case.
fn ids_in_cases() -> BTreeSet<String> {
    let files = std::fs::read_dir(cases_folder())
        .expect("the folder must exist")
        .map(|entry| entry.expect("the entry must be readable").path());
    let texts = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let cases = texts.flat_map(|path| {
        let text = std::fs::read_to_string(path).expect("the file must be readable");
        serde_json::from_str::<Vec<Value>>(&text).expect("the file must contain a list of cases")
    });
    cases
        .flat_map(|case| case["after"].as_array().cloned().unwrap_or_default())
        .map(|id| id.as_str().expect("an id must be a string").to_owned())
        .collect()
}

/// Returns the ids in the first column of the page's last table, which lists the intended differences.
fn listed_differences() -> BTreeSet<String> {
    let page = std::fs::read_to_string(cases_folder().join("README.md")).expect("the page must exist");
    let (_, table) = page.split_once("## Intended differences").expect("the page must contain the table");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
    let ids = rows.filter_map(|row| row.split(" | ").next()).flat_map(|cell| cell.split(", "));
    ids.filter(|id| id.contains('-') && !id.starts_with('-')).map(str::to_owned).collect()
}

#[test]
fn each_of_the_71_behaviours_has_a_case_or_a_listed_difference() {
    assert_eq!(all_ids().len(), 71);
    let covered: BTreeSet<String> = ids_in_cases().union(&listed_differences()).cloned().collect();
    let missing: Vec<_> = all_ids().difference(&covered).cloned().collect();
    assert_eq!(missing, Vec::<String>::new(), "these behaviours have neither a case nor a listed difference");
}

#[test]
fn cases_and_differences_name_only_existing_behaviours() {
    let named: BTreeSet<String> = ids_in_cases().union(&listed_differences()).cloned().collect();
    let unknown: Vec<_> = named.difference(&all_ids()).cloned().collect();
    assert_eq!(unknown, Vec::<String>::new(), "these behaviours do not exist");
}
