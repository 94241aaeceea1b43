//! What an explanation tells the people who ask why.

use keepopen_decision::{
    AppealExplanation, AppealRules, Explanation, Known, Question, Reason, Rule, RuleExplanation, SiteRules,
    compile, explain,
};
use serde_json::{Value, json};

const NOW_MS: i64 = 1_781_524_800_000;

fn explained(appeals: &Value, question: &Value, known: Known) -> Explanation {
    let appeals: Vec<AppealRules> =
        serde_json::from_value(appeals.clone()).expect("the appeals are well written");
    let site = SiteRules { time_zone: "Europe/Dublin".to_owned(), ..SiteRules::new("journal") };
    let (rules, problems) = compile(&[site], &appeals);
    assert_eq!(problems, []);
    let text = question.to_string();
    let question: Question<'_> = serde_json::from_str(&text).expect("the question is well written");
    explain(&rules, &question, &known, NOW_MS, 0).expect("the site is there")
}

fn rule(appeal: &AppealExplanation, wanted: Rule) -> &RuleExplanation {
    appeal.rules.iter().find(|told| told.rule == wanted).expect("every rule is told")
}

fn summer() -> Value {
    json!({"id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "live": "live",
           "variants": [{"id": "a"}]})
}

fn with(mut appeal: Value, field: &str, value: Value) -> Value {
    appeal[field] = value;
    appeal
}

#[test]
fn every_appeal_and_every_rule_is_told_even_past_the_first_failure() {
    let paused = with(with(summer(), "id", json!("winter")), "live", json!("paused"));
    let told = explained(&json!([summer(), paused]), &json!({"site": "journal"}), Known::nobody());
    assert_eq!(told.appeals.len(), 2);
    for appeal in &told.appeals {
        let order: Vec<Rule> = appeal.rules.iter().map(|told| told.rule).collect();
        assert_eq!(order, Rule::ORDER);
    }
    assert_eq!(told.appeals[1].reason, Reason::NoLiveAppeal);
    assert_eq!(rule(&told.appeals[1], Rule::Live).seen, "paused");
}

#[test]
fn a_failed_rule_tells_what_it_saw_and_what_it_wanted() {
    let appeal = with(summer(), "frequency", json!({"max_views": 2, "window_days": 7, "min_gap_days": 1}));
    let appeal = with(appeal, "audience", json!({"countries": {"include": ["IE", "GB"]}}));
    let question = json!({"site": "journal", "reader": {"country": "fr"}, "history": {"views": [
        {"appeal": "summer", "at": "2026-06-15T11:00:00Z"}, {"appeal": "summer", "at": "2026-06-12T11:00:00Z"}]}});
    let told = explained(&json!([appeal]), &question, Known::nobody());
    let summer = &told.appeals[0];
    assert!(!summer.passed);
    assert_eq!((summer.reason, summer.next_eligible_at_ms), (Reason::NotTargeted, None));

    let country = rule(summer, Rule::Country);
    assert_eq!((country.seen.as_str(), country.wanted.as_str()), ("FR", "one of: GB, IE"));
    let frequency = rule(summer, Rule::Frequency);
    assert_eq!(frequency.seen, "views inside 7 days: 2; age of the newest in whole days: 0");
    assert_eq!(frequency.wanted, "fewer than 2 views; newest at least 1 day old");
    assert_eq!(frequency.reason, Some(Reason::FrequencyCap));
    assert_eq!(frequency.opens_at_ms, Some(NOW_MS + 4 * 86_400_000 - 3_600_000));
}

#[test]
fn times_are_told_in_the_zone_of_the_site() {
    let appeal = with(summer(), "schedule", json!({"starts_at": "2026-07-01T00:00:00Z"}));
    let told = explained(&json!([appeal]), &json!({"site": "journal", "history": {}}), Known::nobody());
    let schedule = rule(&told.appeals[0], Rule::Schedule);
    assert_eq!(schedule.seen, "2026-06-15T13:00:00+01:00[Europe/Dublin]");
    assert_eq!(schedule.wanted, "from 2026-07-01T01:00:00+01:00[Europe/Dublin]");
}

#[test]
fn a_passed_rule_gives_no_reason() {
    let told = explained(&json!([summer()]), &json!({"site": "journal", "history": {}}), Known::nobody());
    assert!(told.appeals[0].passed);
    assert_eq!(told.appeals[0].reason, Reason::Matched);
    assert!(told.appeals[0].rules.iter().all(|told| told.passed && told.reason.is_none()));
}

#[test]
fn an_explanation_is_json_with_the_words_of_the_contract() {
    let told = explained(&json!([summer()]), &json!({"site": "journal"}), Known::unknown());
    let json = serde_json::to_value(&told).unwrap();
    assert_eq!(
        json["verdict"],
        json!({"silent": {"reason": "unknown_standing", "next_eligible_at_ms": null}})
    );
    assert_eq!(json["appeals"][0]["rules"][5]["rule"], "standing");
    assert_eq!(json["appeals"][0]["rules"][5]["seen"], "unknown");
    assert_eq!(json["appeals"][0]["rules"][5]["wanted"], "none or one_off or lapsed");
}
