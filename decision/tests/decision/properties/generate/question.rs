//! Generates readers, their histories, and the pages that they read.

use keepopen_decision::{
    ArticleDay, ArticleWeek, DismissalKind, Dismissed, History, Known, Page, Question, Reader, Standing, View,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

pub fn known() -> impl Strategy<Value = Known> {
    let standing =
        prop_oneof![1 => select(&Standing::ALL), 4 => Just(Standing::None), 1 => Just(Standing::Lapsed)];
    let quiet_until_ms = option::weighted(0.3, time().prop_map(Timestamp::as_millisecond));
    let entitlements = subsequence(ENTITLEMENTS, 0..=2);
    (standing, quiet_until_ms, entitlements).prop_map(|(standing, quiet_until_ms, entitlements)| Known {
        standing,
        quiet_until_ms,
        entitlements: entitlements.into_iter().map(str::to_owned).collect(),
    })
}

fn page() -> BoxedStrategy<Page<'static>> {
    let tags = subsequence(TAGS, 0..=3);
    let ordinal = option::of(1..6_u32);
    let url =
        option::of(select(&["https://journal.example/sport/a", "/politics/live", "/politics/a/deep?b"]));
    (option::of(select(SECTIONS)), tags, option::of(select(KINDS)), 0..8_u8, ordinal, url)
        .prop_map(|(section, tags, kind, one_in_eight, ordinal, url)| Page {
            url: url.map(Into::into),
            ordinal,
            section: section.map(Into::into),
            tags: tags.into_iter().map(Into::into).collect(),
            kind: kind.map(Into::into),
            sensitive: one_in_eight == 0,
            paid: one_in_eight == 1,
        })
        .boxed()
}

fn history() -> BoxedStrategy<History<'static>> {
    let appeal = || select(&["a0", "a1", "a2", "gone"]);
    let view =
        (appeal(), option::of(select(&["v0", "v1", "v9"])), time()).prop_map(|(appeal, variant, at)| View {
            appeal: appeal.into(),
            variant: variant.map(Into::into),
            at,
        });
    let how = select(&[
        DismissalKind::Close,
        DismissalKind::Later,
        DismissalKind::AlreadyGave,
        DismissalKind::Never,
    ]);
    let dismissed =
        (appeal(), how, time()).prop_map(|(appeal, kind, at)| Dismissed { appeal: appeal.into(), kind, at });
    let days = option::weighted(0.7, vec(day(), 0..12));
    (vec(view, 0..12), vec(dismissed, 0..3), vec(week(), 0..8), days, option::of(0..8_u32))
        .prop_map(|(views, dismissals, articles, article_days, free_articles_used)| History {
            views,
            dismissals,
            articles,
            article_days,
            free_articles_used,
        })
        .boxed()
}

pub fn day() -> impl Strategy<Value = ArticleDay> {
    (time(), 0..3_u32)
        .prop_map(|(at, count)| ArticleDay { day: jiff::tz::TimeZone::UTC.to_datetime(at).date(), count })
}

fn week() -> impl Strategy<Value = ArticleWeek<'static>> {
    (time(), 0..8_u32, 0..5_u32, 0..5_u32).prop_map(|(at, count, china, trade)| ArticleWeek {
        week: jiff::tz::TimeZone::UTC.to_datetime(at).date().to_string().into(),
        count,
        tags: [("China".into(), china), ("trade".into(), trade)].into_iter().collect(),
    })
}

fn reader() -> BoxedStrategy<Reader<'static>> {
    (
        option::of(select(&["IE", "gb", "FR", "UK"])),
        option::of(select(&["L", "IE-L", "75C"])),
        option::of(select(&["en-IE", "EN", "fr", "de"])),
        option::of(select(&["mobile", "Tablet", "desktop", "toaster"])),
        option::of(any::<bool>()),
        option::of(select(&["granted", "denied"])),
        option::of(0..1_000_000_u32),
        subsequence(TRAITS, 0..=2),
    )
        .prop_map(|(country, region, locale, device, signed_in, consent, bucket, traits)| Reader {
            traits: traits.into_iter().map(Into::into).collect(),
            country: country.map(Into::into),
            region: region.map(Into::into),
            locale: locale.map(Into::into),
            device: device.map(Into::into),
            signed_in,
            consent: consent.map(Into::into),
            bucket,
        })
        .boxed()
}

pub fn question() -> impl Strategy<Value = Question<'static>> {
    let surfaces = prop_oneof![2 => Just(Vec::new()), 1 => surfaces()];
    (surfaces, page(), reader(), option::weighted(0.8, history())).prop_map(
        |(surfaces, page, reader, history)| Question {
            surfaces,
            page,
            reader,
            history,
            ..Question::from_site("journal")
        },
    )
}
