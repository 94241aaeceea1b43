//! Explanations of verdicts.

use keepopen_decision::{
    AppealExplanation, AppealRules, Explanation, Known, Question, Reason, Rule, RuleExplanation, SiteRules,
    compile, explain,
};
use serde_json::{Value, json};

pub const NOW_MS: i64 = 1_781_524_800_000;

pub fn explained(appeals: &Value, question: &Value, known: Known) -> Explanation {
    explained_on(&json!({"id": "journal", "time_zone": "Europe/Dublin"}), appeals, question, known)
}

pub fn explained_on(site: &Value, appeals: &Value, question: &Value, known: Known) -> Explanation {
    let appeals: Vec<AppealRules> =
        serde_json::from_value(appeals.clone()).expect("the appeals must be valid");
    let site: SiteRules = serde_json::from_value(site.clone()).expect("the site must be valid");
    let (rules, problems) = compile(&[site], &appeals);
    assert_eq!(problems, []);
    let text = question.to_string();
    let question: Question<'_> = serde_json::from_str(&text).expect("the question must be valid");
    explain(&rules, &question, &known, NOW_MS, 0).expect("the site must exist")
}

pub fn rule(appeal: &AppealExplanation, wanted: Rule) -> &RuleExplanation {
    appeal.rules.iter().find(|explanation| explanation.rule == wanted).expect("every rule must be explained")
}

pub fn summer() -> Value {
    json!({"id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "live": "live",
           "variants": [{"id": "a"}]})
}

pub fn with(mut appeal: Value, field: &str, value: Value) -> Value {
    appeal[field] = value;
    appeal
}

#[test]
fn every_appeal_and_every_rule_is_explained_even_after_the_first_failure() {
    let paused = with(with(summer(), "id", json!("winter")), "live", json!("paused"));
    let explanation = explained(&json!([summer(), paused]), &json!({"site": "journal"}), Known::nobody());
    assert_eq!(explanation.appeals.len(), 2);
    for appeal in &explanation.appeals {
        let order: Vec<Rule> = appeal.rules.iter().map(|explanation| explanation.rule).collect();
        assert_eq!(order, Rule::ORDER);
    }
    assert_eq!(explanation.appeals[1].reason, Reason::NoLiveAppeal);
    assert_eq!(rule(&explanation.appeals[1], Rule::Live).seen, "paused");
}

