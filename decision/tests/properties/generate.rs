//! Appeals and questions from a small world, so that rules meet readers often.

use jiff::Timestamp;
use keepopen_decision::{
    AppealRules, Audience, Blackout, CoolDown, Dismissal, DismissalKind, Dismissed, Frequency, History,
    Hours, Kind, Known, Live, Moment, Page, Pages, Question, Reader, Redeploy, Schedule, Selection,
    SiteFrequency, SiteRules, Standing, Surface, VariantRules, View, Weekday, WithoutHistory, Zone,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub const HOUR_MS: i64 = 3_600_000;
pub const NOON_MS: i64 = 1_781_524_800_000;

/// Within fifty days of noon, to the millisecond but often on a whole hour.
pub fn time() -> impl Strategy<Value = Timestamp> {
    (-1200_i64..1200, prop_oneof![4 => Just(0), 1 => 0..HOUR_MS]).prop_map(|(hours, rest_ms)| {
        Timestamp::from_millisecond(NOON_MS + hours * HOUR_MS + rest_ms).expect("a time near noon exists")
    })
}

fn names(all: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let some = subsequence(all, 0..=2).prop_map(|names| names.into_iter().map(str::to_owned).collect());
    prop_oneof![7 => Just(Vec::new()), 1 => some]
}

fn selection(all: &'static [&'static str]) -> impl Strategy<Value = Selection> {
    (names(all), names(all)).prop_map(|(include, exclude)| Selection { include, exclude })
}

const SECTIONS: &[&str] = &["politics", "sport", "Économie"];
const TAGS: &[&str] = &["china", "trade", "football", "sport"];
const KINDS: &[&str] = &["article", "front", "gallery"];
const COUNTRIES: &[&str] = &["IE", "GB", "FR"];

pub fn kind() -> impl Strategy<Value = Kind> {
    select(&[Kind::Ask, Kind::Ask, Kind::Thank, Kind::FixCard, Kind::WinBack])
}

fn audience() -> impl Strategy<Value = Audience> {
    let standings = prop_oneof![
        9 => Just(None),
        1 => subsequence(&Standing::ALL, 1..=3).prop_map(Some),
    ];
    (standings, selection(COUNTRIES)).prop_map(|(standings, countries)| Audience { standings, countries })
}

