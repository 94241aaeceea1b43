//! `keepopen appeals check`, `apply` and `export`.

use super::{JOURNAL, Sandbox};

const FILE: &str = r#"[[appeals]]
id = "summer"
live = "live"
sites = ["journal"]
kind = "ask"
surface = ["banner"]

[[appeals.variants]]
id = "a"

[appeals.variants.copy]
heading = "Help"
"#;

fn sandbox_with_appeals(file: &str) -> Sandbox {
    let sandbox = Sandbox::with_settings(JOURNAL).with_database();
    sandbox.write("appeals.toml", file);
    sandbox
}

#[test]
fn a_valid_file_is_summarised_and_nothing_is_written() {
    let sandbox = sandbox_with_appeals(FILE);
    let output = sandbox.run_ok(&["appeals", "check", "appeals.toml"]);
    assert_eq!(output, "appeals.toml is valid: 1 appeal, 1 live.\n");
    assert!(!sandbox.path("data").exists(), "a check must not create a database");
}

#[test]
fn every_problem_is_reported_with_the_path_of_its_field() {
    let bad =
        FILE.replace("banner", "poster").replace("[[appeals]]", "[[appeals]]\nid = \"empty\"\n\n[[appeals]]");
    let sandbox = sandbox_with_appeals(&bad);
    for verb in ["check", "apply"] {
        let sentence = sandbox.run_err(&["appeals", verb, "appeals.toml"]);
        assert!(sentence.contains("summer: surface[0]: ") && sentence.contains("empty: "), "{sentence}");
    }
    assert_eq!(
        sandbox.run_ok(&["appeals", "export"]),
        "appeals = []\n",
        "if one appeal of a file is invalid, no appeal may be applied"
    );
    assert!(sandbox.run_err(&["appeals", "check", "nothing.toml"]).contains("nothing.toml"));
    sandbox.write("appeals.toml", "[[appeal]]");
    assert!(sandbox.run_err(&["appeals", "check", "appeals.toml"]).contains("can't be parsed"));
}

#[test]
fn an_applied_file_is_exported_and_applying_it_again_changes_nothing() {
    let sandbox = sandbox_with_appeals(FILE);
    assert_eq!(sandbox.run_ok(&["appeals", "apply", "appeals.toml"]), "summer: version 1, written, live\n");
    let exported = sandbox.run_ok(&["appeals", "export"]);
    assert_eq!(exported, FILE);
    sandbox.write("exported.toml", &exported);
    assert_eq!(
        sandbox.run_ok(&["appeals", "apply", "exported.toml"]),
        "summer: version 1, unchanged, live\n"
    );

    let changed = FILE.replace("Help", "Help us").replace("\"live\"", "\"paused\"");
    sandbox.write("appeals.toml", &changed);
    assert_eq!(sandbox.run_ok(&["appeals", "apply", "appeals.toml"]), "summer: version 2, written, paused\n");
    assert_eq!(sandbox.run_ok(&["appeals", "export"]), changed);
    // A published appeal can't become a draft again, so `apply` pauses it.
    sandbox.write("appeals.toml", &changed.replace("\"paused\"", "\"draft\""));
    assert_eq!(
        sandbox.run_ok(&["appeals", "apply", "appeals.toml"]),
        "summer: version 2, unchanged, paused\n"
    );
}

#[test]
fn yaml_files_are_read_and_export_writes_yaml_on_request() {
    let sandbox = sandbox_with_appeals(FILE);
    sandbox.run_ok(&["appeals", "apply", "appeals.toml"]);
    let yaml = sandbox.run_ok(&["appeals", "export", "--yaml"]);
    assert!(yaml.starts_with("appeals:\n- id: summer\n  live: live\n"), "{yaml}");
    sandbox.write("exported.yaml", &yaml);
    assert_eq!(
        sandbox.run_ok(&["appeals", "apply", "exported.yaml"]),
        "summer: version 1, unchanged, live\n"
    );
    sandbox.write("bad.yml", "appeals:\n- id: [");
    let sentence = sandbox.run_err(&["appeals", "check", "bad.yml"]);
    assert!(sentence.starts_with("bad.yml can't be parsed: ") && sentence.contains("line 3"), "{sentence}");
    let draft = yaml.replace("live: live", "live: draft");
    sandbox.write("draft.yaml", &draft);
    sandbox.write("readers.ndjson", "{\"reader\":\"one\",\"at\":\"2026-11-02T08:00:00Z\"}\n");
    sandbox.run_ok(&["simulate", "--appeals", "draft.yaml", "--readers", "readers.ndjson"]);
}

