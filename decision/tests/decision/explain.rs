//! Tests of the explanations of verdicts.

use keepopen_decision::{
    AppealExplanation, AppealRules, Explanation, Known, Question, Reason, Rule, RuleExplanation, SiteRules,
    compile, explain,
};
use serde_json::{Value, json};

/// Noon UTC on 2026-06-15, in milliseconds since 1970.
pub const NOW_MS: i64 = 1_781_524_800_000;

/// Compiles the appeals for a site in Dublin, and explains the verdict on the question at [`NOW_MS`].
pub fn explain_appeals(appeals: &Value, question: &Value, known: Known) -> Explanation {
    explain_on_site(&json!({"id": "journal", "time_zone": "Europe/Dublin"}), appeals, question, known)
}

/// Compiles the appeals for the site, and explains the verdict on the question at [`NOW_MS`].
pub fn explain_on_site(site: &Value, appeals: &Value, question: &Value, known: Known) -> Explanation {
    let appeals: Vec<AppealRules> =
        serde_json::from_value(appeals.clone()).expect("the appeals must be valid");
    let site: SiteRules = serde_json::from_value(site.clone()).expect("the site must be valid");
    let (rules, problems) = compile(&[site], &appeals);
    assert_eq!(problems, []);
    let text = question.to_string();
    let question: Question<'_> = serde_json::from_str(&text).expect("the question must be valid");
    explain(&rules, &question, &known, NOW_MS, 0).expect("the site must exist")
}

/// Returns the explanation of one rule.
pub fn rule_explanation(appeal: &AppealExplanation, wanted: Rule) -> &RuleExplanation {
    appeal.rules.iter().find(|explanation| explanation.rule == wanted).expect("every rule must be explained")
}

/// Returns a live appeal without conditions.
pub fn summer_appeal() -> Value {
    json!({"id": "summer", "sites": ["journal"], "kind": "ask", "surface": ["banner"], "live": "live",
           "variants": [{"id": "a"}]})
}

/// Returns the appeal with another value of one field.
pub fn with_field(mut appeal: Value, field: &str, value: Value) -> Value {
    appeal[field] = value;
    appeal
}

#[test]
fn every_appeal_and_every_rule_is_explained_even_after_the_first_failure() {
    let paused = with_field(with_field(summer_appeal(), "id", json!("winter")), "live", json!("paused"));
    let explanation = explain_appeals(
        &json!([summer_appeal(), paused]),
        &json!({"site": "journal"}),
        Known::without_token(),
    );
    assert_eq!(explanation.appeals.len(), 2);
    for appeal in &explanation.appeals {
        let order: Vec<Rule> = appeal.rules.iter().map(|explanation| explanation.rule).collect();
        assert_eq!(order, Rule::ORDER);
    }
    assert_eq!(explanation.appeals[1].reason, Reason::NoLiveAppeal);
    assert_eq!(rule_explanation(&explanation.appeals[1], Rule::Live).seen, "paused");
}

#[test]
fn a_failed_rule_shows_what_it_found_and_what_would_have_passed() {
    let cap = json!({"max_views": 2, "window_days": 7, "min_gap_days": 1});
    let appeal = with_field(summer_appeal(), "frequency", cap);
    let appeal = with_field(appeal, "audience", json!({"countries": {"include": ["IE", "GB"]}}));
    let question = json!({"site": "journal", "reader": {"country": "fr"}, "history": {"views": [
        {"appeal": "summer", "at": "2026-06-15T11:00:00Z"}, {"appeal": "summer", "at": "2026-06-12T11:00:00Z"}]}});
    let explanation = explain_appeals(&json!([appeal]), &question, Known::without_token());
    let summer = &explanation.appeals[0];
    assert!(!summer.passed);
    assert_eq!((summer.reason, summer.next_eligible_at_ms), (Reason::NotTargeted, None));

    let country = rule_explanation(summer, Rule::Country);
    assert_eq!((country.seen.as_str(), country.wanted.as_str()), ("FR", "one of: GB, IE"));
    let frequency = rule_explanation(summer, Rule::Frequency);
    assert_eq!(frequency.seen, "2 views in the last 7 days; the newest was 0 whole days ago");
    assert_eq!(frequency.wanted, "fewer than 2 views; the newest at least 1 day ago");
    assert_eq!(frequency.reason, Some(Reason::FrequencyCap));
    assert_eq!(frequency.opens_at_ms, Some(NOW_MS + 4 * 86_400_000 - 3_600_000));
}

#[test]
fn times_are_shown_in_the_sites_time_zone() {
    let appeal = with_field(summer_appeal(), "schedule", json!({"starts_at": "2026-07-01T00:00:00Z"}));
    let explanation =
        explain_appeals(&json!([appeal]), &json!({"site": "journal", "history": {}}), Known::without_token());
    let schedule = rule_explanation(&explanation.appeals[0], Rule::Schedule);
    assert_eq!(schedule.seen, "2026-06-15T13:00:00+01:00[Europe/Dublin]");
    assert_eq!(schedule.wanted, "from 2026-07-01T01:00:00+01:00[Europe/Dublin]");
}

