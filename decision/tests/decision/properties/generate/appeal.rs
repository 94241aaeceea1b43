//! Generates appeals. Some of them have problems.

use std::collections::BTreeMap;

use keepopen_decision::{
    AppealRules, Articles, Assignment, Audience, Consent, Countries, Device, Dismissal, Frequency, Kind,
    Live, MAX_METER_DAYS, Meter, Moment, NeverCovers, Pages, Percent, ReaderKind, Redeploy, Schedule,
    Selection, Standing, Step, Trend, UnknownCountry, Value, VariantRules, Weekday, WithoutHistory, Zone,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

fn selection(all: &'static [&'static str]) -> impl Strategy<Value = Selection> {
    (names(all), names(all)).prop_map(|(include, exclude)| Selection { include, exclude })
}

fn countries() -> impl Strategy<Value = Countries> {
    let unknown = prop_oneof![3 => Just(None), 1 => Just(Some(UnknownCountry::Include))];
    (selection(COUNTRIES), unknown).prop_map(|(Selection { include, exclude }, unknown)| Countries {
        // Setting `unknown` without naming a country is a problem.
        unknown: unknown.filter(|_| !include.is_empty() || !exclude.is_empty()),
        include,
        exclude,
    })
}

pub fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![8 => Just(Kind::Ask), 3 => select(&Kind::ALL)]
}

fn audience() -> BoxedStrategy<Audience> {
    let standings = prop_oneof![
        9 => Just(None),
        1 => subsequence(&Standing::ALL, 1..=3).prop_map(Some),
    ];
    let rarely = 0.15;
    (
        (
            standings,
            countries(),
            selection(REGIONS),
            selection(LANGUAGES),
            selection(ENTITLEMENTS),
            selection(TRAITS),
        ),
        prop_oneof![5 => Just(Vec::new()), 1 => subsequence(&Device::ALL, 1..3)],
        option::weighted(rarely, any::<bool>()),
        prop_oneof![5 => Just(Consent::Any), 1 => Just(Consent::Required)],
        option::weighted(rarely, select(&[ReaderKind::New, ReaderKind::Returning])),
        option::weighted(0.3, articles()),
        option::weighted(rarely, select(&[Trend::Rising, Trend::Falling, Trend::Steady])),
    )
        .prop_map(|(selections, devices, signed_in, consent, reader, articles, trend)| {
            let (standings, countries, regions, languages, entitlements, traits) = selections;
            Audience {
                standings,
                countries,
                regions,
                languages,
                devices,
                signed_in,
                consent,
                entitlements,
                traits,
                reader,
                articles,
                trend,
            }
        })
        .boxed()
}

fn articles() -> BoxedStrategy<Articles> {
    let tags = prop_oneof![2 => Just(Vec::new()), 1 => Just(vec!["china".to_owned(), "TRADE".to_owned()])];
    (0..6_u32, 0..6_u32, option::of(3..12_u32), tags)
        .prop_map(|(weeks, min, max, tags)| Articles { weeks, min, max, tags })
        .boxed()
}

fn pages() -> BoxedStrategy<Pages> {
    let skip_first = prop_oneof![7 => Just(0), 1 => 1..4_u32];
    let selections = (selection(SECTIONS), selection(TAGS), selection(KINDS), selection(URLS));
    (selections, any::<bool>(), any::<bool>(), skip_first)
        .prop_map(|((sections, tags, kinds, urls), on_paid_pages, on_sensitive_pages, skip_first)| Pages {
            sections,
            tags,
            kinds,
            urls,
            on_paid_pages,
            on_sensitive_pages,
            skip_first,
        })
        .boxed()
}

