//! The report of a simulation. The option `--json` prints the report, so its field names must not change. The report
//! compares the draft (the appeals that are tried out) with the live appeals.
//!
//! Shares are fractions of 1, with four decimals. Times are RFC 3339. A view means that an appeal was shown. An ask
//! is a view of an appeal that asks for something (an appeal that thanks does not).

use std::collections::BTreeMap;

use keepopen_decision::{DismissalKind, Reason};
use serde::Serialize;

use super::asking::RuleSet;
use super::tally::Tally;
use crate::clock::rfc3339;

/// The report of a simulation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The source of the page views.
    pub page_views_from: String,
    /// The number of page views that were played.
    pub page_views: u64,
    /// The number of readers who saw a page. A person who reads two sites counts once for each.
    pub readers: u64,
    /// The time of the first page view; `None` if there is none.
    pub first_at: Option<String>,
    /// The time of the last page view.
    pub last_at: Option<String>,
    /// The result under the draft.
    pub draft: Outcome,
    /// The result under the live appeals.
    pub live: Outcome,
    /// The result under the draft minus the result under the live appeals.
    pub difference: Difference,
}

/// The result of one set of appeals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The source of the appeals.
    pub source: String,
    /// The appeals that are not live in the source but count as live in the simulation.
    pub taken_as_live: Vec<String>,
    /// The invalid appeals, which were skipped.
    pub left_out: Vec<String>,
    /// The number of views.
    pub views: u64,
    /// The number of views of appeals that ask for something.
    pub asks: u64,
    /// The number of readers who were asked at least once.
    pub readers_asked: u64,
    /// `readers_asked` as a share of all readers.
    pub readers_asked_share: f64,
    /// How many readers were asked 0, 1, 2, 3, 4, and 5 or more times.
    pub readers_by_asks: Vec<Bar>,
    /// The mean number of asks per reader, over all readers.
    pub asks_per_reader_mean: f64,
    /// The asks per reader, over the readers who were asked at least once.
    pub asks_per_reader_asked: Numbers,
    /// The maximum number of asks for one reader within 7 times 24 hours.
    pub most_asks_in_7_days: u32,
    /// The maximum number of asks for one reader within 30 times 24 hours.
    pub most_asks_in_30_days: u32,
    /// The weeks in which a reader visited, by the number of asks in the week: 0, 1, 2, 3 or more. A week counts once
    /// for each reader who visited in it. Weeks begin on Monday, in the site's time zone.
    pub reader_weeks_by_asks: Vec<Bar>,
    /// The page views by reason, most frequent first. The reason `matched` means that an appeal was shown.
    pub verdicts: Vec<VerdictCount>,
    /// The views by appeal and variant, in file order.
    pub variants: Vec<VariantCount>,
    /// The gifts that the readers made in the simulation.
    pub gifts: Gifts,
    /// The dismissals by kind.
    pub dismissals: BTreeMap<&'static str, u64>,
}

/// One bar of a distribution.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// The number of asks.
    pub asks: u32,
    /// Whether the bar includes higher numbers of asks.
    pub or_more: bool,
    /// The number of readers or weeks in this bar.
    pub count: u64,
    /// `count` as a share of all.
    pub share: f64,
}

/// A distribution in four numbers. The median is the smallest number that at least 50 percent of the values don't
/// exceed. The 90th percentile is the smallest number that at least 90 percent of the values don't exceed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Numbers {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: u32,
    /// The 90th percentile.
    pub p90: u32,
    /// The maximum.
    pub most: u32,
}

/// The page views with one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerdictCount {
    /// The reason.
    pub reason: &'static str,
    /// The number of page views.
    pub page_views: u64,
    /// The share of all page views.
    pub share: f64,
}

/// The results of one variant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariantCount {
    /// The appeal's id.
    pub appeal: String,
    /// The variant's id.
    pub variant: String,
    /// The number of views.
    pub views: u64,
    /// The share of all views.
    pub share: f64,
    /// The number of readers who saw the variant.
    pub readers: u64,
}

/// The number of gifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gifts {
    /// Gifts that were given once.
    pub once: u64,
    /// Gifts that are given monthly or yearly.
    pub recurring: u64,
}