#[test]
fn weights_by_country_are_checked_and_are_unchanged_after_an_export_in_both_formats() {
    let settings =
        format!("{JOURNAL}[sites.journal.rules]\ncountry_groups = {{ baltics = [\"EE\", \"LV\"] }}\n");
    let sandbox = Sandbox::with_settings(&settings).with_database();
    let file = format!(
        "{FILE}\n[appeals.variants.weights_by_country]\nNO = 0\nbaltics = 3\n\n[[appeals.variants]]\nid = \"b\"\n\n[appeals.variants.copy]\nheading = \"Help\"\n"
    );
    sandbox.write("appeals.toml", &file);
    sandbox.run_ok(&["appeals", "apply", "appeals.toml"]);
    assert_eq!(sandbox.run_ok(&["appeals", "export"]), file);
    // In YAML before 1.2, an unquoted NO would be a boolean.
    let yaml = sandbox.run_ok(&["appeals", "export", "--yaml"]);
    let (bare, quoted) = (yaml.replace("'NO'", "NO"), yaml.replace("'NO'", "NO").replace("NO:", "\"NO\":"));
    assert!(bare.contains(" NO: 0\n") && quoted.contains(" \"NO\": 0\n"), "{yaml}");
    sandbox.write("quoted.yaml", &quoted);
    sandbox.write("bare.yaml", &bare);
    for name in ["quoted.yaml", "bare.yaml"] {
        assert_eq!(sandbox.run_ok(&["appeals", "apply", name]), "summer: version 1, unchanged, live\n");
    }
    for (wrong, field) in
        [("nordic = 3", "nordic"), ("baltics = -1", "baltics"), ("baltics = 1\nUK = 2", "UK")]
    {
        sandbox.write("appeals.toml", &file.replace("baltics = 3", wrong));
        let sentence = sandbox.run_err(&["appeals", "check", "appeals.toml"]);
        assert!(
            sentence.contains(&format!("summer: variants[0].weights_by_country.{field}: ")),
            "{sentence}"
        );
    }
}

#[test]
fn apply_is_refused_if_the_service_reads_its_appeals_from_a_file() {
    let sandbox = sandbox_with_appeals(FILE);
    sandbox.write("keepopen.toml", &format!("[appeals]\nfile = \"appeals.toml\"\n{JOURNAL}"));
    assert!(sandbox.run_err(&["appeals", "apply", "appeals.toml"]).contains("appeals.file"));
}

const SAMPLE: &str = include_str!("../../docs/appeals.toml");

#[test]
fn the_sample_appeals_are_valid_with_the_example_settings() {
    let sandbox = Sandbox::with_settings(include_str!("../../config.example.toml"));
    sandbox.write("sample.toml", SAMPLE);
    let output = sandbox.run_ok(&["appeals", "check", "sample.toml"]);
    assert_eq!(output, "sample.toml is valid: 11 appeals, 0 live.\n");
}

#[test]
fn every_field_of_an_appeal_is_in_the_sample() {
    let parts = [
        "",
        "audience",
        "audience.articles",
        "audience.countries",
        "pages",
        "schedule",
        "frequency",
        "dismissal",
        "meter",
    ];
    assert_sample_has_all_fields::<keepopen::appeals::WrittenTicker>("zzz = 1");
    assert_sample_has_all_fields::<keepopen::sites::OwnAmounts>("zzz = 1");
    for part in parts {
        let header = if part.is_empty() { String::new() } else { format!("[{part}]\n") };
        assert_sample_has_all_fields::<keepopen_decision::AppealRules>(&format!("{header}zzz = 1"));
    }
    assert_sample_has_all_fields::<keepopen_decision::AppealRules>("[[variants]]\nzzz = 1");
    for part in ["zzz = 1", "[thanks]\nzzz = 1", "[mobile]\nzzz = 1", "body = [{ zzz = 1 }]"] {
        assert_sample_has_all_fields::<keepopen::appeals::Copy>(part);
    }
}

/// Asserts that the sample contains every field that the error for an unknown field lists.
fn assert_sample_has_all_fields<T: serde::de::DeserializeOwned + std::fmt::Debug>(unknown_field: &str) {
    let error = toml::from_str::<T>(unknown_field).unwrap_err();
    let (_, expected) = error.message().split_once("expected").unwrap();
    let fields: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    assert!(fields.len() > 1, "the error for {unknown_field:?} lists no fields: {expected}");
    for field in fields {
        let is_in_sample = SAMPLE.contains(&format!("{field} = ")) || SAMPLE.contains(&format!(".{field}"));
        assert!(is_in_sample, "the sample does not contain {field:?}, a field next to {unknown_field:?}");
    }
}
