//! A rule that is added to an appeal never shows the appeal to readers who did not see it before.

use jiff::Timestamp;
use keepopen_decision::{
    AppealRules, Articles, Blackout, Consent, Device, Frequency, Hours, Kind, Live, Meter, Moment, Percent,
    ReaderKind, Step, Trend, UnknownCountry, Value, WithoutHistory, compile,
};
use proptest::prelude::*;

use super::generate::{appeals, known, question, site, time};
use super::{ask, rules, runs, shows};

type Narrow = fn(&mut AppealRules, Timestamp);

/// Ways to make an appeal stricter, at least one for each rule that an appeal can set.
const NARROWINGS: &[(&str, Narrow)] = &[
    ("paused", |appeal, _| appeal.live = Live::Paused),
    ("one surface fewer", |appeal, _| {
        if appeal.surface.len() > 1 {
            appeal.surface.pop();
        }
    }),
    ("one standing fewer", |appeal, _| {
        if let Some(named) = &mut appeal.audience.standings
            && named.len() > 1
        {
            named.pop();
        }
    }),
    ("a first minute", |appeal, at| {
        if appeal.schedule.starts_at.is_none() {
            appeal.schedule.starts_at = Some(Moment::Exact(at));
        }
    }),
    ("a last minute", |appeal, at| {
        if appeal.schedule.ends_at.is_none() {
            appeal.schedule.ends_at = Some(Moment::Exact(at));
        }
    }),
    ("some hours", |appeal, _| {
        if appeal.schedule.hours.is_empty() {
            appeal.schedule.hours.push(Hours { from: Some("08:00".to_owned()), ..Hours::default() });
        }
    }),
    ("a blackout", |appeal, _| {
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
        // A page needs only one of the included sections and tags. Including another one would admit more pages.
        if appeal.pages.sections.include.is_empty() && appeal.pages.tags.include.is_empty() {
            appeal.pages.tags.include.push("china".to_owned());
        }
    }),
    ("not a tag", |appeal, _| appeal.pages.tags.exclude.push("trade".to_owned())),
    ("not a section", |appeal, _| appeal.pages.sections.exclude.push("sport".to_owned())),
    ("no unknown country", |appeal, _| {
        appeal.audience.countries.unknown =
            appeal.audience.countries.unknown.and(Some(UnknownCountry::Exclude));
    }),
    ("an election night", |appeal, at| {
        let ends_at = Some(Moment::Exact(at));
        appeal.schedule.blackouts.push(Blackout { ends_at, ..Blackout::default() });
    }),
    ("a country", |appeal, _| {
        if appeal.audience.countries.include.is_empty() && appeal.audience.regions.include.is_empty() {
            appeal.audience.countries.include.push("IE".to_owned());
        }
    }),
    ("half of the readers", |appeal, _| {
        if let Some(half) = Percent::new(f64::from(appeal.share_percent.per_million()) / 20_000.0) {
            appeal.share_percent = half;
        }
    }),
    ("a holdout", |appeal, _| {
        appeal.holdout_percent =
            appeal.holdout_percent.max(Percent::new(50.0).expect("the percentage must be valid"));
    }),
    ("a value", |appeal, _| {
        appeal.variants.iter_mut().for_each(|variant| variant.needs.push(Value::Country))
    }),
    ("a soft meter", |appeal, _| match &mut appeal.meter {
        Some(meter) => meter.free_articles += 2,
        absent => {
            *absent = Some(Meter { free_articles: 2, window_days: 30, hard: false, entitlement: None });
        }
    }),
    ("a narrower meter", |appeal, _| {
        if let Some(meter) = &mut appeal.meter {
            meter.window_days = (meter.window_days / 2).max(1);
        }
    }),
    ("a sequence", |appeal, _| {
        if appeal.sequence.is_empty() {
            appeal.sequence.push(Step { variant: appeal.variants[0].id.clone(), views: Some(1) });
        }
    }),
    ("a region", |appeal, _| {
        if appeal.audience.countries.include.is_empty() && appeal.audience.regions.include.is_empty() {
            appeal.audience.regions.include.push("IE-L".to_owned());
        }
    }),
    ("not a region", |appeal, _| appeal.audience.regions.exclude.push("FR-75C".to_owned())),
    ("a language", |appeal, _| {
        if appeal.audience.languages.include.is_empty() {
            appeal.audience.languages.include.push("en".to_owned());
        }
    }),
    ("not a language", |appeal, _| appeal.audience.languages.exclude.push("fr".to_owned())),
    ("a trait", |appeal, _| {
        if appeal.audience.traits.include.is_empty() {
            appeal.audience.traits.include.push("staff".to_owned());
        }
    }),
    ("not a trait", |appeal, _| appeal.audience.traits.exclude.push("print_subscriber".to_owned())),
    ("a device", |appeal, _| {
        if appeal.audience.devices.is_empty() {
            appeal.audience.devices.push(Device::Mobile);
        }
    }),
    ("signed in", |appeal, _| {
        appeal.audience.signed_in = appeal.audience.signed_in.or(Some(true));
    }),
    ("not signed in", |appeal, _| {
        appeal.audience.signed_in = appeal.audience.signed_in.or(Some(false));
    }),
    ("consent", |appeal, _| appeal.audience.consent = Consent::Required),
    ("an entitlement", |appeal, _| {
        if appeal.audience.entitlements.include.is_empty() {
            appeal.audience.entitlements.include.push("archive".to_owned());
        }
    }),
    ("not an entitlement", |appeal, _| appeal.audience.entitlements.exclude.push("puzzles".to_owned())),
    ("new readers", |appeal, _| {
        appeal.audience.reader = appeal.audience.reader.or(Some(ReaderKind::New));
    }),
    ("returning readers", |appeal, _| {
        appeal.audience.reader = appeal.audience.reader.or(Some(ReaderKind::Returning));
    }),
    ("a number of articles", |appeal, _| match &mut appeal.audience.articles {
        Some(articles) => articles.min += 2,
        absent => *absent = Some(Articles { weeks: 4, min: 2, max: Some(9), tags: Vec::new() }),
    }),
    ("a trend", |appeal, _| appeal.audience.trend = appeal.audience.trend.or(Some(Trend::Rising))),
    ("not on paid pages", |appeal, _| appeal.pages.on_paid_pages = false),
    ("a path", |appeal, _| {
        if appeal.pages.urls.include.is_empty() {
            appeal.pages.urls.include.push("/sport/*".to_owned());
        }
    }),
    ("not a path", |appeal, _| appeal.pages.urls.exclude.push("*/live".to_owned())),
    ("not a country", |appeal, _| appeal.audience.countries.exclude.push("GB".to_owned())),
    ("silent without a history", |appeal, _| appeal.without_history = WithoutHistory::Silent),
    ("a cap", |appeal, _| {
        let old = appeal.frequency.clone().unwrap_or_default();
        let (default_views, default_days) = if appeal.kind == Kind::Upsell { (1, 90) } else { (4, 30) };
        let value_or_loosest = |absent: u32, value: Option<u32>, default: u32| {
            if old.unlimited { absent } else { value.unwrap_or(default) }
        };
        appeal.frequency = Some(Frequency {
            max_views: Some(value_or_loosest(4, old.max_views, default_views).min(2)),
            window_days: Some(value_or_loosest(1, old.window_days, default_days) + 5),
            min_gap_days: Some(value_or_loosest(0, old.min_gap_days, 0) + 1),
            min_gap_hours: Some(value_or_loosest(0, old.min_gap_hours, 0) + 30),
            max_per_day: Some(1),
            unlimited: false,
        });
    }),
    ("longer pauses after dismissals", |appeal, _| {
        appeal.dismissal.close_days += 5;
        appeal.dismissal.never_days = None;
    }),
];

proptest! {
    #![proptest_config(runs(800))]

    #[test]
    fn adding_a_rule_never_widens_the_audience(
        appeals in appeals(1..2),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
        bound in time(),
    ) {
        // An appeal with a problem never shows. A stricter copy without the problem could show, so such appeals are
        // not tested here.
        if !compile(std::slice::from_ref(&site), &appeals).1.is_empty() {
            return Ok(());
        }
        let now_ms = now.as_millisecond();
        if shows(ask(&rules(&site, &appeals), &question, &known, now_ms)) {
            return Ok(());
        }
        for (name, narrow) in NARROWINGS {
            let mut stricter = appeals.clone();
            narrow(&mut stricter[0], bound);
            prop_assert!(!shows(ask(&rules(&site, &stricter), &question, &known, now_ms)), "the change {:?} showed the appeal to a reader who did not see it before", name);
        }
    }
}