/// The result under the draft minus the result under the live appeals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The difference of `views`.
    pub views: i64,
    /// The difference of `asks`.
    pub asks: i64,
    /// The difference of `readers_asked`.
    pub readers_asked: i64,
    /// The difference of `readers_asked_share`; 0.01 is one percentage point.
    pub readers_asked_share: f64,
    /// The difference of `asks_per_reader_mean`.
    pub asks_per_reader_mean: f64,
    /// The difference of `gifts.once`.
    pub gifts_once: i64,
    /// The difference of `gifts.recurring`.
    pub gifts_recurring: i64,
}

/// The period and the size of a simulation.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The seed.
    pub seed: u64,
    /// The number of page views.
    pub page_views: u64,
    /// The number of finished readers.
    pub readers: u64,
    first_and_last_ms: Option<(i64, i64)>,
}

impl Span {
    /// Creates a span without page views.
    pub fn new(seed: u64) -> Self {
        Self { seed, page_views: 0, readers: 0, first_and_last_ms: None }
    }

    /// Adds a page view at `at_ms`.
    pub fn page_view(&mut self, at_ms: i64) {
        self.page_views += 1;
        let (first_ms, last_ms) = self.first_and_last_ms.unwrap_or((at_ms, at_ms));
        self.first_and_last_ms = Some((first_ms.min(at_ms), last_ms.max(at_ms)));
    }
}

impl Report {
    /// Builds the report. The draft comes first in each pair, the live appeals second.
    pub(super) fn build(from: &str, span: &Span, rules: &[RuleSet; 2], tallies: &[Tally; 2]) -> Self {
        let [draft, live] = [0, 1].map(|side| Outcome::build(span, &rules[side], &tallies[side]));
        Self {
            seed: span.seed,
            page_views_from: from.to_owned(),
            page_views: span.page_views,
            readers: span.readers,
            first_at: span.first_and_last_ms.map(|(first_ms, _)| rfc3339(first_ms)),
            last_at: span.first_and_last_ms.map(|(_, last_ms)| rfc3339(last_ms)),
            difference: Difference::between(&draft, &live),
            draft,
            live,
        }
    }
}

impl Outcome {
    fn build(span: &Span, rules: &RuleSet, tally: &Tally) -> Self {
        let by_asks = &tally.readers_by_asks;
        let asks: u64 = by_asks.iter().map(|(asks, readers)| u64::from(*asks) * readers).sum();
        let readers_asked = span.readers - by_asks.get(&0).copied().unwrap_or(0);
        let views = tally.verdicts[Reason::Matched as usize];
        Self {
            source: rules.source.name.clone(),
            taken_as_live: rules.source.taken_as_live.clone(),
            left_out: rules.source.left_out.clone(),
            views,
            asks,
            readers_asked,
            readers_asked_share: share(readers_asked, span.readers),
            readers_by_asks: bars(&readers_by_bar(by_asks)),
            asks_per_reader_mean: share(asks, span.readers),
            asks_per_reader_asked: numbers(by_asks, asks, readers_asked),
            most_asks_in_7_days: tally.most_in_7_days,
            most_asks_in_30_days: tally.most_in_30_days,
            reader_weeks_by_asks: bars(&tally.weeks_by_asks),
            verdicts: verdicts(tally, span.page_views),
            variants: variants(rules, tally, views),
            gifts: Gifts { once: tally.gifts_once, recurring: tally.gifts_recurring },
            dismissals: DismissalKind::ALL
                .map(|kind| (kind.as_str(), tally.dismissals[kind as usize]))
                .into(),
        }
    }
}

impl Difference {
    fn between(draft: &Outcome, live: &Outcome) -> Self {
        Self {
            views: difference(draft.views, live.views),
            asks: difference(draft.asks, live.asks),
            readers_asked: difference(draft.readers_asked, live.readers_asked),
            readers_asked_share: rounded(draft.readers_asked_share - live.readers_asked_share),
            asks_per_reader_mean: rounded(draft.asks_per_reader_mean - live.asks_per_reader_mean),
            gifts_once: difference(draft.gifts.once, live.gifts.once),
            gifts_recurring: difference(draft.gifts.recurring, live.gifts.recurring),
        }
    }
}

