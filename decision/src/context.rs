//! What is true of one question. What is cheap is worked out once before any appeal is tried; what the history tells
//! is counted when the first rule asks for it, and kept.

use std::cell::OnceCell;

use smallvec::SmallVec;

use crate::buckets::position;
use crate::calendar::{DateSpan, MINUTE_MS, Week, wall_ms, week_of_date, week_of_wall};
use crate::country::{CountryCode, Region};
use crate::glob::path_of;
use crate::labels::{DismissalKind, Kind, Surface};
use crate::names::{NameId, Names};
use crate::question::{History, Question, TagCounts};
use crate::site::{Covered, Exclusion, KnownAppeal, Site};
use crate::verdict::Known;

/// Stands for appeals that are gone: no appeal has this key.
const UNKNOWN_APPEAL: KnownAppeal =
    KnownAppeal { key: u32::MAX, kind: Kind::Ask, never_covers: Covered::Appeal };

/// Readers' clocks may be ahead of ours by so much. A view from further ahead is ignored until its time has come.
const CLOCK_SKEW_MS: i64 = 10 * MINUTE_MS;

#[derive(Clone, Copy, Debug)]
struct PastView {
    appeal: u32,
    /// What it wanted; one that is gone asked for money, as far as anybody knows.
    kind: Kind,
    at_ms: i64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct PastDismissal {
    pub(crate) appeal: u32,
    pub(crate) kind: DismissalKind,
    /// What it holds for if the reader said "never again".
    pub(crate) never_covers: Covered,
    pub(crate) at_ms: i64,
}

/// Articles read in one week.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadWeek<'q> {
    pub(crate) week: Week,
    pub(crate) count: u32,
    tags: &'q TagCounts<'q>,
}

/// Articles with one tag read in one week.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadTag {
    pub(crate) week: Week,
    pub(crate) tag: NameId,
    pub(crate) count: u32,
}

/// Weeks that are read of a history, two years of them; the rest is left out, so that no history is slow.
const MAX_WEEKS: usize = 104;

pub(crate) struct ReaderContext<'q> {
    pub(crate) now_ms: i64,
    draw: u32,
    pub(crate) site: &'q Site,
    pub(crate) known: &'q Known,
    pub(crate) question: &'q Question<'q>,
    pub(crate) names: &'q Names,
    /// One bit for each surface the page has room for.
    pub(crate) surfaces: u8,
    pub(crate) country: Option<CountryCode>,
    pub(crate) region: Option<Region>,
    pub(crate) section: Option<NameId>,
    pub(crate) tags: SmallVec<[NameId; 32]>,
    pub(crate) page_kind: Option<NameId>,
    traits: OnceCell<SmallVec<[NameId; 4]>>,
    /// The path of the page's address.
    path: OnceCell<Option<&'q str>>,
    /// What the clock on the site's wall shows now.
    wall_ms: OnceCell<i64>,
    /// Days on which the site excludes this page.
    excluded_days: OnceCell<SmallVec<[DateSpan; 4]>>,
    // These have room for what most readers bring: the whole is moved once for each question, so that more room costs everybody.
    seen: OnceCell<SmallVec<[PastView; 16]>>,
    sent: OnceCell<SmallVec<[PastDismissal; 4]>>,
    weeks: OnceCell<SmallVec<[ReadWeek<'q>; 12]>>,
    tagged: OnceCell<SmallVec<[ReadTag; 24]>>,
}

