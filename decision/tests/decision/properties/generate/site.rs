//! Generates the site.

use keepopen_decision::{
    Blackout, CoolDown, Exclusion, Percent, SiteFrequency, SiteRules, Surface, Upsell, Value,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

fn cool_down() -> BoxedStrategy<CoolDown> {
    let minutes = || prop_oneof![2 => Just(0), 1 => 1..5000_u32];
    (minutes(), minutes())
        .prop_map(|(after_view_minutes, after_dismissal_minutes)| CoolDown {
            after_view_minutes,
            after_dismissal_minutes,
        })
        .boxed()
}

fn site_frequency() -> BoxedStrategy<SiteFrequency> {
    let few = || option::weighted(0.3, 1..6_u32);
    (few(), few(), few(), few(), few())
        .prop_map(|(max_views, window_days, min_gap_days, min_gap_hours, max_per_day)| SiteFrequency {
            max_views,
            window_days,
            min_gap_days,
            min_gap_hours,
            max_per_day,
        })
        .boxed()
}

fn exclusion() -> BoxedStrategy<Exclusion> {
    (names(SECTIONS), names(TAGS), names(KINDS), names(URLS), blackout())
        .prop_map(|(sections, tags, kinds, urls, Blackout { first_date, last_date, .. })| Exclusion {
            sections,
            tags,
            kinds,
            urls,
            first_date,
            last_date,
        })
        .boxed()
}

prop_compose! {
    /// Generates the site `journal`, in one of three time zones. Clocks change by an hour in Dublin, and by half an
    /// hour on Lord Howe Island.
    pub fn site()(
        time_zone in select(&["UTC", "Europe/Dublin", "Australia/Lord_Howe"]),
        frequency in prop_oneof![2 => Just(SiteFrequency::default()), 1 => site_frequency()],
        cool_down in cool_down(),
        blackouts in prop_oneof![3 => Just(Vec::new()), 1 => vec(blackout(), 1..3)],
        silenced_surfaces in prop_oneof![5 => Just(Vec::new()), 1 => subsequence(&Surface::ALL, 1..2)],
        holdout_percent in select(&[0.0, 0.0, 10.0]).prop_map(|percent| Percent::new(percent).expect("the percentage must be valid")),
        exclusions in prop_oneof![3 => Just(Vec::new()), 1 => vec(exclusion(), 1..3)],
    ) -> SiteRules {
        let islands = ("islands".to_owned(), vec!["IE".to_owned(), "GB".to_owned()]);
        SiteRules {
            time_zone: time_zone.to_owned(),
            frequency,
            cool_down,
            blackouts,
            exclusions,
            silenced_surfaces,
            holdout_percent,
            upsell: Upsell { enabled: true, ..Upsell::default() },
            traits: TRAITS.iter().map(|name| (*name).to_owned()).collect(),
            values: vec![Value::TickerTotal],
            country_groups: [islands].into(),
            ..SiteRules::new("journal")
        }
    }
}
