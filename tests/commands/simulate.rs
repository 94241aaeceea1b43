//! `keepopen simulate`: its output, its inputs, and the errors.

use serde_json::Value;

use super::{JOURNAL, Sandbox};

const DRAFT: &str = r#"[[appeals]]
id = "summer"
sites = ["journal"]
kind = "ask"
surface = ["banner"]
frequency = { max_views = 1 }
variants = [{ id = "a", copy = { heading = "Help" } }]
"#;

/// Page views: one reader visits on three days, and another reader closes the appeal.
const READERS: &str = r#"{"reader":"one","at":"2026-11-02T08:00:00Z"}
{"reader":"two","at":"2026-11-02T09:00:00Z","then":"close"}
{"reader":"one","at":"2026-11-03T08:00:00Z","question":{"site":"journal","page":{"section":"news"}}}
{"reader":"one","at":"2026-11-04T08:00:00Z"}
"#;

const SIMULATE: [&str; 5] = ["simulate", "--appeals", "draft.toml", "--readers", "readers.ndjson"];

fn sandbox_with_draft() -> Sandbox {
    let sandbox = Sandbox::with_settings(JOURNAL);
    sandbox.write("draft.toml", DRAFT);
    sandbox.write("readers.ndjson", READERS);
    sandbox
}

/// Runs the simulation with `--json` and these additional arguments.
fn json_report(sandbox: &Sandbox, more: &[&str]) -> Value {
    serde_json::from_str(&sandbox.run_ok(&[&SIMULATE[..], &["--json"], more].concat())).unwrap()
}

#[test]
fn a_draft_is_simulated_as_if_it_were_live_and_nothing_is_written() {
    let sandbox = sandbox_with_draft();
    let output = sandbox.run_ok(&SIMULATE);
    for line in [
        "4 page views of 2 readers",
        "draft  draft.toml",
        "       taken as live: summer",
        "live   nothing: there is neither appeals.file nor a database",
        "  asked at least once                           2             0            +2",
        "                                          100.0 %         0.0 %     +100.0 pt",
        "  frequency_cap                            50.0 %         0.0 %      +50.0 pt",
        "  summer, a                               100.0 %             -",
    ] {
        assert!(output.lines().any(|it| it == line), "{line:?} is missing in\n{output}");
    }
    assert!(output.lines().all(|line| line.chars().count() <= 80), "{output}");
    assert!(!sandbox.path("data").exists(), "a simulation must not create a database");
}

#[test]
fn a_simulation_applies_weights_by_country() {
    let sandbox = sandbox_with_draft();
    let variants = r#"[{ id = "a", weights_by_country = { NZ = 0 }, copy = { heading = "Help" } },
        { id = "b", weight = 0, weights_by_country = { NZ = 1 }, copy = { heading = "Help" } }]"#;
    sandbox.write("draft.toml", &DRAFT.replace(r#"[{ id = "a", copy = { heading = "Help" } }]"#, variants));
    let view = |reader: usize| {
        let country = if reader < 3 { "NZ" } else { "AU" };
        format!(
            r#"{{"reader":"{reader}","at":"2026-11-02T08:00:00Z","question":{{"site":"journal","reader":{{"country":"{country}"}}}}}}"#
        )
    };
    sandbox.write("readers.ndjson", &(0..10).map(view).collect::<Vec<_>>().join("\n"));
    let report = json_report(&sandbox, &[]);
    let variants = report["draft"]["variants"].as_array().unwrap();
    let readers: Vec<_> =
        variants.iter().map(|it| (it["variant"].as_str(), it["readers"].as_u64())).collect();
    assert_eq!(readers, [(Some("a"), Some(7)), (Some("b"), Some(3))]);
}

#[test]
fn the_json_output_has_the_documented_names() {
    let sandbox = sandbox_with_draft();
    let report = json_report(&sandbox, &[]);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        names(&report),
        "seed page_views_from page_views readers first_at last_at draft live difference"
    );
    assert_eq!(
        names(&report["draft"]),
        "source taken_as_live left_out views asks readers_asked readers_asked_share readers_by_asks \
         asks_per_reader_mean asks_per_reader_asked most_asks_in_7_days most_asks_in_30_days reader_weeks_by_asks \
         verdicts variants gifts dismissals"
    );
    assert_eq!(
        names(&report["difference"]),
        "views asks readers_asked readers_asked_share asks_per_reader_mean gifts_once gifts_recurring"
    );
    assert_eq!(
        report["draft"]["readers_by_asks"][1],
        serde_json::json!({"asks": 1, "or_more": false, "count": 2, "share": 1.0})
    );
    assert_eq!(
        report["draft"]["verdicts"][0],
        serde_json::json!({"reason": "matched", "page_views": 2, "share": 0.5})
    );
    assert_eq!(
        report["draft"]["variants"][0],
        serde_json::json!({"appeal": "summer", "variant": "a", "views": 2, "share": 1.0, "readers": 2})
    );
    assert_eq!(report["last_at"], "2026-11-04T08:00:00Z");
}

