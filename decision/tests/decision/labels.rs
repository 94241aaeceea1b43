//! The API's labels, character by character. A label's meaning never changes, and no two labels mean the same.

use keepopen_decision::{
    AppealIndex, AppealRules, Assignment, Device, DismissalKind, Kind, Live, Percent, Problem, Reason,
    SiteRules, Standing, Surface, Text, Trend, UnknownSite, Value, VariantRules, Verdict, compile,
};
use serde::{Deserialize, Serialize};
use serde_json::{json, to_value};

/// Returns the labels of all values. Asserts that each label is the same in JSON.
fn checked_labels<T: Copy + Serialize>(
    values: impl IntoIterator<Item = T>,
    as_str: impl Fn(T) -> &'static str,
) -> String {
    let labels = values.into_iter().map(|value| {
        assert_eq!(to_value(value).expect("a label must serialize"), as_str(value));
        as_str(value)
    });
    labels.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_label_is_as_documented_and_the_same_in_json() {
    assert_eq!(checked_labels(Kind::ALL, Kind::as_str), "ask thank fix_card win_back upsell");
    assert_eq!(checked_labels(Surface::ALL, Surface::as_str), "banner inline wall");
    assert_eq!(
        checked_labels(Standing::ALL, Standing::as_str),
        "none one_off recurring past_due lapsed unknown"
    );
    assert_eq!(checked_labels(DismissalKind::ALL, DismissalKind::as_str), "close later already_gave never");
    assert_eq!(checked_labels(Device::ALL, Device::as_str), "mobile tablet desktop");
    let trends = [Trend::Rising, Trend::Falling, Trend::Steady];
    assert_eq!(checked_labels(trends, Trend::as_str), "rising falling steady");
    assert_eq!(
        checked_labels(Value::ALL, Value::as_str),
        "article_count country currency weekday date days_left ticker_total ticker_goal ticker_left ticker_percent"
    );
}

#[test]
fn live_states_are_parsed_from_their_labels_only() {
    let states = [Live::Live, Live::Scheduled, Live::Paused, Live::Draft, Live::Ended];
    assert_eq!(checked_labels(states, Live::as_str), "live scheduled paused draft ended");
    for live in states {
        assert_eq!(Live::parse(live.as_str()), Some(live));
    }
    for text in ["", "Live", "over"] {
        assert_eq!(Live::parse(text), None, "{text}");
    }
}

#[test]
fn a_device_is_parsed_from_its_label_in_any_case() {
    assert_eq!(
        ["TABLET", "mobile", "phone", ""].map(Device::parse),
        [Some(Device::Tablet), Some(Device::Mobile), None, None]
    );
}

#[test]
fn a_percentage_is_written_as_short_as_possible() {
    let percentages = [0.0, 12.5, 30.0, 100.0].map(|percent| Percent::new(percent).unwrap());
    assert_eq!(percentages.map(|percent| percent.to_string()), ["0 %", "12.5 %", "30 %", "100 %"]);
    assert_eq!(to_value(percentages).unwrap(), json!([0, 12.5, 30, 100]));
    assert_eq!(percentages.map(Percent::per_million), [0, 125_000, 300_000, 1_000_000]);
    assert_eq!([-0.1, 100.1, f64::NAN].map(Percent::new), [None; 3]);
}

#[test]
fn a_verdict_without_an_appeal_has_a_reason_and_the_next_eligible_time() {
    let silent = |next_eligible_at_ms| Verdict::Silent { reason: Reason::RecentGiver, next_eligible_at_ms };
    assert_eq!(silent(Some(7)).next_eligible_at_ms(), Some(7));
    assert_eq!(silent(None).next_eligible_at_ms(), None);
    assert_eq!(silent(None).reason(), Reason::RecentGiver);
    let (appeal, variant, surface, kind) = (AppealIndex(0), 0, Surface::Banner, Kind::Ask);
    let shown = Verdict::Show { appeal, variant, surface, kind, closable: true };
    let held_out = Verdict::HeldOut { appeal, variant, surface, kind };
    assert_eq!([shown, held_out].map(|verdict| verdict.next_eligible_at_ms()), [None; 2]);
    assert_eq!([shown, held_out].map(|verdict| verdict.reason()), [Reason::Matched, Reason::Holdout]);
}

#[test]
fn errors_name_the_site_or_appeal_that_they_belong_to() {
    let unknown = UnknownSite { site: "nowhere".to_owned() };
    assert_eq!(unknown.to_string(), "no site is called \"nowhere\"");
    let problem = |appeal: Option<&str>, site: Option<&str>| Problem {
        appeal: appeal.map(str::to_owned),
        site: site.map(str::to_owned),
        field_path: "id".to_owned(),
        sentence: "no.".to_owned(),
    };
    assert_eq!(problem(Some("summer"), None).to_string(), "appeal \"summer\", id: no.");
    assert_eq!(problem(None, Some("journal")).to_string(), "site \"journal\", id: no.");
}

#[test]
fn the_problem_of_a_floor_that_is_too_high_shows_the_maximum() {
    let mut appeal = AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner);
    appeal.variants = ["a", "b", "c"].map(VariantRules::new).to_vec();
    (appeal.assignment, appeal.floor_percent) = (Assignment::Learned, Percent::new(40.0));
    let (_, problems) = compile(&[SiteRules::new("journal")], &[appeal]);
    let sentences: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        sentences,
        ["appeal \"summer\", floor_percent: with 3 variants, the floor can be at most 33.3 %."]
    );
}

#[test]
fn a_text_is_equal_whether_borrowed_or_owned() {
    let owned = Text::from("summer".to_owned());
    assert_eq!((&*owned, owned.to_string().as_str()), ("summer", "summer"));
    assert_eq!(owned, Text::from("summer"));
    assert_eq!(Text::deserialize(json!("summer")).unwrap(), owned);
    let error = Text::deserialize(json!(1)).unwrap_err().to_string();
    assert!(error.contains("expected a text"), "{error}");
}
