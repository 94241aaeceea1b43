//! Appeals; some of them have problems.

use keepopen_decision::{
    AppealRules, Articles, Audience, Consent, Device, Dismissal, Frequency, Kind, Live, Moment, Pages,
    ReaderKind, Redeploy, Schedule, Selection, Standing, Trend, VariantRules, WithoutHistory, Zone,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

fn selection(all: &'static [&'static str]) -> impl Strategy<Value = Selection> {
    (names(all), names(all)).prop_map(|(include, exclude)| Selection { include, exclude })
}

pub fn kind() -> impl Strategy<Value = Kind> {
    select(&[Kind::Ask, Kind::Ask, Kind::Thank, Kind::FixCard, Kind::WinBack])
}

fn audience() -> impl Strategy<Value = Audience> {
    let standings = prop_oneof![
        9 => Just(None),
        1 => subsequence(&Standing::ALL, 1..=3).prop_map(Some),
    ];
    let rarely = 0.15;
    (
        (standings, selection(COUNTRIES), selection(REGIONS), selection(LANGUAGES), selection(ENTITLEMENTS)),
        prop_oneof![5 => Just(Vec::new()), 1 => subsequence(&Device::ALL, 1..3)],
        option::weighted(rarely, any::<bool>()),
        prop_oneof![5 => Just(Consent::Any), 1 => Just(Consent::Required)],
        option::weighted(rarely, select(&[ReaderKind::New, ReaderKind::Returning])),
        option::weighted(0.3, articles()),
        option::weighted(rarely, select(&[Trend::Rising, Trend::Falling, Trend::Steady])),
    )
        .prop_map(|(selections, devices, signed_in, consent, reader, articles, trend)| {
            let (standings, countries, regions, languages, entitlements) = selections;
            Audience {
                standings,
                countries,
                regions,
                languages,
                devices,
                signed_in,
                consent,
                entitlements,
                reader,
                articles,
                trend,
            }
        })
}

fn articles() -> impl Strategy<Value = Articles> {
    let tags = prop_oneof![2 => Just(Vec::new()), 1 => Just(vec!["china".to_owned(), "TRADE".to_owned()])];
    (0..6_u32, 0..6_u32, option::of(3..12_u32), tags).prop_map(|(weeks, min, max, tags)| Articles {
        weeks,
        min,
        max,
        tags,
    })
}

fn pages() -> impl Strategy<Value = Pages> {
    let skip_first = prop_oneof![7 => Just(0), 1 => 1..4_u32];
    let selections = (selection(SECTIONS), selection(TAGS), selection(KINDS), selection(URLS));
    (selections, any::<bool>(), any::<bool>(), skip_first).prop_map(
        |((sections, tags, kinds, urls), on_paid_pages, on_sensitive_pages, skip_first)| Pages {
            sections,
            tags,
            kinds,
            urls,
            on_paid_pages,
            on_sensitive_pages,
            skip_first,
        },
    )
}

fn frequency() -> impl Strategy<Value = Option<Frequency>> {
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
}

fn dismissal() -> impl Strategy<Value = Dismissal> {
    (0..30_u32, 0..30_u32, 0..30_u32, option::of(0..30_u32)).prop_map(
        |(close_days, later_days, already_gave_days, never_days)| Dismissal {
            close_days,
            later_days,
            already_gave_days,
            never_days,
        },
    )
}

fn moment() -> impl Strategy<Value = Moment> {
    let wall = |at| jiff::tz::TimeZone::UTC.to_datetime(at);
    time().prop_flat_map(move |at| {
        select(vec![Moment::Instant(at), Moment::Local(wall(at)), Moment::Day(wall(at).date())])
    })
}

fn schedule() -> impl Strategy<Value = Schedule> {
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
}

fn redeploys() -> impl Strategy<Value = Vec<Redeploy>> {
    let one = (moment(), selection(COUNTRIES), selection(REGIONS));
    let one = one.prop_map(|(at, countries, regions)| Redeploy { at, countries, regions });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(one, 1..3)]
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
        weights in vec(prop_oneof![1 => Just(0), 6 => 1..4_u32], 1..4),
    ) -> AppealRules {
        let variants = weights.iter().enumerate().map(|(place, weight)| VariantRules {
            id: format!("v{place}"),
            weight: *weight,
        });
        AppealRules {
            id: String::new(), sites: vec!["journal".to_owned()], variants: variants.collect(),
            kind, surface, priority, live, schedule, audience, pages, frequency, dismissal, redeploys,
            without_history,
        }
    }
}

/// Appeals `a0`, `a1`, … of one site; some of them have problems.
pub fn appeals(number: std::ops::Range<usize>) -> impl Strategy<Value = Vec<AppealRules>> {
    vec(appeal(), number).prop_map(|mut appeals| {
        for (place, appeal) in appeals.iter_mut().enumerate() {
            appeal.id = format!("a{place}");
        }
        appeals
    })
}