fn pages() -> impl Strategy<Value = Pages> {
    let skip_first = prop_oneof![7 => Just(0), 1 => 1..4_u32];
    (selection(SECTIONS), selection(TAGS), selection(KINDS), any::<bool>(), skip_first).prop_map(
        |(sections, tags, kinds, on_sensitive_pages, skip_first)| Pages {
            sections,
            tags,
            kinds,
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

/// A time of day, on the hour or a quarter past, and as it may be left out.
fn time_of_day() -> impl Strategy<Value = Option<String>> {
    option::of((0..24_u32, select(&["00", "15"])).prop_map(|(hour, minute)| format!("{hour:02}:{minute}")))
}

fn hours() -> impl Strategy<Value = Hours> {
    (subsequence(&Weekday::ALL, 0..4), time_of_day(), time_of_day()).prop_map(|(days, from, to)| Hours {
        days,
        from,
        to,
    })
}

pub fn blackout() -> impl Strategy<Value = Blackout> {
    let date = || option::of(time().prop_map(|at| jiff::tz::TimeZone::UTC.to_datetime(at).date()));
    prop_oneof![
        hours().prop_map(|Hours { days, from, to }| Blackout { days, from, to, ..Blackout::default() }),
        (date(), date()).prop_map(|(first_date, last_date)| Blackout {
            first_date,
            last_date,
            ..Blackout::default()
        }),
    ]
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
    let one = (moment(), selection(COUNTRIES)).prop_map(|(at, countries)| Redeploy { at, countries });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(one, 1..3)]
}

fn cool_down() -> impl Strategy<Value = CoolDown> {
    let minutes = || prop_oneof![2 => Just(0), 1 => 1..5000_u32];
    (minutes(), minutes()).prop_map(|(after_view_minutes, after_dismissal_minutes)| CoolDown {
        after_view_minutes,
        after_dismissal_minutes,
    })
}

fn site_frequency() -> impl Strategy<Value = SiteFrequency> {
    let few = || option::weighted(0.3, 1..6_u32);
    (few(), few(), few(), few(), few()).prop_map(
        |(max_views, window_days, min_gap_days, min_gap_hours, max_per_day)| SiteFrequency {
            max_views,
            window_days,
            min_gap_days,
            min_gap_hours,
            max_per_day,
        },
    )
}

prop_compose! {
    /// The journal, in some zone; clocks in Dublin and Sydney are moved within the time that is tried.
    pub fn site()(
        time_zone in select(&["UTC", "Europe/Dublin", "Australia/Lord_Howe"]),
        frequency in prop_oneof![2 => Just(SiteFrequency::default()), 1 => site_frequency()],
        cool_down in cool_down(),
        blackouts in prop_oneof![3 => Just(Vec::new()), 1 => vec(blackout(), 1..3)],
    ) -> SiteRules {
        SiteRules { time_zone: time_zone.to_owned(), frequency, cool_down, blackouts, ..SiteRules::new("journal") }
    }
}

fn surfaces() -> impl Strategy<Value = Vec<Surface>> {
    subsequence(&Surface::ALL, 1..=3).prop_shuffle()
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

pub fn known() -> impl Strategy<Value = Known> {
    let standing =
        prop_oneof![select(&Standing::ALL), select(&[Standing::None, Standing::OneOff, Standing::Lapsed])];
    let quiet_until_ms = option::weighted(0.3, time().prop_map(Timestamp::as_millisecond));
    (standing, quiet_until_ms).prop_map(|(standing, quiet_until_ms)| Known { standing, quiet_until_ms })
}

fn page() -> impl Strategy<Value = Page<'static>> {
    let tags = subsequence(TAGS, 0..=3);
    let ordinal = option::of(1..6_u32);
    (option::of(select(SECTIONS)), tags, option::of(select(KINDS)), 0..4_u8, ordinal).prop_map(
        |(section, tags, kind, one_in_four, ordinal)| Page {
            ordinal,
            section: section.map(Into::into),
            tags: tags.into_iter().map(Into::into).collect(),
            kind: kind.map(Into::into),
            sensitive: one_in_four == 0,
            ..Page::default()
        },
    )
}

fn history() -> impl Strategy<Value = History<'static>> {
    let appeal = || select(&["a0", "a1", "a2", "gone"]);
    let view = (appeal(), time()).prop_map(|(appeal, at)| View { appeal: appeal.into(), variant: None, at });
    let how = select(&[
        DismissalKind::Close,
        DismissalKind::Later,
        DismissalKind::AlreadyGave,
        DismissalKind::Never,
    ]);
    let dismissed =
        (appeal(), how, time()).prop_map(|(appeal, kind, at)| Dismissed { appeal: appeal.into(), kind, at });
    (vec(view, 0..12), vec(dismissed, 0..3)).prop_map(|(views, dismissals)| History {
        views,
        dismissals,
        ..History::default()
    })
}

pub fn question() -> impl Strategy<Value = Question<'static>> {
    let country = option::of(select(&["IE", "gb", "FR", "UK"]));
    let surfaces = prop_oneof![2 => Just(Vec::new()), 1 => surfaces()];
    (surfaces, page(), country, option::of(0..1_000_000_u32), option::weighted(0.8, history())).prop_map(
        |(surfaces, page, country, bucket, history)| Question {
            surfaces,
            page,
            reader: Reader { country: country.map(Into::into), bucket, ..Reader::default() },
            history,
            ..Question::from_site("journal")
        },
    )
}