fn frequency() -> BoxedStrategy<Option<Frequency>> {
    let capped = (1..5_u32, 1..20_u32, 0..6_u32, option::of(0..50_u32), option::of(1..3_u32)).prop_map(
        |(max_views, window_days, min_gap_days, min_gap_hours, max_per_day)| Frequency {
            max_views: Some(max_views),
            window_days: Some(window_days),
            min_gap_days: Some(min_gap_days),
            min_gap_hours,
            max_per_day,
            unlimited: false,
        },
    );
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Frequency { unlimited: true, ..Frequency::default() })),
        4 => capped.prop_map(Some),
    ]
    .boxed()
}

fn dismissal() -> BoxedStrategy<Dismissal> {
    let covers = prop_oneof![3 => Just(NeverCovers::Appeal), 1 => Just(NeverCovers::Kind)];
    (0..30_u32, 0..30_u32, 0..30_u32, option::of(0..30_u32), covers)
        .prop_map(|(close_days, later_days, already_gave_days, never_days, never_covers)| Dismissal {
            close_days,
            later_days,
            already_gave_days,
            never_days,
            never_covers,
        })
        .boxed()
}

fn moment() -> impl Strategy<Value = Moment> {
    let local = |at| jiff::tz::TimeZone::UTC.to_datetime(at);
    time().prop_flat_map(move |at| {
        select(vec![Moment::Exact(at), Moment::Local(local(at)), Moment::Day(local(at).date())])
    })
}

fn schedule() -> BoxedStrategy<Schedule> {
    (
        option::weighted(0.2, moment()),
        option::weighted(0.2, moment()),
        select(&[Zone::Site, Zone::Utc]),
        prop_oneof![2 => Just(Vec::new()), 1 => vec(hours(), 1..3)],
        prop_oneof![3 => Just(Vec::new()), 1 => vec(blackout(), 1..3)],
    )
        .prop_map(|(starts_at, ends_at, time_zone, hours, blackouts)| Schedule {
            starts_at,
            ends_at,
            time_zone,
            hours,
            blackouts,
        })
        .boxed()
}

fn redeploys() -> BoxedStrategy<Vec<Redeploy>> {
    let days = subsequence(&Weekday::ALL, 1..3);
    let when = prop_oneof![
        2 => moment().prop_map(|at| (Some(at), Vec::new(), None)),
        1 => (days, time_of_day()).prop_map(|(days, time)| (None, days, time)),
    ];
    let one = (when, countries(), selection(REGIONS));
    let one = one.prop_map(|((at, days, time), countries, regions)| Redeploy {
        at,
        days,
        time,
        countries,
        regions,
    });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(one, 1..3)].boxed()
}

prop_compose! {
    fn appeal()(
        kind in kind(),
        surface in surfaces(),
        priority in -1..2_i32,
        live in prop_oneof![9 => Just(Live::Live), 1 => Just(Live::Paused)],
        schedule in schedule(),
        audience in audience(),
        pages in pages(),
        frequency in frequency(),
        dismissal in dismissal(),
        redeploys in redeploys(),
        without_history in select(&[WithoutHistory::Silent, WithoutHistory::Ask]),
        weight in 1..4_u32,
        shares in (share(), prop_oneof![3 => Just(Percent::default()), 1 => share()]),
        meter in option::weighted(0.15, meter()),
        steps in prop_oneof![4 => Just(Vec::new()), 1 => vec((0..3_usize, 1..3_u32), 1..3)],
        assignment in select(&[Assignment::Fixed, Assignment::Kept]),
        needs in subsequence(&Value::ALL, 0..=1),
        (campaign, renamed) in (option::weighted(0.3, Just("spring".to_owned())), prop::bool::weighted(0.15)),
        weights in vec((prop_oneof![1 => Just(0), 6 => 1..4_u32], weights_by_country()), 1..4),
    ) -> AppealRules {
        let needs = if weight == 1 { needs } else { Vec::new() };
        let variants = weights.iter().enumerate().map(|(place, (weight, by_country))| VariantRules {
            weight: *weight,
            // Weights by country in combination with a sequence are a problem.
            weights_by_country: if steps.is_empty() { by_country.clone() } else { BTreeMap::new() },
            needs: needs.clone(),
            ..VariantRules::new(format!("v{place}"))
        });
        let (share_percent, holdout_percent) = shares;
        let sequence = steps.iter().map(|(variant, views)| Step {
            variant: format!("v{}", variant % weights.len()),
            views: Some(*views),
        });
        let dismissal = Dismissal {
            never_covers: if campaign.is_some() { NeverCovers::Campaign } else { dismissal.never_covers },
            ..dismissal
        };
        AppealRules {
            former_ids: if renamed { vec!["gone".to_owned()] } else { Vec::new() }, campaign,
            id: String::new(), sites: vec!["journal".to_owned()], variants: variants.collect(),
            sequence: sequence.collect(),
            kind, surface, priority, live, schedule, audience, pages, frequency, dismissal, redeploys,
            without_history, weight, share_percent, holdout_percent, meter, assignment, floor_percent: None,
            available_values: Vec::new(),
        }
    }
}