impl<'q> ReaderContext<'q> {
    pub(crate) fn gather(
        names: &'q Names,
        site: &'q Site,
        question: &'q Question<'q>,
        known: &'q Known,
        now_ms: i64,
        draw: u32,
    ) -> Self {
        let page = &question.page;
        let offered: &[Surface] =
            if question.surfaces.is_empty() { &Surface::ALL } else { &question.surfaces };
        let country = question.reader.country.as_deref().and_then(CountryCode::parse);
        Self {
            now_ms,
            draw,
            site,
            known,
            question,
            names,
            surfaces: offered.iter().fold(0, |bits, surface| bits | surface.bit()),
            country,
            region: country.and_then(|country| Region::of(country, question.reader.region.as_deref()?)),
            section: page.section.as_deref().and_then(|name| names.find(name)),
            tags: page.tags.iter().filter_map(|name| names.find(name)).collect(),
            page_kind: page.kind.as_deref().and_then(|name| names.find(name)),
            traits: OnceCell::new(),
            path: OnceCell::new(),
            wall_ms: OnceCell::new(),
            excluded_days: OnceCell::new(),
            seen: OnceCell::new(),
            sent: OnceCell::new(),
            weeks: OnceCell::new(),
            tagged: OnceCell::new(),
        }
    }

    pub(crate) fn history(&self) -> Option<&'q History<'q>> {
        self.question.history.as_ref()
    }

