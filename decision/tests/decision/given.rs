//! Tests of values that the caller of `compile` provides for appeals, in addition to what their authors write.

use keepopen_decision::{
    AppealRules, Kind, Known, Moment, Question, Reason, SiteRules, Surface, Value, Verdict, begins_at_ms,
    compile, decide,
};

/// Noon UTC on 2026-06-15, in milliseconds since 1970.
const NOON_MS: i64 = 1_781_524_800_000;

fn decide_with(available_values: &[Value]) -> Verdict {
    decide_on(&SiteRules::new("journal"), available_values)
}

/// Decides about an appeal that requires the value `ticker_left`.
fn decide_on(site: &SiteRules, available_values: &[Value]) -> Verdict {
    let mut appeal = AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner);
    appeal.variants[0].needs = vec![Value::TickerLeft];
    appeal.available_values = available_values.to_vec();
    let (compiled, problems) = compile(std::slice::from_ref(site), &[appeal]);
    assert!(problems.is_empty(), "the site and the appeal must be valid: {problems:?}");
    let question: Question<'_> =
        serde_json::from_str(r#"{"site": "journal", "history": {}}"#).expect("the question must be valid");
    decide(&compiled, &question, &Known::without_token(), NOON_MS, 0).expect("the site must exist")
}

#[test]
fn a_variant_shows_only_if_the_value_that_it_requires_is_available() {
    assert_eq!(decide_with(&[]).reason(), Reason::MissingValue);
    assert_eq!(decide_with(&[Value::TickerGoal]).reason(), Reason::MissingValue);
    assert_eq!(decide_with(&[Value::TickerGoal, Value::TickerLeft]).reason(), Reason::Matched);
}

#[test]
fn a_value_that_both_the_site_and_the_caller_provide_is_available() {
    let site = SiteRules { values: vec![Value::TickerLeft], ..SiteRules::new("journal") };
    assert_eq!(decide_on(&site, &[Value::TickerLeft]).reason(), Reason::Matched);
}

#[test]
fn an_author_cannot_set_the_values_that_the_caller_provides() {
    let appeal = AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner);
    let mut written = serde_json::to_value(&appeal).unwrap();
    assert!(written.get("available_values").is_none());
    written["available_values"] = serde_json::json!(["ticker_left"]);
    assert!(serde_json::from_value::<AppealRules>(written).is_err());
}

#[test]
fn a_moment_without_an_offset_is_in_local_time_and_a_date_begins_with_its_first_minute() {
    let at = |text: &str, zone: &str| begins_at_ms(text.parse::<Moment>().unwrap(), zone);
    assert_eq!(at("2026-06-15T12:00:00Z", "Europe/Dublin"), Some(NOON_MS));
    assert_eq!(at("2026-06-15T13:00", "Europe/Dublin"), Some(NOON_MS));
    assert_eq!(at("2026-06-15", "Europe/Dublin"), Some(NOON_MS - 13 * 3_600_000));
    assert_eq!(at("2026-06-15", "Nowhere"), None);
}
