//! Models what a reader's browser remembers about appeals, as the script on the page stores it
//! (`web/embed/src/history.ts`).

use keepopen_decision::{DismissalKind, Kind};

use super::page_view::Support;
use crate::clock::DAY_MS;
use crate::contributions::ContributionState;
use crate::sites::Interval;
use crate::supporters::{GiftSummary, Standing, standing_of};

/// The maximum number of entries that are kept in a list.
const MAX_ENTRIES: usize = 100;
/// How long an entry is kept, in milliseconds.
const MAX_AGE_MS: i64 = 365 * DAY_MS;

/// One view of an appeal.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The appeal's index.
    pub appeal: usize,
    /// The variant's index.
    pub variant: usize,
    /// The time of the view, in milliseconds since 1970.
    pub at_ms: i64,
}

/// One dismissal of an appeal.
#[derive(Clone, Copy, Debug)]
pub struct PastDismissal {
    /// The appeal's index.
    pub appeal: usize,
    /// The kind of dismissal.
    pub kind: DismissalKind,
    /// The time of the dismissal, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The data that one browser remembers.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    seen: Vec<Seen>,
    dismissals: Vec<PastDismissal>,
    /// What the browser's token says. The token is assumed to be renewed before it expires.
    pub support: Support,
}

impl Memory {
    /// Records a view.
    pub fn record_view(&mut self, seen: Seen) {
        self.seen.push(seen);
        trim(&mut self.seen, |entry| entry.at_ms, seen.at_ms);
    }

    /// Records a dismissal.
    pub fn record_dismissal(&mut self, dismissal: PastDismissal) {
        self.dismissals.push(dismissal);
        trim(&mut self.dismissals, |entry| entry.at_ms, dismissal.at_ms);
    }

    /// Removes the views and dismissals. What the browser knows about the reader's gifts stays.
    pub fn forget_habits(&mut self) {
        self.seen.clear();
        self.dismissals.clear();
    }

    /// Returns the views and dismissals that the browser sends at `now_ms`.
    pub fn entries_at(
        &self,
        now_ms: i64,
    ) -> (impl Iterator<Item = Seen>, impl Iterator<Item = PastDismissal>) {
        let seen = self.seen.iter().copied().filter(move |view| now_ms - view.at_ms < MAX_AGE_MS);
        let dismissals =
            self.dismissals.iter().copied().filter(move |dismissal| now_ms - dismissal.at_ms < MAX_AGE_MS);
        (seen, dismissals)
    }
}

/// Removes the entries that are too old at `now_ms`, and then the oldest ones if there are still too many.
fn trim<Entry>(list: &mut Vec<Entry>, at_ms: impl Fn(&Entry) -> i64, now_ms: i64) {
    list.retain(|entry| now_ms - at_ms(entry) < MAX_AGE_MS);
    if list.len() > MAX_ENTRIES {
        list.drain(..list.len() - MAX_ENTRIES);
    }
}

impl Support {
    /// Records a gift that the reader made through an appeal of this kind.
    pub fn record_gift(&mut self, kind: Kind, interval: Interval, at_ms: i64, quiet_days: u32) {
        let state =
            if interval == Interval::Once { ContributionState::Paid } else { ContributionState::Active };
        let gift = GiftSummary {
            frequency: interval.into(),
            state,
            last_retained_payment_at_ms: Some(at_ms),
            paid_until_ms: None,
        };
        let after_gift = standing_of(&[gift], quiet_days, at_ms);
        self.quiet_until_ms = after_gift.quiet_until_ms;
        self.standing = match self.standing {
            _ if kind == Kind::FixCard => Standing::Recurring,
            // An active recurring gift outranks other gifts, and so does one whose card fails.
            Standing::Recurring | Standing::PastDue if interval == Interval::Once => self.standing,
            _ => after_gift.standing,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hundred_entries_of_the_last_year_are_kept() {
        let mut memory = Memory::default();
        for day in 0..150 {
            memory.record_view(Seen { appeal: 0, variant: 0, at_ms: day * DAY_MS });
        }
        let kept =
            |now_ms: i64| memory.entries_at(now_ms).0.map(|seen| seen.at_ms / DAY_MS).collect::<Vec<_>>();
        assert_eq!(kept(150 * DAY_MS), (50..150).collect::<Vec<_>>());
        assert_eq!(kept((365 + 148) * DAY_MS), [149], "an entry that is a year old must be dropped");
    }

    #[test]
    fn a_gift_gives_the_same_standing_as_in_the_ledger() {
        let support_after = |before: Standing, kind: Kind, interval: Interval| {
            let mut support = Support { standing: before, ..Support::default() };
            support.record_gift(kind, interval, 0, 90);
            support
        };
        for (before, kind, interval, after) in [
            (Standing::None, Kind::Ask, Interval::Once, Standing::OneOff),
            (Standing::None, Kind::Ask, Interval::Month, Standing::Recurring),
            (Standing::Lapsed, Kind::WinBack, Interval::Year, Standing::Recurring),
            (Standing::Recurring, Kind::Ask, Interval::Once, Standing::Recurring),
            (Standing::PastDue, Kind::Ask, Interval::Once, Standing::PastDue),
            (Standing::PastDue, Kind::FixCard, Interval::Once, Standing::Recurring),
        ] {
            let support = support_after(before, kind, interval);
            assert_eq!(
                (support.standing, support.quiet_until_ms),
                (after, Some(91 * DAY_MS)),
                "after a gift through a {kind:?} appeal by a reader with the standing {before:?}"
            );
        }
    }
}
