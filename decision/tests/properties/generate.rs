//! Appeals and questions from a small world, so that rules meet readers often.

use jiff::Timestamp;
use keepopen_decision::{
    AppealRules, Audience, Dismissal, DismissalKind, Dismissed, Frequency, History, Kind, Known, Live, Page,
    Pages, Question, Reader, Schedule, Selection, Standing, Surface, VariantRules, View, WithoutHistory,
};
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
    (selection(SECTIONS), selection(TAGS), selection(KINDS), any::<bool>()).prop_map(
        |(sections, tags, kinds, on_sensitive_pages)| Pages { sections, tags, kinds, on_sensitive_pages },
    )
}

fn frequency() -> impl Strategy<Value = Option<Frequency>> {
    let capped =
        (1..5_u32, 1..20_u32, 0..6_u32).prop_map(|(max_views, window_days, min_gap_days)| Frequency {
            max_views: Some(max_views),
            window_days: Some(window_days),
            min_gap_days: Some(min_gap_days),
            unlimited: false,
        });
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Frequency { unlimited: true, ..Frequency::default() })),
        4 => capped.prop_map(Some),
    ]
}

fn dismissal() -> impl Strategy<Value = Dismissal> {
    (0..30_u32, 0..30_u32, 0..30_u32, proptest::option::of(0..30_u32)).prop_map(
        |(close_days, later_days, already_gave_days, never_days)| Dismissal {
            close_days,
            later_days,
            already_gave_days,
            never_days,
        },
    )
}

fn schedule() -> impl Strategy<Value = Schedule> {
    (proptest::option::weighted(0.2, time()), proptest::option::weighted(0.2, time()))
        .prop_map(|(starts_at, ends_at)| Schedule { starts_at, ends_at })
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
        without_history in select(&[WithoutHistory::Silent, WithoutHistory::Ask]),
        weights in proptest::collection::vec(prop_oneof![1 => Just(0), 6 => 1..4_u32], 1..4),
    ) -> AppealRules {
        let variants = weights.iter().enumerate().map(|(place, weight)| VariantRules {
            id: format!("v{place}"),
            weight: *weight,
        });
        AppealRules {
            id: String::new(), sites: vec!["journal".to_owned()], variants: variants.collect(),
            kind, surface, priority, live, schedule, audience, pages, frequency, dismissal, without_history,
        }
    }
}

/// Appeals `a0`, `a1`, … of one site; some of them have problems.
pub fn appeals(number: std::ops::Range<usize>) -> impl Strategy<Value = Vec<AppealRules>> {
    proptest::collection::vec(appeal(), number).prop_map(|mut appeals| {
        for (place, appeal) in appeals.iter_mut().enumerate() {
            appeal.id = format!("a{place}");
        }
        appeals
    })
}

pub fn known() -> impl Strategy<Value = Known> {
    let standing =
        prop_oneof![select(&Standing::ALL), select(&[Standing::None, Standing::OneOff, Standing::Lapsed])];
    let quiet_until_ms = proptest::option::weighted(0.3, time().prop_map(Timestamp::as_millisecond));
    (standing, quiet_until_ms).prop_map(|(standing, quiet_until_ms)| Known { standing, quiet_until_ms })
}

fn page() -> impl Strategy<Value = Page<'static>> {
    let tags = subsequence(TAGS, 0..=3);
    (proptest::option::of(select(SECTIONS)), tags, proptest::option::of(select(KINDS)), 0..4_u8).prop_map(
        |(section, tags, kind, one_in_four)| Page {
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
    (proptest::collection::vec(view, 0..12), proptest::collection::vec(dismissed, 0..3))
        .prop_map(|(views, dismissals)| History { views, dismissals, ..History::default() })
}

pub fn question() -> impl Strategy<Value = Question<'static>> {
    let country = proptest::option::of(select(&["IE", "gb", "FR", "UK"]));
    let surfaces = prop_oneof![2 => Just(Vec::new()), 1 => surfaces()];
    (
        surfaces,
        page(),
        country,
        proptest::option::of(0..1_000_000_u32),
        proptest::option::weighted(0.8, history()),
    )
        .prop_map(|(surfaces, page, country, bucket, history)| Question {
            surfaces,
            page,
            reader: Reader { country: country.map(Into::into), bucket, ..Reader::default() },
            history,
            ..Question::from_site("journal")
        })
}
