//! How often one reader sees one appeal.
//!
//! A view's age is its whole elapsed days; a view in the future has age 0. It counts while its age is below
//! the window. The appeal is blocked when as many views count as the cap allows, or when any view's age is
//! below the gap.

use smallvec::SmallVec;

use super::{Check, Evidence, Outcome};
use crate::DAY_MS;
use crate::compile::Draft;
use crate::facts::Facts;
use crate::reason::Reason;

const DEFAULT_MAX_VIEWS: u32 = 4;
const DEFAULT_WINDOW_DAYS: u32 = 30;
const DEFAULT_GAP_DAYS: u32 = 0;

/// The cap of one appeal; `None` shows without limit.
#[derive(Clone, Debug)]
pub(crate) struct Frequency {
    appeal: Box<str>,
    cap: Option<Cap>,
}

#[derive(Clone, Copy, Debug)]
struct Cap {
    max_views: usize,
    window_days: u32,
    gap_days: u32,
}

impl Frequency {
    pub(crate) fn compile(draft: &mut Draft<'_>) -> Self {
        let rules = draft.rules.frequency.clone().unwrap_or_default();
        let numbers = [rules.max_views, rules.window_days, rules.min_gap_days];
        if rules.unlimited && numbers.iter().any(Option::is_some) {
            draft.problem(
                "frequency.unlimited",
                "an unlimited appeal has no cap: take out the numbers or this.",
            );
        }
        if rules.max_views == Some(0) {
            draft.problem("frequency.max_views", "with 0 views it never shows: pause the appeal instead.");
        }
        if rules.window_days == Some(0) {
            draft.problem("frequency.window_days", "a window of 0 days counts nothing: write 1 or more.");
        }
        let cap = Cap {
            max_views: rules.max_views.unwrap_or(DEFAULT_MAX_VIEWS) as usize,
            window_days: rules.window_days.unwrap_or(DEFAULT_WINDOW_DAYS),
            gap_days: rules.min_gap_days.unwrap_or(DEFAULT_GAP_DAYS),
        };
        Self { appeal: draft.rules.id.as_str().into(), cap: (!rules.unlimited).then_some(cap) }
    }

    /// When this appeal was seen, in no order.
    fn views<'q>(&self, facts: &Facts<'q>) -> impl Iterator<Item = i64> + use<'q, '_> {
        let views = facts.history().map_or(&[][..], |history| &history.views);
        views.iter().filter(|view| *view.appeal == *self.appeal).map(|view| view.at.as_millisecond())
    }

    fn counted(&self, cap: Cap, facts: &Facts<'_>) -> usize {
        self.views(facts).filter(|at_ms| age_days(*at_ms, facts.now_ms) < i64::from(cap.window_days)).count()
    }

    /// When the cap has room again: the view that fills it, counted from the newest, leaves the window.
    fn room_at_ms(&self, cap: Cap, facts: &Facts<'_>) -> i64 {
        let mut views: SmallVec<[i64; 32]> = self.views(facts).collect();
        let (_, filling, _) = views.select_nth_unstable_by(cap.max_views - 1, |a, b| b.cmp(a));
        days_after(*filling, cap.window_days)
    }
}

/// Whole days since then; nothing is younger than 0.
pub(super) fn age_days(at_ms: i64, now_ms: i64) -> i64 {
    (now_ms.saturating_sub(at_ms) / DAY_MS).max(0)
}

pub(super) fn days_after(at_ms: i64, days: u32) -> i64 {
    at_ms.saturating_add(i64::from(days) * DAY_MS)
}

impl Check for Frequency {
    fn check(&self, facts: &Facts<'_>) -> Outcome {
        let Some(cap) = self.cap else {
            return Outcome::Pass;
        };
        let Some(newest_ms) = self.views(facts).max() else {
            return Outcome::Pass;
        };
        let too_soon = age_days(newest_ms, facts.now_ms) < i64::from(cap.gap_days);
        let gap_over_ms = too_soon.then(|| days_after(newest_ms, cap.gap_days));
        let full = self.counted(cap, facts) >= cap.max_views;
        let room_at_ms = full.then(|| self.room_at_ms(cap, facts));
        match gap_over_ms.max(room_at_ms) {
            None => Outcome::Pass,
            Some(opens_at_ms) => Outcome::Waiting { reason: Reason::FrequencyCap, opens_at_ms },
        }
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let Some(cap) = self.cap else {
            return Evidence::new(format!("{} views in all", self.views(facts).count()), "anything");
        };
        let days = |number: u32| format!("{number} {}", if number == 1 { "day" } else { "days" });
        let newest = self.views(facts).max().map_or_else(
            || "never seen".to_owned(),
            |at_ms| format!("age of the newest in whole days: {}", age_days(at_ms, facts.now_ms)),
        );
        let seen = format!("views inside {}: {}; {newest}", days(cap.window_days), self.counted(cap, facts));
        let mut wanted = format!("fewer than {} views", cap.max_views);
        if cap.gap_days > 0 {
            wanted.push_str(&format!("; newest at least {} old", days(cap.gap_days)));
        }
        Evidence::new(seen, wanted)
    }
}
