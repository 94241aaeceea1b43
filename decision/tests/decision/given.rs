//! What whoever compiles the appeals adds to them, beside what is written.

use keepopen_decision::{
    AppealRules, Kind, Known, Moment, Question, Reason, SiteRules, Surface, Value, Verdict, begins_at_ms,
    compile, decide,
};

const NOON_MS: i64 = 1_781_524_800_000;

fn verdict(given: &[Value]) -> Verdict {
    verdict_on(&SiteRules::new("journal"), given)
}

fn verdict_on(site: &SiteRules, given: &[Value]) -> Verdict {
    let mut appeal = AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner);
    appeal.variants[0].needs = vec![Value::TickerLeft];
    appeal.given = given.to_vec();
    let (compiled, problems) = compile(std::slice::from_ref(site), &[appeal]);
    assert!(problems.is_empty(), "{problems:?}");
    let question: Question<'_> =
        serde_json::from_str(r#"{"site": "journal", "history": {}}"#).expect("a question");
    decide(&compiled, &question, &Known::nobody(), NOON_MS, 0).expect("a site that is there")
}

#[test]
fn a_wording_shows_when_the_value_that_it_needs_is_given_and_not_when_another_is() {
    assert_eq!(verdict(&[]).reason(), Reason::MissingValue);
    assert_eq!(verdict(&[Value::TickerGoal]).reason(), Reason::MissingValue);
    assert_eq!(verdict(&[Value::TickerGoal, Value::TickerLeft]).reason(), Reason::Matched);
}

#[test]
fn a_value_that_the_site_has_and_that_is_given_too_is_there() {
    let site = SiteRules { values: vec![Value::TickerLeft], ..SiteRules::new("journal") };
    assert_eq!(verdict_on(&site, &[Value::TickerLeft]).reason(), Reason::Matched);
}

#[test]
fn what_is_given_is_never_read_from_what_somebody_wrote() {
    let appeal = AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner);
    let mut written = serde_json::to_value(&appeal).unwrap();
    assert!(written.get("given").is_none());
    written["given"] = serde_json::json!(["ticker_left"]);
    assert!(serde_json::from_value::<AppealRules>(written).is_err());
}

#[test]
fn a_moment_begins_on_the_clock_of_its_zone_with_the_first_minute_of_a_day() {
    let at = |text: &str, zone: &str| begins_at_ms(text.parse::<Moment>().unwrap(), zone);
    assert_eq!(at("2026-06-15T12:00:00Z", "Europe/Dublin"), Some(NOON_MS));
    assert_eq!(at("2026-06-15T13:00", "Europe/Dublin"), Some(NOON_MS));
    assert_eq!(at("2026-06-15", "Europe/Dublin"), Some(NOON_MS - 13 * 3_600_000));
    assert_eq!(at("2026-06-15", "Nowhere"), None);
}