#[test]
fn a_failed_rule_shows_what_it_found_and_what_would_have_passed() {
    let appeal = with(summer(), "frequency", json!({"max_views": 2, "window_days": 7, "min_gap_days": 1}));
    let appeal = with(appeal, "audience", json!({"countries": {"include": ["IE", "GB"]}}));
    let question = json!({"site": "journal", "reader": {"country": "fr"}, "history": {"views": [
        {"appeal": "summer", "at": "2026-06-15T11:00:00Z"}, {"appeal": "summer", "at": "2026-06-12T11:00:00Z"}]}});
    let explanation = explained(&json!([appeal]), &question, Known::nobody());
    let summer = &explanation.appeals[0];
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
fn times_are_shown_in_the_sites_time_zone() {
    let appeal = with(summer(), "schedule", json!({"starts_at": "2026-07-01T00:00:00Z"}));
    let explanation =
        explained(&json!([appeal]), &json!({"site": "journal", "history": {}}), Known::nobody());
    let schedule = rule(&explanation.appeals[0], Rule::Schedule);
    assert_eq!(schedule.seen, "2026-06-15T13:00:00+01:00[Europe/Dublin]");
    assert_eq!(schedule.wanted, "from 2026-07-01T01:00:00+01:00[Europe/Dublin]");
}

#[test]
fn a_passed_rule_has_no_reason() {
    let explanation =
        explained(&json!([summer()]), &json!({"site": "journal", "history": {}}), Known::nobody());
    assert!(explanation.appeals[0].passed);
    assert_eq!(explanation.appeals[0].reason, Reason::Matched);
    assert!(
        explanation.appeals[0]
            .rules
            .iter()
            .all(|explanation| explanation.passed && explanation.reason.is_none())
    );
}

#[test]
fn an_explanation_is_json_with_the_apis_labels() {
    let explanation = explained(&json!([summer()]), &json!({"site": "journal"}), Known::unknown());
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(
        json["verdict"],
        json!({"silent": {"reason": "unknown_standing", "next_eligible_at_ms": null}})
    );
    assert_eq!(json["appeals"][0]["rules"][5]["rule"], "standing");
    assert_eq!(json["appeals"][0]["rules"][5]["seen"], "unknown");
    assert_eq!(json["appeals"][0]["rules"][5]["wanted"], "none or one_off or lapsed");
}

#[test]
fn every_failed_rule_is_explained_if_nothing_shows() {
    let appeal = with(
        summer(),
        "audience",
        json!({
            "regions": {"include": ["US-CA"]}, "languages": {"include": ["fr"]}, "devices": ["mobile", "tablet"],
            "signed_in": true, "consent": "required", "entitlements": {"include": ["archive"]}, "reader": "new",
            "articles": {"weeks": 8, "max": 3}, "trend": "rising"
        }),
    );
    let appeal = with(appeal, "pages", json!({"urls": {"include": ["/sport/*"]}, "skip_first": 2}));
    let hours = json!({"hours": [{"days": ["tue"], "from": "07:00", "to": "22:00"}]});
    let appeal = with(with(appeal, "schedule", hours), "meter", json!({"free_articles": 5}));
    let appeal = with(appeal, "sequence", json!([{"variant": "a", "views": 1}]));
    let question = json!({"site": "journal", "page": {"url": "/politics/a", "paid": true, "ordinal": 1},
        "reader": {"country": "US", "region": "NY", "locale": "en-US", "device": "desktop"},
        "history": {"views": [{"appeal": "summer", "at": "2026-06-15T11:00:00Z"}], "free_articles_used": 4,
                    "articles": [{"week": "2026-06-08", "count": 4}]}});
    let explanation = explained(&json!([appeal]), &question, Known::nobody());
    let words = |wanted: Rule| {
        let explanation = rule(&explanation.appeals[0], wanted);
        assert!(!explanation.passed, "{wanted:?}");
        (explanation.seen.clone(), explanation.wanted.clone())
    };
    let is = |seen: &str, wanted: &str| (seen.to_owned(), wanted.to_owned());
    assert_eq!(words(Rule::Country), is("US-NY", "one of: US-CA"));
    assert_eq!(words(Rule::Language), is("en-US", "one of: fr"));
    assert_eq!(words(Rule::Device), is("desktop", "mobile, tablet"));
    assert_eq!(words(Rule::SignedIn), is("unknown", "signed in"));
    assert_eq!(words(Rule::Consent), is("unknown", "granted"));
    assert_eq!(words(Rule::Entitlements), is("none", "one of: archive"));
    assert_eq!(words(Rule::Reader), is("returning: 1 view, 0 dismissals, 4 articles", "new"));
    assert_eq!(words(Rule::Articles), is("4 articles in 8 weeks and the current week", "at most 3"));
    assert_eq!(words(Rule::Url), is("/politics/a", "one of: /sport/*"));
    assert_eq!(words(Rule::PaidPage), is("paid page", "ordinary page"));
    assert_eq!(words(Rule::SkipFirst), is("page 1 of the visit", "after the first 2 pages"));
    assert_eq!(words(Rule::Meter), is("4 free articles used", "5 free articles used in 30 days"));
    assert_eq!(words(Rule::Sequence), is("1 view", "fewer than 1 view"));
    assert_eq!(words(Rule::Hours), is("2026-06-15T13:00:00+01:00[Europe/Dublin]", "Tue 07:00 to Tue 22:00"));
    let trend = rule(&explanation.appeals[0], Rule::Trend);
    assert_eq!(trend.seen, "rising: 4 articles in the last four weeks, 0 in the four weeks before");
}

#[test]
fn a_hard_wall_passes_the_rule_for_dismissals_after_any_dismissal() {
    let meter = json!({"free_articles": 0, "hard": true, "entitlement": "archive"});
    let wall = with(with(summer(), "surface", json!(["wall"])), "meter", meter);
    let question = json!({"site": "journal", "history": {"dismissals": [
        {"appeal": "summer", "kind": "never", "at": "2026-06-15T11:00:00Z"}]}});
    let explanation = explained(&json!([wall]), &question, Known::nobody());
    assert!(explanation.appeals[0].passed && rule(&explanation.appeals[0], Rule::Dismissal).passed);
}

#[test]
fn appeals_of_lower_priority_are_also_explained() {
    let below = with(with(summer(), "id", json!("winter")), "priority", json!(-1));
    let explanation =
        explained(&json!([below, summer()]), &json!({"site": "journal", "history": {}}), Known::nobody());
    let explanation: Vec<_> = explanation
        .appeals
        .iter()
        .map(|explanation| (explanation.appeal.as_str(), explanation.passed, explanation.chosen))
        .collect();
    assert_eq!(explanation, [("summer", true, true), ("winter", true, false)]);
}

#[test]
fn an_explanation_names_the_country_only_if_it_has_separate_weights() {
    let variants = json!([{"id": "a", "weights_by_country": {"NZ": 0}}, {"id": "b"}]);
    let appeals = json!([with(summer(), "variants", variants)]);
    let explanation = |country: &str| {
        let reader = json!({"country": country, "bucket": 1});
        let question = json!({"site": "journal", "reader": reader, "history": {}});
        let explanation = explained(&appeals, &question, Known::nobody());
        (explanation.appeals[0].weights_of.clone(), explanation.appeals[0].variant.clone())
    };
    assert_eq!(explanation("nz"), (Some("NZ".to_owned()), "b".to_owned()));
    assert_eq!(explanation("AU"), (None, "a".to_owned()));
    assert_eq!(explanation("UK"), (None, "a".to_owned()));
}

#[test]
fn explanations_show_how_many_readers_each_appeal_gets() {
    let other = with(with(summer(), "id", json!("winter")), "weight", json!(3));
    let explanation =
        explained(&json!([summer(), other]), &json!({"site": "journal", "history": {}}), Known::nobody());
    let shares: Vec<_> = explanation.appeals.iter().map(|appeal| appeal.readers_per_million).collect();
    assert_eq!(shares, [Some(250_000), Some(750_000)]);
    let reasons: Vec<_> = explanation.appeals.iter().map(|appeal| (appeal.chosen, appeal.reason)).collect();
    assert!(
        reasons.contains(&(true, Reason::Matched)) && reasons.contains(&(false, Reason::Share)),
        "{reasons:?}"
    );
}