    /// The path of the page's address.
    pub(crate) fn path(&self) -> Option<&'q str> {
        *self.path.get_or_init(|| self.question.page.url.as_deref().map(path_of))
    }

    /// The reader's own number, or the draw for a reader who has none.
    pub(crate) fn bucket(&self) -> u32 {
        self.question.reader.bucket.unwrap_or(self.draw)
    }

    /// Whether the reader is among so many out of a million. One without a bucket never is: it would not last.
    pub(crate) fn is_among(&self, salt: u64, per_million: u32) -> bool {
        per_million > 0
            && self.question.reader.bucket.is_some_and(|bucket| position(salt, bucket) < per_million)
    }

    fn appeal(&self, id: &str) -> KnownAppeal {
        self.site.appeals_by_id.get(id).copied().unwrap_or(UNKNOWN_APPEAL)
    }

    /// The facts of the site's own that the page told of the reader and some rule speaks of.
    pub(crate) fn traits(&self) -> &[NameId] {
        self.traits.get_or_init(|| {
            self.question.reader.traits.iter().filter_map(|name| self.names.find(name.trim())).collect()
        })
    }

    pub(crate) fn is_entitled(&self, name: &str) -> bool {
        self.known.entitlements.iter().any(|entitlement| entitlement == name)
    }

    /// What the clock on the site's wall shows, counted as if it were UTC.
    pub(crate) fn wall_ms(&self, at_ms: i64) -> i64 {
        if at_ms == self.now_ms {
            *self.wall_ms.get_or_init(|| wall_ms(&self.site.time_zone, at_ms))
        } else {
            wall_ms(&self.site.time_zone, at_ms)
        }
    }

    pub(crate) fn week(&self, at_ms: i64) -> Week {
        week_of_wall(self.wall_ms(at_ms))
    }

    pub(crate) fn excluded_days(&self) -> &[DateSpan] {
        self.excluded_days.get_or_init(|| {
            let meant = self.site.exclusions.iter().filter(|exclusion| self.is_excluded_by(exclusion));
            meant.map(|exclusion| exclusion.span).collect()
        })
    }

    /// Whether this page is one of those that the exclusion names, on whatever day.
    pub(crate) fn is_excluded_by(&self, exclusion: &Exclusion) -> bool {
        let Exclusion { sections, tags, kinds, urls, .. } = exclusion;
        let has = |names: &[NameId], name: &NameId| names.binary_search(name).is_ok();
        let all = sections.is_empty() && tags.is_empty() && kinds.is_empty() && urls.is_empty();
        all || self.section.is_some_and(|section| has(sections, &section))
            || self.tags.iter().any(|tag| has(tags, tag))
            || self.page_kind.is_some_and(|kind| has(kinds, &kind))
            || self.path().is_some_and(|path| urls.iter().any(|glob| glob.fits(path)))
    }

    /// Articles read, by week, in no order.
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

    /// Articles read, by week and tag, for tags by which some appeal counts them, and as far back as one does.
    pub(crate) fn tagged(&self) -> &[ReadTag] {
        self.tagged.get_or_init(|| {
            let wanted = &self.site.article_tags;
            // Later times look back to later weeks.
            let first = self.week(self.now_ms) - self.site.article_tag_weeks;
            let mut tagged = SmallVec::new();
            for read in self.weeks().iter().filter(|read| read.week >= first) {
                read.tags.for_each(|tag, count| {
                    if let Some(tag) = self.names.find(tag).filter(|tag| wanted.binary_search(tag).is_ok()) {
                        tagged.push(ReadTag { week: read.week, tag, count });
                    }
                });
            }
            tagged
        })
    }

    fn seen(&self) -> &[PastView] {
        self.seen.get_or_init(|| {
            let views = self.history().map_or(&[][..], |history| &history.views);
            let mut seen: SmallVec<[PastView; 16]> = views
                .iter()
                .map(|view| {
                    let KnownAppeal { key, kind, .. } = self.appeal(&view.appeal);
                    PastView { appeal: key, kind, at_ms: view.at.as_millisecond() }
                })
                .collect();
            seen.sort_unstable_by_key(|seen| std::cmp::Reverse(seen.at_ms));
            seen
        })
    }

    /// Whether a view counts at `at_ms`: one from the future does not, until its time has come.
    pub(crate) const fn counts(view_ms: i64, at_ms: i64) -> bool {
        view_ms <= at_ms.saturating_add(CLOCK_SKEW_MS)
    }

    /// Whether the history holds any view at all, whenever it was.
    pub(crate) fn has_views(&self) -> bool {
        !self.seen().is_empty()
    }

    fn seen_at(&self, at_ms: i64) -> impl Iterator<Item = &PastView> + Clone + '_ {
        self.seen().iter().skip_while(move |seen| !Self::counts(seen.at_ms, at_ms))
    }

    /// The views of any appeal that count at `at_ms`, the newest first.
    pub(crate) fn views(&self, at_ms: i64) -> impl Iterator<Item = i64> + Clone + '_ {
        self.seen_at(at_ms).map(|seen| seen.at_ms)
    }

    /// The views that count at `at_ms` of appeals that ask for money, and of those that are gone; the newest first.
    pub(crate) fn views_of_asks(&self, at_ms: i64) -> impl Iterator<Item = i64> + Clone + '_ {
        self.seen_at(at_ms).filter(|seen| seen.kind.asks()).map(|seen| seen.at_ms)
    }

    /// The views of upsells that count at `at_ms`, the newest first.
    pub(crate) fn views_of_upsells(&self, at_ms: i64) -> impl Iterator<Item = i64> + Clone + '_ {
        self.seen_at(at_ms).filter(|seen| seen.kind == Kind::Upsell).map(|seen| seen.at_ms)
    }

    /// The views of this appeal from `since_ms` on that count at `at_ms`, the newest first.
    pub(crate) fn views_of(
        &self,
        appeal: u32,
        since_ms: i64,
        at_ms: i64,
    ) -> impl Iterator<Item = i64> + Clone + '_ {
        let counts = move |seen: &&PastView| seen.appeal == appeal;
        self.seen_at(at_ms)
            .take_while(move |seen| seen.at_ms >= since_ms)
            .filter(counts)
            .map(|seen| seen.at_ms)
    }

    /// What was sent away, in no order.
    pub(crate) fn dismissals(&self) -> impl Iterator<Item = PastDismissal> + Clone + '_ {
        let sent = self.sent.get_or_init(|| {
            let dismissals = self.history().map_or(&[][..], |history| &history.dismissals);
            dismissals
                .iter()
                .map(|sent| {
                    let KnownAppeal { key, never_covers, .. } = self.appeal(&sent.appeal);
                    PastDismissal {
                        appeal: key,
                        kind: sent.kind,
                        never_covers,
                        at_ms: sent.at.as_millisecond(),
                    }
                })
                .collect()
        });
        sent.iter().copied()
    }
}