/// Generates weights for the countries that readers come from, and for their country group.
fn weights_by_country() -> BoxedStrategy<BTreeMap<String, u32>> {
    let names = subsequence(&["IE", "gb", "FR", "islands"], 1..=3);
    let some = names.prop_flat_map(|names| {
        let weights = vec(0..4_u32, names.len());
        weights.prop_map(move |weights| names.iter().map(|name| (*name).to_owned()).zip(weights).collect())
    });
    prop_oneof![2 => Just(BTreeMap::new()), 1 => some].boxed()
}

fn share() -> impl Strategy<Value = Percent> {
    select(&[100.0, 100.0, 60.0, 25.0, 12.5])
        .prop_map(|percent| Percent::new(percent).expect("the percentage must be valid"))
}

fn meter() -> BoxedStrategy<Meter> {
    let window_days = prop_oneof![1 => Just(30), 2 => 1..=MAX_METER_DAYS];
    (0..6_u32, window_days, any::<bool>(), option::of(Just("archive".to_owned())))
        .prop_map(|(free_articles, window_days, hard, entitlement)| Meter {
            free_articles,
            window_days,
            hard,
            entitlement,
        })
        .boxed()
}

/// Removes the groups of rules whose bit in `kept_groups` is not set, so that many appeals have only one or two groups.
/// With all groups, no appeal would ever show.
fn keep_rule_groups(mut appeal: AppealRules, kept_groups: u16) -> AppealRules {
    let default_appeal = AppealRules::new("", "journal", appeal.kind, Surface::Banner);
    let is_kept = |bit: u16| kept_groups & (1 << bit) != 0;
    if !is_kept(0) {
        appeal.schedule = default_appeal.schedule;
    }
    if !is_kept(1) {
        appeal.pages = default_appeal.pages;
    }
    if !is_kept(2) {
        appeal.audience = Audience { standings: appeal.audience.standings, ..Audience::default() };
    }
    if !is_kept(3) {
        appeal.frequency = default_appeal.frequency;
    }
    if !is_kept(4) {
        appeal.sequence = default_appeal.sequence;
    }
    if !is_kept(5) {
        appeal.meter = default_appeal.meter;
    }
    if !is_kept(6) {
        appeal.redeploys = default_appeal.redeploys;
    }
    if !is_kept(7) {
        appeal.variants.iter_mut().for_each(|variant| variant.needs.clear());
    }
    appeal
}

/// Generates appeals `a0`, `a1`, … of one site. Some of them have problems.
pub fn appeals(number: std::ops::Range<usize>) -> impl Strategy<Value = Vec<AppealRules>> {
    let one = (appeal(), any::<u16>(), any::<u16>())
        .prop_map(|(appeal, one, other)| keep_rule_groups(appeal, one & other));
    vec(one.boxed(), number).prop_map(|mut appeals| {
        for (place, appeal) in appeals.iter_mut().enumerate() {
            appeal.id = format!("a{place}");
        }
        appeals
    })
}