/// Returns `one - other`. Counts of page views and readers always fit in 63 bits.
fn difference(one: u64, other: u64) -> i64 {
    i64::try_from(i128::from(one) - i128::from(other)).unwrap_or(i64::MAX)
}

/// Returns `part / whole` with four decimals. If `whole` is 0, returns 0.
fn share(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2^53, and four decimals are kept")]
    let exact = part as f64 / whole.max(1) as f64;
    rounded(exact)
}

fn rounded(exact: f64) -> f64 {
    (exact * 10_000.0).round() / 10_000.0
}

/// Returns the number of readers for 0, 1, 2, 3, 4, and 5 or more asks.
fn readers_by_bar(by_asks: &BTreeMap<u32, u64>) -> [u64; 6] {
    let mut readers_by_bar = [0; 6];
    for (asks, readers) in by_asks {
        readers_by_bar[(*asks as usize).min(5)] += readers;
    }
    readers_by_bar
}

/// Makes one bar per number. The last bar includes all higher numbers.
fn bars(counts: &[u64]) -> Vec<Bar> {
    let all: u64 = counts.iter().sum();
    (0u32..)
        .zip(counts)
        .map(|(asks, count)| Bar {
            asks,
            or_more: asks as usize + 1 == counts.len(),
            count: *count,
            share: share(*count, all),
        })
        .collect()
}

/// Summarizes the readers who were asked. `asks` is the total number of asks; `readers` is the number of these readers.
fn numbers(by_asks: &BTreeMap<u32, u64>, asks: u64, readers: u64) -> Numbers {
    let asked = || by_asks.iter().filter(|(asks, _)| **asks > 0);
    let percentile = |percent: u64| {
        let mut so_far = 0;
        let mut from_percentile = asked().skip_while(|(_, readers_with_asks)| {
            so_far += **readers_with_asks;
            so_far * 100 < readers * percent
        });
        from_percentile.next().map_or(0, |(asks, _)| *asks)
    };
    Numbers {
        mean: share(asks, readers),
        median: percentile(50),
        p90: percentile(90),
        most: asked().next_back().map_or(0, |(asks, _)| *asks),
    }
}

fn verdicts(tally: &Tally, page_views: u64) -> Vec<VerdictCount> {
    let counts = Reason::ALL.iter().zip(tally.verdicts).filter(|(_, count)| *count > 0);
    let mut verdicts: Vec<VerdictCount> = counts
        .map(|(reason, count)| VerdictCount {
            reason: reason.as_str(),
            page_views: count,
            share: share(count, page_views),
        })
        .collect();
    verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.page_views));
    verdicts
}

fn variants(rules: &RuleSet, tally: &Tally, views: u64) -> Vec<VariantCount> {
    let appeals = rules.appeals().zip(&tally.shown);
    appeals
        .flat_map(|(appeal, shown)| {
            appeal.variants.iter().zip(shown).map(move |(variant, shown)| VariantCount {
                appeal: appeal.id.clone(),
                variant: variant.id.clone(),
                views: shown.views,
                share: share(shown.views, views),
                readers: shown.readers,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_90th_percentile_are_values_of_actual_readers() {
        // Ten readers were asked: five once, four twice, and one nine times. Three were never asked.
        let by_asks = BTreeMap::from([(0, 3), (1, 5), (2, 4), (9, 1)]);
        let numbers = numbers(&by_asks, 22, 10);
        assert_eq!(numbers, Numbers { mean: 2.2, median: 1, p90: 2, most: 9 });
        assert_eq!(super::numbers(&BTreeMap::from([(0, 3)]), 0, 0), Numbers::default());
    }

    #[test]
    fn the_last_bar_includes_all_higher_numbers() {
        let bars = bars(&readers_by_bar(&BTreeMap::from([(0, 1), (4, 2), (5, 3), (70, 4)])));
        let actual: Vec<_> = bars.iter().map(|bar| (bar.asks, bar.or_more, bar.count, bar.share)).collect();
        assert_eq!(
            actual,
            [
                (0, false, 1, 0.1),
                (1, false, 0, 0.0),
                (2, false, 0, 0.0),
                (3, false, 0, 0.0),
                (4, false, 2, 0.2),
                (5, true, 7, 0.7)
            ]
        );
    }
}
