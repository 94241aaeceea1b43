//! Adding a rule to an appeal never shows it to anybody who did not see it before.

use jiff::Timestamp;
use keepopen_decision::{AppealRules, Blackout, Frequency, Hours, Live, Moment, WithoutHistory, compile};
use proptest::prelude::*;

use crate::generate::{appeals, known, question, site, time};
use crate::{ask, rules, shows};

type Narrow = fn(&mut AppealRules, Timestamp);

/// One way for each rule to make an appeal stricter.
const WAYS: &[(&str, Narrow)] = &[
    ("paused", |appeal, _| appeal.live = Live::Paused),
    ("one surface less", |appeal, _| {
        if appeal.surface.len() > 1 {
            appeal.surface.pop();
        }
    }),
    ("one standing less", |appeal, _| {
        if let Some(named) = &mut appeal.audience.standings
            && named.len() > 1
        {
            named.pop();
        }
    }),
    ("a first minute", |appeal, at| {
        if appeal.schedule.starts_at.is_none() {
            appeal.schedule.starts_at = Some(Moment::Instant(at));
        }
    }),
    ("a last minute", |appeal, at| {
        if appeal.schedule.ends_at.is_none() {
            appeal.schedule.ends_at = Some(Moment::Instant(at));
        }
    }),
    ("some hours", |appeal, _| {
        if appeal.schedule.hours.is_empty() {
            appeal.schedule.hours.push(Hours { from: Some("08:00".to_owned()), ..Hours::default() });
        }
    }),
    ("a time of silence", |appeal, _| {
        let evenings = Blackout { from: Some("18:00".to_owned()), ..Blackout::default() };
        appeal.schedule.blackouts.push(evenings);
    }),
    ("no redeploy", |appeal, _| appeal.redeploys.clear()),
    ("not on first pages", |appeal, _| appeal.pages.skip_first += 1),
    ("not on sensitive pages", |appeal, _| appeal.pages.on_sensitive_pages = false),
    ("a kind of page", |appeal, _| {
        if appeal.pages.kinds.include.is_empty() {
            appeal.pages.kinds.include.push("article".to_owned());
        }
    }),
    ("not a kind of page", |appeal, _| appeal.pages.kinds.exclude.push("front".to_owned())),
    ("a tag", |appeal, _| {
        // One of sections and tags is enough, so that only the first of them makes an appeal stricter.
        if appeal.pages.sections.include.is_empty() && appeal.pages.tags.include.is_empty() {
            appeal.pages.tags.include.push("china".to_owned());
        }
    }),
    ("not a tag", |appeal, _| appeal.pages.tags.exclude.push("trade".to_owned())),
    ("not a section", |appeal, _| appeal.pages.sections.exclude.push("sport".to_owned())),
    ("a country", |appeal, _| {
        if appeal.audience.countries.include.is_empty() {
            appeal.audience.countries.include.push("IE".to_owned());
        }
    }),
    ("not a country", |appeal, _| appeal.audience.countries.exclude.push("GB".to_owned())),
    ("silent without a history", |appeal, _| appeal.without_history = WithoutHistory::Silent),
    ("a cap", |appeal, _| {
        let old = appeal.frequency.clone().unwrap_or_default();
        let loosest = |none: u32, value: Option<u32>, default: u32| {
            if old.unlimited { none } else { value.unwrap_or(default) }
        };
        appeal.frequency = Some(Frequency {
            max_views: Some(loosest(4, old.max_views, 4).min(2)),
            window_days: Some(loosest(1, old.window_days, 30) + 5),
            min_gap_days: Some(loosest(0, old.min_gap_days, 0) + 1),
            min_gap_hours: Some(loosest(0, old.min_gap_hours, 0) + 30),
            max_per_day: Some(1),
            unlimited: false,
        });
    }),
    ("more peace", |appeal, _| {
        appeal.dismissal.close_days += 5;
        appeal.dismissal.never_days = None;
    }),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn adding_a_rule_never_widens(
        appeals in appeals(1..2),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
        bound in time(),
    ) {
        // An appeal with a problem shows to nobody, and a change may mend it: that is not what this is about.
        if !compile(std::slice::from_ref(&site), &appeals).1.is_empty() {
            return Ok(());
        }
        let now_ms = now.as_millisecond();
        if shows(ask(&rules(&site, &appeals), &question, &known, now_ms)) {
            return Ok(());
        }
        for (name, narrow) in WAYS {
            let mut stricter = appeals.clone();
            narrow(&mut stricter[0], bound);
            prop_assert!(!shows(ask(&rules(&site, &stricter), &question, &known, now_ms)), "{} widened", name);
        }
    }
}
