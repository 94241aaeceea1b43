//! The reader's context: everything the rules need to know about one question (one request for a decision). The cheap
//! parts are computed once, before any appeal is evaluated. Parts that need the history are computed and cached when
//! the first rule needs them.

use std::cell::OnceCell;

use smallvec::SmallVec;

use crate::buckets::position;
use crate::calendar::{DateSpan, MINUTE_MS, Week, local_ms, week_of_date, week_of_local};
use crate::country::{CountryCode, Region};
use crate::glob::path_of;
use crate::labels::{DismissalKind, Kind, Surface};
use crate::names::{NameId, Names};
use crate::question::{History, Question, TagCounts};
use crate::site::{Covered, Exclusion, KnownAppeal, Site};
use crate::verdict::Known;

/// Stands for every appeal in the history that no longer exists. No existing appeal has this key.
const UNKNOWN_APPEAL: KnownAppeal =
    KnownAppeal { key: u32::MAX, kind: Kind::Ask, never_covers: Covered::Appeal };

/// How far a reader's clock may be ahead of the server's clock. A view further in the future is ignored until its time
/// has come.
const CLOCK_SKEW_MS: i64 = 10 * MINUTE_MS;

/// One view of an appeal, from the history.
#[derive(Clone, Copy, Debug)]
struct PastView {
    appeal: u32,
    /// The appeal's kind. An appeal that no longer exists counts as an appeal that asks for money.
    kind: Kind,
    at_ms: i64,
}

/// One dismissal of an appeal, from the history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PastDismissal {
    pub(crate) appeal: u32,
    pub(crate) kind: DismissalKind,
    /// What the dismissal covers if the reader chose "never again".
    pub(crate) never_covers: Covered,
    pub(crate) at_ms: i64,
}

/// The articles that the reader read in one week.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadWeek<'q> {
    pub(crate) week: Week,
    pub(crate) count: u32,
    tags: &'q TagCounts<'q>,
}

/// The articles with one tag that the reader read in one week.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadTag {
    pub(crate) week: Week,
    pub(crate) tag: NameId,
    pub(crate) count: u32,
}

/// The maximum number of weeks that are used of a history: two years. Further weeks are ignored, so that a long history
/// does not slow down the decision.
const MAX_WEEKS: usize = 104;

/// What the rules need to know about one question.
pub(crate) struct ReaderContext<'q> {
    pub(crate) now_ms: i64,
    draw: u32,
    pub(crate) site: &'q Site,
    pub(crate) known: &'q Known,
    pub(crate) question: &'q Question<'q>,
    pub(crate) names: &'q Names,
    /// One bit for each surface that the page has room for.
    pub(crate) surfaces: u8,
    pub(crate) country: Option<CountryCode>,
    pub(crate) region: Option<Region>,
    pub(crate) section: Option<NameId>,
    pub(crate) tags: SmallVec<[NameId; 32]>,
    pub(crate) page_kind: Option<NameId>,
    traits: OnceCell<SmallVec<[NameId; 4]>>,
    /// The path of the page's URL.
    path: OnceCell<Option<&'q str>>,
    /// The site's local time at `now_ms`, in milliseconds since 1970 as if the local time were UTC.
    local_ms: OnceCell<i64>,
    /// The spans of days on which the site excludes this page.
    excluded_days: OnceCell<SmallVec<[DateSpan; 4]>>,
    // The sizes of these lists fit most readers. The whole struct is moved once per question, so more inline room would
    // slow down every question.
    past_views: OnceCell<SmallVec<[PastView; 16]>>,
    past_dismissals: OnceCell<SmallVec<[PastDismissal; 4]>>,
    weeks: OnceCell<SmallVec<[ReadWeek<'q>; 12]>>,
    articles_by_tag: OnceCell<SmallVec<[ReadTag; 24]>>,
}

impl<'q> ReaderContext<'q> {
    /// Gathers the context for a question at `now_ms`. `draw` is used instead of a missing bucket.
    pub(crate) fn gather(
        names: &'q Names,
        site: &'q Site,
        question: &'q Question<'q>,
        known: &'q Known,
        now_ms: i64,
        draw: u32,
    ) -> Self {
        let page = &question.page;
        let surfaces: &[Surface] =
            if question.surfaces.is_empty() { &Surface::ALL } else { &question.surfaces };
        let country = question.reader.country.as_deref().and_then(CountryCode::parse);
        Self {
            now_ms,
            draw,
            site,
            known,
            question,
            names,
            surfaces: surfaces.iter().fold(0, |bits, surface| bits | surface.bit()),
            country,
            region: country.and_then(|country| Region::of(country, question.reader.region.as_deref()?)),
            section: page.section.as_deref().and_then(|name| names.find(name)),
            tags: page.tags.iter().filter_map(|name| names.find(name)).collect(),
            page_kind: page.kind.as_deref().and_then(|name| names.find(name)),
            traits: OnceCell::new(),
            path: OnceCell::new(),
            local_ms: OnceCell::new(),
            excluded_days: OnceCell::new(),
            past_views: OnceCell::new(),
            past_dismissals: OnceCell::new(),
            weeks: OnceCell::new(),
            articles_by_tag: OnceCell::new(),
        }
    }

