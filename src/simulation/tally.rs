//! Counts what happens to one reader while page views are played, and to all readers together.

use std::collections::{BTreeMap, VecDeque};

use keepopen_decision::{DismissalKind, Kind, Reason};

use crate::clock::DAY_MS;
use crate::sites::Interval;

/// The maximum number of recent asks that are kept per reader.
const MAX_RECENT: usize = 10_000;

/// The counts of all readers.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The number of page views by verdict, in the order of [`Reason::ALL`].
    pub verdicts: [u64; Reason::ALL.len()],
    /// The views and readers of each variant, by appeal and then by variant.
    pub shown: Vec<Vec<Shown>>,
    /// The number of readers, by the number of asks they got.
    pub readers_by_asks: BTreeMap<u32, u64>,
    /// The number of weeks in which a reader visited, by the number of asks in the week: 0, 1, 2, 3 or more. A week
    /// counts once for each reader who visited in it.
    pub weeks_by_asks: [u64; 4],
    /// The maximum number of asks for one reader within 7 times 24 hours.
    pub most_in_7_days: u32,
    /// The maximum number of asks for one reader within 30 times 24 hours.
    pub most_in_30_days: u32,
    /// The number of dismissals, in the order of [`DismissalKind::ALL`].
    pub dismissals: [u64; 4],
    /// The number of one-off gifts.
    pub gifts_once: u64,
    /// The number of monthly or yearly gifts.
    pub gifts_recurring: u64,
}

/// The counts of one variant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// The number of views.
    pub views: u64,
    /// The number of readers who saw the variant.
    pub readers: u64,
}

/// The counts of one reader.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    asks: u32,
    /// The times of the reader's asks within the last 30 days.
    recent_ms: VecDeque<i64>,
    /// The week of the reader's last page view.
    week: Option<i64>,
    asks_in_week: usize,
    /// The appeals and variants that the reader has seen, by index.
    seen: Vec<(usize, usize)>,
}

impl Tally {
    /// Creates empty counts. `variants` contains the number of variants of each appeal.
    pub fn new(variants: impl Iterator<Item = usize>) -> Self {
        Self {
            verdicts: [0; Reason::ALL.len()],
            shown: variants.map(|number| vec![Shown::default(); number]).collect(),
            readers_by_asks: BTreeMap::new(),
            weeks_by_asks: [0; 4],
            most_in_7_days: 0,
            most_in_30_days: 0,
            dismissals: [0; 4],
            gifts_once: 0,
            gifts_recurring: 0,
        }
    }

    /// Records that the reader viewed a page in this week. If it is a new week, the previous one is counted.
    pub fn page_view(&mut self, progress: &mut Progress, week: i64) {
        if progress.week != Some(week) {
            self.end_week(progress);
            progress.week = Some(week);
        }
    }

    /// Counts a page view on which no appeal was shown.
    pub fn count_not_shown(&mut self, reason: Reason) {
        self.verdicts[reason as usize] += 1;
    }

    /// Counts a view of an appeal.
    pub fn count_view(
        &mut self,
        progress: &mut Progress,
        appeal: usize,
        variant: usize,
        kind: Kind,
        at_ms: i64,
    ) {
        self.verdicts[Reason::Matched as usize] += 1;
        let shown = &mut self.shown[appeal][variant];
        shown.views += 1;
        if !progress.seen.contains(&(appeal, variant)) {
            progress.seen.push((appeal, variant));
            shown.readers += 1;
        }
        // An appeal that thanks asks for nothing.
        if kind == Kind::Thank {
            return;
        }
        progress.asks += 1;
        progress.asks_in_week += 1;
        progress.recent_ms.push_back(at_ms);
        while progress.recent_ms.len() > MAX_RECENT
            || progress.recent_ms.front().is_some_and(|ask_ms| at_ms - ask_ms >= 30 * DAY_MS)
        {
            progress.recent_ms.pop_front();
        }
        let in_7_days =
            progress.recent_ms.iter().rev().take_while(|ask_ms| at_ms - **ask_ms < 7 * DAY_MS).count();
        self.most_in_7_days = self.most_in_7_days.max(u32::try_from(in_7_days).unwrap_or(u32::MAX));
        self.most_in_30_days =
            self.most_in_30_days.max(u32::try_from(progress.recent_ms.len()).unwrap_or(u32::MAX));
    }

    /// Counts a dismissal.
    pub fn count_dismissal(&mut self, kind: DismissalKind) {
        self.dismissals[kind as usize] += 1;
    }

    /// Counts a gift.
    pub fn count_gift(&mut self, interval: Interval) {
        match interval {
            Interval::Once => self.gifts_once += 1,
            Interval::Month | Interval::Year => self.gifts_recurring += 1,
        }
    }

    /// Adds the counts of a finished reader.
    pub fn end_reader(&mut self, mut progress: Progress) {
        self.end_week(&mut progress);
        *self.readers_by_asks.entry(progress.asks).or_default() += 1;
    }

    fn end_week(&mut self, progress: &mut Progress) {
        if progress.week.is_some() {
            self.weeks_by_asks[progress.asks_in_week.min(3)] += 1;
        }
        progress.asks_in_week = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_are_counted_per_week_per_30_days_and_in_total() {
        let mut tally = Tally::new([1].into_iter());
        let mut progress = Progress::default();
        // The asks are on days 0, 1 and 2 (week 0), day 9 (week 1) and day 31 (week 4). There are none in week 2.
        for (day, week, is_asked) in
            [(0, 0, true), (1, 0, true), (2, 0, true), (9, 1, true), (15, 2, false), (31, 4, true)]
        {
            tally.page_view(&mut progress, week);
            match is_asked {
                true => tally.count_view(&mut progress, 0, 0, Kind::Ask, day * DAY_MS),
                false => tally.count_not_shown(Reason::FrequencyCap),
            }
        }
        tally.end_reader(progress);
        assert_eq!(tally.weeks_by_asks, [1, 2, 0, 1]);
        assert_eq!((tally.most_in_7_days, tally.most_in_30_days), (3, 4));
        assert_eq!(tally.readers_by_asks, [(5, 1)].into());
        assert_eq!((tally.shown[0][0].views, tally.shown[0][0].readers), (5, 1));
        assert_eq!(tally.verdicts[Reason::FrequencyCap as usize], 1);
    }

    #[test]
    fn a_thank_you_counts_as_a_view_but_not_as_an_ask() {
        let mut tally = Tally::new([1].into_iter());
        let mut progress = Progress::default();
        tally.page_view(&mut progress, 0);
        tally.count_view(&mut progress, 0, 0, Kind::Thank, 0);
        tally.end_reader(progress);
        assert_eq!((tally.shown[0][0].views, tally.readers_by_asks), (1, [(0, 1)].into()));
    }
}
