//! Counts: for one reader while page views are played, and for all of them.

use std::collections::{BTreeMap, VecDeque};

use keepopen_decision::{DismissalKind, Kind, Reason};

use crate::clock::DAY_MS;
use crate::sites::Interval;

/// How many recent asks of one reader are kept.
const RECENT: usize = 10_000;

/// The counts of all readers.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Page views by verdict, in the order of [`Reason::ALL`].
    pub verdicts: [u64; Reason::ALL.len()],
    /// By appeal, then by variant.
    pub shown: Vec<Vec<Shown>>,
    /// The number of readers by asks.
    pub readers_by_asks: BTreeMap<u32, u64>,
    /// The number of weeks with a visit, per reader, by asks: 0, 1, 2, 3 or more.
    pub weeks_by_asks: [u64; 4],
    /// The maximum number of asks for one reader within 7 times 24 hours.
    pub most_in_7_days: u32,
    /// The maximum number of asks for one reader within 30 times 24 hours.
    pub most_in_30_days: u32,
    /// In the order of [`DismissalKind::ALL`].
    pub dismissals: [u64; 4],
    /// One-off gifts.
    pub gifts_once: u64,
    /// Monthly or yearly gifts.
    pub gifts_recurring: u64,
}

/// One variant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// The number of views.
    pub views: u64,
    /// The number of readers who saw it.
    pub readers: u64,
}

/// The counts of one reader.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    asks: u32,
    /// The times of the asks within the last 30 days.
    recent_ms: VecDeque<i64>,
    week: Option<i64>,
    asks_in_week: usize,
    seen: Vec<(usize, usize)>,
}

impl Tally {
    /// Empty counts; `variants` has the number of variants of each appeal.
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

    /// A page view of this reader in this week.
    pub fn page_view(&mut self, progress: &mut Progress, week: i64) {
        if progress.week != Some(week) {
            self.end_week(progress);
            progress.week = Some(week);
        }
    }

    /// Nothing was shown.
    pub fn silent(&mut self, reason: Reason) {
        self.verdicts[reason as usize] += 1;
    }

    /// An appeal was shown.
    pub fn shown(&mut self, progress: &mut Progress, appeal: usize, variant: usize, kind: Kind, at_ms: i64) {
        self.verdicts[Reason::Matched as usize] += 1;
        let shown = &mut self.shown[appeal][variant];
        shown.views += 1;
        if !progress.seen.contains(&(appeal, variant)) {
            progress.seen.push((appeal, variant));
            shown.readers += 1;
        }
        // Thanks ask for nothing.
        if kind == Kind::Thank {
            return;
        }
        progress.asks += 1;
        progress.asks_in_week += 1;
        progress.recent_ms.push_back(at_ms);
        while progress.recent_ms.len() > RECENT
            || progress.recent_ms.front().is_some_and(|it| at_ms - it >= 30 * DAY_MS)
        {
            progress.recent_ms.pop_front();
        }
        let in_7_days = progress.recent_ms.iter().rev().take_while(|it| at_ms - **it < 7 * DAY_MS).count();
        self.most_in_7_days = self.most_in_7_days.max(u32::try_from(in_7_days).unwrap_or(u32::MAX));
        self.most_in_30_days =
            self.most_in_30_days.max(u32::try_from(progress.recent_ms.len()).unwrap_or(u32::MAX));
    }

    /// The reader dismissed it.
    pub fn dismissed(&mut self, kind: DismissalKind) {
        self.dismissals[kind as usize] += 1;
    }

    /// The reader gave.
    pub fn gave(&mut self, interval: Interval) {
        match interval {
            Interval::Once => self.gifts_once += 1,
            Interval::Month | Interval::Year => self.gifts_recurring += 1,
        }
    }

    /// The reader is finished.
    pub fn end(&mut self, mut progress: Progress) {
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
    fn asks_are_counted_by_week_by_30_days_and_in_all() {
        let mut tally = Tally::new([1].into_iter());
        let mut progress = Progress::default();
        // Days 0, 1 and 2 in week 0; day 9 in week 1; nothing in week 2; day 31 in week 4.
        for (day, week, asked) in
            [(0, 0, true), (1, 0, true), (2, 0, true), (9, 1, true), (15, 2, false), (31, 4, true)]
        {
            tally.page_view(&mut progress, week);
            match asked {
                true => tally.shown(&mut progress, 0, 0, Kind::Ask, day * DAY_MS),
                false => tally.silent(Reason::FrequencyCap),
            }
        }
        tally.end(progress);
        assert_eq!(tally.weeks_by_asks, [1, 2, 0, 1]);
        assert_eq!((tally.most_in_7_days, tally.most_in_30_days), (3, 4));
        assert_eq!(tally.readers_by_asks, [(5, 1)].into());
        assert_eq!((tally.shown[0][0].views, tally.shown[0][0].readers), (5, 1));
        assert_eq!(tally.verdicts[Reason::FrequencyCap as usize], 1);
    }

    #[test]
    fn thanks_are_shown_and_ask_for_nothing() {
        let mut tally = Tally::new([1].into_iter());
        let mut progress = Progress::default();
        tally.page_view(&mut progress, 0);
        tally.shown(&mut progress, 0, 0, Kind::Thank, 0);
        tally.end(progress);
        assert_eq!((tally.shown[0][0].views, tally.readers_by_asks), (1, [(0, 1)].into()));
    }
}
