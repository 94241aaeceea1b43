//! `config.example.toml` documents the settings: it contains every key, with its default.

use std::collections::BTreeSet;

use keepopen::sites::Settings;
use toml::Table;

use super::Sandbox;

pub const EXAMPLE: &str = include_str!("../../config.example.toml");
/// The tables of the settings.
const TABLES: [&str; 16] = [
    "",
    "server",
    "management",
    "database",
    "stripe",
    "tokens",
    "limits",
    "appeals",
    "log",
    "sites.x",
    "sites.x.rules",
    "sites.x.rules.frequency",
    "sites.x.rules.cool_down",
    "sites.x.giving.EUR",
    "sites.x.giving.EUR.fee_cover",
    "sites.x.giving.EUR.highlighted",
];

/// The example file with every key enabled. The file itself contains the keys without a default as comments.
fn example_with_all_keys() -> String {
    let line = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if is_setting(rest) => rest.to_owned(),
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(|it| line(it) + "\n").collect()
}

fn is_setting(line: &str) -> bool {
    line.split_once(" = ").is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

/// Every key of a settings table. The parser lists them in its error for an unknown key.
fn keys_of(table: &str) -> BTreeSet<String> {
    let text = if table.is_empty() { "zzz = 1".to_owned() } else { format!("[{table}]\nzzz = 1") };
    let message = toml::from_str::<Settings>(&text).unwrap_err().message().to_owned();
    let (_, expected) = message.split_once("expected").unwrap_or_else(|| panic!("{message}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn remove_sites(mut settings: Table) -> Table {
    settings.remove("sites");
    settings
}

#[test]
fn the_example_contains_exactly_the_keys_of_the_settings() {
    let example: Table = example_with_all_keys().parse().unwrap();
    let journal = example["sites"]["journal"].as_table().unwrap();
    for table in TABLES {
        let found = match table {
            "" => Some(&example),
            "sites.x" => Some(journal),
            "sites.x.giving.EUR" => journal["giving"]["EUR"].as_table(),
            "sites.x.giving.EUR.fee_cover" => journal["giving"]["EUR"]["fee_cover"].as_table(),
            "sites.x.giving.EUR.highlighted" => journal["giving"]["EUR"]["highlighted"].as_table(),
            "sites.x.rules" => journal["rules"].as_table(),
            "sites.x.rules.frequency" => journal["rules"]["frequency"].as_table(),
            "sites.x.rules.cool_down" => journal["rules"]["cool_down"].as_table(),
            _ => example[table].as_table(),
        };
        let found: BTreeSet<String> = found.unwrap().keys().cloned().collect();
        assert_eq!(found, keys_of(table), "the example must contain exactly the keys of [{table}]");
    }
}

#[test]
fn every_key_of_the_example_is_explained_by_a_comment() {
    let mut is_explained = false;
    for line in EXAMPLE.lines() {
        let has_setting = is_setting(line.strip_prefix("# ").unwrap_or(line));
        // One comment may describe all the keys that follow it.
        assert!(is_explained || !has_setting, "no comment explains this key: {line}");
        is_explained = !line.is_empty() && (is_explained || line.starts_with("# "));
    }
}

#[test]
fn the_values_of_the_example_are_the_defaults() {
    let settings = Sandbox::with_settings(EXAMPLE).effective_settings();
    assert_eq!(remove_sites(settings), remove_sites(Sandbox::new().effective_settings()));
}

#[test]
fn the_example_site_shows_the_defaults_of_a_site() {
    let optional = ["locale = ", "time_zone = ", "quiet_days = ", "banner = "];
    let other_lines = EXAMPLE.lines().filter(|line| !optional.iter().any(|key| line.starts_with(key)));
    let shorter: String = other_lines.map(|line| line.to_owned() + "\n").collect();
    assert_eq!(EXAMPLE.lines().count() - shorter.lines().count(), optional.len());
    assert_eq!(
        Sandbox::with_settings(&shorter).effective_settings(),
        Sandbox::with_settings(EXAMPLE).effective_settings()
    );
}

#[test]
fn the_keys_without_a_default_can_be_used_as_shown() {
    toml::from_str::<Settings>(&example_with_all_keys()).unwrap();
    let sandbox = Sandbox::with_settings(
        &EXAMPLE.replace("# fallback_url", "fallback_url").replace("# file =", "file ="),
    );
    let settings = sandbox.effective_settings();
    assert_eq!(settings["appeals"]["file"].as_str(), Some("appeals.toml"));
    assert_eq!(
        settings["sites"]["journal"]["fallback_url"].as_str(),
        Some("https://www.journal.example/give")
    );
}