#[test]
fn live_appeals_come_from_the_named_file_or_the_settings_file_or_the_database() {
    let live = DRAFT
        .replace("id = \"summer\"", "id = \"winter\"\nlive = \"live\"")
        .replace("max_views = 1", "max_views = 2");
    let sandbox = sandbox_with_draft().with_database();
    sandbox.write("live.toml", &live);
    let views = |report: &Value| report["live"]["views"].as_u64();
    let report = json_report(&sandbox, &["--live", "live.toml"]);
    assert_eq!((report["live"]["source"].as_str(), views(&report)), (Some("live.toml"), Some(3)));
    assert_eq!(report["difference"]["views"], -1);

    sandbox.run_ok(&["appeals", "apply", "live.toml"]);
    let report = json_report(&sandbox, &[]);
    let source = report["live"]["source"].as_str();
    assert_eq!((source, views(&report)), (Some("the active appeals of the database"), Some(3)));

    // The simulation skips an invalid appeal, as the service does. A draft in the file of live appeals is not live.
    sandbox.write(
        "file.toml",
        &format!("{}{}", live.replace("winter", "odd").replace("banner", "poster"), DRAFT),
    );
    sandbox.write("keepopen.toml", &format!("[appeals]\nfile = \"file.toml\"\n{JOURNAL}"));
    let report = json_report(&sandbox, &[]);
    let source = report["live"]["source"].as_str();
    assert_eq!((source, views(&report)), (Some("file.toml (appeals.file)"), Some(0)));
    assert_eq!(report["live"]["left_out"], serde_json::json!(["odd"]));
}

#[test]
fn an_invalid_draft_is_reported_with_the_message_of_appeals_check() {
    let sandbox = sandbox_with_draft();
    sandbox.write("draft.toml", &DRAFT.replace("banner", "poster"));
    let checked = sandbox.run_err(&["appeals", "check", "draft.toml"]);
    assert!(checked.contains("summer: surface[0]: "), "{checked}");
    assert_eq!(sandbox.run_err(&SIMULATE), checked);
}