#[test]
fn a_passed_rule_has_no_reason() {
    let explanation = explain_appeals(
        &json!([summer_appeal()]),
        &json!({"site": "journal", "history": {}}),
        Known::without_token(),
    );
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
fn an_explanation_is_written_as_json_with_the_labels_of_the_api() {
    let explanation =
        explain_appeals(&json!([summer_appeal()]), &json!({"site": "journal"}), Known::unknown());
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
    let appeal = with_field(
        summer_appeal(),
        "audience",
        json!({
            "regions": {"include": ["US-CA"]}, "languages": {"include": ["fr"]}, "devices": ["mobile", "tablet"],
            "signed_in": true, "consent": "required", "entitlements": {"include": ["archive"]}, "reader": "new",
            "articles": {"weeks": 8, "max": 3}, "trend": "rising"
        }),
    );
    let appeal = with_field(appeal, "pages", json!({"urls": {"include": ["/sport/*"]}, "skip_first": 2}));
    let hours = json!({"hours": [{"days": ["tue"], "from": "07:00", "to": "22:00"}]});
    let appeal = with_field(with_field(appeal, "schedule", hours), "meter", json!({"free_articles": 5}));
    let appeal = with_field(appeal, "sequence", json!([{"variant": "a", "views": 1}]));
    let question = json!({"site": "journal", "page": {"url": "/politics/a", "paid": true, "ordinal": 1},
        "reader": {"country": "US", "region": "NY", "locale": "en-US", "device": "desktop"},
        "history": {"views": [{"appeal": "summer", "at": "2026-06-15T11:00:00Z"}], "free_articles_used": 4,
                    "articles": [{"week": "2026-06-08", "count": 4}]}});
    let explanation = explain_appeals(&json!([appeal]), &question, Known::without_token());
    let evidence = |wanted: Rule| {
        let explanation = rule_explanation(&explanation.appeals[0], wanted);
        assert!(!explanation.passed, "the appeal passed the rule {wanted:?}");
        (explanation.seen.clone(), explanation.wanted.clone())
    };
    let pair = |seen: &str, wanted: &str| (seen.to_owned(), wanted.to_owned());
    assert_eq!(evidence(Rule::Country), pair("US-NY", "one of: US-CA"));
    assert_eq!(evidence(Rule::Language), pair("en-US", "one of: fr"));
    assert_eq!(evidence(Rule::Device), pair("desktop", "mobile, tablet"));
    assert_eq!(evidence(Rule::SignedIn), pair("unknown", "signed in"));
    assert_eq!(evidence(Rule::Consent), pair("unknown", "granted"));
    assert_eq!(evidence(Rule::Entitlements), pair("none", "one of: archive"));
    assert_eq!(evidence(Rule::Reader), pair("returning: 1 view, 0 dismissals, 4 articles", "new"));
    assert_eq!(
        evidence(Rule::Articles),
        pair("4 articles in 8 weeks and the current week", "at most 3 articles")
    );
    assert_eq!(evidence(Rule::Url), pair("/politics/a", "one of: /sport/*"));
    assert_eq!(evidence(Rule::PaidPage), pair("paid page", "ordinary page"));
    assert_eq!(evidence(Rule::SkipFirst), pair("page 1 of the visit", "after the first 2 pages"));
    assert_eq!(
        evidence(Rule::Meter),
        pair("4 free articles used", "at least 5 free articles used in 30 days")
    );
    assert_eq!(evidence(Rule::Sequence), pair("1 view", "fewer than 1 view"));
    assert_eq!(
        evidence(Rule::Hours),
        pair("2026-06-15T13:00:00+01:00[Europe/Dublin]", "Tue 07:00 to Tue 22:00")
    );
    let trend = rule_explanation(&explanation.appeals[0], Rule::Trend);
    assert_eq!(trend.seen, "rising: 4 articles in the last four weeks, 0 in the four weeks before");
}

#[test]
fn a_hard_wall_passes_the_rule_for_dismissals_after_any_dismissal() {
    let meter = json!({"free_articles": 0, "hard": true, "entitlement": "archive"});
    let wall = with_field(with_field(summer_appeal(), "surface", json!(["wall"])), "meter", meter);
    let question = json!({"site": "journal", "history": {"dismissals": [
        {"appeal": "summer", "kind": "never", "at": "2026-06-15T11:00:00Z"}]}});
    let explanation = explain_appeals(&json!([wall]), &question, Known::without_token());
    assert!(
        explanation.appeals[0].passed && rule_explanation(&explanation.appeals[0], Rule::Dismissal).passed
    );
}

#[test]
fn appeals_of_lower_priority_are_also_explained() {
    let lower = with_field(with_field(summer_appeal(), "id", json!("winter")), "priority", json!(-1));
    let explanation = explain_appeals(
        &json!([lower, summer_appeal()]),
        &json!({"site": "journal", "history": {}}),
        Known::without_token(),
    );
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
    let appeals = json!([with_field(summer_appeal(), "variants", variants)]);
    let explanation = |country: &str| {
        let reader = json!({"country": country, "bucket": 1});
        let question = json!({"site": "journal", "reader": reader, "history": {}});
        let explanation = explain_appeals(&appeals, &question, Known::without_token());
        (explanation.appeals[0].weights_of.clone(), explanation.appeals[0].variant.clone())
    };
    assert_eq!(explanation("nz"), (Some("NZ".to_owned()), "b".to_owned()));
    assert_eq!(explanation("AU"), (None, "a".to_owned()));
    assert_eq!(explanation("UK"), (None, "a".to_owned()));
}

#[test]
fn explanations_show_how_many_readers_each_appeal_gets() {
    let other = with_field(with_field(summer_appeal(), "id", json!("winter")), "weight", json!(3));
    let explanation = explain_appeals(
        &json!([summer_appeal(), other]),
        &json!({"site": "journal", "history": {}}),
        Known::without_token(),
    );
    let shares: Vec<_> = explanation.appeals.iter().map(|appeal| appeal.readers_per_million).collect();
    assert_eq!(shares, [Some(250_000), Some(750_000)]);
    let reasons: Vec<_> = explanation.appeals.iter().map(|appeal| (appeal.chosen, appeal.reason)).collect();
    assert!(
        reasons.contains(&(true, Reason::Matched)) && reasons.contains(&(false, Reason::Share)),
        "expected a chosen appeal and one with the reason `share`, found {reasons:?}"
    );
}
