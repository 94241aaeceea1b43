//! Limits on views: how many in a window, how far apart, and how many in one day.
//!
//! A view's age is the number of whole days since it. A view that is slightly in the future (see [`ReaderContext`]) has
//! age 0. A view counts for `max_views` while its age is below the window. The cap is full when as many views count as
//! `max_views` allows, or when the day already has as many views as `max_per_day` allows. It is also full when the
//! newest view is younger than the minimum gap. If no further views happen, each of the three limits ends at some
//! instant and does not start again. The cap allows another view from the latest of the three instants on.

use super::quantity;
use crate::appeal_rules;
use crate::calendar::{DAY_MS, day_after};
use crate::context::ReaderContext;
use crate::diagnostics::Diagnostics;
use crate::labels::Kind;
use crate::site::{Cap, DEFAULT_MAX_VIEWS, DEFAULT_WINDOW_DAYS, EMPTY_WINDOW, report_zero};

/// Returns the default `max_views` and `window_days` of an appeal.
const fn defaults(kind: Kind) -> (u32, u32) {
    match kind {
        Kind::Upsell => (1, 90),
        Kind::Ask | Kind::Thank | Kind::FixCard | Kind::WinBack => (DEFAULT_MAX_VIEWS, DEFAULT_WINDOW_DAYS),
    }
}

impl Cap {
    pub(super) fn of_appeal(
        kind: Kind,
        rules: &appeal_rules::Frequency,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Self> {
        let numbers =
            [rules.max_views, rules.window_days, rules.min_gap_days, rules.min_gap_hours, rules.max_per_day];
        if rules.unlimited && numbers.iter().any(Option::is_some) {
            diagnostics.problem(
                "frequency.unlimited",
                "`unlimited` can't be combined with a limit: remove `unlimited` or the limits.",
            );
        }
        let sentence = "with 0 views, the appeal never shows: pause it instead.";
        report_zero("frequency", "max_views", rules.max_views, sentence, diagnostics);
        report_zero("frequency", "max_per_day", rules.max_per_day, sentence, diagnostics);
        report_zero("frequency", "window_days", rules.window_days, EMPTY_WINDOW, diagnostics);
        let (max_views, window_days) = defaults(kind);
        (!rules.unlimited).then_some(Self {
            max_views: Some(rules.max_views.unwrap_or(max_views)),
            window_days: rules.window_days.unwrap_or(window_days),
            gap_days: rules.min_gap_days.unwrap_or(0),
            gap_hours: rules.min_gap_hours.unwrap_or(0),
            max_per_day: rules.max_per_day,
        })
    }

    /// Returns when the cap allows another view after these views, which are given newest first. Returns `i64::MIN` if
    /// there is nothing to wait for.
    pub(super) fn opens_at(
        &self,
        mut newest_first: impl Iterator<Item = i64> + Clone,
        context: &ReaderContext<'_>,
    ) -> i64 {
        let nth_newest = |max: Option<u32>| newest_first.clone().nth(max? as usize - 1);
        let window_over_ms = nth_newest(self.max_views).map(|at_ms| days_after(at_ms, self.window_days));
        let day_over_ms = nth_newest(self.max_per_day).map(|at_ms| day_over(at_ms, context));
        let gap_ms = self.gap_ms();
        let gap_over_ms =
            if gap_ms > 0 { newest_first.next().map(|at_ms| at_ms.saturating_add(gap_ms)) } else { None };
        window_over_ms.max(day_over_ms).max(gap_over_ms).unwrap_or(i64::MIN)
    }

    /// Describes these views, which are given newest first.
    pub(super) fn describe_views(
        &self,
        newest_first: impl Iterator<Item = i64> + Clone,
        now_ms: i64,
    ) -> String {
        let newest = newest_first.clone().next().map_or_else(
            || "never seen".to_owned(),
            |at_ms| format!("the newest was {} ago", whole_days(age_days(at_ms, now_ms))),
        );
        let in_window =
            newest_first.filter(|at_ms| age_days(*at_ms, now_ms) < i64::from(self.window_days)).count();
        let in_window = quantity(in_window as u64, "view");
        format!("{in_window} in the last {}; {newest}", quantity(self.window_days, "day"))
    }

    /// Describes what the cap requires.
    pub(super) fn describe_limits(&self) -> String {
        let parts = [
            self.max_views.map(|max| format!("fewer than {}", quantity(max, "view"))),
            self.max_per_day
                .map(|max| format!("fewer than {} today (a day begins at 04:00)", quantity(max, "view"))),
            (self.gap_days > 0)
                .then(|| format!("the newest at least {} ago", quantity(self.gap_days, "day"))),
            (self.gap_hours > 0)
                .then(|| format!("the newest at least {} ago", quantity(self.gap_hours, "hour"))),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// A duration that is longer than any day, even if clocks are put back or the local calendar skips the day before or
/// after it.
const MAX_DAY_MS: i64 = 3 * DAY_MS;

/// Returns when the day of a view ends. If the view is so old that its day is over in every time zone, returns a later
/// time without using the calendar. The later time is also in the past, so the cap allows the same views.
fn day_over(view_ms: i64, context: &ReaderContext<'_>) -> i64 {
    let at_the_latest_ms = view_ms.saturating_add(MAX_DAY_MS);
    if at_the_latest_ms <= context.now_ms {
        at_the_latest_ms
    } else {
        day_after(&context.site.time_zone, view_ms)
    }
}

/// Returns the whole days from `at_ms` to `now_ms`; 0 if `at_ms` is after `now_ms`.
pub(super) fn age_days(at_ms: i64, now_ms: i64) -> i64 {
    (now_ms.saturating_sub(at_ms) / DAY_MS).max(0)
}

/// Formats an age, such as `2 whole days`.
pub(super) fn whole_days(days: i64) -> String {
    quantity(days.unsigned_abs(), "whole day")
}

pub(super) fn days_after(at_ms: i64, days: u32) -> i64 {
    at_ms.saturating_add(i64::from(days) * DAY_MS)
}