#[test]
fn invalid_lines_are_reported_by_line_number_and_no_results_are_printed() {
    let sandbox = sandbox_with_draft();
    sandbox.write(
        "readers.ndjson",
        &READERS
            .replace("2026-11-03T08", "2026-11-01T08")
            .replace("two", "")
            .replace("\"news\"}}", "\"news\"}"),
    );
    let output = sandbox.run_err(&SIMULATE);
    assert!(output.starts_with("readers.ndjson is invalid:\n  line 2: reader: "), "{output}");
    assert!(output.contains("\n  line 3: this is not valid JSON: EOF"), "{output}");
    let lines_out_of_order = READERS.replace("2026-11-03T08", "2026-11-01T08")
        + "{\"reader\":\"a\",\"at\":\"x\"}\n".repeat(20).as_str();
    sandbox.write("readers.ndjson", &lines_out_of_order);
    let output = sandbox.run_err(&SIMULATE);
    assert!(output.contains("line 3: at: it is before 2026-11-02T08:00:00Z, when \"one\" saw"), "{output}");
    assert!(output.contains("\n  line 13: at: ") && !output.contains("line 14"), "{output}");
    sandbox.write("readers.ndjson", &" ".repeat(2 << 20));
    assert!(sandbox.run_err(&SIMULATE).contains("line 1: it is longer than 1048576 bytes."));
    assert!(
        sandbox
            .run_err(&["simulate", "--appeals", "draft.toml", "--readers", "no.ndjson"])
            .contains("no.ndjson")
    );
}

#[test]
fn either_page_views_or_a_population_is_required_and_not_both() {
    let sandbox = sandbox_with_draft();
    for options in [&[][..], &["--readers", "readers.ndjson", "--population", "people.toml"]] {
        let output = sandbox.run(&[&["simulate", "--appeals", "draft.toml"], options].concat());
        assert_eq!(output.status, Some(2), "{output:?}");
        assert!(output.err.contains("--population"), "{output:?}");
    }
}

#[test]
fn the_same_seed_gives_the_same_results_for_the_sample_population() {
    let sandbox = sandbox_with_draft();
    let sample =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/population.toml")).unwrap();
    sandbox.write("people.toml", &sample.replace("readers = 20000", "readers = 300"));
    let simulate = |seed: &str| {
        sandbox.run_ok(&[
            "simulate",
            "--appeals",
            "draft.toml",
            "--population",
            "people.toml",
            "--seed",
            seed,
        ])
    };
    let output = simulate("1");
    assert!(output.contains("from   people.toml, 300 readers described"), "{output}");
    assert_eq!(output, simulate("1"));
    assert_ne!(output, simulate("2"));
    sandbox.write("people.toml", &sample.replace("days = 60", "days = 0"));
    let output = sandbox.run_err(&["simulate", "--appeals", "draft.toml", "--population", "people.toml"]);
    assert_eq!(output, "people.toml is invalid:\n  days: write 1 to 3650.");
}

#[test]
fn the_chart_is_well_formed_xml_and_loads_nothing() {
    let sandbox = sandbox_with_draft();
    sandbox.write("a<b>&'.toml", DRAFT);
    sandbox.run_ok(&[&SIMULATE[..], &["--live", "a<b>&'.toml", "--svg", "chart.svg"]].concat());
    let svg = std::fs::read_to_string(sandbox.path("chart.svg")).unwrap();
    assert_eq!(unclosed_tags(&svg), Vec::<String>::new());
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.contains("<desc id=\"desc\">")
    );
    assert_eq!(svg.matches("http").count(), 1, "the chart must contain no URL except its namespace");
    assert!(svg.contains("a&#60;b&#62;&#38;&#39;.toml"));
    let output = sandbox.run_err(&[&SIMULATE[..], &["--svg", "nowhere/chart.svg"]].concat());
    assert!(output.starts_with("nowhere/chart.svg can't be written"), "{output}");
}

/// Returns the tags without a matching end tag. Each `<` in the text must begin a tag.
fn unclosed_tags(xml: &str) -> Vec<String> {
    let mut open = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("{part:?} must be a tag"));
        assert!(!text.contains('>'), "{part:?}");
        for entity in text.split('&').skip(1) {
            assert!(
                ["#38;", "#60;", "#62;", "#39;", "#34;"].iter().any(|known| entity.starts_with(known)),
                "{part:?}"
            );
        }
        assert!(tag.matches('"').count() % 2 == 0, "{tag:?}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop().as_ref(), Some(&name), "{xml}"),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    open
}
