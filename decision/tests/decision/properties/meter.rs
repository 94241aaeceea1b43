//! The number of articles that a meter (the rule for free articles) counts.

use keepopen_decision::{
    AppealRules, ArticleDay, Frequency, History, Kind, Known, MAX_METER_DAYS, Meter, Question, Rule,
    SiteRules, Surface, compile, explain,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::generate::{NOON_MS, day, time};
use super::{ask, runs, shows};

const DAY_MS: i64 = 86_400_000;

fn site(time_zone: &str) -> SiteRules {
    SiteRules { time_zone: time_zone.to_owned(), ..SiteRules::new("journal") }
}

fn metered_appeal(free_articles: u32, window_days: u32) -> AppealRules {
    let mut appeal = AppealRules::new("wall", "journal", Kind::Ask, Surface::Wall);
    appeal.frequency = Some(Frequency { unlimited: true, ..Frequency::default() });
    appeal.meter = Some(Meter { free_articles, window_days, hard: false, entitlement: None });
    appeal
}

fn question(days: &[ArticleDay]) -> Question<'static> {
    let history = History { article_days: Some(days.to_vec()), ..History::default() };
    Question { history: Some(history), ..Question::from_site("journal") }
}

/// Returns the number of used free articles that the explanation states. Asserts that the verdict agrees: the appeal
/// shows if that many articles are free, and does not show if one more is free.
fn used_articles(time_zone: &str, window_days: u32, question: &Question<'_>, now_ms: i64) -> u32 {
    let rules = |free_articles| compile(&[site(time_zone)], &[metered_appeal(free_articles, window_days)]).0;
    let explanation =
        explain(&rules(0), question, &Known::without_token(), now_ms, 0).expect("the site must exist");
    let rule = explanation.appeals[0]
        .rules
        .iter()
        .find(|explanation| explanation.rule == Rule::Meter)
        .expect("the rule must be explained");
    let used = rule
        .seen
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("the evidence must start with a number");
    let shows_with =
        |free_articles: u32| shows(ask(&rules(free_articles), question, &Known::without_token(), now_ms));
    assert!(shows_with(used), "the appeal must show: {}", rule.seen);
    assert!(!shows_with(used + 1), "an article must still be free: {}", rule.seen);
    used
}

const ZONES: &[&str] = &["UTC", "Europe/Dublin", "Pacific/Auckland", "America/Los_Angeles"];

proptest! {
    #![proptest_config(runs(500))]

    #[test]
    fn a_wider_window_never_counts_fewer_articles(
        days in vec(day(), 0..20),
        zone in select(ZONES),
        one in 1..=MAX_METER_DAYS,
        other in 1..=MAX_METER_DAYS,
        now in time(),
    ) {
        let (question, now_ms) = (question(&days), now.as_millisecond());
        let (narrow, wide) = (one.min(other), one.max(other));
        let in_narrow = used_articles(zone, narrow, &question, now_ms);
        let in_wide = used_articles(zone, wide, &question, now_ms);
        prop_assert!(in_narrow <= in_wide, "{} articles in {} days, but {} in {}", in_narrow, narrow, in_wide, wide);
    }

    #[test]
    fn without_new_articles_the_number_never_rises(
        days in vec(day(), 0..20),
        zone in select(ZONES),
        window in 1..=MAX_METER_DAYS,
        now in time(),
        later_ms in 0..200 * DAY_MS,
    ) {
        let (question, now_ms) = (question(&days), now.as_millisecond());
        let later = used_articles(zone, window, &question, now_ms + later_ms);
        prop_assert!(later <= used_articles(zone, window, &question, now_ms));
    }

    #[test]
    fn only_articles_in_the_window_count(
        days_ago in 0..120_i64,
        count in 1..9_u32,
        window in 1..=MAX_METER_DAYS,
    ) {
        let read = jiff::Timestamp::from_millisecond(NOON_MS - days_ago * DAY_MS).expect("the time of an article must be valid");
        let day = jiff::tz::TimeZone::UTC.to_datetime(read).date();
        let used = used_articles("UTC", window, &question(&[ArticleDay { day, count }]), NOON_MS);
        prop_assert_eq!(used, if days_ago < i64::from(window) { count } else { 0 });
    }
}