    pub(crate) fn history(&self) -> Option<&'q History<'q>> {
        self.question.history.as_ref()
    }

    /// Returns the path of the page's URL.
    pub(crate) fn path(&self) -> Option<&'q str> {
        *self.path.get_or_init(|| self.question.page.url.as_deref().map(path_of))
    }

    /// Returns the reader's bucket (the number that the browser keeps). For a reader without a bucket, returns the
    /// random `draw`.
    pub(crate) fn bucket(&self) -> u32 {
        self.question.reader.bucket.unwrap_or(self.draw)
    }

    /// Whether the reader's position (0 to 999,999) for this salt is below `per_million`. Never true for a reader
    /// without a bucket, because the result would change with each question.
    pub(crate) fn is_among(&self, salt: u64, per_million: u32) -> bool {
        per_million > 0
            && self.question.reader.bucket.is_some_and(|bucket| position(salt, bucket) < per_million)
    }

    /// Returns the appeal that an id in the history stands for. Returns [`UNKNOWN_APPEAL`] if it no longer exists.
    fn appeal(&self, id: &str) -> KnownAppeal {
        self.site.appeals_by_id.get(id).copied().unwrap_or(UNKNOWN_APPEAL)
    }

    /// Returns the traits that the page sent for the reader, if at least one rule names them.
    pub(crate) fn traits(&self) -> &[NameId] {
        self.traits.get_or_init(|| {
            self.question.reader.traits.iter().filter_map(|name| self.names.find(name.trim())).collect()
        })
    }

    pub(crate) fn is_entitled(&self, name: &str) -> bool {
        self.known.entitlements.iter().any(|entitlement| entitlement == name)
    }

    /// Returns the site's local time at `at_ms`, in milliseconds since 1970 as if the local time were UTC.
    pub(crate) fn local_ms(&self, at_ms: i64) -> i64 {
        if at_ms == self.now_ms {
            *self.local_ms.get_or_init(|| local_ms(&self.site.time_zone, at_ms))
        } else {
            local_ms(&self.site.time_zone, at_ms)
        }
    }

    pub(crate) fn week(&self, at_ms: i64) -> Week {
        week_of_local(self.local_ms(at_ms))
    }

    /// Returns the spans of days on which the site excludes this page.
    pub(crate) fn excluded_days(&self) -> &[DateSpan] {
        self.excluded_days.get_or_init(|| {
            let matching = self.site.exclusions.iter().filter(|exclusion| self.is_excluded_by(exclusion));
            matching.map(|exclusion| exclusion.span).collect()
        })
    }

    /// Whether the exclusion applies to this page, on whatever days.
    pub(crate) fn is_excluded_by(&self, exclusion: &Exclusion) -> bool {
        let Exclusion { sections, tags, kinds, urls, .. } = exclusion;
        let has = |names: &[NameId], name: &NameId| names.binary_search(name).is_ok();
        let has_no_criteria = sections.is_empty() && tags.is_empty() && kinds.is_empty() && urls.is_empty();
        has_no_criteria
            || self.section.is_some_and(|section| has(sections, &section))
            || self.tags.iter().any(|tag| has(tags, tag))
            || self.page_kind.is_some_and(|kind| has(kinds, &kind))
            || self.path().is_some_and(|path| urls.iter().any(|glob| glob.fits(path)))
    }

    /// Returns the articles read per week, in no particular order.
    pub(crate) fn weeks(&self) -> &[ReadWeek<'q>] {
        self.weeks.get_or_init(|| {
            let articles = self.history().map_or(&[][..], |history| &history.articles);
            let articles = &articles[..articles.len().min(MAX_WEEKS)];
            let mut weeks = SmallVec::with_capacity(articles.len());
            for read in articles {
                if let Some(week) = week_of_date(&read.week) {
                    weeks.push(ReadWeek { week, count: read.count, tags: &read.tags });
                }
            }
            weeks
        })
    }

    /// Returns the articles read per week and tag. Contains only the tags by which an appeal counts articles, and only
    /// as many weeks as such an appeal needs.
    pub(crate) fn articles_by_tag(&self) -> &[ReadTag] {
        self.articles_by_tag.get_or_init(|| {
            let wanted = &self.site.article_tags;
            // No rule needs an earlier week, even if it checks an instant after `now_ms`.
            let first = self.week(self.now_ms) - self.site.article_tag_weeks;
            let mut read_tags = SmallVec::new();
            for read in self.weeks().iter().filter(|read| read.week >= first) {
                read.tags.for_each(|tag, count| {
                    if let Some(tag) = self.names.find(tag).filter(|tag| wanted.binary_search(tag).is_ok()) {
                        read_tags.push(ReadTag { week: read.week, tag, count });
                    }
                });
            }
            read_tags
        })
    }

    /// Returns the views in the history, newest first.
    fn past_views(&self) -> &[PastView] {
        self.past_views.get_or_init(|| {
            let views = self.history().map_or(&[][..], |history| &history.views);
            let mut past_views: SmallVec<[PastView; 16]> = views
                .iter()
                .map(|view| {
                    let KnownAppeal { key, kind, .. } = self.appeal(&view.appeal);
                    PastView { appeal: key, kind, at_ms: view.at.as_millisecond() }
                })
                .collect();
            past_views.sort_unstable_by_key(|view| std::cmp::Reverse(view.at_ms));
            past_views
        })
    }

    /// Whether a view counts at `at_ms`. A view in the future does not count until its time has come.
    pub(crate) const fn view_counts_at(view_ms: i64, at_ms: i64) -> bool {
        view_ms <= at_ms.saturating_add(CLOCK_SKEW_MS)
    }

    /// Whether the history contains any view, including future ones.
    pub(crate) fn has_views(&self) -> bool {
        !self.past_views().is_empty()
    }

    /// Returns the views that count at `at_ms`, newest first.
    fn views_counting_at(&self, at_ms: i64) -> impl Iterator<Item = &PastView> + Clone + '_ {
        self.past_views().iter().skip_while(move |view| !Self::view_counts_at(view.at_ms, at_ms))
    }

    /// Returns the times of the views of any appeal that count at `at_ms`, newest first.
    pub(crate) fn views(&self, at_ms: i64) -> impl Iterator<Item = i64> + Clone + '_ {
        self.views_counting_at(at_ms).map(|view| view.at_ms)
    }

    /// Returns the times of the views that count at `at_ms`, newest first. Only views of appeals that ask for money and
    /// of appeals that no longer exist are included.
    pub(crate) fn views_of_asks(&self, at_ms: i64) -> impl Iterator<Item = i64> + Clone + '_ {
        self.views_counting_at(at_ms).filter(|view| view.kind.asks_non_givers()).map(|view| view.at_ms)
    }

    /// Returns the times of the views of upsells that count at `at_ms`, newest first.
    pub(crate) fn views_of_upsells(&self, at_ms: i64) -> impl Iterator<Item = i64> + Clone + '_ {
        self.views_counting_at(at_ms).filter(|view| view.kind == Kind::Upsell).map(|view| view.at_ms)
    }

    /// Returns the times of the views of this appeal that count at `at_ms`, newest first. Views before `since_ms` are
    /// not included.
    pub(crate) fn views_of(
        &self,
        appeal: u32,
        since_ms: i64,
        at_ms: i64,
    ) -> impl Iterator<Item = i64> + Clone + '_ {
        let is_of_appeal = move |view: &&PastView| view.appeal == appeal;
        self.views_counting_at(at_ms)
            .take_while(move |view| view.at_ms >= since_ms)
            .filter(is_of_appeal)
            .map(|view| view.at_ms)
    }

    /// Returns the dismissals, in no particular order.
    pub(crate) fn dismissals(&self) -> impl Iterator<Item = PastDismissal> + Clone + '_ {
        let past_dismissals = self.past_dismissals.get_or_init(|| {
            let dismissals = self.history().map_or(&[][..], |history| &history.dismissals);
            dismissals
                .iter()
                .map(|dismissal| {
                    let KnownAppeal { key, never_covers, .. } = self.appeal(&dismissal.appeal);
                    PastDismissal {
                        appeal: key,
                        kind: dismissal.kind,
                        never_covers,
                        at_ms: dismissal.at.as_millisecond(),
                    }
                })
                .collect()
        });
        past_dismissals.iter().copied()
    }
}
